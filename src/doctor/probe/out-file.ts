/**
 * Checks, before the probe sends anything, that its report can be written, and that it replaces only an older report.
 *
 * Out of scope: writing the report (`probe-command.ts`).
 */
import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { readReport } from '../probe-report'
import { wordOf } from './word-of'

/** @returns why the report cannot be written to this path; undefined if it can be written */
export function faultOfPath(file: string): string | undefined {
  if (file === '') return '--out needs the name of a file'
  const folder = dirname(resolve(file))
  try {
    if (!statSync(folder).isDirectory()) return `--out: ${folder} is not a folder`
    const known = statSync(file, { throwIfNoEntry: false })
    if (known?.isDirectory() === true) return `--out: ${file} is a folder`
    accessSync(known === undefined ? folder : file, constants.W_OK)
    if (hasContent(file) && typeof readReport(file) === 'string') return `--out: ${file} exists and is not a report of the probe; choose another name`
    return undefined
  } catch (reason) {
    const word = wordOf(reason)
    return word === 'ENOENT' ? `--out: the folder ${folder} does not exist` : `--out: ${file} cannot be written (${word})`
  }
}

/** True for a file that is not empty. Devices such as /dev/null have no content that could be lost. */
export function hasContent(file: string): boolean {
  const known = statSync(file, { throwIfNoEntry: false })
  return known?.isFile() === true && known.size > 0
}
