/**
 * The script and the style of the pages, as strings.
 *
 * In the published package, `scripts/build.mjs` has replaced this file by a module that contains both strings, so that the package works in a bundle.
 * Out of scope: serving the two files (`asset-files.ts`).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const textOf = (...files: string[]): string => files.map((file) => readFileSync(join(__dirname, '../../dist/waiting/assets', file), 'utf8')).join('')

export const script: string = textOf('leave-page.js', 'more-time.js', 'recovery-codes.js', 'remember.js', 'typed-phone.js', 'widget.js', 'waiting.js')
export const style: string = textOf('waiting.css')
