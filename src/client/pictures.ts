/**
 * Reads the picture of a QR code and converts it to a data URI that is safe as the `src` of an image.
 *
 * Nevis documents a PNG as a data URI. This file also accepts other image formats, and base64 without the prefix `data:`. A browser runs no scripts inside an
 * `<img>`, so an SVG is as safe as a PNG. Out of scope: what the QR code says.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/approval-ref; RFC 2397.
 */

/** The longest data URI that is accepted, because the image is stored in the session. The images in Nevis's examples have a few kilobytes. */
const MAX_CHARACTERS = 262_144
const DATA_URI = /^data:image\/[a-z0-9.+-]{1,40}(?:;[a-z0-9-]{1,40}=[a-z0-9"._-]{1,40}){0,4};base64,/i
const BASE64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$|^[A-Za-z0-9+/]{2}==$/

/** For each image format, its first bytes in base64. */
const FORMATS: readonly [string, RegExp][] = [
  ['image/png', /^iVBORw0KGgo/],
  ['image/jpeg', /^\/9j\//],
  ['image/gif', /^R0lGOD/],
]
const SVG = /^\s*(?:<\?xml[^>]*>\s*)?(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/i

/**
 * Converts a picture (a data URI or plain base64) to a data URI.
 * @returns `data:image/…;base64,…`, with padding and without white space; undefined if the text is not a picture
 */
export function pictureIn(text: string): string | undefined {
  if (text.length > MAX_CHARACTERS) return undefined
  const prefix = DATA_URI.exec(text)?.[0] ?? ''
  // Accept the letters of URL-safe base64, and base64 without its padding.
  const unbroken = text.slice(prefix.length).replace(/[\r\n\t ]/g, '').replace(/-/g, '+').replace(/_/g, '/')
  const base64 = unbroken + '='.repeat(/[^=]$/.test(unbroken) ? (4 - (unbroken.length % 4)) % 4 : 0)
  const isNamedPng = /^data:image\/png[;,]/i.test(prefix)
  const type = BASE64.test(base64) ? (typeOf(base64) ?? (isNamedPng ? 'image/png' : undefined)) : undefined
  return type === undefined ? undefined : `data:${type};base64,${base64}`
}

function typeOf(base64: string): string | undefined {
  const known = FORMATS.find(([, beginning]) => beginning.test(base64))?.[0]
  if (known !== undefined) return known
  return SVG.test(Buffer.from(base64.slice(0, 2000), 'base64').toString()) ? 'image/svg+xml' : undefined
}
