/** Tests that the second factor adds few lines to an app with passwords, and that comments in the app mark these lines. */
import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exampleApp, startExample, submit } from './support'

const BLOCK = /^ *\/\/ second factor: begin\n([^]*?)^ *\/\/ second factor: end\n/gm

let source: string
beforeAll(async () => {
  source = await readFile(join(exampleApp, 'src/app.ts'), 'utf8')
})

/** Compiles the app without the lines of the second factor. Type errors fail, but unused imports and parameters are allowed. */
function compile(folder: string): void {
  execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', folder, '--noUnusedLocals', 'false', '--noUnusedParameters', 'false'], { stdio: 'pipe' })
}

describe('the lines of the second factor', () => {
  it('are at most 25', () => {
    const marked = [...source.matchAll(BLOCK)].flatMap(([, lines]) => (lines as string).trimEnd().split('\n'))
    expect(marked.length).toBeGreaterThan(5)
    expect(marked.length).toBeLessThanOrEqual(25)
  })

  it('are all marked', () => {
    expect(source.replace(BLOCK, '').replace(/\/\*\*[^]*?\*\//g, '')).not.toMatch(/nevis|2fa|second ?factor|step-?up/i)
  })

  it('taken away › leave an app that signs in by password alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'example-app-'))
    try {
      await cp(exampleApp, folder, { recursive: true, filter: (path) => !/(node_modules|data|dist|nevis\.ts|second-factor\.ts|devices\.ts|step-up\.ts)$/.test(path) })
      await symlink(join(exampleApp, '../node_modules'), join(folder, 'node_modules'))
      await writeFile(join(folder, 'src/app.ts'), source.replace(BLOCK, ''))
      compile(folder)
      const app = await startExample({}, folder)
      try {
        const browser = app.browser()
        const { username, password } = app.account('anna')
        expect((await submit(browser, '/login', '/login', { username, password: 'wrong' })).location).toBe('/login')
        expect((await browser.get('/account')).location).toBe('/login')
        expect((await submit(browser, '/login', '/login', { username, password })).location).toBe('/account')
        const account = await browser.get('/account')
        expect(account.text).toContain('Hello anna')
        expect(account.text).not.toContain('Second factor')
        expect((await browser.get('/transfer')).status).toBe(200)
        const pay = /action="(\/invoices\/\d+\/pay)"/.exec((await browser.get('/invoices')).text)?.[1] as string
        expect((await submit(browser, '/invoices', pay)).location).toMatch(/\/receipt$/)
        expect(await app.phone('anna').requests()).toBe(0)
        expect((await submit(browser, '/account', '/logout')).location).toBe('/login')
      } finally {
        await app.stop()
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
