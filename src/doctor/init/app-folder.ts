/**
 * Reads and writes the files of the application for the command `init`: sources, templates and package.json.
 *
 * This file never writes outside the application's folder, follows no symbolic link, and runs no code of the application. Out of scope: choosing the changes
 * (`plan.ts`), and asking git (`git-state.ts`).
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync, type Stats } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { Source } from './source'

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'build', 'out', 'coverage', 'public', 'static', 'vendor', 'test', 'tests', '__tests__', '__mocks__', 'spec', 'e2e', 'cypress', 'fixtures', 'migrations'])
const SOURCE = /\.[cm]?[jt]s$/
const NO_SOURCE = /\.(?:d\.[cm]?ts|(?:test|spec|min)\.[cm]?[jt]s)$/
const TEMPLATE = /\.(?:ejs|html?|hbs|handlebars|njk|mustache|eta|liquid)$/
const MAX_FILES = 5000
const MAX_KILOBYTES = 200
const MAX_TOTAL_MEGABYTES = 10

/** A file that `init` has not read, and the reason. */
interface Unread {
  readonly path: string
  readonly why: string
}

export interface AppFolder {
  readonly root: string
  readonly sources: readonly Source[]
  readonly templates: ReadonlyMap<string, string>
  readonly manifest: string | undefined
  readonly unread: readonly Unread[]
}

export function readApp(folder: string): AppFolder {
  if (!existsSync(folder)) throw new Error(`the folder ${folder} does not exist`)
  const root = realpathSync(folder)
  if (!statSync(root).isDirectory()) throw new Error(`${folder} is a file: give the folder of the app, as in npx passport-nevis init ${dirname(folder)}`)
  const sources: Source[] = []
  const templates = new Map<string, string>()
  const unread: Unread[] = []
  let [files, bytes] = [0, 0]
  const walk = (path: string) => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.isDirectory() && !entry.name.startsWith('.') && !SKIPPED_FOLDERS.has(entry.name)) walk(name)
      if (!entry.isFile() || !(SOURCE.test(name) || TEMPLATE.test(name))) continue
      if (++files > MAX_FILES) throw new Error(`the folder has more than ${MAX_FILES} files: name the folder of the app`)
      if (NO_SOURCE.test(name)) continue
      const { size } = lstatSync(join(root, name))
      if (isTooLarge(size)) {
        unread.push({ path: name, why: `is larger than ${MAX_KILOBYTES} kB: look for ${TEMPLATE.test(name) ? 'a login form' : 'sign-ins'} there yourself` })
        continue
      }
      bytes += size
      if (bytes > MAX_TOTAL_MEGABYTES * 1_000_000) throw new Error(`the files of the folder have more than ${MAX_TOTAL_MEGABYTES} MB: name the folder of the app`)
      const text = textIn(readFileSync(join(root, name)))
      if (text === undefined) unread.push({ path: name, why: `is not UTF-8: look for ${TEMPLATE.test(name) ? 'a login form' : 'sign-ins'} there yourself` })
      else if (TEMPLATE.test(name)) templates.set(name, text)
      else {
        const source = Source.read(name, text)
        if (source === undefined) unread.push({ path: name, why: 'is not JavaScript or TypeScript that this command can read: look for sign-ins there yourself' })
        else sources.push(source)
      }
    }
  }
  walk('')
  const manifest = join(root, 'package.json')
  const hasManifest = existsSync(manifest) && lstatSync(manifest).isFile() && !isTooLarge(lstatSync(manifest).size)
  return { root, sources, templates, manifest: hasManifest ? textIn(readFileSync(manifest)) : undefined, unread }
}

/**
 * Decodes a file exactly, so that `init` writes the unchanged lines back as they were.
 * @returns undefined if the file is not UTF-8
 */
function textIn(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const isTooLarge = (bytes: number): boolean => bytes > MAX_KILOBYTES * 1000

export interface FileChange {
  readonly path: string
  /** Undefined for a new file. */
  readonly before: string | undefined
  readonly after: string
}

/**
 * Writes either all changed files or none. First, this function writes all new texts, and copies of all old texts, to temporary files beside the files. Then it
 * replaces the files one by one. If one file cannot be replaced, this function restores the files that it has already replaced, from their copies. If a file
 * cannot be restored, its copy stays on the disk. A new file gets the owner of its folder.
 * @throws Error if a file is outside the folder, is a symbolic link, has changed since it was read, or cannot be written
 */
export function writeChanges(root: string, changes: readonly FileChange[]): void {
  const staged: { readonly path: string; readonly target: string; readonly next: string; readonly previous: string | undefined }[] = []
  const replaced: typeof staged = []
  let lost: typeof staged = []
  try {
    for (const { path, before, after } of changes) {
      const target = join(root, path)
      if (!realpathSync(dirname(target)).concat(sep).startsWith(root + sep)) throw new Error(`${path} is not in the folder of the app`)
      const known = before === undefined ? statOfNew(target) : statOf(target, before)
      if (known === undefined) throw new Error(`${path} has changed meanwhile: run the command again`)
      const temporary = `${target}.${randomBytes(4).toString('hex')}`
      const one = { path, target, next: `${temporary}.new.tmp`, previous: before === undefined ? undefined : `${temporary}.old.tmp` }
      staged.push(one)
      create(one.next, after, path, known)
      if (before !== undefined) create(`${temporary}.old.tmp`, before, path, known)
    }
    for (const one of staged) {
      renameSync(one.next, one.target)
      replaced.push(one)
    }
  } catch (reason) {
    lost = replaced.filter(({ previous, target }) => !succeeds(() => (previous === undefined ? rmSync(target) : renameSync(previous, target))))
    if (lost.length === 0) throw reason
    const places = lost.map(({ path, previous }) => (previous === undefined ? `the new file ${path} was not removed` : `the old text of ${path} is in ${relative(root, previous)}`)).join(', ')
    throw new Error(`${(reason as Error).message}; not all files could be restored: ${places}`, { cause: reason })
  } finally {
    // Delete the temporary files, but keep the copy of a file that was not restored: no other copy of its old text exists. If a deletion fails, ignore the
    // error: it must not replace the error above, which says where the copy is.
    for (const one of staged) for (const temporary of [one.next, lost.includes(one) ? undefined : one.previous]) if (temporary !== undefined) succeeds(() => rmSync(temporary, { force: true }))
  }
}

function succeeds(action: () => void): boolean {
  try {
    action()
    return true
  } catch {
    return false
  }
}

type Owner = Pick<Stats, 'mode' | 'uid' | 'gid'>

/** @returns owner and mode for a new file, as those of its folder; undefined if the file exists already */
function statOfNew(target: string): Owner | undefined {
  const { mode, uid, gid } = statSync(dirname(target))
  return existsSync(target) ? undefined : { mode: mode & 0o666, uid, gid }
}

/** @returns undefined if the content of the file is no longer `text` */
function statOf(target: string, text: string): Owner | undefined {
  // With O_NOFOLLOW, the call fails if another program has meanwhile replaced the file by a symbolic link. With O_RDWR, it fails for a read-only file.
  const file = openSync(target, constants.O_RDWR | constants.O_NOFOLLOW)
  try {
    const known = fstatSync(file)
    return known.isFile() && readFileSync(file).equals(Buffer.from(text)) ? known : undefined
  } finally {
    closeSync(file)
  }
}

/** Creates a file with the owner and the mode of another one. @param name the path of the other file, for error messages */
function create(path: string, text: string, name: string, { mode, uid, gid }: Owner): void {
  // `wx` fails if the path exists, so that `init` never writes into a file or link that another user has put there.
  writeFileSync(path, text, { flag: 'wx', mode: 0o600 })
  const own = statSync(path)
  // Some file systems refuse `chown` even if it changes nothing.
  if (own.uid !== uid || own.gid !== gid) {
    try {
      chownSync(path, uid, gid)
    } catch (reason) {
      if ((reason as NodeJS.ErrnoException).code !== 'EPERM') throw reason
      throw new Error(`${name} belongs to ${own.uid === uid ? 'a group that you are not in' : 'another user'}, so nothing was changed: ${own.uid === uid ? 'change the group of the file' : 'run the command as this user'}`, { cause: reason })
    }
  }
  chmodSync(path, mode & 0o777)
}
