/**
 * Tests what the command `doctor` finds between the start and the end of a sign-in: whether the session of the start still exists at the callback, whether
 * `passport.session()` runs before both routes, and which handlers are behind the second factor.
 */
import formbody from '@fastify/formbody'
import { Authenticator } from '@fastify/passport'
import fastifySession, { MemoryStore as FastifyStore } from '@fastify/session'
import type { ErrorRequestHandler, Express, RequestHandler } from 'express'
import expressSession from 'express-session'
import Fastify from 'fastify'
import { Strategy as LocalStrategy } from 'passport-local'
import { NevisStrategy, push, recordSecondFactor, statusEndpoint } from '../../src'
import { appFindings } from '../../src/doctor/app-checks'
import { AppObserver } from '../../src/doctor/app-observer'
import type { SourceReport } from '../../src/doctor/source-check'
import { NevisSimulator } from '../../src/simulator'
import { closing } from '../support/closing'
import { fastifyCookies } from '../support/fastify-cookies'
import { appWith, closeServers, originOf, remediesIn, SECRET, textsIn, troublesIn, watchedParts } from './support'

let simulator: NevisSimulator
beforeAll(async () => void (simulator = await NevisSimulator.start()))
beforeEach(() => void (simulator.requests.length = 0))
afterEach(closeServers)
afterAll(() => simulator.close())

type Parts = ReturnType<typeof watchedParts>
interface Routes {
  /** Mounts the session and `passport.session()`. */
  readonly session?: (app: Express, parts: Parts) => void
  readonly start?: (app: Express, parts: Parts) => void
  readonly callback?: (app: Express, parts: Parts) => void
  /** Runs behind all routes. */
  readonly last?: (app: Express, parts: Parts) => void
  readonly source?: Partial<SourceReport>
}

const home: RequestHandler = (_req, res) => res.redirect('/')
const failed: ErrorRequestHandler = (_err, _req, res, _next) => res.redirect('/')

async function findings({ session, start, callback, last, source }: Routes) {
  const parts = watchedParts(simulator, { strategy: { factors: [push()] } })
  const { observer, passport } = parts
  const app = appWith(parts, {
    session: (one) => (session ? session(one, parts) : one.use(parts.session(), passport.session())),
    login: (one) => (start ? start(one, parts) : one.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))),
    ...(callback && { callback: (one: Express) => callback(one, parts) }),
    last: (one) => last?.(one, parts),
  })
  const whole: SourceReport = { closed: new Set(), open: [], forgotten: [], recordedAt: undefined, requiredAt: undefined, mayRequire: source?.requiredAt !== undefined, usesPackage: true, isWhole: true, ...source }
  const found = await appFindings({ origin: await originOf(app), observer, source: () => whole }, false)
  return { trouble: troublesIn(found), text: textsIn(found), remedy: remediesIn(found) }
}

const HERE = String.raw`test\/doctor\/callback\.test\.ts:\d+`

describe('the session of the start', () => {
  const memory = new expressSession.MemoryStore()

  it('that exists at the callback › is ok, and is deleted from the store', async () => {
    const store = new expressSession.MemoryStore()
    const { trouble, text } = await findings({ session: (app, { session, passport }) => app.use(session({ store }), passport.session()) })
    expect(trouble).toEqual({})
    expect(text['routes.session']).toBe('the session that POST /login stores still exists at GET /2fa/callback, and passport.session() runs before both')
    expect(Reflect.get(store, 'sessions')).toEqual({})
    expect(simulator.requests.map(({ operation }) => operation)).toEqual(['ping', 'introspect'])
  })

  it.each<[string, Routes, string]>([
    ['that the store loses', { session: (app, { session, passport }) => app.use(session({ store: Object.assign(new expressSession.MemoryStore(), { get: (_id: string, done: (error: null) => void) => done(null) }) }), passport.session()) },
      'error: the session that POST /login stores was not found at GET /2fa/callback, so no user can sign in'],
    ['that the store loses, behind a TLS proxy that the app trusts', { session: (app, { session, passport }) => app.set('trust proxy', 1).use(session({ cookie: { secure: true }, store: Object.assign(new expressSession.MemoryStore(), { get: (_id: string, done: (error: null) => void) => done(null) }) }), passport.session()) },
      'error: the session that POST /login stores was not found at GET /2fa/callback, so no user can sign in'],
    ['whose cookie is for another path', { session: () => undefined, start: (app, { session, passport }) => app.post('/login', session({ store: memory, cookie: { path: '/login' } }), passport.session(), passport.authenticate('local', { session: false }), passport.authenticate('nevis')), callback: (app, { session, passport }) => app.all('/2fa/callback', session(), passport.session(), passport.authenticate('nevis'), recordSecondFactor(), home) },
      'error: POST /login stores a session, but its answer sets no cookie that a browser sends with GET /2fa/callback, so no user can sign in'],
    ['whose cookie has another name at the callback', { session: () => undefined, start: (app, { session, passport }) => app.post('/login', session({ name: 'one', store: memory }), passport.session(), passport.authenticate('local', { session: false }), passport.authenticate('nevis')), callback: (app, { session, passport }) => app.all('/2fa/callback', session({ name: 'two', store: memory }), passport.session(), passport.authenticate('nevis'), recordSecondFactor(), home) },
      'error: the session that POST /login stores was not found at GET /2fa/callback, so no user can sign in'],
    ['whose cookie is only for https, without a TLS proxy that the app trusts', { session: (app, { session, passport }) => app.use(session({ cookie: { secure: true }, saveUninitialized: true }), passport.session()) },
      'error: POST /login stores a session, but its answer sets no cookie that a browser sends with GET /2fa/callback, so no user can sign in'],
    ['which is mounted behind the start', { session: () => undefined, start: (app, { session, passport }) => {
      app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
      app.use(session(), passport.session())
    } }, 'error: POST /login has no session'],
  ])('%s › is an error', async (_name, routes, expected) => {
    const { trouble } = await findings(routes)
    expect(trouble['routes.session']).toBe(expected)
  })

  it('that the callback does not find › is deleted from the store, too', async () => {
    const store = new expressSession.MemoryStore()
    const { trouble } = await findings({ session: (app, { session, passport }) => app.use(session({ store, cookie: { secure: true } }), passport.session()) })
    expect([trouble['routes.session'], Reflect.get(store, 'sessions')]).toEqual([expect.stringMatching(/^error/), {}])
  })

  it.each<[string, Routes]>([
    ['alone', {}],
    ['beside another cookie', { start: (app, { passport }) => app.post('/login', (_req, res, next) => { res.cookie('language', 'de'); next() }, passport.authenticate('local', { session: false }), passport.authenticate('nevis')) }],
  ])('whose cookie is sent only through a proxy in a network that the app trusts, %s › is not called lost', async (_name, routes) => {
    const session = (setting: unknown) => (app: Express, { session: make, passport }: Parts) => void app.set('trust proxy', setting).use(make({ cookie: { secure: true } }), passport.session())
    for (const setting of ['uniquelocal', '10.0.0.0/8', (address: string) => address === '10.0.0.1']) {
      const { trouble, remedy } = await findings({ ...routes, session: session(setting) })
      expect(trouble['routes.session']).toBe('unchecked: the session that POST /login stores was not found at GET /2fa/callback, perhaps because the app sends its cookie only through a proxy that it trusts, and not to the doctor')
      expect(remedy['routes.session']).toBe('sign in once through the proxy')
    }
    for (const setting of [1, true, 'loopback']) expect((await findings({ ...routes, session: session(setting) })).trouble['routes.session']).toBeUndefined()
  })

  it('with a lost cookie beside another one › names both causes', async () => {
    const { trouble, remedy } = await findings({ session: (app, { session, passport }) => app.use((_req, res, next) => { res.cookie('language', 'de'); next() }, session({ cookie: { secure: true } }), passport.session()) })
    expect(trouble['routes.session']).toBe('error: the session that POST /login stores was not found at GET /2fa/callback, so no user can sign in')
    expect(remedy['routes.session']).toMatch(/see session\.trust-proxy.*see session\.store/)
  })

  it('of @fastify/session › is not called lost if its cookie is only for https, and is deleted from the store', async () => {
    for (const secure of [false, true]) {
      const store = new FastifyStore()
      const observer = new AppObserver()
      class Watched extends Authenticator {}
      observer.watchPassport({ name: '@fastify/passport', version: '3.0.2' }, Watched.prototype)
      const passport = new Watched()
      const { baseURL, accessKey } = simulator
      const nevis = new NevisStrategy({ baseURL, accessKey, factors: [push()], waitingURL: '/2fa' }, async () => false)
      passport.use(nevis as never)
      passport.use(new LocalStrategy((_username, _password, done) => done(null, false)) as never)
      const app = closing(Fastify())
      await app.register(formbody)
      await app.register(fastifyCookies)
      await app.register(fastifySession, { secret: SECRET, saveUninitialized: false, store, cookie: { secure } })
      await app.register(passport.initialize())
      await app.register(passport.secureSession())
      app.get('/2fa/status', (request, reply) => void statusEndpoint(nevis)(request.raw as never, reply.raw as never, () => undefined))
      app.post('/login', { preValidation: [passport.authenticate('local', { session: false }), passport.authenticate('nevis')] }, async () => '')
      app.all('/2fa/callback', { preValidation: passport.authenticate('nevis') }, async () => '')
      await app.listen({ host: '127.0.0.1', port: 0 })
      const found = await appFindings({ origin: app.listeningOrigin, observer }, false)
      expect([textsIn(found)['routes.session'], Reflect.get(store, 'store')]).toEqual([expect.stringMatching(secure ? /^the session that POST \/login stores was not found at GET \/2fa\/callback, perhaps/ : /still exists at GET \/2fa\/callback$/), new Map()])
    }
  })

  it('if the doctor reaches no start › is not called ok', async () => {
    const { trouble } = await findings({ start: (app, { passport }) => app.post('/enter', passport.authenticate('local', { session: false }), passport.authenticate('nevis')) })
    expect(trouble['routes.session']).toMatch(/^unchecked: the callback keeps its session, but the doctor reached no start of the second factor/)
  })

  it('that the store loses, if the doctor reaches no start › is an error', async () => {
    const store = Object.assign(new expressSession.MemoryStore(), { set: (_id: string, _session: unknown, done?: () => void) => done?.() })
    const { trouble } = await findings({ session: (app, { session, passport }) => app.use(session({ store }), passport.session()), start: () => undefined })
    expect(trouble['routes.session']).toBe('error: the session that GET /2fa/callback stores was not found at GET /2fa/callback, so no user can sign in')
  })
})

describe('passport.session()', () => {
  it('behind the routes › is a warning that names its line', async () => {
    const { trouble } = await findings({ session: (app, { session }) => app.use(session()), last: (app, { passport }) => app.use(passport.session()) })
    expect(trouble['routes.session']).toMatch(new RegExp(`^warning: passport\\.session\\(\\) at ${HERE} does not run before POST /login, so this route does not know who is signed in$`))
  })

  it('between the start and the callback › is a warning, too', async () => {
    const { trouble } = await findings({
      session: (app, { session }) => app.use(session()),
      start: (app, { passport }) => app.post('/login', passport.session(), passport.authenticate('local', { session: false }), passport.authenticate('nevis')),
    })
    expect(trouble['routes.session']).toMatch(new RegExp(`^warning: passport\\.session\\(\\) at ${HERE} does not run before GET /2fa/callback, `))
  })

  it('nowhere › is a warning', async () => {
    const { trouble } = await findings({ session: (app, { session }) => app.use(session()) })
    expect(trouble['routes.session']).toBe('error: the app never calls passport.session(), so after the second factor no request knows who is signed in')
  })
})

describe('behind the second factor', () => {
  const at = `passport\\.authenticate\\('nevis'\\) at ${HERE}`
  const callback = (...handlers: RequestHandler[]) => (options: object = {}): Routes => ({ callback: (app, { passport }) => app.all('/2fa/callback', passport.authenticate('nevis', options), ...handlers) })
  const right = callback(recordSecondFactor(), home)

  it.each<[string, Routes, RegExp]>([
    ...[{ session: false }, { assignProperty: 'account' }].map((options): [string, Routes, RegExp] => [`${Object.keys(options).join()} in front of recordSecondFactor(), as in a step-up`, right(options), new RegExp(`^unchecked: ${at} has session: false or assignProperty, so it signs nobody in: recordSecondFactor\\(\\) behind it works only for a user who is already signed in \\(step-up\\)$`)]),
    ['passport.authorize in front of recordSecondFactor(), as in a step-up', { callback: (app, { passport }) => app.all('/2fa/callback', passport.authorize('nevis'), recordSecondFactor(), home) }, new RegExp(`^unchecked: ${at.replace('authenticate', 'authorize')} signs nobody in: recordSecondFactor\\(\\) behind it works only for a user who is already signed in \\(step-up\\)$`)],
    ['passport.authorize in front of another handler', { callback: (app, { passport }) => app.all('/2fa/callback', passport.authorize('nevis'), home) }, new RegExp(`^unchecked: ${at.replace('authenticate', 'authorize')} signs nobody in$`)],
    ['successRedirect, in an app that records the second factor of a step-up elsewhere', { ...callback()({ successRedirect: '/' }), source: { recordedAt: 'app.js:9', requiredAt: 'app.js:7' } }, new RegExp(`^unchecked: the doctor does not see recordSecondFactor\\(\\) behind ${at}; the source has one at app\\.js:9$`)],
    ['no recordSecondFactor() in an app that perhaps has requireSecondFactor()', { ...callback(home)(), source: { mayRequire: true } }, new RegExp(`^unchecked: the doctor does not see recordSecondFactor\\(\\) behind ${at}$`)],
    ['a handler that calls the strategy behind recordSecondFactor()', { callback: (app, { passport }) => app.all('/2fa/callback', Object.defineProperty<RequestHandler>((_req, _res, next) => next(), 'name', { value: 'recordSecondFactor' }), (req, res, next) => void (passport.authenticate('nevis') as RequestHandler)(req, res, next), home) }, new RegExp(`^unchecked: the doctor does not see recordSecondFactor\\(\\) behind ${at}$`)],
    ['a handler that calls the strategy behind a function of the app with the name recordSecondFactor', { callback: (app, { passport }) => app.all('/2fa/callback', (_req, _res, next) => next(), function recordSecondFactor(_req, _res, next) { next() }, (req, res, next) => void (passport.authenticate('nevis') as RequestHandler)(req, res, next), home) }, new RegExp(`^unchecked: the doctor does not see recordSecondFactor\\(\\) behind ${at}$`)],
    ['recordSecondFactor() behind two handlers of the app that may call the strategy', { callback: (app, { passport }) => app.all('/2fa/callback', (_req, _res, next) => next(), (req, res, next) => void (passport.authenticate('nevis') as RequestHandler)(req, res, next), recordSecondFactor(), home) }, new RegExp(`^unchecked: the doctor does not see recordSecondFactor\\(\\) behind ${at}$`)],
    ['only a handler that calls the strategy', { callback: (app, { passport }) => app.all('/2fa/callback', (req, res, next) => void (passport.authenticate('nevis') as RequestHandler)(req, res, next)) }, new RegExp(`^unchecked: the doctor does not see recordSecondFactor\\(\\) behind ${at}$`)],
    ['a handler that calls the strategy, and may answer itself, in front of recordSecondFactor()', { callback: (app, { passport }) => app.all('/2fa/callback', (req, res, next) => void (passport.authenticate('nevis') as RequestHandler)(req, res, (err) => (err === undefined ? res.redirect('/') : next(err))), recordSecondFactor(), home) }, new RegExp(`^unchecked: the doctor does not see recordSecondFactor\\(\\) behind ${at}$`)],
    ['only a handler of errors behind recordSecondFactor()', callback(recordSecondFactor(), failed as never)(), new RegExp(`^unchecked: recordSecondFactor\\(\\) is the last handler behind ${at}, so the doctor does not know what answers`)],
    ['only a handler of errors', callback(failed as never)(), /^unchecked: the doctor does not see recordSecondFactor/],
    ['a handler that answers in front of recordSecondFactor()', callback(home, recordSecondFactor(), home)(), new RegExp(`^unchecked: another handler stands between ${at} and recordSecondFactor\\(\\), and may answer before recordSecondFactor\\(\\) runs$`)],
    ['recordSecondFactor() only for GET', { callback: (app, { passport }) => app.route('/2fa/callback').get(passport.authenticate('nevis'), recordSecondFactor(), home).post(passport.authenticate('nevis'), home), source: { requiredAt: 'app.js:7' } }, new RegExp(`^warning: recordSecondFactor\\(\\) does not run behind ${at}, so requireSecondFactor\\(\\) at app\\.js:7 asks`)],
    ['session: false in front of another handler', callback(home)({ session: false }), new RegExp(`^unchecked: ${at} has session: false or assignProperty, so it signs nobody in$`)],
    ['successRedirect in front of recordSecondFactor()', right({ successRedirect: '/' }), new RegExp(`^error: ${at} has successRedirect, so Passport redirects before recordSecondFactor\\(\\) runs$`)],
    ['no recordSecondFactor() in an app with requireSecondFactor()', { ...callback(home)(), source: { requiredAt: 'app.js:7' } }, new RegExp(`^warning: recordSecondFactor\\(\\) does not run behind ${at}, so requireSecondFactor\\(\\) at app\\.js:7 asks for the second factor again and again$`)],
    ['recordSecondFactor() on another route', { ...callback(home)(), source: { recordedAt: 'app.js:9' } }, new RegExp(`^unchecked: the doctor does not see recordSecondFactor\\(\\) behind ${at}; the source has one at app\\.js:9$`)],
    ['no recordSecondFactor(), and code that the doctor cannot read', { ...callback(home)(), source: { isWhole: false } }, new RegExp(`^unchecked: the doctor does not see recordSecondFactor\\(\\) behind ${at}$`)],
    ['no handler', callback()(), /^unchecked: the doctor does not see recordSecondFactor/],
    ['no handler but recordSecondFactor()', callback(recordSecondFactor())(), new RegExp(`^unchecked: recordSecondFactor\\(\\) is the last handler behind ${at}, so the doctor does not know what answers`)],
    ['a callback of its own', { callback: (app, { passport }) => app.all('/2fa/callback', (req, res, next) => void (passport.authenticate('nevis', () => next()) as RequestHandler)(req, res, next), recordSecondFactor(), home) }, new RegExp(`^unchecked: ${at} has a callback of its own, which the doctor does not call$`)],
  ])('%s › is not called ok', async (_name, routes, expected) => {
    const { trouble, remedy } = await findings(routes)
    expect(trouble).toEqual({ 'routes.sign-in': expect.stringMatching(expected) as string })
    expect(remedy['routes.sign-in']).toMatch(/\w{3}/)
  })

  it.each<[string, Routes]>([
    ['in the route', right()],
    ['in a chain of the route', { callback: (app, { passport }) => app.route('/2fa/callback').get(passport.authenticate('nevis'), recordSecondFactor(), home).post(passport.authenticate('nevis'), recordSecondFactor(), home) }],
  ])('recordSecondFactor() %s › is ok', async (_name, routes) => {
    const { trouble, text } = await findings(routes)
    expect(trouble).toEqual({})
    expect(text['routes.sign-in']).toBe('behind the second factor, GET /2fa/callback signs the user in and runs recordSecondFactor()')
  })

  it('recordSecondFactor() in front of a handler that calls the strategy › is an error, because every callback fails', async () => {
    const { trouble, text } = await findings({ callback: (app, { passport }) => app.all('/2fa/callback', (_req, _res, next) => next(), recordSecondFactor(), (req, res, next) => void (passport.authenticate('nevis') as RequestHandler)(req, res, next), home) })
    expect(trouble['routes.callback']).toBe('error: GET /2fa/callback fails (HTTP 500)')
    expect(text['routes.sign-in']).toBeUndefined()
  })

  it.each<[string, Routes]>([['a handler', callback(home)()], ['successRedirect', callback()({ successRedirect: '/' })]])('only %s, in an app that never asks for the record › is ok, and the finding says so', async (_name, routes) => {
    const { trouble, text } = await findings(routes)
    expect(trouble).toEqual({})
    expect(text['routes.sign-in']).toBe('behind the second factor, GET /2fa/callback signs the user in. No route has requireSecondFactor(), so recordSecondFactor() is not needed')
  })

  it('a handler of the app › does not run', async () => {
    const own = jest.fn()
    await findings(callback(own)())
    expect(own).not.toHaveBeenCalled()
  })
})
