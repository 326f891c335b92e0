/**
 * A code that only the user's phone shows and that the user must type into the waiting page. If a user accepts an attacker's push by mistake, the page in the
 * attacker's browser still asks for the code, which the attacker does not see.
 *
 * Out of scope: storing and comparing the code's digest (`trust/typed-code.ts`), and asking the user for the code (`strategy/typed-code.ts`).
 *
 * Source: RFC 10027, 6.1.16; NIST SP 800-63B-4, 3.1.3
 */
import { randomInt } from 'node:crypto'
import { withLastLine } from '../client/messages'

/** The last line of the message on the phone, in English. `{code}` is the placeholder for the code. */
export const typedCodeLine = 'Enter this code on the page: {code}'

/** Generates a code of six decimal digits with a secure random generator. NIST SP 800-63B-4, 3.1.3 requires at least six. */
export function newTypedCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0')
}

/**
 * Adds the code to a message.
 * @param message the app's message: plain text or `<html>…</html>`
 * @param line the text of the last line, with the placeholder `{code}`. If the placeholder is missing, the code is appended to the line
 * @returns the message with this line at its end, again as plain text or `<html>…</html>`
 */
export function messageWithCode(message: string | undefined, line: string, code: string): string {
  return withLastLine(message, line.includes('{code}') ? line.replaceAll('{code}', code) : `${line} ${code}`)
}

/**
 * True for 6 to 64 digits. Only digits are allowed, because users can type digits on any keyboard. NIST SP 800-63B-4, 3.1.3 requires at least six.
 */
export function isTypedCode(code: unknown): code is string {
  return typeof code === 'string' && /^[0-9]{6,64}$/.test(code)
}
