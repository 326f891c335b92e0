/**
 * The file of the report: checks, before the probe sends anything, that the report can be written and replaces only an older report; and writes the report.
 *
 * Out of scope: the content of the report (`report.ts`).
 */
import { randomBytes } from 'node:crypto'
import { accessSync, chmodSync, constants, lstatSync, readlinkSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
    const report = hasContent(file) ? readReport(file) : undefined
    if (typeof report === 'string') return `--out: ${file} exists and ${/another version/.test(report) ? report.replace('the report ', '') : 'is not a report of the probe'}; choose another name`
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

/**
 * With these errors, the folder accepts no temporary file, or the file cannot be replaced, for example because it is mounted. After such an error, `writeWhole`
 * writes into the file itself, which may be writable.
 */
const NOT_REPLACEABLE = ['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EXDEV']

/**
 * Writes a file completely or not at all: if the disk is full, an older report stays as it is. This function first writes the text to a temporary file in the
 * same folder, and then renames the temporary file. The mode of an existing file stays. If the file is a symbolic link, its target is replaced.
 * @throws the error of the file system
 */
export function writeWhole(file: string, text: string): void {
  const target = targetOf(file)
  const known = statSync(target, { throwIfNoEntry: false })
  // A device or a pipe cannot be replaced by another file, so write into the device or pipe itself.
  if (known !== undefined && !known.isFile()) return writeFileSync(target, text)
  const temporary = `${target}.${randomBytes(4).toString('hex')}.tmp`
  try {
    // `wx` fails if the path exists, so that the probe never writes into a file or link that another user has put there.
    writeFileSync(temporary, text, { flag: 'wx' })
    if (known !== undefined) chmodSync(temporary, known.mode & 0o777)
    renameSync(temporary, target)
  } catch (reason) {
    rmSync(temporary, { force: true })
    if (!NOT_REPLACEABLE.includes(wordOf(reason))) throw reason
    writeFileSync(target, text)
  }
}

/** The path to which a symbolic link leads, even if nothing exists there; else the path itself. */
function targetOf(file: string): string {
  const path = resolve(file)
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return realpathSync(path)
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
  return isLink ? resolve(dirname(path), readlinkSync(path)) : path
}
