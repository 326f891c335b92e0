/**
 * The rules for texts that a user reads: in the Access App, in a notification, in an SMS.
 *
 * Each function `…Fault` returns undefined for a valid text. For an invalid text, the function returns a fragment such as "must be a string". The caller of
 * `…Fault` adds the field's name. Out of scope: in which request the text is sent.
 */

/** The longest text that is accepted, to catch mistakes such as sending a whole file. Nevis documents no limit. */
export const MAX_CHARACTERS = 16_384

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

/** Checks the text of an SMS: it must contain `{{CODE}}` and only GSM-7 characters. Without `{{CODE}}`, the user would get no code. */
export function smsFault(value: unknown): string | undefined {
  const fault = textFault(value)
  if (fault !== undefined) return fault
  const text = String(value)
  if (!text.includes('{{CODE}}')) return 'must contain {{CODE}} where the code goes'
  if (!GSM_7.test(text)) return 'must contain only characters of the GSM-7 alphabet'
  return undefined
}

/** Converts a message for the Access App to plain text, for channels without formatting such as SMS. */
export function plainText(message: string): string {
  const inner = WRAPPED.exec(message)?.[1]
  if (inner === undefined) return message
  return unescapeHtml(inner.replace(/<br ?\/?>/g, '\n').replace(ALLOWED_TAG, ''))
}

/**
 * Appends a line to a message. If the message is `<html>…</html>`, the line is inserted before `</html>`.
 * @param line plain text
 */
export function withLastLine(message: string | undefined, line: string): string {
  if (message === undefined) return line
  const inner = WRAPPED.exec(message)?.[1]
  if (inner === undefined) return `${message}\n${line}`
  return `<html>${inner}<br>${line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</html>`
}

const CHARACTERS: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' }

/** Decodes the five HTML entities that Nevis's `<html>` messages can contain, for example `&amp;`. */
export function unescapeHtml(text: string): string {
  return text.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => CHARACTERS[entity] as string)
}

/**
 * Checks a message for the Access App: plain text, or `<html>…</html>` with Nevis's six tags. Rejects `<html` in the middle of a text: the application has
 * probably joined text and markup, so untrusted input could format the message.
 */
export function appMessageFault(value: unknown): string | undefined {
  const fault = textFault(value)
  if (fault !== undefined) return fault
  const text = String(value)
  if (!/<html/i.test(text)) return undefined
  const inner = WRAPPED.exec(text)?.[1]
  if (inner === undefined) return 'must be wrapped in <html>…</html> as a whole, or not at all'
  if (inner.replace(ALLOWED_TAG, '').includes('<')) {
    return 'may contain only the tags b br em i strong u, without attributes, inside <html>…</html>'
  }
  return undefined
}
