/** Runs the example app as a process of its own, with users who have a browser and a phone. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Browser, type Page } from '../support/browser'
import { emptyDatabase } from './empty-database'

export const exampleApp = join(__dirname, '../../example-app')

/** A generous limit, because each test starts the app in a process, and this process compiles PGlite, its database (PostgreSQL as WebAssembly). */
export const START_MS = 120_000
jest.setTimeout(START_MS)

export interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Account {
  readonly username: string
  readonly password: string
  readonly recoveryCodes: readonly string[]
}

export interface Running {
  readonly origin: string
  readonly phonesOrigin: string
  readonly process: ChildProcess
  /** All text that the app has written to standard error so far. */
  stderr(): string
  account(username: string): Account
  browser(): Browser
  phone(username: string): Phone
  stop(signal?: NodeJS.Signals): Promise<Ended>
}

/** The environment of the process contains only `PATH` of this machine's environment, so that each test states all settings that matter. */
function environment(settings: Record<string, string>): Record<string, string> {
  return { PATH: process.env['PATH'] as string, PORT: '0', SIMULATOR_PORT: '0', LOGIN_LIMIT: '1000', ...settings }
}

export function launch(settings: Record<string, string>, folder = exampleApp, args: readonly string[] = ['dist/server.js']) {
  const child = spawn(process.execPath, args, { cwd: folder, env: environment(settings), stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text))
  const ended = once(child, 'close').then(([exitCode]): Ended => ({ exitCode: exitCode as number | null, ...texts }))
  return { child, texts, ended }
}

/** Starts an app with wrong settings, and waits until its process has ended. */
export async function runToEnd(settings: Record<string, string>): Promise<Ended> {
  return launch(settings).ended
}

/**
 * @param settings the environment of the process. Without `DATA_DIR`, the app gets a copy of an empty database in a folder, because it takes seconds to create
 * one in memory.
 */
export async function startExample(settings: Record<string, string> = {}, folder = exampleApp): Promise<Running> {
  const database = settings['DATA_DIR'] === undefined ? emptyDatabase() : undefined
  const { child, texts, ended } = launch({ ...(database && { DATA_DIR: database.folder }), ...settings }, folder)
  void ended.then(database?.remove)
  const lines = () => /^Example app on (\S+)\nPhones on (\S+)$/m.exec(texts.stdout)
  while (lines() === null) {
    const end = await Promise.race([once(child.stdout, 'data').then(() => undefined), ended])
    if (end !== undefined) throw new Error(`The example app has ended: ${end.stderr}`)
  }
  const [, origin, phonesOrigin] = lines() as unknown as [string, string, string]
  const home = await new Browser(origin).get('/')
  return {
    origin,
    phonesOrigin,
    process: child,
    stderr: () => texts.stderr,
    account: (username) => accountIn(home.text, username),
    browser: () => new Browser(origin),
    phone: (username) => new Phone(new Browser(phonesOrigin), username),
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}

/**
 * Reads the app's configuration (`config.ts`) for each of these environments, in one child process.
 * @returns the error message for each environment, or `accepted`
 */
export async function refusals(environments: readonly Record<string, string>[]): Promise<string[]> {
  const script = `
    import { readConfig } from './dist/config.js'
    const said = JSON.parse(process.argv[1]).map((env) => { try { readConfig(env); return 'accepted' } catch (error) { return error.message } })
    console.log(JSON.stringify(said))`
  const { stdout } = await launch({}, exampleApp, ['--input-type=module', '-e', script, JSON.stringify(environments)]).ended
  return JSON.parse(stdout) as string[]
}

/** Reads an account from the demo's first page. */
function accountIn(page: string, username: string): Account {
  const card = page.split('<li class="card">').find((part) => part.includes(`<h4>${username}</h4>`)) as string
  const [, password, ...recoveryCodes] = [...card.matchAll(/<code>([^<]+)<\/code>/g)].map(([, code]) => code as string)
  return { username, password: password as string, recoveryCodes }
}

/** A user's phone: presses the buttons of the simulator's page. */
export class Phone {
  constructor(
    private readonly browser: Browser,
    private readonly username: string,
  ) {}

  async approve(): Promise<void> {
    await this.decide('approve')
  }

  async deny(): Promise<void> {
    await this.decide('deny')
  }

  async scan(link: string): Promise<void> {
    const user = hiddenField(await this.look(), 'user')
    expect((await this.browser.post('/_simulator/scan', { user, link })).status).toBe(303)
  }

  /** The number of requests that wait for an answer. */
  async requests(): Promise<number> {
    return (await this.look()).split('<div class="request">').length - 1
  }

  /** The message of the newest approval request on the phone, as the user reads it: without HTML tags. */
  async message(): Promise<string> {
    return (/<p class="message">([^]*?)<\/p>/.exec(await this.look())?.[1] as string).replace(/<br>/g, ' ').replace(/<[^>]+>/g, '').replaceAll('&amp;', '&')
  }

  /** The newest text message on the phone. */
  async sms(): Promise<string> {
    return /<ul class="texts"><li>([^<]*)</.exec(await this.look())?.[1] as string
  }

  private async decide(decision: 'approve' | 'deny'): Promise<void> {
    const phone = await this.look()
    const fields = { user: hiddenField(phone, 'user'), transactionId: hiddenField(phone, 'transactionId'), decision }
    expect((await this.browser.post('/_simulator/decide', fields)).status).toBe(303)
  }

  private async look(): Promise<string> {
    const page = await this.browser.get('/')
    return page.text.split('<section').find((part) => part.includes(`aria-label="${this.username}"`)) as string
  }
}

export function hiddenField(page: string, name: string): string {
  const value = new RegExp(`<input type="hidden" name="${name}" value="([^"]*)"`).exec(page)?.[1]
  if (value === undefined) throw new Error(`no field ${name} in ${page}`)
  return value
}

/** Submits a form of a page, with the CSRF token of that page. */
export async function submit(browser: Browser, from: string, to: string, fields: Record<string, string> = {}): Promise<Page> {
  const page = await browser.get(from, { accept: 'text/html' })
  return browser.post(to, { _csrf: hiddenField(page.text, '_csrf'), ...fields }, { accept: 'text/html' })
}

/** Enters the password, and chooses `factor`; without `factor`, the app takes the user's first factor. Returns the address of the waiting page. */
export async function enterPassword(browser: Browser, { username, password }: Account, factor?: string): Promise<string> {
  const answer = await submit(browser, '/login', '/login', { username, password, ...(factor && { factor }) })
  expect(answer.location).toMatch(/^\/login\/2fa\?transaction=/)
  return answer.location as string
}

export const statusOf = (waiting: string): string => waiting.replace('/login/2fa?', '/login/2fa/status?')
export const callbackOf = (waiting: string): string => waiting.replace('/login/2fa?', '/login/2fa/callback?')

/** Sends one of the waiting page's forms: choose another factor, send again, or cancel. */
export async function choose(browser: Browser, waiting: string, fields: Record<string, string>): Promise<Page> {
  const transaction = new URL(waiting, browser.origin).searchParams.get('transaction') as string
  return submit(browser, waiting, '/login/2fa', { transaction, ...fields })
}

export async function typeCode(browser: Browser, waiting: string, code: string): Promise<Page> {
  const transaction = new URL(waiting, browser.origin).searchParams.get('transaction') as string
  return submit(browser, waiting, '/login/2fa/callback', { transaction, retry: '1', code })
}

/**
 * Signs a user in by push.
 * @param password another password than the one that the home page shows
 */
export async function signIn(app: Running, username: string, password = app.account(username).password): Promise<Browser> {
  const browser = app.browser()
  const waiting = await enterPassword(browser, { ...app.account(username), password })
  await app.phone(username).approve()
  expect((await browser.get(callbackOf(waiting))).location).toBe('/account')
  return browser
}
