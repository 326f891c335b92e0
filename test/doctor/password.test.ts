/** What the command `doctor` finds out about an app: the password route, the middleware before the waiting page, and the session. */
import express, { type Express, type RequestHandler } from 'express'
import { Passport, Strategy } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { app as qrCode, push } from '../../src'
import { appFindings } from '../../src/doctor/app-checks'
import { AppObserver } from '../../src/doctor/app-observer'
import type { Check } from '../../src/doctor/findings'
import { NevisSimulator } from '../../src/simulator'
import { appWith, closeServers, originOf, remediesIn, SECRET, textsIn, troublesIn, watchedParts } from './support'

const cookieSession = jest.requireActual<(options: object) => RequestHandler>('cookie-session')

let simulator: NevisSimulator
beforeAll(async () => void (simulator = await NevisSimulator.start()))
beforeEach(() => void (simulator.requests.length = 0))
afterEach(closeServers)
afterAll(() => simulator.close())

interface Parts {
  readonly passport: InstanceType<typeof Passport>
  /** Called when the password strategy checks a password. */
  readonly asked: jest.Mock
}
interface Shape {
  readonly first?: RequestHandler
  readonly settings?: Readonly<Record<string, unknown>>
  readonly session?: RequestHandler
}

async function findings(login: (app: Express, parts: Parts) => void, { first, settings = {}, session }: Shape = {}) {
  const parts = watchedParts(simulator, { strategy: { factors: [push(), qrCode()] } })
  const { observer, passport } = parts
  const asked = jest.fn()
  passport.use('staff', new LocalStrategy((_username, _password, done) => done(null, false)))
  passport.use('google', new Google())
  const app = express()
  for (const [name, value] of Object.entries(settings)) app.set(name, value)
  if (first) app.use(first)
  appWith(parts, { session: () => app.use(session ?? parts.session(), passport.session()), login: () => login(app, { passport, asked }) }, app, asked)
  return { found: await appFindings({ origin: await originOf(app), observer }, false), asked }
}

class Google extends Strategy {
  override name = 'google'
  override authenticate() { this.pass() }
}

const HERE = String.raw`test\/doctor\/password\.test\.ts:\d+`

describe('a password route', () => {
  it('that signs in by itself › is the worst error, and its line is named', async () => {
    const { found, asked } = await findings((app, { passport }) => app.post('/login', passport.authenticate('local', { successRedirect: '/', failureRedirect: '/login' })))
    expect(troublesIn(found)['routes.password']).toMatch(new RegExp(`^error: passport\\.authenticate\\('local'\\) at ${HERE} signs users in by itself, so the second factor is never asked$`))
    expect(remediesIn(found)['routes.password']).toBe("passport.authenticate('local', { session: false }), then passport.authenticate('nevis'); without successRedirect")
    expect(asked).not.toHaveBeenCalled()
  })

  it('of a strategy with another name › is an error, too', async () => {
    const { found } = await findings((app, { passport }) => app.post('/login', passport.authenticate('staff')))
    expect(troublesIn(found)['routes.password']).toMatch(/^error: passport\.authenticate\('staff'\) at .* signs users in by itself/)
  })

  it('beside a right one › is found all the same', async () => {
    const { found } = await findings((app, { passport }) => {
      app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
      app.post('/api/token', passport.authenticate('local'))
    })
    expect(troublesIn(found)).toEqual({ 'routes.password': expect.stringMatching(/^error: passport\.authenticate\('local'\)/) as string })
  })

  it.each(["'local', 'nevis'", "'nevis', 'local'", "'session', 'local'", "'local', 'anonymous'"])('with the list %s › is an error, because the password alone signs in, and checks no password', async (list) => {
    const names = list.split(', ').map((name) => name.slice(1, -1))
    const { found, asked } = await findings((app, { passport }) => app.post('/login', passport.authenticate(names)))
    expect(troublesIn(found)['routes.password']).toMatch(new RegExp(`^error: passport\\.authenticate\\('${names.join(', ')}'\\) at ${HERE} signs users in by itself, so the second factor is never asked$`))
    expect(remediesIn(found)['routes.password']).toBe("each strategy of a list signs in by itself: passport.authenticate('<the name of one strategy>', { session: false }), then passport.authenticate('nevis'); without successRedirect")
    expect(troublesIn(found)['routes.start']).toMatch(/^unchecked: /)
    expect(asked).not.toHaveBeenCalled()
  })

  it.each([['session', 'nevis'], ['nevis', 'anonymous']])('with a list of nevis and a strategy that checks nothing, %s and %s › is no other sign-in', async (...names) => {
    const { found } = await findings((app, { passport }) => app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate(names)))
    expect(troublesIn(found)).toEqual({})
  })

  it.each(['google', 'localapikey'])('of another strategy, %s › is a warning, because it may have a second factor of its own', async (name) => {
    const { found } = await findings((app, { passport }) => {
      passport.use(name, new Google())
      app.get('/other', passport.authenticate(name))
      app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
    })
    expect(troublesIn(found)).toEqual({ 'routes.password': expect.stringMatching(new RegExp(`^warning: passport\\.authenticate\\('${name}'\\) at `)) as string })
  })

  it('with a callback of its own › is named, and the callback is not called', async () => {
    const own = jest.fn()
    const { found, asked } = await findings((app, { passport }) => app.post('/login', passport.authenticate('local', own)))
    expect(troublesIn(found)['routes.password']).toMatch(new RegExp(`^unchecked: passport\\.authenticate\\('local'\\) at ${HERE} has a callback of its own, which the doctor does not call$`))
    expect([own, asked].map(({ mock }) => mock.calls)).toEqual([[], []])
  })

  it('that signs the invented user in › is an error, and no user is signed in', async () => {
    const { found } = await findings((app, { passport }) =>
      app.post('/login', passport.authenticate('local', { session: false }), (req, res) => req.logIn(req.user as never, () => res.redirect('/'))))
    expect(troublesIn(found)['routes.password']).toBe('error: POST /login signed an invented user in after the password, without the second factor')
  })
})

/** Each app here has a correct sign-in with password and second factor, and also a route that may be another way in. */
describe('beside a right login', () => {
  const beside = async (more: (app: Express, parts: Parts) => void) => {
    const { found, asked } = await findings((app, parts) => {
      more(app, parts)
      right(app, parts)
    })
    expect(asked).not.toHaveBeenCalled()
    expect(textsIn(found)['routes.start']).toMatch(/^POST \/login starts the second factor after the password/)
    return { trouble: troublesIn(found)['routes.password'], remedy: remediesIn(found)['routes.password'] }
  }
  const unsafe = 'remove it and use the option rememberBrowser, or let the cookie replace the password on one route: docs/guides/existing-app.md, "A remember-me strategy of your own"'

  it('a callback in a handler › is named, and not called', async () => {
    const own = jest.fn()
    const { trouble } = await beside((app, { passport }) => app.post('/api/login', (req, res, next) => void (passport.authenticate('local', own) as RequestHandler)(req, res, next)))
    expect(trouble).toMatch(new RegExp(`^unchecked: passport\\.authenticate\\('local'\\) at ${HERE} has a callback of its own, which the doctor does not call$`))
    expect(own).not.toHaveBeenCalled()
  })

  it('a strategy in a handler that signs in by itself › is an error', async () => {
    const { trouble } = await beside((app, { passport }) => app.post('/api/login', (req, res, next) => void (passport.authenticate('local') as RequestHandler)(req, res, next)))
    expect(trouble).toMatch(/^error: passport\.authenticate\('local'\) at .* signs users in by itself/)
  })

  it.each([[200, 'json'], [401, 'sendStatus']])('a handler without Passport that answers %i › is named', async (status) => {
    const { trouble, remedy } = await beside((app) => app.post('/api/login', (_req, res) => void res.status(status).end()))
    expect(trouble).toBe(`unchecked: POST /api/login is answered (HTTP ${status}) without Passport, so the doctor does not know whether it signs users in`)
    expect(remedy).toMatch(/npx passport-nevis init lists all places/)
  })

  it('a guard in front of a folder, which answers every path there › is no login', async () => {
    expect((await beside((app) => app.use('/api', (_req, res) => void res.redirect('/login')))).trouble).toBeUndefined()
  })

  it('a token after the password alone › is a warning', async () => {
    const { trouble, remedy } = await beside((app, { passport }) => app.post('/api/login', passport.authenticate('local', { session: false }), (_req, res) => void res.json({ token: 'a' })))
    expect(trouble).toBe('warning: POST /api/login answered an invented user after the password (HTTP 200), without the second factor')
    expect(remedy).toMatch(/^run passport\.authenticate\('nevis'\) right behind the password/)
  })

  it('a password without a session at a path that the doctor does not know › is not called ok', async () => {
    const { trouble } = await beside((app, { passport }) => app.post('/token', passport.authenticate('local', { session: false }), (_req, res) => void res.json({ token: 'a' })))
    expect(trouble).toMatch(new RegExp(`^unchecked: no sign-in reached passport\\.authenticate\\('local'\\) at ${HERE}, so the doctor does not know whether the second factor follows$`))
  })

  it.each([[{ session: false }, false], [{}, false], [{ session: false }, true]])('a cookie for all pages, with %j, in a handler: %j › is a warning, and its remedy works', async (options, isLate) => {
    const { trouble, remedy } = await beside((app, { passport }) => {
      class Cookie extends Strategy { override authenticate() { this.pass() } }
      passport.use('remember-me', new Cookie())
      app.use(isLate ? ((req, res, next) => void (passport.authenticate('remember-me', options) as RequestHandler)(req, res, next)) as RequestHandler : passport.authenticate('remember-me', options))
    })
    expect(trouble).toMatch(/^warning: passport\.authenticate\('remember-me'\) at .* (?:runs in front of all pages, and can set req\.user there without a second factor|signs users in by itself.*)$/)
    expect(remedy).toBe(unsafe)
  })

  it('several of them › are all named', async () => {
    const { trouble } = await beside((app, { passport }) => {
      app.post('/signin', passport.authenticate('local', () => undefined))
      app.post('/api/login', (_req, res) => void res.end())
    })
    expect(trouble).toMatch(/^unchecked: passport\.authenticate\('local'\) at .* does not call; POST \/api\/login is answered/)
  })
})

describe('a start', () => {
  it.each(['/login', '/enter'])('after the password at %s › is tried with an invented user, who is not looked up; Nevis is not asked', async (path) => {
    const { found, asked } = await findings((app, { passport }) => app.post(path, passport.authenticate('local', { session: false, failureRedirect: '/enter?again' }), passport.authenticate('nevis')))
    expect(troublesIn(found)).toEqual({})
    expect(textsIn(found)['routes.start']).toBe(`POST ${path} starts the second factor after the password (tried with an invented user; Nevis was not asked)`)
    expect(asked).not.toHaveBeenCalled()
    expect(simulator.requests.map(({ operation }) => operation)).toEqual(['ping', 'introspect'])
  })

  it('at an address that the doctor does not know › is named by its line, and not called ok', async () => {
    const { found } = await findings((app, { passport }) => app.post('/somewhere', passport.authenticate('local', { session: false }), passport.authenticate('nevis')))
    expect(troublesIn(found)['routes.start']).toMatch(new RegExp(`^unchecked: no sign-in of the doctor reached the second factor; other routes use the strategy: ${HERE}$`))
  })

  /** The attack: a visitor of the app sends the header with which the doctor marks its trial sign-in, in which every password counts as right. */
  it('with the header of the doctor, from anybody else › asks for the password as ever', async () => {
    const observer = new AppObserver()
    class Watched extends Passport {}
    observer.watchPassport({ name: 'passport', version: '0.7.0' }, Watched.prototype)
    const passport = new Watched()
    passport.use(new LocalStrategy((_username, _password, done) => done(null, false)))
    const app = express()
    app.post('/login', express.urlencoded(), passport.authenticate('local'), (_req, res) => void res.end('in'))
    const answer = await fetch(`${await originOf(app)}/login`, { method: 'POST', headers: { 'x-passport-nevis-doctor': 'undefined' }, body: new URLSearchParams({ username: 'a', password: 'b' }) })
    expect(answer.status).toBe(401)
  })
})

const right = (app: Express, { passport }: Parts) => app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
const header = (name: string, value: string): RequestHandler => (_req, res, next) => { res.setHeader(name, value); next() }

describe('an app in front of the pages', () => {
  it.each<[string, Shape, Partial<Record<Check, string>>]>([
    ['query parser off', { settings: { 'query parser': false } }, { 'routes.callback': 'error: GET /2fa/callback is handled without its query string' }],
    ['a policy without anything', { first: header('Content-Security-Policy', "default-src 'none'") }, { 'routes.policy': 'error: the Content-Security-Policy of the app blocks the waiting page: script-src, style-src, img-src, connect-src' }],
    ['a policy for another site', { first: header('Content-Security-Policy', "default-src 'self'; img-src 'self' data:; form-action 'none'") }, { 'routes.policy': 'error: the Content-Security-Policy of the app blocks the waiting page: form-action' }],
    ['a second policy', { first: header('Content-Security-Policy', "default-src * data:, script-src 'none'") }, { 'routes.policy': 'error: the Content-Security-Policy of the app blocks the waiting page: script-src' }],
    ['a nonce that the page does not have', { first: header('Content-Security-Policy', "script-src 'nonce-abc' 'strict-dynamic' 'self'") }, { 'routes.policy': 'error: the Content-Security-Policy of the app blocks the waiting page: script-src' }],
    ['a policy for hosts', { first: header('Content-Security-Policy', "default-src 'self'; img-src data:; script-src https://cdn.example; style-src cdn.example:8443/css/") }, { 'routes.policy': 'unchecked: the Content-Security-Policy of the app names hosts: script-src, style-src. The doctor does not know whether the app itself is one of them' }],
    ['a policy for hosts that blocks', { first: header('Content-Security-Policy', "default-src 'self'; script-src https://cdn.example") }, { 'routes.policy': 'error: the Content-Security-Policy of the app blocks the waiting page: img-src' }],
    ['a policy for web sockets', { first: header('Content-Security-Policy', "default-src 'self'; img-src data:; connect-src wss: wss://live.example blob:") }, { 'routes.policy': 'error: the Content-Security-Policy of the app blocks the waiting page: connect-src' }],
    ['a policy for all hosts with https', { first: header('Content-Security-Policy', 'default-src https: data:') }, {}],
    ['strict-dynamic for hosts', { first: header('Content-Security-Policy', "default-src 'self' 'strict-dynamic'; img-src data:; script-src https: 'strict-dynamic'") }, { 'routes.policy': 'error: the Content-Security-Policy of the app blocks the waiting page: script-src' }],
    ['a sandbox', { first: header('Content-Security-Policy', 'sandbox allow-scripts') }, { 'routes.policy': 'error: the Content-Security-Policy of the app blocks the waiting page: sandbox' }],
    ['a policy in capital letters', { first: header('Content-Security-Policy', "default-src 'SELF'; img-src DATA:; script-src 'Nonce-abc' 'self'; sandbox Allow-Forms allow-scripts allow-same-origin") }, {}],
    ['strict-dynamic in capital letters', { first: header('Content-Security-Policy', "default-src 'self'; img-src data:; script-src 'self' 'STRICT-DYNAMIC'") }, { 'routes.policy': 'error: the Content-Security-Policy of the app blocks the waiting page: script-src' }],
    ['a policy that is right', { first: header('Content-Security-Policy', "default-src 'self'; img-src 'self' data:; script-src-attr 'none'") }, {}],
    ['a limiter that announces a limit, and refuses no request', { first: header('RateLimit-Limit', '100') }, {}],
    ...[429, 503].map((status): [string, Shape, Partial<Record<Check, string>>] => [
      `a limiter that refuses requests with HTTP ${status}`, { first: limiter(20, (_req, res) => void res.status(status).end()) },
      { 'routes.status-limit': `warning: the status endpoint answers 42 of 60 requests with HTTP ${status}; one waiting page sends 60 requests in two minutes` },
    ]),
    ['a status endpoint that does not answer all requests', { first: limiter(20, (_req, res) => void res.destroy()) }, { 'routes.status-limit': 'unchecked: the app does not answer 42 of 60 requests to the status endpoint within 5 s' }],
    ['a session in a cookie', { session: cookieSession({ secret: SECRET }) }, { 'routes.callback': 'error: GET /2fa/callback fails with SESSION_IN_COOKIE: the session is in a cookie, which the browser can read and restore' }],
  ])('with %s › is told', async (_name, shape, expected) => {
    const troubles = troublesIn((await findings(right, shape)).found)
    if (Object.keys(expected).length === 0) expect(troubles).toEqual({})
    else expect(troubles).toMatchObject(expected)
  })
})

describe('a rate limiter that refuses no request, but names its limit', () => {
  const told = async (headers: Record<string, string>) => {
    const first: RequestHandler = (_req, res, next) => {
      const reset = Date.now() + 900_000
      const times: Record<string, string> = { SECONDS: String(Math.ceil(reset / 1000)), MILLISECONDS: String(reset), DATE: new Date(reset + 999).toUTCString() }
      for (const [name, value] of Object.entries(headers)) res.set(name, times[value] ?? value)
      next()
    }
    return troublesIn((await findings(right, { first })).found)['routes.status-limit']
  }
  const LOW = /^warning: by its headers, a rate limiter allows 100 requests in (?:89\d|90[01]) s to the status endpoint; an open waiting page sends 4(?:4\d|5[01]) in this time, and users behind one address may share the limit$/
  // The first four lines are what express-rate-limit 8 sends for 100 requests in 15 minutes, with each of its formats.
  it.each<Record<string, string>>([
    { 'RateLimit-Policy': '100;w=900', 'RateLimit-Limit': '100', 'RateLimit-Remaining': '99', 'RateLimit-Reset': '900' },
    { 'RateLimit-Policy': '100;w=900', RateLimit: 'limit=100, remaining=99, reset=900' },
    { 'RateLimit-Policy': '"100-in-15min"; q=100; w=900; pk=:MTJjYTE3YjQ5YWYy:', RateLimit: '"100-in-15min"; r=99; t=900' },
    { 'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '99', 'X-RateLimit-Reset': 'SECONDS' },
    { 'RateLimit-Policy': '"a burst, 7;w=70";q=50;w=1, "all";q=100;w=900' },
    { 'RateLimit-Limit': '100, 100;w=900' },
    { RateLimit: 'limit=100, remaining=99, reset=900' },
    { 'X-RateLimit-Limit': '100', 'X-RateLimit-Reset': '900' },
    { 'X-RateLimit-Limit': '100', 'X-RateLimit-Reset': 'MILLISECONDS' },
    { 'X-Rate-Limit-Limit': '100', 'X-Rate-Limit-Reset': 'DATE' },
  ])('as too low in %j › is a warning', async (headers) => {
    expect(await told(headers)).toMatch(LOW)
  })

  it.each<Record<string, string>>([
    { 'RateLimit-Policy': '30;w=60' },
    { RateLimit: '"default"; r=9; t=900' },
    { 'X-RateLimit-Limit': '1000', 'X-RateLimit-Reset': '60' },
    { 'X-RateLimit-Limit': '100', 'X-RateLimit-Reset': 'soon' },
    { 'X-RateLimit-Remaining': '3', 'Retry-After': '900' },
  ])('as high enough, or not at all, in %j › is no warning', async (headers) => {
    expect(await told(headers)).toBeUndefined()
  })
})

/** A rate limiter that lets this many status requests pass. */
function limiter(most: number, refuse: RequestHandler): RequestHandler {
  let seen = 0
  return (req, res, next) => (req.path === '/2fa/status' && ++seen > most ? refuse(req, res, next) : next())
}
