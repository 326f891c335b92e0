/**
 * Finds the line of the app's own code that made a call, or that an error was thrown at, in the text of a stack.
 *
 * Out of scope: source maps. For compiled code, the line is that of the compiled file.
 */
import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isWord } from './printable'

const FRAME = /^\s+at (?:.*\()?((?:file:\/\/)?\/[^()\n]*?|(?:file:\/\/\/)?[A-Za-z]:[\\/][^()\n]*?):(\d+):\d+\)?$/

/**
 * @param isOwn true for a file that is not the app's, such as a file of this package
 * @returns `routes/auth.js:12`, relative to the working directory; undefined if no line of the stack is in the app's own code
 */
export function placeIn(stack: string, isOwn: (file: string) => boolean = () => false): string | undefined {
  for (const line of stack.split('\n')) {
    const [, address, number] = FRAME.exec(line) ?? []
    if (address === undefined) continue
    const file = address.startsWith('file:') ? fileURLToPath(address) : address
    // A message may contain what looks like a line of a stack; a text that names no file is not shown.
    if (!/[\\/]node_modules[\\/]/.test(file) && !isOwn(file) && existsSync(file)) return `${relative(process.cwd(), file)}:${number}`
  }
  return undefined
}

/** The line of the app's own code that is calling now. */
export function callingPlace(): string | undefined {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 50
  const { stack = '' } = new Error()
  Error.stackTraceLimit = stackTraceLimit
  return placeIn(stack, (file) => file.startsWith(__dirname))
}

/**
 * What may be told of an error of the app: its name, its code and its line. The message may quote a secret.
 * @param place where it was thrown, if that is known
 */
export function summaryOf(reason: unknown, place: string | undefined): string {
  const { name, code } = Object(reason) as { name?: unknown; code?: unknown }
  return [isWord(name) ? name : 'Error', isWord(code) ? ` ${code}` : '', place === undefined ? '' : ` at ${place}`].join('')
}
