/**
 * The rules for text that a user reads: in the app, in a notification, in an SMS.
 *
 * Each function `…Fault` returns undefined for a valid text. Otherwise it returns the rest of a sentence that begins with the field's name,
 * such as "must be a string". Out of scope: which request the text belongs to.
 */

/** Longest text that is accepted. Nevis documents no limit; this one stops mistakes, such as sending a whole page or file. */
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

/** Checks the text of an SMS: it must have the placeholder for the code, and only GSM-7 characters. Any other SMS would cost money and be useless. */
export function smsFault(value: unknown): string | undefined {
  const fault = textFault(value)
  if (fault !== undefined) return fault
  const text = String(value)
  if (!text.includes('{{CODE}}')) return 'must contain {{CODE}} where the code goes'
  if (!GSM_7.test(text)) return 'must hold only characters of the GSM-7 alphabet'
  return undefined
}

/** Converts an app message to plain text, for channels without formatting. */
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

/** Decodes the five entities that an `<html>` message can contain. */
export function unescapeHtml(text: string): string {
  return text.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => CHARACTERS[entity] as string)
}

/**
 * Checks a message for the app. The phone formats text that is wrapped in `<html>…</html>`, and shows any other text literally, `<` included.
 * Nevis answers 400 to any tag other than its six. `<html` inside the text is rejected: the app has then probably mixed text and markup, and
 * untrusted input could control the formatting.
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
