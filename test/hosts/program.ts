/**
 * Runs an app of the guides as a reader of the guide does: in its own process. TypeScript is compiled first. While the app runs, its files are in a
 * folder of this repository, so that its imports resolve as in a reader's project.
 *
 * Out of scope: the content of the app.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import type { NevisSimulator } from '../../src/simulator'
import { Browser } from '../support/browser'

export interface Program {
  readonly origin: string
  /** All text that the program has printed. */
  output(): string
  /** Waits until the program has printed this text. */
  printed(text: string): Promise<void>
  browser(): Browser
  /** Sends SIGTERM, as a process manager does in production, and waits until the program has ended. */
  stop(): Promise<void>
  /** Kills the program. */
  close(): Promise<void>
}

/** A simulator, or a proxy in front of one. */
type Cloud = Pick<NevisSimulator, 'baseURL' | 'accessKey'>

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly change?: (text: string) => string
}

const BUILT = join(__dirname, '.built')
const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
}

/** Writes files into a folder of this repository, in which their imports resolve as in a reader's project. The first file is the program. */
export function written(files: Readonly<Record<string, string>>): ReturnType<typeof build> {
  mkdirSync(BUILT, { recursive: true })
  const folder = mkdtempSync(join(BUILT, 'written-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return { file: join(folder, Object.keys(files)[0] as string), remove: () => rmSync(folder, { recursive: true }) }
}

/** Builds the app as JavaScript. @param app folder and file, without the extension */
export function build(app: string, change?: (text: string) => string): { file: string; remove(): void } {
  const [folder, name] = app.split('/') as [string, string]
  mkdirSync(BUILT, { recursive: true })
  const built = mkdtempSync(join(BUILT, `${folder}-`))
  compile(__dirname, built)
  compile(join(__dirname, folder), join(built, folder), change)
  return { file: join(built, folder, `${name}.mjs`), remove: () => rmSync(built, { recursive: true }) }
}

export function environment(simulator: Cloud, users: readonly { username: string; userId: string }[]): Record<string, string> {
  return {
    PATH: process.env['PATH'] as string,
    PORT: '0',
    SESSION_SECRET: 'a secret of thirty-two characters',
    SESSION_KEY: '5e'.repeat(32),
    NEVIS_BASE_URL: simulator.baseURL,
    NEVIS_ACCESS_KEY: simulator.accessKey,
    USERS: JSON.stringify(users.map(({ username, userId }) => ({ username, nevisUserId: userId }))),
  }
}

/**
 * Builds an app, and runs it in a process of its own.
 * @param app folder and file, without the extension
 * @param options `env` environment variables that are added to those of every program; `change` edits the text of each file of the app
 */
export async function run(app: string, simulator: Cloud, users: readonly { username: string; userId: string }[], { env, change }: RunOptions = {}): Promise<Program> {
  return started(build(app, change), { ...environment(simulator, users), ...env })
}

/** Runs a JavaScript file, which prints its origin when it listens, and waits until it listens. `close` calls `remove` after the program has ended. */
export async function started(built: ReturnType<typeof build>, env: Readonly<Record<string, string>>): Promise<Program> {
  const { origin: listening, ...launched } = launch(built, env)
  const origin = await listening
  if (origin === undefined) {
    await launched.close()
    throw new Error(`${built.file} has ended:\n${launched.output()}`)
  }
  return { ...launched, origin, browser: () => new CookieLimits(origin) }
}

/** Runs a JavaScript file like `started`, but does not wait until it listens. `origin` becomes undefined if the program ends before it listens. */
export function launch({ file, remove }: ReturnType<typeof build>, env: Readonly<Record<string, string>>): Omit<Program, 'origin' | 'browser'> & { readonly origin: Promise<string | undefined> } {
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'], env })
  let printed = ''
  let news = () => {}
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const origin = new Promise<string | undefined>((resolve) => {
    const read = (chunk: Buffer) => {
      printed += String(chunk)
      news()
      const found = /^http:\S+/m.exec(printed)?.[0]
      if (found !== undefined) resolve(found)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    void exited.then(() => resolve(undefined))
  })
  const close = async () => {
    child.kill('SIGKILL')
    await exited
    remove()
  }
  const stop = () => {
    child.kill('SIGTERM')
    return exited
  }
  const hasPrinted = async (text: string) => {
    while (!printed.includes(text)) await new Promise<void>((resolve) => (news = resolve))
  }
  return { origin, output: () => printed, printed: hasPrinted, stop, close }
}

/** Drops large cookies as browsers do: a browser ignores a cookie whose name and value have more than 4096 bytes (RFC 6265bis, 5.7). */
export class CookieLimits extends Browser {
  override async send(...args: Parameters<Browser['send']>): ReturnType<Browser['send']> {
    const before = new Map(this.cookies)
    const page = await super.send(...args)
    for (const [name, value] of this.cookies) {
      if (name.length + value.length <= 4096) continue
      const old = before.get(name)
      if (old === undefined) this.cookies.delete(name)
      else this.cookies.set(name, old)
    }
    return page
  }
}

function compile(from: string, to: string, change = (text: string) => text): void {
  mkdirSync(to, { recursive: true })
  for (const file of readdirSync(from).filter((one) => /\.m[tj]s$/.test(one))) {
    const text = change(readFileSync(join(from, file), 'utf8'))
    const { outputText } = file.endsWith('.mjs') ? { outputText: text } : ts.transpileModule(text, { compilerOptions, fileName: file })
    writeFileSync(join(to, file.replace(/\.mts$/, '.mjs')), outputText)
  }
}
