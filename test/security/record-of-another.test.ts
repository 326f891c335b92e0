/**
 * The attack: using the second factor of one account in the session of another account.
 *
 * The attacker knows the victim's password, and has another account and a phone. In this app, the password alone signs in, and every important route is
 * behind `requireSecondFactor`. The same routes also accept Bearer tokens of the app. So the attacker signs in as the victim, and then sends the cookie of
 * this session together with a Bearer token of the attacker's own account. The attacker approves with the attacker's phone. If the strategy now wrote a second
 * factor record into the session, the session's cookie alone would pass `requireSecondFactor` as the victim. The attacker also tries this with a custom
 * callback of the app that does not sign in.
 *
 * The attack also works the other way round: an attacker who is signed in with their own account and phone sends the victim's password or token to a guarded
 * route. An earlier `requireSecondFactor` looked at the session alone, so it accepted the attacker's second factor, and the handler ran for the victim.
 */
import express, { type RequestHandler } from 'express'
import session from 'express-session'
import { Passport, type AuthenticateCallback } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { NevisStrategy, push, recordSecondFactor, requireSecondFactor, type NevisStrategyOptions } from '../../src'
import { handleIn, PASSWORD, strategyOptions, type User } from '../support/app'
import type { Browser } from '../support/browser'
import { listening } from '../hosts/express/host'
import { lab } from './support/lab'

const world = lab()
const ANNA = { authorization: 'Bearer anna' }
const BEN = { authorization: 'Bearer ben' }

interface Kind {
  /** The property of the request in which Passport puts the user who is logged in to the session. */
  readonly userProperty?: string
  /** The property of the request in which the app puts the user whom the request's Bearer token names. */
  readonly tokenProperty: string
  readonly options?: Partial<NevisStrategyOptions>
  /** What `verify` returns for the username that has approved. */
  readonly verified?: (username: string) => object
  readonly serialize?: (req: object, user: User) => unknown
}
type AnyRequest = Record<string, User | undefined>
const named = (user: User | undefined) => user && { username: user.username }
const subjectIn = (...properties: string[]): NonNullable<NevisStrategyOptions['subject']> =>
  (req) => named(properties.map((name) => (req as unknown as AnyRequest)[name]).find(Boolean))

const OWN_SUBJECT: Kind = { tokenProperty: 'auth', options: { subject: subjectIn('auth', 'user') } }
const USER_PROPERTY: Kind = { userProperty: 'account', tokenProperty: 'account', options: { subject: subjectIn('account') } }
const REQUEST_USER: Kind = { tokenProperty: 'user' }

let browser: Browser
const serialized: unknown[] = []

async function serve({ userProperty = 'user', tokenProperty, options, verified = (username) => ({ username }), serialize = (_req, { username }) => username }: Kind) {
  serialized.length = 0
  const passport = new Passport()
  passport.use(new LocalStrategy((username, password, done) => done(null, password === PASSWORD ? { username } : false)))
  passport.use(new NevisStrategy({ ...strategyOptions(world.simulator), factors: [push()], ...options, passReqToCallback: false }, async ({ username }) => verified(username as string)))
  passport.serializeUser((req: express.Request, user: Express.User, done: (error: unknown, kept?: unknown) => void) => {
    serialized.push(user)
    done(null, serialize(req, user as User))
  })
  passport.deserializeUser((kept: string | { username: string }, done) => done(null, typeof kept === 'string' ? { username: kept } : kept))
  const app = express()
  app.use(express.urlencoded({ extended: false }), session({ secret: 'a secret for tests', resave: false, saveUninitialized: false }))
  // A mistake of the app: this route is mounted before `passport.session()`, so `req.user` is empty there.
  app.all('/too-early', passport.authorize('nevis'), recordSecondFactor(), (_req, res) => void res.end('ok'))
  app.use(passport.initialize({ userProperty }), passport.session())
  app.use((req, _res, next) => {
    const [, username] = /^Bearer (\w+)$/.exec(req.headers.authorization ?? '') ?? []
    if (username !== undefined) Object.assign(req, { [tokenProperty]: { username } })
    next()
  })
  const own: RequestHandler = (req, res, next) => {
    const settled: AuthenticateCallback = (error, user, info) => {
      if (error || !user) return void res.status(403).end()
      req.authInfo = info as object
      next()
    }
    passport.authenticate('nevis', settled)(req, res, next)
  }
  const ok: RequestHandler = (_req, res) => void res.end('ok')
  app.post('/login', passport.authenticate('local', { keepSessionInfo: true }), ok)
  app.post('/step-up', passport.authorize('nevis'))
  app.get('/me', (req, res) => void res.end((req.user as User | undefined)?.username ?? 'nobody'))
  app.post('/step-up-and-sign-in', passport.authenticate('nevis'))
  app.post('/login-with-phone', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
  app.all('/authorized', passport.authorize('nevis'), recordSecondFactor(), ok)
  app.all('/without-login', passport.authenticate('nevis', { session: false }), recordSecondFactor(), ok)
  const copied: RequestHandler = (req, _res, next) => {
    req.authInfo = structuredClone(req.authInfo)
    next()
  }
  app.all('/copied', passport.authorize('nevis'), copied, recordSecondFactor(), ok)
  // This route imitates koa-passport, which gives each middleware a request object of its own.
  const onCopy: RequestHandler = (req, res, next) => void recordSecondFactor()(Object.create(req, { authInfo: { value: structuredClone(req.authInfo) } }) as express.Request, res, next)
  app.all('/copied-request', passport.authorize('nevis'), onCopy, ok)
  app.all('/own-callback', own, recordSecondFactor(), ok)
  app.all('/signed-in', passport.authenticate('nevis'), recordSecondFactor(), ok)
  app.post('/transfer', requireSecondFactor({ maxAgeSeconds: 300 }), ok)
  app.post('/email', passport.authenticate('local', { session: false }), requireSecondFactor({ maxAgeSeconds: 300 }), ok)
  const host = await listening(app)
  world.defer(() => host.close())
  browser = host.browser()
}

const signIn = async (username: string) => expect((await browser.post('/login', { username, password: PASSWORD })).text).toBe('ok')

/** Starts a step-up or a sign-in by POST to the path `start`, approves with the phone of `username`, and returns the HTTP status of the callback. */
async function approved(username: string, callback: string, headers: Record<string, string> = {}, start = '/step-up'): Promise<number> {
  const handle = handleIn((await browser.post(start, { username, password: PASSWORD }, headers)).location)
  await world.simulator.phone(username).approve()
  return (await browser.get(`${callback}?transaction=${handle}`, headers)).status
}
const transfer = async () => (await browser.post('/transfer')).status
const suspicions = () => world.events.of('suspicious').map(({ reason, field, subject }) => ({ reason, field, subject }))
const OF_ANOTHER = { reason: 'binding_mismatch', field: 'login', subject: { username: 'ben' } }

describe('anna\'s session, and a token of ben whose phone approves', () => {
  // Shows: T-password-5
  it.each<[string, Kind, string]>([
    ['an option subject that prefers the token, passport.authorize', OWN_SUBJECT, '/authorized'],
    ['an option subject that prefers the token, session: false', OWN_SUBJECT, '/without-login'],
    ['Passport\'s userProperty, passport.authorize', USER_PROPERTY, '/authorized'],
    ['a token in req.user, passport.authorize', REQUEST_USER, '/authorized'],
    ['a token in req.user, session: false', REQUEST_USER, '/without-login'],
  ])('%s › the request goes on, anna gets no record, and an event tells of it', async (_name, kind, callback) => {
    await serve(kind)
    await signIn('anna')
    expect(await approved('ben', callback, BEN)).toBe(200)
    expect(await transfer()).toBe(401)
    expect(suspicions()).toEqual([OF_ANOTHER])
  })

  // Shows: T-password-5
  it('an option subject that names another user without a token, such as a second signatory › the request goes on, and anna gets no record', async () => {
    const signatory: NonNullable<NevisStrategyOptions['subject']> = ({ headers, user }) => named((headers['x-signatory'] ? { username: 'ben' } : user) as User | undefined)
    await serve({ ...OWN_SUBJECT, options: { subject: signatory } })
    await signIn('anna')
    expect(await approved('ben', '/authorized', { 'x-signatory': 'ben' })).toBe(200)
    expect(await transfer()).toBe(401)
    expect(suspicions()).toEqual([OF_ANOTHER])
    expect(await approved('anna', '/authorized')).toBe(200)
    expect(await transfer()).toBe(200)
  })

  it('a callback of the app that does not sign in › anna gets no record', async () => {
    await serve(REQUEST_USER)
    await signIn('anna')
    expect(await approved('ben', '/own-callback', {}, '/login-with-phone')).toBe(200)
    expect(await transfer()).toBe(401)
    expect(suspicions()).toEqual([OF_ANOTHER])
  })

  // Shows: T-password-5
  it('an app that passes on a copy of the profile › anna gets no record', async () => {
    await serve(REQUEST_USER)
    await signIn('anna')
    expect(await approved('ben', '/copied', BEN)).toBe(200)
    expect(await transfer()).toBe(401)
    expect(suspicions()).toEqual([OF_ANOTHER])
  })

  it('an app that passes on a copy of the profile in another request object › gets an error, and anna gets no record', async () => {
    await serve(REQUEST_USER)
    await signIn('anna')
    expect(await approved('ben', '/copied-request', BEN)).toBe(500)
    expect(await transfer()).toBe(401)
  })

  // Shows: T-password-5
  it('a callback route before passport.session() › is refused, because anna cannot be compared with ben', async () => {
    await serve(REQUEST_USER)
    await signIn('anna')
    expect(await approved('ben', '/too-early', {}, '/login-with-phone')).toBe(403)
    expect(await transfer()).toBe(401)
    expect(suspicions()).toEqual([OF_ANOTHER])
  })

  it('a serializeUser that fails for ben › anna gets no record', async () => {
    const serialize: Kind['serialize'] = (_req, { username }) => (username === 'ben' ? false : username)
    await serve({ ...OWN_SUBJECT, serialize })
    await signIn('anna')
    expect(await approved('ben', '/authorized', BEN)).toBe(200)
    expect(await transfer()).toBe(401)
  })
})

describe('ben\'s session with ben\'s second factor', () => {
  // Shows: T-password-10
  it.each<[string, Kind, string, Record<string, string>, Record<string, string>]>([
    ['a form that asks for the password again', REQUEST_USER, '/email', { password: PASSWORD }, {}],
    ['a token in req.user', REQUEST_USER, '/transfer', {}, ANNA],
    ['a form that asks for the password again, with Passport\'s userProperty', USER_PROPERTY, '/email', { password: PASSWORD }, {}],
    ['a token in Passport\'s userProperty', USER_PROPERTY, '/transfer', {}, ANNA],
  ])('%s of anna › is refused; for ben it passes', async (_name, kind, path, fields, headers) => {
    await serve(kind)
    await signIn('ben')
    expect(await approved('ben', '/authorized')).toBe(200)
    expect((await browser.post(path, { ...fields, username: 'anna' }, headers)).status).toBe(401)
    serialized.length = 0
    expect((await browser.post(path, { ...fields, username: 'ben' })).status).toBe(200)
    expect(serialized).toHaveLength(1)
  })
})

describe('the honest user', () => {
  it.each<[string, Kind, string, Record<string, string>]>([
    ['an option subject, by the session', OWN_SUBJECT, '/authorized', {}],
    ['an option subject, by the session and the own token', OWN_SUBJECT, '/authorized', ANNA],
    ['an option subject, session: false', OWN_SUBJECT, '/without-login', {}],
    ['Passport\'s userProperty', USER_PROPERTY, '/authorized', {}],
    ['req.user, session: false', REQUEST_USER, '/without-login', {}],
    ['req.user, a callback of the app that does not sign in', REQUEST_USER, '/own-callback', {}],
    ['req.user, a second sign-in', REQUEST_USER, '/signed-in', {}],
    ['a login that is an object, with its names in another order', { ...OWN_SUBJECT, serialize: (_req, user) => ({ ...user, tenant: 1 }), verified: (username) => ({ tenant: 1, username }) }, '/authorized', {}],
    ['a login that depends on the request', { ...OWN_SUBJECT, serialize: (req, { username }) => ({ username, host: (req as { hostname: string }).hostname }) }, '/authorized', {}],
    ['a verify that returns no user of the app', { ...REQUEST_USER, verified: (username) => ({ nevis: username }) }, '/authorized', {}],
  ])('%s › gets the record', async (_name, kind, callback, headers) => {
    await serve(kind)
    await signIn('anna')
    expect(await approved('anna', callback, headers)).toBe(200)
    expect(await transfer()).toBe(200)
    expect(suspicions()).toEqual([])
  })

  it('of an app whose serializeUser returns another value each time › gets no access, and the next step-up by passport.authenticate signs the user out', async () => {
    let time = 0
    await serve({ ...REQUEST_USER, serialize: (_req, { username }) => ({ username, time: time++ }) })
    expect(await approved('anna', '/signed-in', {}, '/login-with-phone')).toBe(200)
    expect(await transfer()).toBe(401)
    expect((await browser.get('/me')).text).toBe('anna')
    expect((await browser.post('/step-up-and-sign-in')).status).toBe(303)
    expect((await browser.get('/me')).text).toBe('nobody')
  })

  it('signs in with the phone › gets the record, and serializeUser runs once', async () => {
    await serve(OWN_SUBJECT)
    expect(await approved('anna', '/signed-in', {}, '/login-with-phone')).toBe(200)
    expect(serialized).toHaveLength(1)
    expect(await transfer()).toBe(200)
  })

  it('steps up › serializeUser runs once at the start, and once for the record', async () => {
    await serve(OWN_SUBJECT)
    await signIn('anna')
    serialized.length = 0
    await approved('anna', '/authorized')
    expect(serialized).toHaveLength(2)
  })
})
