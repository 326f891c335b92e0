/**
 * Reads and writes the files of the application for the command `init`: sources, templates and package.json.
 *
 * It never writes outside the application's folder, follows no symbolic link, and runs no code of the application. Out of scope: choosing the changes
 * (`plan.ts`), and asking git (`git-state.ts`).
 */
import { closeSync, constants, existsSync, fstatSync, ftruncateSync, lstatSync, openSync, readdirSync, readFileSync, realpathSync, writeSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { Source } from './source'

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'build', 'out', 'coverage', 'public', 'static', 'vendor', 'test', 'tests', '__tests__', '__mocks__', 'spec', 'e2e', 'cypress', 'fixtures', 'migrations'])
const SOURCE = /\.[cm]?[jt]s$/
const NO_SOURCE = /\.(?:d\.[cm]?ts|(?:test|spec|min|config)\.[cm]?[jt]s)$/
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
  const root = realpathSync(folder)
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
      const text = readFileSync(join(root, name), 'utf8')
      if (TEMPLATE.test(name)) templates.set(name, text)
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
  return { root, sources, templates, manifest: hasManifest ? readFileSync(manifest, 'utf8') : undefined, unread }
}

const isTooLarge = (bytes: number): boolean => bytes > MAX_KILOBYTES * 1000

export interface FileChange {
  readonly path: string
  readonly before: string
  readonly after: string
}

/**
 * Writes the changed files. Checks all files before it writes the first one.
 * @throws Error if a file is outside the folder, is a symbolic link, or has changed since it was read
 */
export function writeChanges(root: string, changes: readonly FileChange[]): void {
  const opened: { readonly file: number; readonly after: string }[] = []
  try {
    for (const { path, before, after } of changes) {
      const target = join(root, path)
      if (!realpathSync(dirname(target)).concat(sep).startsWith(root + sep)) throw new Error(`${path} is not in the folder of the app`)
      // With O_NOFOLLOW, the call fails if another program has meanwhile replaced the file by a symbolic link.
      const file = openSync(target, constants.O_RDWR | constants.O_NOFOLLOW)
      opened.push({ file, after })
      if (!fstatSync(file).isFile() || readFileSync(file, 'utf8') !== before) throw new Error(`${path} has changed meanwhile: run the command again`)
    }
    for (const { file, after } of opened) {
      ftruncateSync(file, 0)
      writeSync(file, after, 0)
    }
  } finally {
    for (const { file } of opened) closeSync(file)
  }
}
