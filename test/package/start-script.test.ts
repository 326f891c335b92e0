/** `npm start` in a fresh clone prints one line for each step. This test checks the line about the installation; `.ci/sign-in.mjs` checks the other lines. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(__dirname, '../..')

describe('npm start without node_modules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('says that it installs, and stops if the installation fails', () => {
    cpSync(join(ROOT, 'scripts'), join(folder, 'scripts'), { recursive: true })
    const npm = join(folder, 'npm.cjs')
    writeFileSync(npm, "require('node:fs').writeFileSync('asked.json', JSON.stringify(process.argv.slice(2))); process.exit(3)")
    const { stdout, stderr, status } = spawnSync(process.execPath, ['scripts/start.mjs'], { cwd: folder, encoding: 'utf8', env: { ...process.env, npm_execpath: npm } })
    expect({ stdout, stderr, status }).toEqual({ stdout: '> Installing dependencies (npm ci; about a minute)\n', stderr: '', status: 3 })
    expect(JSON.parse(readFileSync(join(folder, 'asked.json'), 'utf8'))).toEqual(['ci', '--include=dev', '--no-audit', '--no-fund'])
  })
})
