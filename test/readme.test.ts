/** Runs the code that a newcomer copies from the README and the guides, unchanged: the integration, the quick start, step-up, signing, enrolment. */
import express from 'express'
import session from 'express-session'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Passport } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import * as passportNevis from '../src'
import { NevisSimulator } from '../src/simulator'
import { handleIn, listen, PASSWORD } from './support/app'
import { Browser } from './support/browser'
import { snippetsOf, snippetWith } from './support/markdown'

const integration = snippetsOf('README.md').find(({ language }) => language === 'js')?.code as string
const stepUp = snippetWith('docs/guides/step-up-and-signing.md', "app.get('/step-up'")
const signing = snippetWith('docs/guides/step-up-and-signing.md', "app.post('/pay'")

let simulator: NevisSimulator
const servers: Server[] = []
const paid: unknown[] = []

/** Starts an app from this code of the documents, and returns a browser for it. */
async function serve(code: string): Promise<Browser> {
  if (simulator.users.length === 0) simulator.addUser({ username: 'anna' })
  const passport = new Passport()
  passport.use(new LocalStrategy((username, password, done) => done(null, password === PASSWORD && ({ username }))))
  passport.serializeUser((user, done) => done(null, user))
  passport.deserializeUser((user, done) => done(null, user as never))
  const ours = {
    simulator,
    users: { findByUsername: async (username: string) => ['anna', 'ben'].includes(username) && { username } },
    loginPage: (message: string, res: { end(text: string): void }) => res.end(`Sign in. ${message}`),
    payoutPage: (_req: unknown, res: { end(text: string): void }) => res.end('where to?'),
    payout: (_req: unknown, res: { end(text: string): void }) => res.end('paid out'),
    transfer: (_req: unknown, res: { end(text: string): void }) => res.end('transferred'),
    stepUpPage: (_req: unknown, res: { end(text: string): void }) => res.end('a form'),
    pay: (user: unknown, data: unknown) => void paid.push({ user, data }),
  }
  // The test fills in the address of the cloud and the options of the session. The rest of the code is unchanged.
  const filled = code
    .replace('instance: process.env.NEVIS_INSTANCE', 'baseURL: simulator.baseURL')
    .replace('process.env.NEVIS_ACCESS_KEY', 'simulator.accessKey')
    .replace('session({ /* … */ })', `session({ secret: 'x', resave: false, saveUninitialized: false })`)
  const modules: Record<string, unknown> = { 'passport-nevis': passportNevis, passport }
  const load = (name: string): unknown => modules[name] ?? jest.requireActual(name)
  const app = new Function('require', ...Object.keys(ours), `return (() => {\n${filled}\nreturn app\n})()`)(load, ...Object.values(ours)) as () => void
  const server = createServer(app)
  servers.push(server)
  await listen(server)
  return new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  paid.length = 0
})

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  await simulator.close()
  jest.restoreAllMocks()
})

describe('the README alone', () => {
  const page = { accept: 'text/html' }
  let browser: Browser
  beforeEach(async () => void (browser = await serve(integration)))

  /** The phone accepts, and the browser goes to the callback. */
  async function finish(start: { location: string | undefined }): Promise<string | undefined> {
    await simulator.phone('anna').approve()
    return (await browser.get(`/login/2fa/callback?transaction=${handleIn(start.location)}`)).location
  }

  it('sends a stranger to the sign-in page, and refuses the page, the form and a request of a script without a second factor', async () => {
    expect((await browser.get('/payout', page)).location).toBe('/login')
    expect((await browser.post('/payout', {}, page)).location).toBe('/login')
    expect((await browser.post('/payout')).location).toBe('/login')
    await finish(await browser.post('/login', { username: 'anna', password: PASSWORD }))
    const now = Date.now()
    jest.spyOn(Date, 'now').mockImplementation(() => now + 301_000)
    expect((await browser.get('/payout', page)).location).toBe('/login/2fa')
    expect((await browser.post('/payout', {}, page)).location).toBe('/login/2fa')
    expect((await browser.post('/payout')).status).toBe(401)
  })

  it('sends a wrong password back, and asks Nevis nothing', async () => {
    expect((await browser.post('/login', { username: 'anna', password: 'wrong' })).location).toBe('/login')
    expect(simulator.requests).toHaveLength(0)
  })

  it('signs in with a password and a tap, and then lets the page and the form pass', async () => {
    const start = await browser.post('/login', { username: 'anna', password: PASSWORD })
    expect(start.status).toBe(303)
    const handle = handleIn(start.location)
    expect((await browser.get(start.location as string, page)).text).toContain('Check your phone')
    expect((await browser.get(`/login/2fa/status?transaction=${handle}`)).json()).toMatchObject({ status: 'pending' })
    expect((await browser.get('/payout', page)).location).toBe('/login')
    expect(await finish(start)).toBe('/')
    expect((await browser.get('/payout', page)).text).toBe('where to?')
    expect((await browser.post('/payout')).text).toBe('paid out')
  })

  it('lets an existing user whom Nevis does not know set up the app, and asks for it from then on', async () => {
    const first = await browser.post('/login', { username: 'ben', password: PASSWORD })
    const { appLinkUri } = (await browser.get(first.location as string, { accept: 'application/json' })).json()
    await simulator.phone('ben').scan(appLinkUri as string)
    expect((await browser.get(`/login/2fa/callback?transaction=${handleIn(first.location)}`)).location).toBe('/')
    expect((await browser.get('/payout', page)).location).toBe('/login/2fa')
    const again = await browser.post('/login/2fa')
    expect(simulator.phone('ben').waiting).toHaveLength(1)
    await simulator.phone('ben').approve()
    expect((await browser.get(`/login/2fa/callback?transaction=${handleIn(again.location)}`)).location).toBe('/payout')
    expect((await browser.get('/payout', page)).text).toBe('where to?')
  })

  it('asks once more after five minutes, and leads back to the page', async () => {
    await finish(await browser.post('/login', { username: 'anna', password: PASSWORD }))
    const now = Date.now()
    jest.spyOn(Date, 'now').mockImplementation(() => now + 301_000)
    expect((await browser.post('/payout', {}, page)).location).toBe('/login/2fa')
    expect((await browser.get('/payout?to=me', page)).location).toBe('/login/2fa')
    expect((await browser.get('/login/2fa', page)).text).toContain('method="post"')
    expect(await finish(await browser.post('/login/2fa'))).toBe('/payout?to=me')
    expect((await browser.get('/payout?to=me', page)).text).toBe('where to?')
  })

  it('shows on the sign-in page why it failed, once', async () => {
    const start = await browser.post('/login', { username: 'anna', password: PASSWORD })
    await simulator.phone('anna').deny()
    expect((await browser.get(`/login/2fa/callback?transaction=${handleIn(start.location)}`)).location).toBe('/login')
    expect((await browser.get('/login')).text).toBe(`Sign in. ${passportNevis.failures.not_approved.message}`)
    expect((await browser.get('/login')).text).toBe('Sign in. ')
  })

  it('cancels to the sign-in page', async () => {
    const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD })).location)
    expect((await browser.post('/login/2fa', { transaction: handle, cancel: '1' })).location).toBe('/login')
    expect((await browser.get('/login')).text).toContain(passportNevis.failures.cancelled.message)
  })

  it.each<[how: string, end: (handle: string) => Promise<{ location: string | undefined }>]>([
    ['denied', async (handle) => {
      await simulator.phone('anna').deny()
      return browser.get(`/login/2fa/callback?transaction=${handle}`)
    }],
    ['cancelled', (handle) => browser.post('/login/2fa', { transaction: handle, cancel: '1' })],
  ])('leads back to the page that asked, signed in as before, if a step-up is %s', async (_how, end) => {
    await finish(await browser.post('/login', { username: 'anna', password: PASSWORD }))
    const now = Date.now()
    jest.spyOn(Date, 'now').mockImplementation(() => now + 301_000)
    expect((await browser.get('/payout?to=me', page)).location).toBe('/login/2fa')
    expect((await end(handleIn((await browser.post('/login/2fa')).location))).location).toBe('/payout?to=me')
    // Only a signed-in user gets the page that starts a step-up. So this page shows that the user is still signed in.
    expect((await browser.get('/payout?to=me', page)).location).toBe('/login/2fa')
    expect((await browser.get('/login/2fa', page)).text).toContain('Not now')
  })

  it('without the query parser of Express › sends a user who has approved back with the failure start_requires_post, as the guides say', async () => {
    browser = await serve(integration.replace('const app = express()', "const app = express().set('query parser', false)"))
    expect(await finish(await browser.post('/login', { username: 'anna', password: PASSWORD }))).toBe('/login')
    expect((await browser.get('/login')).text).toBe(`Sign in. ${passportNevis.failures.start_requires_post.message}`)
  })

  it('tells of an outage, and logs its error', async () => {
    simulator.faults.add({ reset: true })
    const logged = jest.spyOn(console, 'error').mockImplementation(() => {})
    expect((await browser.post('/login', { username: 'anna', password: PASSWORD }, page)).status).toBe(503)
    expect(logged.mock.calls).toEqual([['NEVIS_UNREACHABLE', expect.stringContaining('NevisError')]])
  })
})

describe('the step-up and the signing', () => {
  let browser: Browser
  beforeEach(async () => {
    browser = await serve(integration.replace(/^app\.all\('\/login\/2fa\/callback'[^]*?\n\n/m, '') + stepUp + signing)
    await finish(await browser.post('/login', { username: 'anna', password: PASSWORD }))
  })

  async function finish(start: { location: string | undefined }): Promise<string | undefined> {
    const handle = handleIn(start.location)
    await simulator.phone('anna').approve()
    return (await browser.get(`/login/2fa/callback?transaction=${handle}`)).location
  }

  it('lead back to the page that asked for a fresh second factor', async () => {
    const now = Date.now()
    jest.spyOn(Date, 'now').mockImplementation(() => now + 301_000)
    expect((await browser.get('/transfer?to=ben', { accept: 'text/html' })).location).toBe('/step-up')
    expect((await browser.get('/step-up')).text).toBe('a form')
    expect(await finish(await browser.post('/step-up'))).toBe('/transfer?to=ben')
    jest.restoreAllMocks()
  })

  it('pay what was shown on the phone, once', async () => {
    const start = await browser.post('/pay', { amount: '5.00', payee: 'M&S' })
    expect(simulator.phone('anna').waiting).toMatchObject([{ message: '<html>Pay <b>CHF 5.00</b> to M&amp;S?</html>' }])
    expect(await finish(start)).toBe('/invoices')
    await browser.post('/login/2fa/callback', { transaction: handleIn(start.location), amount: '9999.00' })
    expect(paid).toEqual([{ user: { username: 'anna' }, data: { kind: 'payment', amount: '5.00', payee: 'M&S' } }])
  })
})

describe('the quick start', () => {
  it('signs in, tells of a wrong password, shows what is secret, and tells of an outage and logs its error', async () => {
    const code = snippetWith('docs/guides/quick-start.md', 'app.listen(3000)')
    jest.replaceProperty(process, 'env', { ...process.env, NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey, SESSION_SECRET: 'x' })
    const browser = await serve(code.replace('app.listen(3000)', ''))
    await browser.post('/login', { username: 'anna', password: 'wrong' })
    expect((await browser.get('/login')).text).toContain('Incorrect username or password.')
    const start = await browser.post('/login', { username: 'anna', password: 'open sesame' })
    expect((await browser.get('/secret')).location).toBe('/login')
    expect((await browser.get(start.location as string, { accept: 'text/html' })).text).toContain('Sign in to my app?')
    await simulator.phone('anna').approve()
    expect((await browser.get(`/login/2fa/callback?transaction=${handleIn(start.location)}`)).location).toBe('/')
    expect((await browser.get('/')).text).toContain('Hello anna')
    expect((await browser.get('/secret')).text).toContain('Only with a second factor')
    const now = Date.now()
    const later = jest.spyOn(Date, 'now').mockImplementation(() => now + 301_000)
    const page = { accept: 'text/html' }
    for (const decide of ['deny', 'approve'] as const) {
      expect((await browser.get('/secret?tab=1', page)).location).toBe('/login/2fa')
      const stepUp = await browser.post('/login/2fa')
      await simulator.phone('anna')[decide]()
      expect((await browser.get(`/login/2fa/callback?transaction=${handleIn(stepUp.location)}`)).location).toBe('/secret?tab=1')
    }
    expect((await browser.get('/secret?tab=1', page)).text).toContain('Only with a second factor')
    later.mockRestore()
    simulator.faults.add({ reset: true })
    const logged = jest.spyOn(console, 'error').mockImplementation(() => {})
    const outage = await browser.post('/login', { username: 'anna', password: 'open sesame' }, { accept: 'text/html' })
    expect([outage.status, outage.text.includes('Not available just now')]).toEqual([503, true])
    expect(logged.mock.calls).toEqual([['NEVIS_UNREACHABLE', expect.stringContaining('NevisError')]])
  })
})

describe('the quick start, if the session cannot be saved at the end of a response', () => {
  it('logs the error of the store, and no error of its own error handler', async () => {
    const env = { ...process.env, NODE_ENV: 'development', NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey, SESSION_SECRET: 'x' }
    jest.replaceProperty(process, 'env', env)
    const browser = await serve(snippetWith('docs/guides/quick-start.md', 'app.listen(3000)').replace('app.listen(3000)', ''))
    const failed = new Error('the store has failed')
    jest.spyOn(session.MemoryStore.prototype, 'set').mockImplementation((_id, _session, done) => done?.(failed))
    const logged = jest.spyOn(console, 'error').mockImplementation(() => {})
    expect((await browser.post('/login', { username: 'anna', password: 'wrong' })).location).toBe('/login')
    for (let i = 0; i < 100 && logged.mock.calls.length < 2; i++) await new Promise((resolve) => setTimeout(resolve, 10))
    // The quick start logs the error, and Express's own error handler logs it once more.
    expect(logged.mock.calls).toEqual([[undefined, failed.stack], [failed]])
  })
})

describe('the enrolment', () => {
  const strategyBlock = snippetWith('docs/guides/enrolment.md', "    operation: 'approve-or-enroll'")
  const routesBlock = snippetWith('docs/guides/enrolment.md', "app.post('/account/factors'")
  const links = new Map<string, string>()
  let browser: Browser

  beforeEach(async () => {
    links.clear()
    const userOf = (username: string) => ({ username, nevisUserId: links.get(username) })
    const users = {
      findByNevisId: async (id: string) => [...links].filter(([, userId]) => userId === id).map(([username]) => userOf(username))[0],
      link: async (username: string, id: string) => (links.set(username, id), userOf(username)),
    }
    const passport = new Passport()
    passport.use(new LocalStrategy((username, password, done) => done(null, password === PASSWORD && userOf(username))))
    passport.serializeUser((user, done) => done(null, (user as { username: string }).username))
    passport.deserializeUser((username: string, done) => done(null, userOf(username)))
    const { app: qrCode } = passportNevis
    // The snippets run in a function whose parameters are this package's exports. Leave out `default`, which is no valid parameter name, and `app`, which
    // is the Express app in the snippets.
    const others = Object.fromEntries(Object.entries(passportNevis).filter(([name]) => name !== 'app' && name !== 'default'))
    const above = `baseURL: simulator.baseURL, accessKey: simulator.accessKey, factors: [push(), qrCode(), sms(), recovery()],
      waitingURL: '/login/2fa', callbackURL: '/login/2fa/callback', statusURL: '/login/2fa/status',`
    const run = (code: string, given: object) => new Function(...Object.keys({ ...others, ...given }), code)(...Object.values({ ...others, ...given })) as unknown
    const nevis = run(`${strategyBlock.replace('/* … as above … */', above)}\nreturn nevis`, { qrCode, simulator, users }) as passportNevis.NevisStrategy
    passport.use(nevis)
    const app = express()
    app.use(express.urlencoded({ extended: false }), session({ secret: 'x', resave: false, saveUninitialized: false }), passport.session())
    app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
    app.post('/step-up', passport.authorize('nevis'))
    app.get('/login/2fa', passportNevis.waitingPage(nevis))
    run(routesBlock, { app, passport })
    const server = createServer(app)
    servers.push(server)
    await listen(server)
    browser = new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })

  const back = async (handle: string) => (await browser.post('/login/2fa/callback', { transaction: handle })).location
  const view = async (location: string | undefined) => (await browser.get(location as string, { accept: 'application/json' })).json()

  // Shows: C-enrol-1, C-user-4
  it('gives the app at the first login and links it, and another factor once the first was given', async () => {
    const first = await browser.post('/login', { username: 'nora', password: PASSWORD })
    await simulator.phone('nora').scan((await view(first.location)).appLinkUri)
    expect(await back(handleIn(first.location))).toBe('/')
    expect([...links]).toEqual([['nora', simulator.users[0]?.userId]])

    const page = { accept: 'text/html' }
    expect((await browser.post('/account/factors', { factor: 'recovery' }, page)).location).toBe('/step-up')
    const approval = await browser.post('/step-up')
    await simulator.phone('nora').approve()
    expect(await back(handleIn(approval.location))).toBe('/')
    const second = await browser.post('/account/factors', { factor: 'recovery' }, page)
    expect((await view(second.location)).recoveryCodes).toHaveLength(10)
    expect(await back(handleIn(second.location))).toBe('/account')
  })
})
