/**
 * The attack: failure messages that fill the session.
 *
 * With `failureMessage: true`, Passport adds a sentence to the session for every failure and never removes one. An attacker, or a faulty script,
 * calls the callback three thousand times in one session, and never opens the page that shows the messages. The session grows to 183 KB, and the app reads
 * and writes the whole session with every request. If the session is in a cookie, the browser drops this cookie, because it is too large. In the apps of the
 * guides, the session stays small, and an honest user still sees why the last sign-in failed.
 */
import session from 'express-session'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import * as passportNevis from '../../src'
import { failures } from '../../src'
import { guideApps } from '../hosts/apps'
import { listening } from '../hosts/express/host'
import { folderOf, start as startStranger } from '../stranger/support'
import { Browser } from '../support/browser'
import { callbackOf, PASSWORD } from '../support/app'
import { snippetWith } from '../support/markdown'
import { lab } from './support/lab'

// Jest's default of 5 s is too short: a program starts for each app, and gets a few hundred requests.
jest.setTimeout(60_000)

const MAX_BYTES = 4096
const world = lab()

/** Calls the callback with an invalid handle, one call after the other. In parallel, each call would overwrite the session that another call has stored. */
async function fail(browser: Browser, times: number): Promise<void> {
  for (let sent = 0; sent < times; sent++) expect(await browser.get(callbackOf('nothing'))).toMatchObject({ status: 302, location: '/login' })
}

const store = new session.MemoryStore()

/**
 * Starts an app of a guide in this process, with a session store that the test can read.
 * @param code the guide's code without its call of `listen`
 */
async function serve(code: string): Promise<Browser> {
  const modules: Record<string, unknown> = {
    'passport-nevis': passportNevis,
    'express-session': (options: session.SessionOptions) => session({ ...options, store }),
    './users': { withPassword: async () => false },
  }
  const load = (name: string): unknown => modules[name] ?? jest.requireActual(name)
  Object.assign(process.env, { NEVIS_BASE_URL: world.simulator.baseURL, NEVIS_ACCESS_KEY: world.simulator.accessKey, SESSION_SECRET: 'a secret for tests' })
  const app = new Function('require', `${code}\nreturn app`)(load) as RequestListener
  const host = await listening(app)
  world.defer(() => host.close())
  return host.browser()
}

describe('after 300 callbacks that fail, 18 KB of sentences', () => {
  afterEach(() => new Promise((resolve) => store.clear(resolve)))

  // Shows: T-exhaust-4
  it.each([
    ['the quick start', () => snippetWith('docs/guides/quick-start.md', 'app.listen(3000)').replace('app.listen(3000)', '')],
    ['Express', () => snippetWith('docs/guides/hosts/express.md', 'saveUninitialized').split('module.exports')[0] as string],
  ])('the app of the guide %s › has a small session, and shows the last message once', async (_name, codeOf) => {
    const browser = await serve(codeOf())
    await browser.post('/login', { username: 'anna', password: 'wrong' })
    await fail(browser, 300)
    const sessions = await new Promise<object>((resolve) => store.all((_error, all) => resolve(all as object)))
    expect(Object.keys(sessions)).toHaveLength(1)
    expect(JSON.stringify(sessions).length).toBeLessThan(MAX_BYTES)
    expect((await browser.get('/login')).text).toContain(failures.unknown_transaction.message)
    expect((await browser.get('/login')).text).not.toContain(failures.unknown_transaction.message)
  })

  it('the app of the guide on existing apps › has a small session, and shows the last message', async () => {
    const folder = folderOf('after')
    world.defer(() => folder.remove())
    const app = await startStranger(folder, { NEVIS_BASE_URL: world.simulator.baseURL, NEVIS_ACCESS_KEY: world.simulator.accessKey })
    const browser = new Browser(app.origin)
    await browser.get('/login')
    await fail(browser, 300)
    await app.stop()
    const { Database } = jest.requireActual<{ Database: new (path: string) => { all(sql: string): { data: string }[]; close(): void } }>('node-sqlite3-wasm')
    const database = new Database(join(folder.path, 'var/notes.db'))
    const rows = database.all('SELECT data FROM sessions')
    database.close()
    expect(rows).toHaveLength(1)
    expect(rows[0]?.data.length).toBeLessThan(MAX_BYTES)
    expect(rows[0]?.data).toContain(failures.unknown_transaction.message)
  })
})

describe('after 70 callbacks that fail, 4 KB of sentences', () => {
  it.each(guideApps.filter(([name]) => /Fastify|Koa/.test(name)))('%s › keeps the last message alone, and shows it once', async (_name, start) => {
    const { userId } = world.simulator.addUser({ username: 'otto' })
    const app = await start(world.simulator, [{ username: 'otto', userId }])
    world.defer(() => app.close())
    const browser = app.browser()
    await browser.post('/login', { username: 'otto', password: PASSWORD })
    await fail(browser, 70)
    const shown = async () => (await browser.get('/login')).text.split(failures.unknown_transaction.message).length - 1
    expect([1, 2]).toContain(await shown())
    expect(await shown()).toBe(0)
  })
})
