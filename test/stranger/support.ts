/**
 * Runs an existing app as a process of its own, in a folder of its own, with the packages that it needs: Express 4 and Passport 0.6 under their usual
 * names, and this package from its tarball.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Browser, type Page } from '../support/browser'
import { pack } from '../support/installed'
import { hiddenField } from '../example/support'

const root = join(__dirname, '../..')

export interface Folder {
  readonly path: string
  remove(): void
}

/** Copies the app into a new folder, with its packages installed. For `init`, copies the app `before` and runs the command `init` in the folder. */
export function folderOf(fixture: 'before' | 'after' | 'init'): Folder {
  const path = mkdtempSync(join(tmpdir(), 'stranger-'))
  cpSync(join(__dirname, fixture === 'init' ? 'before' : fixture), path, { recursive: true })
  if (fixture === 'init') execFileSync(process.execPath, [join(root, 'dist/doctor/command.js'), 'init', '--write'], { cwd: path, stdio: 'ignore' })
  const modules = join(path, 'node_modules')
  mkdirSync(modules)
  const link = (name: string, target = name) => symlinkSync(join(root, 'node_modules', target), join(modules, name), 'junction')
  link('express', 'express4')
  link('passport', 'passport06')
  for (const name of ['csurf', 'ejs', 'express-session', 'node-sqlite3-wasm', 'passport-local']) link(name)
  if (fixture !== 'before') {
    unpack(path, join(modules, 'passport-nevis'))
    for (const name of ['axios', 'passport-strategy', 'proxy-from-env']) link(name)
  }
  return { path, remove: () => rmSync(path, { recursive: true }) }
}

function unpack(work: string, to: string): void {
  const { filename } = pack('--pack-destination', work)
  mkdirSync(to)
  execFileSync('tar', ['-xzf', join(work, filename), '-C', to, '--strip-components=1'])
}

export interface Running {
  readonly origin: string
  /** All text that the app has written to standard error so far. */
  stderr(): string
  stop(): Promise<void>
}

export async function start(folder: Folder, settings: Record<string, string> = {}): Promise<Running> {
  const env = { PATH: process.env['PATH'] as string, PORT: '0', ...settings }
  const child = spawn(process.execPath, ['server.js'], { cwd: folder.path, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
  const ended = once(child, 'close')
  const address = () => /http:\/\/localhost:(\d+)/.exec(said.stdout)?.[1]
  while (address() === undefined) {
    const isOver = await Promise.race([once(child.stdout, 'data').then(() => false), ended.then(() => true)])
    if (isOver) throw new Error(`The app has ended: ${said.stderr}`)
  }
  return {
    origin: `http://127.0.0.1:${address()}`,
    stderr: () => said.stderr,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Submits a form of a page, with the CSRF token of that page. */
export async function submit(browser: Browser, from: string, to: string, fields: Record<string, string> = {}): Promise<Page> {
  const { text } = await browser.get(from, { accept: 'text/html' })
  return browser.post(to, { _csrf: hiddenField(text, '_csrf'), ...fields }, { accept: 'text/html' })
}

/** The number of changed lines in the shortest diff of two texts. An added, removed or replaced line counts once; blank lines do not count. */
export function changedLines(before: string, after: string): number {
  const [a, b] = [before, after].map((text) => text.split('\n').map((line) => line.trimEnd()).filter((line) => line !== '')) as [string[], string[]]
  // `common[i][j]`: the length of the longest common subsequence of `a` from line i on and `b` from line j on.
  const common = Array.from({ length: a.length + 1 }, () => Array<number>(b.length + 1).fill(0))
  const at = (i: number, j: number) => common[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) (common[i] as number[])[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  }
  let [i, j, changed, removed, added] = [0, 0, 0, 0, 0]
  const settle = () => {
    changed += Math.max(removed, added)
    removed = added = 0
  }
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      settle()
      i++
      j++
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      removed++
      i++
    } else {
      added++
      j++
    }
  }
  settle()
  return changed
}
