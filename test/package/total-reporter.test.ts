/** Tests the last line of a test run: the totals on standard output, also if standard output is a pipe. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

jest.setTimeout(60_000)

const ROOT = join(__dirname, '../..')
let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'total-'))))
afterEach(() => rmSync(folder, { recursive: true }))

it.each<[string, Record<string, string>, string, number]>([
  ['that all pass', { a: "it('a', () => {})" }, '1 passed, 0 failed, 0 skipped', 0],
  ['of which some fail or are skipped', { a: "it('a', () => {}); it('b', () => { throw new Error('b') }); it.skip('c', () => {})" }, '1 passed, 1 failed, 1 skipped', 1],
  ['of which a file cannot be run', { a: "it('a', () => {})", b: "require('./nothing')" }, '1 passed, 0 failed, 0 skipped, 1 files did not run', 1],
])('tests %s › are counted in the last line of a pipe', (_which, files, total, exitCode) => {
  for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, `${name}.test.js`), code)
  const config = JSON.stringify({ rootDir: folder, reporters: ['default', join(ROOT, 'scripts/total-reporter.mjs')], transform: {} })
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules/jest/bin/jest.js'), '-i', '--config', config], { cwd: ROOT, encoding: 'utf8' })
  expect([status, stdout.replace(/\d+ s$/m, 'n s')]).toEqual([exitCode, `${total}, in n s\n`])
})
