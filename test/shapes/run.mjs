// @ts-check
/**
 * Bundles one app in many ways, builds it with frameworks, installs it with each package manager, starts it on each runtime, all outside of the repository, and
 * signs in to it.
 *
 *   npm run shapes             every variant; downloads the tools that it needs from npm
 *   npm run shapes -- Node     the variants whose name contains this word
 *   npm run shapes -- --quick  the variants whose tools are already installed, as in the test suite
 *
 * A bundle must not contain the path of the repository, in which it was built.
 *
 * Run `npm run build` first. Prints a line for each variant, and ends with 1 if one failed.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { npmCommand } from '../../scripts/run.mjs'
import { frameworks } from './frameworks.mjs'
import { installed } from './installed.mjs'
import { quick, slow } from './shapes.mjs'
import { signInTo } from './sign-in.mjs'

if (!existsSync(join(import.meta.dirname, '../../dist/index.js'))) throw new Error('run "npm run build" first')
const [choice = ''] = process.argv.slice(2)
const shapes = choice === '--quick' ? quick : { ...quick, ...slow, ...frameworks, ...installed }
const home = realpathSync(mkdtempSync(join(tmpdir(), 'passport-nevis-')))
// Copy the app out of the repository, and link the repository's packages. Bundlers read the settings in all folders above the app, and must not find the
// settings of the repository.
const entry = join(home, 'app', 'app.mjs')
mkdirSync(join(home, 'app'))
for (const file of ['app.mjs', 'site.mjs']) cpSync(join(import.meta.dirname, file), join(home, 'app', file))
symlinkSync(join(import.meta.dirname, '../../node_modules'), join(home, 'app', 'node_modules'), 'junction')
let failures = 0
try {
  for (const [i, [name, { needs, make }]] of Object.entries(shapes).entries()) {
    if (choice !== '--quick' && !name.includes(choice)) continue
    const startedAt = Date.now()
    console.log(`...  ${name}`)
    try {
      const tools = join(home, `tools${i}`)
      const folder = join(home, `shape${i}`)
      for (const each of [tools, folder]) mkdirSync(each)
      if (needs) execFileSync(...npmCommand(['install', '--prefix', tools, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', ...needs]), { stdio: 'pipe' })
      const start = await make(entry, folder, tools)
      if (name in quick || name in slow) assertNoPathOfRepository(folder)
      await signInTo(start, folder)
      console.log(`ok   ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`)
    } catch (error) {
      failures++
      const { stderr } = /** @type {{ stderr?: unknown }} */ (Object(error))
      console.log(`FAIL ${name}: ${error instanceof Error ? error.message : String(error)}\n${String(stderr ?? '').slice(0, 2000)}`)
    }
  }
} finally {
  rmSync(home, { recursive: true, force: true })
}
process.exitCode = failures === 0 ? 0 : 1

/** @param {string} folder with the built app */
function assertNoPathOfRepository(folder) {
  for (const file of readdirSync(folder)) {
    const isLeaked = readFileSync(join(folder, file)).includes(realpathSync(join(import.meta.dirname, '../..')))
    if (isLeaked) throw new Error(`${file} contains the path of the repository`)
  }
}
