/**
 * Finds the line of the application's own code in a stack trace: the line that made a call or threw an error.
 *
 * Out of scope: source maps. For compiled code, the result is a line of the compiled file.
 */
import { existsSync } from 'node:fs'
import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isWord } from './printable'

const FRAME = /^\s+at (?:.*\()?((?:file:\/\/)?\/[^()\n]*?|(?:file:\/\/\/)?[A-Za-z]:[\\/][^()\n]*?):(\d+):\d+\)?$/

/**
 * Finds the first line of a stack trace that is in the application's own code.
 * @param isOwn true for files that do not belong to the application, for example files of this package
 * @returns for example `routes/auth.js:12`, relative to the working directory and with forward slashes on all systems; undefined if there is no such line
 */
export function placeIn(stack: string, isOwn: (file: string) => boolean = () => false): string | undefined {
  for (const line of stack.split('\n')) {
    const [, address, number] = FRAME.exec(line) ?? []
    if (address === undefined) continue
    const file = address.startsWith('file:') ? fileURLToPath(address) : address
    // A line of an error message may look like a line of the stack, but contain a secret. So the file must exist.
    if (!/[\\/]node_modules[\\/]/.test(file) && !isOwn(file) && existsSync(file)) return `${relative(process.cwd(), file).split(sep).join('/')}:${number}`
  }
  return undefined
}

/** The line of the application that called into this package, for example `routes/auth.js:12`. */
export function callingPlace(): string | undefined {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 50
  const { stack = '' } = new Error()
  Error.stackTraceLimit = stackTraceLimit
  return placeIn(stack, (file) => file.startsWith(__dirname))
}

/**
 * Describes an error by its name, its code and its line. Leaves out its message, which may quote a secret.
 * @param place the line that threw the error, if known
 */
export function summaryOf(reason: unknown, place: string | undefined): string {
  const { name, code } = Object(reason) as { name?: unknown; code?: unknown }
  const text = [isWord(name) ? name : 'Error', isWord(code) ? ` ${code}` : '', place === undefined ? '' : ` at ${place}`].join('')
  return text === 'Error' ? 'Error (without a code or a line of the app)' : text
}
