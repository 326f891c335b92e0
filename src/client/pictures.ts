/**
 * Reads the picture of a QR code and converts it to a data URI that is safe as the `src` of an image.
 *
 * Nevis documents a PNG as a data URI. Other image formats, and base64 without the data URI's prefix, are accepted as well: the first bytes
 * decide which format it is. A browser does not run scripts in an image, so an SVG is as safe as a PNG here. Out of scope: what the QR code says.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/approval-ref; RFC 2397.
 */

/** Upper limit, because the image is stored in the session and inserted into the page. In Nevis's examples, an image has a few kilobytes. */
const MAX_CHARACTERS = 262_144
const DATA_URI = /^data:image\/[a-z0-9.+-]{1,40}(?:;[a-z0-9-]{1,40}=[a-z0-9"._-]{1,40}){0,4};base64,/i
const BASE64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$|^[A-Za-z0-9+/]{2}==$/

/** The first bytes of each format, in base64. */
const FORMATS: readonly [string, RegExp][] = [
  ['image/png', /^iVBORw0KGgo/],
  ['image/jpeg', /^\/9j\//],
  ['image/gif', /^R0lGOD/],
]
const SVG = /^\s*(?:<\?xml[^>]*>\s*)?(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/i

/**
 * Converts the picture to a data URI.
 * @returns `data:image/…;base64,…` in its canonical form; undefined if the text is not a picture
 */
export function pictureIn(text: string): string | undefined {
  if (text.length > MAX_CHARACTERS) return undefined
  const prefix = DATA_URI.exec(text)?.[0] ?? ''
  const unbroken = text.slice(prefix.length).replace(/[\r\n\t ]/g, '')
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
