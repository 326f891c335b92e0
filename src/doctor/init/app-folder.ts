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
const MAX_BYTES = 500_000

export interface AppFolder {
  readonly root: string
  readonly sources: readonly Source[]
  readonly templates: ReadonlyMap<string, string>
  readonly manifest: string | undefined
  readonly unread: readonly string[]
}

export function readApp(folder: string): AppFolder {
  const root = realpathSync(folder)
  const sources: Source[] = []
  const templates = new Map<string, string>()
  const unread: string[] = []
  let files = 0
  const walk = (path: string) => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.isDirectory() && !entry.name.startsWith('.') && !SKIPPED_FOLDERS.has(entry.name)) walk(name)
      if (!entry.isFile() || !(SOURCE.test(name) || TEMPLATE.test(name))) continue
      if (++files > MAX_FILES) throw new Error(`the folder has more than ${MAX_FILES} files: name the folder of the app`)
      if (NO_SOURCE.test(name) || lstatSync(join(root, name)).size > MAX_BYTES) continue
      const text = readFileSync(join(root, name), 'utf8')
      if (TEMPLATE.test(name)) templates.set(name, text)
      else {
        const source = Source.read(name, text)
        if (source === undefined) unread.push(name)
        else sources.push(source)
      }
    }
  }
  walk('')
  const manifest = join(root, 'package.json')
  const hasManifest = existsSync(manifest) && lstatSync(manifest).isFile()
  return { root, sources, templates, manifest: hasManifest ? readFileSync(manifest, 'utf8') : undefined, unread }
}

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
