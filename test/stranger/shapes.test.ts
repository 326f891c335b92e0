/**
 * Tests the second factor in six kinds of apps: a login with custom callbacks, a login with an async handler, a JSON API for a single-page app, a form and an
 * API, TypeScript with router files under a prefix, and an app in which only some of the users have a second factor.
 */
import express, { type Express as App, type RequestHandler } from 'express'
import session from 'express-session'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Passport, Strategy } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { NevisStrategy, push, requireSecondFactor, secondFactorOf, sms, statusEndpoint } from 'passport-nevis'
import { NevisSimulator } from '../../src/simulator'
import { handleIn, listen, PASSWORD } from '../support/app'
import { Browser } from '../support/browser'

let simulator: NevisSimulator
let server: Server
let browser: Browser

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna' })
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await simulator.close()
})

async function serve(app: App): Promise<void> {
  server = createServer(app)
  await listen(server)
  browser = new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

type Routes = (app: App, parts: { readonly passport: InstanceType<typeof Passport>; readonly nevis: NevisStrategy }) => void

/** The routes in a file of the folder `shapes`. */
const routesOf = (shape: string): Routes => jest.requireActual(`./shapes/${shape}`)

/** Passport with a password strategy. */
function withPasswords(): InstanceType<typeof Passport> {
  const passport = new Passport()
  passport.use(new LocalStrategy((username, password, done) => done(password === 'broken' ? new Error('no database') : null, password === PASSWORD && { username }, { message: 'Wrong password.' })))
  passport.serializeUser((user, done) => done(null, (user as { username: string }).username))
  passport.deserializeUser((username: string, done) => done(null, { username }))
  return passport
}

const sessions = () => session({ secret: 'x', resave: false, saveUninitialized: false })
const tellUser: RequestHandler = (req, res) => void res.json({ user: req.user ?? null, factor: secondFactorOf(req)?.factor ?? null })

/** Runs an app with passwords and these routes. */
async function withRoutes(routes: Routes, { waitingURL = '/login/2fa', framework = express } = {}): Promise<void> {
  const passport = withPasswords()
  const { baseURL, accessKey } = simulator
  const nevis = new NevisStrategy({ baseURL, accessKey, factors: [push(), sms()], waitingURL }, async ({ username = '' }) => ({ username }))
  passport.use(nevis)
  const app = framework()
  app.get(`${waitingURL}/status`, statusEndpoint(nevis))
  app.use(express.urlencoded({ extended: false }), express.json(), sessions(), passport.session())
  routes(app, { passport, nevis })
  app.get('/me', tellUser)
  app.get('/account', requireSecondFactor({ maxAgeSeconds: 300, redirectTo: waitingURL }), (_req, res) => void res.send('Account'))
  await serve(app)
}

const me = async () => (await browser.get('/me')).json()
const NOBODY = { user: null, factor: null }

describe('a login with callbacks of its own', () => {
  const login = (password = PASSWORD) => browser.post('/login', { username: 'anna', password })
  beforeEach(() => withRoutes(routesOf('custom-callback')))

  it('with an approval › signs in, and records the second factor', async () => {
    const handle = handleIn((await login()).location)
    expect(await me()).toEqual(NOBODY)
    await simulator.phone('anna').approve()
    expect((await browser.get(`/login/2fa/callback?transaction=${handle}`)).location).toBe('/')
    expect(await me()).toEqual({ user: { username: 'anna' }, factor: 'push' })
    expect((await browser.get('/account')).text).toBe('Account')
  })

  it('with a wrong password, or a denial › answers in its own words', async () => {
    const wrong = await login('wrong')
    expect([wrong.status, wrong.text]).toEqual([401, 'Wrong password.'])
    const handle = handleIn((await login()).location)
    await simulator.phone('anna').deny()
    const denied = await browser.get(`/login/2fa/callback?transaction=${handle}`)
    expect([denied.status, denied.text]).toEqual([401, 'You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.'])
    expect(await me()).toEqual(NOBODY)
  })
})

describe.each([['5', express], ['4', jest.requireActual<typeof express>('express4')]])('an async handler, in Express %s', (_version, framework) => {
  const login = (password = PASSWORD) => browser.post('/login', { username: 'anna', password })
  beforeEach(() => withRoutes((app, parts) => {
    routesOf('async-handler')(app, parts)
    app.use(((err, _req, res, _next) => void res.status(500).send(err.message)) as express.ErrorRequestHandler)
  }, { framework }))

  it('with an approval › signs in, and not before', async () => {
    const handle = handleIn((await login()).location)
    expect(await me()).toEqual(NOBODY)
    await simulator.phone('anna').approve()
    expect((await browser.get(`/login/2fa/callback?transaction=${handle}`)).location).toBe('/')
    expect(await me()).toEqual({ user: { username: 'anna' }, factor: 'push' })
  })

  it('with a wrong password › goes back to the form, and with an error › to the error handler', async () => {
    expect((await login('wrong')).location).toBe('/login')
    const failed = await login('broken')
    expect([failed.status, failed.text]).toEqual([500, 'no database'])
    expect(simulator.requests).toEqual([])
  })
})

describe('a field of the login form', () => {
  beforeEach(() => withRoutes(routesOf('form-field')))

  it.each([[{ stay: 'yes' }, 30], [{}, undefined]])('such as %j › is known after the second factor', async (field, days) => {
    const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD, ...field })).location)
    await simulator.phone('anna').approve()
    const callback = await browser.get(`/login/2fa/callback?transaction=${handle}`)
    expect([callback.status, callback.location]).toEqual([302, '/'])
    const expires = /expires=([^;]+)/i.exec(String(callback.headers.get('set-cookie')))?.[1]
    expect(expires === undefined ? undefined : Math.round((Date.parse(expires) - Date.now()) / 86_400_000)).toBe(days)
    expect(await me()).toEqual({ user: { username: 'anna' }, factor: 'push' })
  })

  it('after a wrong password › is not kept', async () => {
    await browser.post('/login', { username: 'anna', password: 'wrong', stay: 'yes' })
    const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD })).location)
    await simulator.phone('anna').approve()
    expect(String((await browser.get(`/login/2fa/callback?transaction=${handle}`)).headers.get('set-cookie'))).not.toMatch(/expires=/i)
  })
})

describe('a remember-me cookie that replaces the password', () => {
  /** A strategy like passport-remember-me: it does nothing if the browser has no remember-me cookie. */
  class RememberMe extends Strategy {
    override name = 'remember-me'
    override authenticate(req: express.Request) {
      const token = /remember_me=(\w+)/.exec(req.headers.cookie ?? '')?.[1]
      return token === 'of_anna' ? this.success({ username: 'anna' }) : this.pass()
    }
  }
  beforeEach(() => withRoutes((app, parts) => {
    parts.passport.use(new RememberMe())
    routesOf('remember-me')(app, parts)
  }))

  it('with the cookie › still needs the second factor', async () => {
    browser.cookies.set('remember_me', 'of_anna')
    expect(await me()).toEqual(NOBODY)
    const handle = handleIn((await browser.post('/login/remembered', {})).location)
    expect(await me()).toEqual(NOBODY)
    await simulator.phone('anna').approve()
    expect((await browser.get(`/login/2fa/callback?transaction=${handle}`)).location).toBe('/')
    expect(await me()).toEqual({ user: { username: 'anna' }, factor: 'push' })
  })

  it('without the cookie › signs no user in, and starts nothing', async () => {
    expect((await browser.post('/login/remembered', {})).location).toBe('/login')
    expect(simulator.requests).toEqual([])
    expect(await me()).toEqual(NOBODY)
  })
})

describe('a JSON API for a single-page app', () => {
  type SignIn = (account: { username: string; password: string; factor?: string }, show: (view: any) => Promise<string | undefined>) => Promise<unknown>
  const { apiRoutes, signIn } = jest.requireActual<{ apiRoutes: Routes; signIn: SignIn }>('./shapes/single-page')

  beforeEach(async () => {
    await withRoutes(apiRoutes, { waitingURL: '/api/login/2fa' })
    jest.spyOn(globalThis, 'fetch').mockImplementation(follow)
  })
  afterEach(() => void jest.restoreAllMocks())

  const real = fetch
  /** Replaces `fetch` by one that behaves as in a browser: it sends this site's cookies, and follows a 303 with the same Accept header. */
  async function follow(url: unknown, init: RequestInit = {}): Promise<Response> {
    if (!String(url).startsWith('/')) return real(url as string, init)
    const page = await browser.send(init.method ?? 'GET', url as string, init.headers as Record<string, string>, init.body as string | undefined)
    if (page.status === 303) return follow(page.location, { headers: { accept: 'application/json' } })
    return new Response(page.text, { status: page.status })
  }

  it('with an approval › answers who is signed in', async () => {
    const user = await signIn({ username: 'anna', password: PASSWORD }, async (view) => {
      expect(view).toMatchObject({ factor: 'push', prompt: 'wait', status: 'pending' })
      expect(await me()).toEqual(NOBODY)
      await simulator.phone('anna').approve()
      return undefined
    })
    expect(user).toEqual({ username: 'anna' })
    expect(await me()).toEqual({ user: { username: 'anna' }, factor: 'push' })
  })

  it('with the code of a text › answers who is signed in', async () => {
    simulator.addUser({ username: 'clara', authenticators: 0, phone: '+41790000001' })
    expect(await signIn({ username: 'clara', password: PASSWORD, factor: 'sms' }, async ({ prompt }) => (prompt === 'code' ? /\d{6}/.exec(simulator.sms('clara').at(-1) as string)?.[0] : undefined))).toEqual({ username: 'clara' })
  })

  it.each<[string, string, (view: any) => Promise<undefined>, object]>([
    ['wrong password', 'wrong', async () => undefined, { message: 'Wrong password.' }],
    ['denied', PASSWORD, async () => void (await simulator.phone('anna').deny()), { code: 'not_approved' }],
  ])('says why not, in JSON: %s', async (_name, password, show, reason) => {
    await expect(signIn({ username: 'anna', password }, show)).rejects.toMatchObject(reason)
    expect(await me()).toEqual(NOBODY)
  })
})

describe('a form login and a JSON API in one app', () => {
  const json = { accept: 'application/json' }
  beforeEach(async () => {
    const { baseURL, accessKey } = simulator
    const app = express()
    const { formAndApi } = jest.requireActual<{ formAndApi(app: App, parts: object): void }>('./shapes/form-and-api')
    formAndApi(app, {
      passport: withPasswords(),
      session: sessions(),
      options: { baseURL, accessKey, factors: [push()], startBudget: { starts: 2, perSeconds: 300 } },
      verify: async ({ username = '' }) => ({ username }),
    })
    app.get('/me', tellUser)
    await serve(app)
  })

  it('by the form › redirects to the page and back', async () => {
    const { location } = await browser.post('/login', { username: 'anna', password: PASSWORD })
    expect(location).toMatch(/^\/login\/2fa\?transaction=/)
    await simulator.phone('anna').approve()
    expect((await browser.get(`/login/2fa/callback?transaction=${handleIn(location)}`)).location).toBe('/')
    expect(await me()).toEqual({ user: { username: 'anna' }, factor: 'push' })
  })

  it('by the API › answers with JSON, and the form does not accept its transaction', async () => {
    const { location } = await browser.postJson('/api/login', { username: 'anna', password: PASSWORD }, json)
    expect(location).toMatch(/^\/api\/login\/2fa\?transaction=/)
    const { callbackURL, statusURL, transaction } = (await browser.get(location as string, json)).json()
    expect([callbackURL, statusURL]).toEqual(['/api/login/2fa/callback', '/api/login/2fa/status'])
    await simulator.phone('anna').approve()
    expect((await browser.get(`${statusURL}?transaction=${transaction}`)).json()).toMatchObject({ status: 'succeeded' })
    expect((await browser.get(`/login/2fa/callback?transaction=${transaction}`)).location).toBe('/login')
    expect(await me()).toEqual(NOBODY)
    expect((await browser.postJson(callbackURL, { transaction }, json)).json()).toEqual({ user: { username: 'anna' } })
    expect(await me()).toEqual({ user: { username: 'anna' }, factor: 'push' })
  })

  it('has the same limits in both', async () => {
    await browser.post('/login', { username: 'anna', password: PASSWORD })
    browser.cookies.clear()
    await browser.postJson('/api/login', { username: 'anna', password: PASSWORD }, json)
    const refused = await browser.postJson('/api/login', { username: 'anna', password: PASSWORD, factor: 'push' }, json)
    browser.cookies.clear()
    const again = await browser.postJson('/api/login', { username: 'anna', password: PASSWORD }, json)
    expect([again.status, again.json().code, refused.status]).toEqual([429, 'too_many_starts', 303])
  })
})

describe('TypeScript with router files under a prefix', () => {
  beforeEach(async () => {
    process.env['NEVIS_BASE_URL'] = simulator.baseURL
    process.env['NEVIS_ACCESS_KEY'] = simulator.accessKey
    simulator.addUser({ username: 'user-7' })
    const { app } = jest.requireActual<{ app: App }>('./shapes/typescript/app')
    await serve(app)
  })
  afterEach(() => {
    delete process.env['NEVIS_BASE_URL']
    delete process.env['NEVIS_ACCESS_KEY']
  })

  it('with e-mail addresses for names › signs in, and asks for the second factor where it must be fresh', async () => {
    const started = await browser.post('/auth/login', { email: 'anna+notes@example.com', password: 'correct horse' })
    expect(started.location).toMatch(/^\/auth\/2fa\?transaction=/)
    expect((await browser.get(started.location as string, { accept: 'text/html' })).text).toContain('action="/auth/2fa"')
    expect((await browser.get(`/auth/2fa/status?transaction=${handleIn(started.location)}`)).json()).toMatchObject({ status: 'pending' })
    expect((await browser.get('/billing', { accept: 'text/html' })).location).toBe('/auth/2fa')
    await simulator.phone('user-7').approve()
    expect((await browser.get(`/auth/2fa/callback?transaction=${handleIn(started.location)}`)).location).toBe('/')
    expect((await browser.get('/')).text).toBe('anna+notes@example.com')
    expect((await browser.get('/billing')).text).toBe('Billing')
  })
})

describe('a roll-out to a part of the people', () => {
  const login = (username: string) => browser.post('/login', { username, password: PASSWORD })
  beforeEach(() => withRoutes(routesOf('roll-out')))

  it('for who is in it › asks for the second factor', async () => {
    const handle = handleIn((await login('anna')).location)
    expect(await me()).toEqual(NOBODY)
    await simulator.phone('anna').approve()
    expect((await browser.get(`/login/2fa/callback?transaction=${handle}`)).location).toBe('/')
    expect(await me()).toEqual({ user: { username: 'anna' }, factor: 'push' })
  })

  it('for everyone else › signs in by the password, which opens no page that wants a second factor', async () => {
    expect((await login('ben')).location).toBe('/')
    expect(await me()).toEqual({ user: { username: 'ben' }, factor: null })
    expect((await browser.get('/account', { accept: 'text/html' })).location).toBe('/login/2fa')
    expect(simulator.requests).toEqual([])
  })
})
