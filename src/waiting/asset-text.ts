/**
 * The text of the pages' script and style, read from the files of the build.
 *
 * In the published package, `scripts/build.mjs` has replaced this file by a module with the two texts as strings. So the package reads no file at run
 * time, and works in a bundle and in a single executable. Out of scope: serving the text (`asset-files.ts`).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const textOf = (...files: string[]): string => files.map((file) => readFileSync(join(__dirname, '../../dist/waiting/assets', file), 'utf8')).join('')

export const script: string = textOf('recovery-codes.js', 'remember.js', 'widget.js', 'waiting.js')
export const style: string = textOf('waiting.css')
