/** The README's quick start, run as it stands: what a newcomer copies must work. */
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import * as door from '../src'
import { NevisSimulator } from '../src/simulator'
import { handleIn, listen, PASSWORD } from './support/app'
import { Browser } from './support/browser'

const readme = readFileSync(join(__dirname, '..', 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code as string)
const quickStart = blocks[0] as string

let simulator: NevisSimulator
let server: Server
let browser: Browser

beforeAll(async () => {
  simulator = await NevisSimulator.start()
  const anna = simulator.addUser({ username: 'anna' })
  passport.use(new LocalStrategy((username, password, done) => done(null, password === PASSWORD && ({ username }))))
  passport.serializeUser((user, done) => done(null, user))
  passport.deserializeUser((user, done) => done(null, user as never))
  const users = { findByNevisId: (id: string, done: door.VerifyDone) => done(null, (id === anna.userId && { username: 'anna' })) }
  const transfer = (_req: unknown, res: { end(text: string): void }) => res.end('transferred')

  // Only what the README leaves to the reader is filled in: the address of the cloud, and the session's options.
  const code = quickStart
    .replace('instance: process.env.NEVIS_INSTANCE', 'baseURL: simulator.baseURL')
    .replace('process.env.NEVIS_ACCESS_KEY', 'simulator.accessKey')
    .replace('session({ /* … */ })', `session({ secret: 'x', resave: false, saveUninitialized: false })`)
  const modules: Record<string, unknown> = { 'passport-nevis': door, passport }
  const load = (name: string): unknown => modules[name] ?? jest.requireActual(name)
  const app = new Function('require', 'simulator', 'users', 'transfer', `${code}\nreturn app`)(load, simulator, users, transfer) as () => void
  server = createServer(app)
  await listen(server)
  browser = new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await simulator.close()
})

describe('the quick start', () => {
  it('refuses a transfer without a second factor', async () => {
    expect((await browser.post('/transfer')).status).toBe(401)
  })

  it('sends a wrong password back, and asks Nevis nothing', async () => {
    expect((await browser.post('/login', { username: 'anna', password: 'wrong' })).location).toBe('/login')
    expect(simulator.requests).toHaveLength(0)
  })

  it('signs in with a password and a tap, and then lets the transfer pass', async () => {
    const start = await browser.post('/login', { username: 'anna', password: PASSWORD })
    expect(start.status).toBe(303)
    const handle = handleIn(start.location)
    expect((await browser.get(start.location as string, { accept: 'text/html' })).text).toContain('Check your phone')
    expect((await browser.get(`/login/2fa/status?transaction=${handle}`)).json()).toMatchObject({ status: 'pending' })
    await simulator.phone('anna').approve()
    expect((await browser.get(`/login/2fa/callback?transaction=${handle}`)).location).toBe('/')
    expect((await browser.post('/transfer')).text).toBe('transferred')
  })

  it('cancels to the sign-in page', async () => {
    const other = new Browser(browser.origin)
    const handle = handleIn((await other.post('/login', { username: 'anna', password: PASSWORD })).location)
    expect((await other.post('/login/2fa', { transaction: handle, cancel: '1' })).location).toBe('/login')
  })
})
