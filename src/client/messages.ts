/**
 * The rules for text that a user reads: in the app, in a notification, in an SMS.
 *
 * Each function returns what is wrong, worded to follow the field's name in an error, or `undefined`. Out of scope: which request
 * the text belongs to.
 */

/** Nevis documents no limit. This one stops mistakes, such as sending a whole page or file. */
const MAX_CHARACTERS = 16_384

/** The GSM-7 basic alphabet and its extension table: 3GPP TS 23.038, section 6.2.1. */
const GSM_7 =
  /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà\f^{}\\[~\]|€]*$/u

const WRAPPED = /^<html>([^]*)<\/html>$/
const ALLOWED_TAG = /<\/?(?:b|em|i|strong|u)>|<br ?\/?>/g

export function textFault(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return 'must be a non-empty string'
  if (value.length > MAX_CHARACTERS) return `must not be longer than ${MAX_CHARACTERS} characters`
  return undefined
}

/** An SMS without the placeholder, or with characters outside GSM-7, would cost money and be useless. */
export function smsFault(value: unknown): string | undefined {
  const fault = textFault(value)
  if (fault !== undefined) return fault
  const text = String(value)
  if (!text.includes('{{CODE}}')) return 'must contain {{CODE}} where the code goes'
  if (!GSM_7.test(text)) return 'must hold only characters of the GSM-7 alphabet'
  return undefined
}

/** An app message as plain text, for channels without formatting. */
export function plainText(message: string): string {
  const inner = WRAPPED.exec(message)?.[1]
  if (inner === undefined) return message
  return unescapeHtml(inner.replace(/<br ?\/?>/g, '\n').replace(ALLOWED_TAG, ''))
}

/**
 * Adds a line at the end, in the message's own form: plain, or inside `<html>…</html>`.
 * @param line plain text
 */
export function withLastLine(message: string | undefined, line: string): string {
  if (message === undefined) return line
  const inner = WRAPPED.exec(message)?.[1]
  if (inner === undefined) return `${message}\n${line}`
  return `<html>${inner}<br>${line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</html>`
}

const CHARACTERS: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' }

/** Decodes the five entities that an `<html>` message may hold. */
export function unescapeHtml(text: string): string {
  return text.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => CHARACTERS[entity] as string)
}

/**
 * The phone shows unwrapped text literally, `<` included, and formats wrapped text; Nevis answers 400 to any tag other than its
 * six. `<html` inside the text means that text and markup were mixed up, so it is rejected: untrusted input must not control
 * the formatting.
 */
export function appMessageFault(value: unknown): string | undefined {
  const fault = textFault(value)
  if (fault !== undefined) return fault
  const text = String(value)
  if (!/<html/i.test(text)) return undefined
  const inner = WRAPPED.exec(text)?.[1]
  if (inner === undefined) return 'must be wrapped in <html>…</html> as a whole, or not at all'
  if (inner.replace(ALLOWED_TAG, '').includes('<')) {
    return 'may hold only the tags b br em i strong u, without attributes, inside <html>…</html>'
  }
  return undefined
}
