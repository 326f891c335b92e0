/**
 * Finds out whether the command was started without a standard output, for example by `>&-` in a shell.
 *
 * Out of scope: an output that is lost later (`command.ts`).
 */
import { readFileSync, readlinkSync } from 'node:fs'

/** The access mode in the flags of an open file, and its value for reading and writing: `O_ACCMODE` and `O_RDWR` in Linux. */
const ACCESS_MODE = 0o3
const READ_AND_WRITE = 0o2

/**
 * True if standard output was closed when this process started. Always false on systems other than Linux, which do not show how a file was opened.
 *
 * If standard output is closed, Node.js opens `/dev/null` in its place, for reading and writing, so that writing succeeds. A shell opens `> /dev/null` only for
 * writing. A parent process in Node.js with `stdio: 'ignore'` opens `/dev/null` like a closed output, but for standard error as well: such a parent wants only
 * the exit code.
 */
export function isStdoutClosed(): boolean {
  return isOpenedInPlace(1) && !isOpenedInPlace(2)
}

function isOpenedInPlace(file: 1 | 2): boolean {
  try {
    const [, flags = ''] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${file}`, 'utf8')) ?? []
    return readlinkSync(`/proc/self/fd/${file}`) === '/dev/null' && (Number.parseInt(flags, 8) & ACCESS_MODE) === READ_AND_WRITE
  } catch {
    return false
  }
}
