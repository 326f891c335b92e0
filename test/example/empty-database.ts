/**
 * Empty databases for the tests of the example app, as folders of PGlite. PGlite needs several seconds to create a database, so this file creates only one,
 * and each test gets a copy.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const modules = join(__dirname, '../../node_modules')
const { version } = JSON.parse(readFileSync(join(modules, '@electric-sql/pglite/package.json'), 'utf8')) as { readonly version: string }
/** The database that is copied for each test. Each version of PGlite creates its own. */
const ORIGINAL = join(modules, `.cache/passport-nevis/pglite-${version}`)
const CREATE = "import { PGlite } from '@electric-sql/pglite'; const database = await PGlite.create(process.argv[1]); await database.close()"

/** Creates the folder `ORIGINAL`. Two workers may do so at the same time: the second one finds that `ORIGINAL` exists, and removes what it has created. */
function create(): void {
  mkdirSync(dirname(ORIGINAL), { recursive: true })
  const folder = mkdtempSync(`${ORIGINAL}-`)
  execFileSync(process.execPath, ['--input-type=module', '-e', CREATE, join(folder, 'data')], { cwd: modules })
  try {
    renameSync(join(folder, 'data'), ORIGINAL)
  } catch (error) {
    if (!existsSync(ORIGINAL)) throw error
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export interface EmptyDatabase {
  /** The folder, for the setting `DATA_DIR`. */
  readonly folder: string
  remove(): void
}

export function emptyDatabase(): EmptyDatabase {
  if (!existsSync(ORIGINAL)) create()
  const folder = mkdtempSync(join(tmpdir(), 'example-data-'))
  cpSync(ORIGINAL, folder, { recursive: true })
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
