/** Installs the package in another folder as npm would: the packed files and their dependencies, and nothing else. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const ROOT = join(__dirname, '..', '..')

interface Locked {
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly hasInstallScript?: boolean
}

interface Packed {
  readonly filename: string
  /** The sizes in bytes. */
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Readonly<Record<string, Locked>> }

/** The packages that `npm install passport-nevis` installs: the folder of each one, and its entry in the lock file. */
export function runtimeClosure(): ReadonlyMap<string, Locked> {
  const found = new Map<string, Locked>()
  const add = (of: string) => {
    for (const name of Object.keys((packages[of] as Locked).dependencies ?? {})) {
      const folder = placesFor(name, of).find((place) => packages[place] !== undefined)
      if (folder === undefined) throw new Error(`${name} is not in package-lock.json`)
      if (found.has(folder)) continue
      found.set(folder, packages[folder] as Locked)
      add(folder)
    }
  }
  add('')
  return found
}

/**
 * The folders in which Node looks for the package `name` when the package in the folder `of` requires it, in Node's order. `of` is empty for the root package.
 */
function placesFor(name: string, of: string): string[] {
  const above = of.split('/node_modules/')
  const inside = of === '' ? [] : above.map((_, i) => `${above.slice(0, above.length - i).join('/node_modules/')}/node_modules/${name}`)
  return [...inside, `node_modules/${name}`]
}

/** Packs what `npm publish` would upload, with the build in `dist`. */
export function pack(...options: string[]): Packed {
  // On Windows, the command `npm` is a shell script, which Node cannot start. `npm_execpath` is the JavaScript file behind it.
  const script = process.env['npm_execpath']
  const [program, ...first] = script === undefined ? ['npm'] : [process.execPath, script]
  const json = execFileSync(program, [...first, 'pack', '--json', '--ignore-scripts', ...options], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const [packed] = JSON.parse(json) as [Packed]
  return packed
}

/** Installs the package into a new folder. The caller must remove the folder. */
export function installElsewhere(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'passport-nevis-')))
  const { filename } = pack('--pack-destination', folder)
  const home = join(folder, 'node_modules', 'passport-nevis')
  mkdirSync(home, { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', home, '--strip-components=1'])
  for (const place of runtimeClosure().keys()) {
    cpSync(join(ROOT, place), join(folder, place), { recursive: true, filter: (path) => !path.slice(join(ROOT, place).length).includes('node_modules') })
  }
  return folder
}
