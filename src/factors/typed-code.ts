/**
 * A code that only the user's phone shows, and that the user types into the page: so nobody can accept a push that somebody else started.
 *
 * Out of scope: keeping its digest and comparing (`trust/typed-code.ts`), and asking the user for it (`strategy/typed-code.ts`).
 *
 * Source: RFC 10027, 6.1; NIST SP 800-63B-4, 3.1.3
 */
import { randomInt } from 'node:crypto'
import { withLastLine } from '../client/messages'

/** How the phone says the code, in English: `{code}` stands for the code. */
export const typedCodeLine = 'Enter this code on the page: {code}'

/** Six decimal digits, as NIST SP 800-63B-4, 3.1.3 requires at least, from a secure generator. */
export function newTypedCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0')
}

/**
 * @param message of the app, plain or in the `<html>` form
 * @param line with `{code}`; a line of the app's own that has forgotten it gets the code at its end
 * @returns a message of the same form, whose last line says the code
 */
export function messageWithCode(message: string | undefined, line: string, code: string): string {
  return withLastLine(message, line.includes('{code}') ? line.replaceAll('{code}', code) : `${line} ${code}`)
}

/** True for 6 to 64 digits: users type them on any keyboard, and NIST SP 800-63B-4, 3.1.3 asks for six at least. */
export function isTypedCode(code: unknown): code is string {
  return typeof code === 'string' && /^[0-9]{6,64}$/.test(code)
}
