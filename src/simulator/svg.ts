/**
 * Draws a QR code as an SVG, in a data URI, for the dialect (variant of Nevis's behaviour) in which Nevis sends SVG images.
 *
 * Out of scope: computing the black and white squares (`qr.ts`).
 */
import { qrModules } from './qr'

/** Width of the white border in modules (the squares of a QR code). ISO/IEC 18004 requires four. */
const MARGIN = 4

export function svgDataUri(text: string): string {
  const modules = qrModules(text)
  const size = modules.length + 2 * MARGIN
  const squares = modules.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x + MARGIN} ${y + MARGIN}h1v1h-1z`] : [])))
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${squares.join('')}"/></svg>`
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`
}
