/**
 * The attack: failure messages that fill the session.
 *
 * With `failureMessage: true`, Passport adds a sentence to the session for every failure and never removes one. An attacker, or a faulty script,
 * calls the callback three thousand times in one session, and never opens the page that shows the messages. The session grows to 183 KB, and the app reads
 * and writes the whole session with every request. If the session is in a cookie, the browser drops this cookie, because it is too large. The strategy keeps
 * only the newest messages, so the session stays small, and an honest user still sees why the last sign-in failed.
 *
 * The second attack: failure messages that undo a logout. A thief with a copy of the session cookie makes two callbacks fail, and then loads a page or a download
 * that lasts long. In an earlier version, the apps of the guides removed all messages but the last on every request. So this slow request had changed the
 * session. At the end of the request, express-session therefore stored the session as it was before the user's logout. The thief was signed in again, with the
 * second factor.
 */
import session from 'express-session'
import type { RequestHandler } from 'express'
import { EventEmitter, once } from 'node:events'
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
 * @param slowPage a page of the app at `/slow`
 */
async function serve(code: string, slowPage?: RequestHandler): Promise<Browser> {
  const modules: Record<string, unknown> = {
    'slow-page': slowPage,
    'passport-nevis': passportNevis,
    'express-session': (options: session.SessionOptions) => session({ ...options, store }),
    './users': { withPassword: async () => false },
  }
  const load = (name: string): unknown => modules[name] ?? jest.requireActual(name)
  Object.assign(process.env, { NEVIS_BASE_URL: world.simulator.baseURL, NEVIS_ACCESS_KEY: world.simulator.accessKey, SESSION_SECRET: 'a secret for tests' })
  const app = new Function('require', `${code}\n${slowPage ? "app.get('/slow', require('slow-page'))" : ''}\nreturn app`)(load) as RequestListener
  const host = await listening(app)
  world.defer(() => host.close())
  return host.browser()
}

/** The code of the README, with the parts that the README leaves to the app. */
const ofReadme = () => `const loginPage = (message, res) => res.send(message), payoutPage = () => {}, payout = payoutPage
${snippetWith('README.md', 'new NevisStrategy(')}`
  .replace('instance: process.env.NEVIS_INSTANCE', 'baseURL: process.env.NEVIS_BASE_URL')
  .replace('session({ /* … */ })', "session({ secret: 'x', resave: false, saveUninitialized: false })")

const apps: [string, () => string][] = [
  ['README', ofReadme],
  ['the guide "Quick start"', () => snippetWith('docs/guides/quick-start.md', 'app.listen(3000)').replace('app.listen(3000)', '')],
  ['the guide "Express"', () => snippetWith('docs/guides/hosts/express.md', 'saveUninitialized').split('module.exports')[0] as string],
]
const sessions = () => new Promise<object>((resolve) => store.all((_error, all) => resolve(all as object)))
afterEach(() => new Promise((resolve) => store.clear(resolve)))

// Shows: T-old-session-3
it.each(apps)('the app of %s › a session with two messages that ends while a slow page is loading › stays ended', async (_name, codeOf) => {
  const gate = new EventEmitter()
  const reached = once(gate, 'reached')
  const browser = await serve(codeOf(), (_req, res) => {
    gate.once('open', () => res.send('slow'))
    gate.emit('reached')
  })
  await fail(browser, 2)
  const slow = browser.get('/slow')
  await reached
  expect(Object.keys(await sessions())).toHaveLength(1)
  await new Promise((resolve) => store.clear(resolve))
  gate.emit('open')
  expect((await slow).text).toBe('slow')
  expect(await sessions()).toEqual({})
})

describe('after 300 callbacks that fail, 18 KB of sentences', () => {
  // Shows: T-exhaust-4
  it.each(apps.slice(1))('the app of %s › has a small session, and shows the last message once', async (_name, codeOf) => {
    const browser = await serve(codeOf())
    await browser.post('/login', { username: 'anna', password: 'wrong' })
    await fail(browser, 300)
    const kept = await sessions()
    expect(Object.keys(kept)).toHaveLength(1)
    expect(JSON.stringify(kept).length).toBeLessThan(MAX_BYTES)
    expect((await browser.get('/login')).text).toContain(failures.unknown_transaction.message)
    expect((await browser.get('/login')).text).not.toContain(failures.unknown_transaction.message)
  })

  it('the app of the guide on existing apps › has a small session, and shows the last message', async () => {
    const folder = folderOf('after')
    world.defer(() => folder.remove())
    const app = await startStranger(folder, { NEVIS_BASE_URL: world.simulator.baseURL, NEVIS_ACCESS_KEY: world.simulator.accessKey })
    world.defer(() => app.stop())
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
  it.each(guideApps.filter(([name]) => /Fastify|Koa/.test(name)))('%s › shows the last message once', async (_name, start) => {
    const { userId } = world.simulator.addUser({ username: 'otto' })
    const app = await start(world.simulator, [{ username: 'otto', userId }])
    world.defer(() => app.close())
    const browser = app.browser()
    await browser.post('/login', { username: 'otto', password: PASSWORD })
    await fail(browser, 70)
    // With @fastify/secure-session, the session is in the cookie, which must not become too long.
    for (const cookie of browser.cookies.values()) expect(cookie.length).toBeLessThan(MAX_BYTES)
    const shown = async () => (await browser.get('/login')).text.split(failures.unknown_transaction.message).length - 1
    expect(await shown()).toBe(1)
    expect(await shown()).toBe(0)
  })
})
