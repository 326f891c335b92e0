/**
 * Dialects of the simulator for QR codes and app links. A dialect is one possible behaviour of Nevis that its documentation leaves open.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import { isRecord, type Answer } from '../answer'
import type { Dialect, DialectGroup, Exchange } from './dialect'
import { objectIn, without, type Json } from './rewrite'
import { svgDataUri } from '../svg'

const SHORTENED = 'The documents shorten the data URI in their samples.'
const BRANDED = 'Branded Access Apps have links of their own.'
/** A JPEG of one white pixel, sent instead of the QR code. The simulated phone cannot scan it, and opens the app link instead. */
const JPEG =
  '/9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k='

/** @param original the object as it is without a dialect. Values are computed from this object, so that the order of two dialects does not matter */
type Change = (holder: Json, original: Json, exchange: Exchange) => Json

/** Creates a function that changes the object with `qrCode`: the response body itself, or its field `enrollment`. */
const inLinks = (change: Change): NonNullable<Dialect['rewrites']> => (answer: Answer, exchange) => {
  const { body } = answer
  const { body: originalBody } = exchange.original
  if (!['enroll', 'approve'].includes(exchange.operation) || !isRecord(body) || !isRecord(originalBody) || answer.status >= 400) return answer
  const changed = (holder: Json, original: Json) => ('qrCode' in original ? change(holder, original, exchange) : holder)
  const top = changed(body, originalBody)
  return { ...answer, body: isRecord(top['enrollment']) ? { ...top, enrollment: changed(top['enrollment'], objectIn(originalBody, 'enrollment')) } : top }
}

/** The field `qrCode`. If another dialect has removed this field or replaced it by a text, the result is the field as it is without a dialect. */
const qrCodeOf = (holder: Json, original: Json): Json => (isRecord(holder['qrCode']) ? holder['qrCode'] : objectIn(original, 'qrCode'))

/** Creates a function that changes parts of the field `qrCode`. */
const withQrCode = (change: (original: Json, link: string) => Json) =>
  inLinks((holder, original) => {
    return { ...holder, qrCode: { ...qrCodeOf(holder, original), ...change(objectIn(original, 'qrCode'), String(original['appLinkUri'])) } }
  })

const withUri = (change: (dataUri: string, link: string) => string, type?: string) =>
  withQrCode(({ dataUri }, link) => ({ ...(type !== undefined && { type }), dataUri: change(String(dataUri), link) }))

const query = (holder: Json) => new URL(String(holder['appLinkUri'])).search

export const links: DialectGroup = {
  title: 'QR codes and links',
  dialects: [
    { name: 'qr-code-svg', says: 'The QR code is an SVG.', because: 'The type of the picture is a field.', rewrites: withUri((_uri, link) => svgDataUri(link), 'image/svg+xml') },
    { name: 'qr-code-jpeg', says: 'The QR code is a JPEG (here one white pixel; scan the link).', because: 'The type of the picture is a field.', rewrites: withUri(() => `data:image/jpeg;base64,${JPEG}`, 'image/jpeg') },
    { name: 'qr-code-with-line-breaks', says: 'The base64 of the QR code has line breaks.', because: 'MIME base64 breaks lines at 76 characters.', rewrites: withUri((uri) => uri.replace(/.{76}/g, '$&\r\n')) },
    { name: 'qr-code-with-charset', says: 'The data URI has a parameter: `data:image/png;charset=utf-8;base64,`.', because: 'RFC 2397 allows parameters.', rewrites: withUri((uri) => uri.replace(';base64', ';charset=utf-8;base64')) },
    { name: 'qr-code-bare-base64', says: 'The data URI is base64 alone.', because: SHORTENED, rewrites: withUri((uri) => uri.replace(/^.*,/, '')) },
    { name: 'qr-code-url-safe-base64', says: 'The base64 of the QR code is URL-safe, without padding.', because: 'The tokens of the API are in this base64.', rewrites: withUri((uri) => uri.replace(/,.*$/s, (data) => data.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, ''))) },
    { name: 'qr-code-missing', says: 'There is a link and no QR code.', because: 'Neither table says that the QR code is always there.', rewrites: inLinks((holder) => without(holder, 'qrCode')) },
    { name: 'qr-code-is-the-uri', says: '`qrCode` is the data URI itself.', because: SHORTENED, rewrites: inLinks((holder, original) => ({ ...holder, qrCode: objectIn(original, 'qrCode')['dataUri'] })) },
    { name: 'qr-code-without-type', says: '`qrCode.size` is a text, and there is no type.', because: 'Neither field has a documented type.', rewrites: inLinks((holder, original) => ({ ...holder, qrCode: { ...without(qrCodeOf(holder, original), 'type'), size: String(objectIn(original, 'qrCode')['size']) } })) },
    { name: 'link-missing', says: 'There is a QR code and no link.', because: 'The table calls the link one "for mobile-only" operations.', rewrites: inLinks((holder) => without(holder, 'appLinkUri')) },
    { name: 'link-null', says: '`appLinkUri` is null.', because: 'The table calls the link one "for mobile-only" operations.', rewrites: inLinks((holder) => ({ ...holder, appLinkUri: null })) },
    { name: 'link-custom-scheme', says: 'The link has the scheme of a branded app: `myaccessapp://`.', because: BRANDED, rewrites: inLinks((holder, original) => ({ ...holder, appLinkUri: `myaccessapp://x-callback-url/authenticate${query(original)}` })) },
    { name: 'link-android-intent', says: 'The link is an Android intent.', because: BRANDED, rewrites: inLinks((holder, original) => ({ ...holder, appLinkUri: `intent://x-callback-url/authenticate${query(original)}#Intent;scheme=myaccessapp;end` })) },
    { name: 'link-of-app-host', says: 'The link of an approval has the host `{instance}-app.mauth.nevis.cloud`, as the documents show it.', because: 'The simulator’s own links lead to the simulator, so that a browser can open them.', rewrites: inLinks((holder, original, { operation }) => (operation === 'approve' ? { ...holder, appLinkUri: `https://simulator-app.mauth.nevis.cloud/open${query(original)}` } : holder)) },
  ],
}
