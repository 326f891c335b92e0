/** Tests what the command `doctor` finds in a healthy app, and in an app with each fault. The doctor always calls the app over HTTP. */
import { createSecretKey } from 'node:crypto'
import express, { type RequestHandler } from 'express'
import session from 'express-session'
import IoRedis from 'ioredis'
import { Passport } from 'passport'
import { MemoryLedger, NevisStrategy, PostgresLedger, push, RedisLedger, sms, type Factor, type Ledger, type NevisStrategyOptions } from '../../src'
import { appFindings } from '../../src/doctor/app-checks'
import { CHECKS, type Check } from '../../src/doctor/findings'
import { AppObserver } from '../../src/doctor/app-observer'
import type { ReportOfProbe } from '../../src/doctor/probe-report'
import { NevisSimulator } from '../../src/simulator'
import { closing } from '../support/closing'
import { ledgerWith } from '../support/ledger-contract'
import { describeWithRedis, RedisServer } from '../support/redis'
import { ioRedisLike } from '../support/redis-clients'
import { closeServers, findingsOf, originOf, remediesIn, SECRET, textsIn, troublesIn, type Fault } from './support'

let simulator: NevisSimulator
beforeEach(async () => void (simulator = await NevisSimulator.start()))
afterEach(async () => {
  await closeServers()
  await simulator.close()
})

const answer = (status: number, headers: Record<string, string> = {}): RequestHandler => (_req, res) => void res.writeHead(status, headers).end('another')
const onPost = (handler: RequestHandler): RequestHandler => (req, res, next) => (req.method === 'POST' ? handler(req, res, next) : next())
let isTaken = false
const claimOnce = async () => (isTaken = !isTaken)
let counted = 0
/** The answers of a working ledger to `count`: 1, 2, 1, 2, …, because the doctor counts twice under each new key. */
const countTwice = async () => (counted = (counted % 2) + 1)
/** True after a call of `claim`, until a call of `forget`. */
let isHeld = false
const DAY_SECONDS = 86_400
class SharedLedger { claim = async () => { isHeld = true; return claimOnce() }; count = countTwice; look = async () => (isHeld ? DAY_SECONDS : 0); forget = async () => void (isHeld = false) }
const store = new SharedLedger()
// In Redis, a PTTL of -2 means that the key does not exist.
const replies: Record<string, () => Promise<unknown>> = { SET: async () => ((await store.claim()) ? 'OK' : null), DEL: async () => { await store.forget(); return 1 }, PTTL: async () => (isHeld ? DAY_SECONDS * 1000 : -2), EVAL: countTwice }
const shared = new RedisLedger(ioRedisLike(async ([command]) => replies[command as string]?.()))
const memory = new session.MemoryStore()
const sessionStore = { on() {}, generate() {}, get: memory.get.bind(memory), set: memory.set.bind(memory), createSession: memory.createSession.bind(memory) }
class SharedStore extends session.MemoryStore {}
const production = { production: true, trustProxy: 1, strategy: { ledger: shared }, session: { store: new SharedStore() as never, cookie: { secure: true, sameSite: 'lax' as const } } }
const storeWith = (own: Partial<session.MemoryStore>) => Object.assign(new session.MemoryStore(), own)
const ledger = (claim: Ledger['claim']): Fault => ({ strategy: { ledger: ledgerWith({ claim: async (key, seconds) => { isHeld = true; return claim(key, seconds) }, count: countTwice, look: store.look, forget: store.forget }) } })
const SESSION = CHECKS.filter((check) => check.startsWith('session.'))
const START_UNKNOWN = { 'routes.session': 'unchecked: the callback keeps its session, but the doctor reached no start of the second factor (see routes.start), so it cannot tell whether the start has the same session' }
const NO_COOKIE = { 'routes.session': 'error: POST /login stores a session, but its answer sets no cookie that a browser sends with GET /2fa/callback, so no user can sign in' }
const NOT_KEPT = { 'routes.session': 'error: the session that POST /login stores was not found at GET /2fa/callback, so no user can sign in' }
const NO_SESSION = 'unchecked: the doctor found no express-session in the app'
const breaksOff: RequestHandler = (req) => void req.socket.destroy()
const json = (status: number, body: object): RequestHandler => (_req, res) => void res.status(status).json(body)

describe('an app that is well', () => {
  it('gives every check one finding, none of them a trouble', async () => {
    const findings = await findingsOf(simulator)
    expect(troublesIn(findings)).toEqual({})
    expect(findings.map(({ check }) => check).sort()).toEqual([...CHECKS].sort())
    expect(findings.filter((finding) => 'strategy' in finding)).toEqual([])
  })

  it('is told of each check what is well', async () => {
    expect(textsIn(await findingsOf(simulator))).toEqual({
      'cloud.settings': `the API is ${simulator.baseURL}`,
      'cloud.reachable': `${simulator.baseURL} answers`,
      'cloud.access-key': 'Nevis accepts the access key',
      'cloud.key-expiry': expect.stringMatching(/^the access key is valid until 2\d{3}-\d\d-\d\d$/) as string,
      'cloud.issuer': 'the strategy accepts the issuer of the access key',
      'cloud.clock': 'the clocks of this machine and of Nevis differ by at most 5 s',
      'app.loaded': 'the app was started, and listens on loopback only',
      'app.passport': 'Passport 0.7.0',
      'app.strategy': 'a NevisStrategy is registered as "nevis", with the factors push, sms',
      'ledger.kind': 'the strategy uses the MemoryLedger: fine for development',
      'ledger.claims': 'of two simultaneous claims exactly one succeeds',
      'ledger.counts': 'two counts of one key are 1 and 2',
      'ledger.forget': 'a deleted key can be claimed again',
      'routes.password': 'no other strategy signs users in by itself',
      'routes.start': 'POST /login starts the second factor after the password (tried with an invented user; Nevis was not asked)',
      'routes.waiting': 'the waiting page is at /2fa',
      'routes.policy': 'the Content-Security-Policy allows the waiting page',
      'routes.waiting-post': 'POST /2fa accepts another factor, resend and cancel',
      'routes.status': 'the status endpoint is at /2fa/status',
      'routes.status-limit': 'no rate limiter refuses requests to the status endpoint',
      'routes.callback': 'the callback is at /2fa/callback',
      'routes.callback-post': 'POST /2fa/callback accepts the forms of the waiting page',
      'routes.session': 'the session that POST /login stores still exists at GET /2fa/callback, and passport.session() runs before both',
      'routes.sign-in': 'behind the second factor, GET /2fa/callback signs the user in and runs recordSecondFactor()',
      'session.store': 'sessions are kept in memory: fine for development',
      'session.resave': 'resave is false',
      'session.save-uninitialized': 'saveUninitialized is false',
      'session.secret': 'the secret has 32 characters or more',
      'session.http-only': 'scripts cannot read the session cookie',
      'session.secure': 'the session cookie may be sent over plain http: fine for development',
      'session.same-site': 'browsers do not send the session cookie with forms of other sites',
      'session.trust-proxy': 'the session cookie does not depend on a proxy',
    })
  })

  it('is well in production, too', async () => {
    const findings = await findingsOf(simulator, production)
    expect(troublesIn(findings)).toEqual({})
    expect(textsIn(findings)).toMatchObject({
      'ledger.kind': 'the strategy uses a RedisLedger',
      'session.store': 'sessions are kept in a SharedStore',
      'session.secure': 'the session cookie is sent over https only',
      'session.trust-proxy': 'the app trusts the TLS proxy',
    })
  })

  it('is well in production with secure: auto, because it is asked as behind a TLS proxy', async () => {
    const cookie = { secure: 'auto', sameSite: 'lax' } as const
    expect(troublesIn(await findingsOf(simulator, { ...production, session: { ...production.session, cookie } }))).toEqual({})
  })

  it('notifies no user: Nevis gets a ping and an introspection', async () => {
    await findingsOf(simulator)
    expect(simulator.requests.map(({ operation }) => operation)).toEqual(['ping', 'introspect'])
  })

  it('is asked for a transaction that was never started', async () => {
    const asked: string[] = []
    const first: RequestHandler = (req, _res, next) => {
      req.setEncoding('utf8').on('data', (form: string) => asked.push(`with ${form}`))
      asked.push(`${req.method} ${req.url}`)
      next()
    }
    await findingsOf(simulator, { first })
    expect(asked).toEqual([
      'GET /2fa/status?transaction=passport-nevis-doctor',
      'GET /2fa?transaction=passport-nevis-doctor',
      'GET /2fa?transaction=passport-nevis-doctor',
      'POST /2fa',
      'with transaction=passport-nevis-doctor&cancel=1',
      'GET /2fa/status?transaction=passport-nevis-doctor',
      'GET /2fa/callback?transaction=passport-nevis-doctor',
      ...Array<string>(60).fill('GET /2fa/status?transaction=passport-nevis-doctor'),
      'POST /2fa/callback',
      'with transaction=passport-nevis-doctor',
      // The doctor then tries to sign in. The middleware `first` has already read the form, so the app's body parser cannot read it, and the sign-in fails.
      // For each path that fails, the doctor also tries a path in the same folder that does not exist, to compare the answers.
      ...['/login', '/passport-nevis-doctor', '/signin', '/sign-in', '/auth/login', '/auth/passport-nevis-doctor', '/auth/signin', '/api/login', '/api/passport-nevis-doctor', '/api/auth/login', '/api/auth/passport-nevis-doctor', '/users/login', '/users/passport-nevis-doctor', '/user/login', '/user/passport-nevis-doctor', '/account/login', '/account/passport-nevis-doctor', '/session', '/sessions']
        .flatMap((path) => [`POST ${path}`, 'with username=passport-nevis-doctor&email=passport-nevis-doctor&password=passport-nevis-doctor']),
      // No trial sign-in has started a second factor. So the doctor stores a session with one request to the callback route, and reads it with a second one.
      'GET /2fa/callback?transaction=passport-nevis-doctor',
      'GET /2fa/callback?transaction=passport-nevis-doctor',
      'POST /2fa/callback',
      'with transaction=passport-nevis-doctor',
    ])
  })

  it('has its ledger claim one key twice, another one each time, for a day, as for an approval that was used', async () => {
    const claims: [string, number][] = []
    const own = ledger(async (...claim) => claims.push(claim) % 2 === 1)
    expect(troublesIn(await findingsOf(simulator, own))).toEqual({})
    await findingsOf(simulator, own)
    const [first, , second] = claims as [[string, number], unknown, [string, number]]
    expect(claims).toEqual([first, first, second, second])
    expect(first).toEqual([expect.stringMatching(/^doctor:[\da-f-]{36}:claim$/), DAY_SECONDS])
    expect(second[0]).not.toBe(first[0])
  })

  it.each<[string, Fault, Partial<Record<Check, string>>]>([
    ['Passport 0.6', { passport: { name: 'passport', version: '0.6.0' } }, { 'app.passport': 'Passport 0.6.0' }],
    ['the Passport of Fastify', { passport: { name: '@fastify/passport', version: '3.0.2' } }, { 'app.passport': 'the app uses @fastify/passport 3.0.2' }],
    ['a ledger of its own', { ...production, ...ledger(claimOnce) }, { 'ledger.kind': 'the strategy uses a custom ledger' }],
    ['a ledger of a class', { ...production, strategy: { ledger: new SharedLedger() } }, { 'ledger.kind': 'the strategy uses a SharedLedger' }],
    ['a ledger of a class without a name', { ...production, strategy: { ledger: new (class extends SharedLedger {})() } }, { 'ledger.kind': 'the strategy uses a custom ledger' }],
    ['a secret of just 32 characters', { session: { secret: 'x'.repeat(32) } }, { 'session.secret': 'the secret has 32 characters or more' }],
    ['a key of 32 bytes among its secrets', { session: { secret: [SECRET, Buffer.alloc(32, 'key')] } }, { 'session.secret': 'the secret has 32 characters or more' }],
    ['a key as its secret', { session: { secret: Buffer.alloc(32, 'key') } }, { 'session.secret': 'the secret has 32 characters or more' }],
    ['a key object as its secret', { session: { secret: createSecretKey(Buffer.alloc(32, 'key')) } }, { 'session.secret': 'the secret has 32 characters or more' }],
    ...[null, false, 0].map((none): [string, Fault, Partial<Record<Check, string>>] => [`the store ${none}, which means the default`, { session: { store: none as never } }, { 'session.store': 'sessions are kept in memory: fine for development' }]),
    ['a store of its own', { ...production, session: { ...production.session, store: sessionStore as never } }, { 'session.store': 'sessions are kept in a custom store' }],
    ['a store of no class', { ...production, session: { ...production.session, store: Object.assign(Object.create(null), sessionStore) as never } }, { 'session.store': 'sessions are kept in a custom store' }],
    ['TLS of its own', { tls: true, session: { cookie: { secure: true, sameSite: 'lax' } } }, { 'session.trust-proxy': 'the app serves TLS itself' }],
  ])('is well with %s', async (_name, fault, texts) => {
    const findings = await findingsOf(simulator, fault)
    expect(troublesIn(findings)).toEqual({})
    expect(textsIn(findings)).toMatchObject(texts)
  })
})

describe('an app with one fault', () => {
  it.each<[string, Fault, Partial<Record<Check, string>>]>([
    ['no status route', { without: ['status'] }, { 'routes.status': 'error: GET /2fa/status is missing (HTTP 404)' }],
    ['another status route', { instead: { status: answer(200) } }, { 'routes.status': 'error: GET /2fa/status is answered by another handler (HTTP 200)' }],
    ['a status route of another package', { instead: { status: json(200, { status: 'unknown' }) } }, { 'routes.status': 'error: GET /2fa/status is answered by another handler (HTTP 200)' }],
    ['a status route that breaks off', { instead: { status: breaksOff } }, { 'routes.status': 'error: GET /2fa/status does not answer within 5 s' }],
    ['a status behind the session', { statusLast: true }, { 'routes.status': 'warning: the status endpoint at /2fa/status runs behind session(), so polling keeps the session alive and may restore old session data' }],
    ['no waiting page', { without: ['waiting'] }, { 'routes.waiting': 'error: GET /2fa is missing (HTTP 404)' }],
    ['a waiting page of another package', { instead: { waiting: answer(403) } }, { 'routes.waiting': 'error: GET /2fa is refused (HTTP 403): this route must work before the user is signed in' }],
    ['no POST to the waiting page', { without: ['choose'] }, { 'routes.waiting-post': 'error: POST /2fa is missing (HTTP 404)' }],
    ['a waiting page for all methods', { without: ['choose'], guard: waitingAll() }, { 'routes.waiting-post': 'error: POST /2fa is missing (HTTP 405)' }],
    ['no callback', { without: ['callback'] }, { 'routes.callback': 'error: GET /2fa/callback is missing (HTTP 404)', 'routes.callback-post': 'error: POST /2fa/callback is missing (HTTP 404)' }],
    ['a callback that asks no user', { instead: { callback: answer(200) } }, { 'routes.callback': 'error: GET /2fa/callback is answered by another handler (HTTP 200)', 'routes.callback-post': 'error: POST /2fa/callback is answered by another handler (HTTP 200)' }],
    ['a callback that breaks off', { instead: { callback: breaksOff } }, { 'routes.callback': 'error: GET /2fa/callback does not answer within 5 s', 'routes.callback-post': 'error: POST /2fa/callback does not answer within 5 s' }],
    ['no start but one for another strategy', { starts: ['local'] }, { ...START_UNKNOWN, 'routes.password': expect.stringMatching(/^error: passport\.authenticate\('local'\) at test\/doctor\/support\.ts:\d+ signs users in by itself, so the second factor is never asked$/) as string, 'routes.start': 'unchecked: only the callback and the waiting page were seen to use the strategy' }],
    ['no start that a sign-in reaches', { starts: ['nevis', 'nevis'] }, { ...START_UNKNOWN, 'routes.start': expect.stringMatching(/^unchecked: no sign-in of the doctor reached the second factor; other routes use the strategy: test\/doctor\/support\.ts:\d+, test\/doctor\/support\.ts:\d+$/) as string }],
    ['no start', { without: ['start'] }, { ...START_UNKNOWN, 'routes.password': 'unchecked: no route that checks a password was seen', 'routes.start': 'unchecked: only the callback and the waiting page were seen to use the strategy' }],
    ['CSRF protection', { guard: onPost(answer(403)) }, { ...START_UNKNOWN,
      'routes.password': expect.stringMatching(/^unchecked: no sign-in reached passport\.authenticate\('local'\) at \S+, so the doctor does not know whether the second factor follows$/) as string,
      'routes.start': expect.stringMatching(/^unchecked: no sign-in of the doctor reached the second factor \(POST \/login is refused with HTTP 403, probably by CSRF protection or a check of the input\); other routes use the strategy: test\/doctor\/support\.ts:\d+/) as string,
      'routes.waiting-post': 'unchecked: POST /2fa is refused before it reaches the strategy (HTTP 403), probably by CSRF protection',
      'routes.callback-post': 'unchecked: POST /2fa/callback is refused before it reaches the strategy (HTTP 403), probably by CSRF protection',
    }],
    ['CSRF protection and no start', { guard: onPost(answer(403)), without: ['start'] }, { ...START_UNKNOWN,
      // A guard refuses each POST before the strategy runs. So the doctor cannot know whether the POST to the waiting page starts a second factor.
      'routes.start': 'unchecked: only the callback and the waiting page were seen to use the strategy',
      'routes.waiting-post': 'unchecked: POST /2fa is refused before it reaches the strategy (HTTP 403), probably by CSRF protection',
      'routes.callback-post': 'unchecked: POST /2fa/callback is refused before it reaches the strategy (HTTP 403), probably by CSRF protection',
    }],
    ['a login demanded on every route', { guard: (req, res, next) => (req.method === 'POST' ? next() : res.redirect('/login?next=c4n4ry')) }, {
      'routes.waiting': 'error: GET /2fa redirects to /login: this route must work before the user is signed in',
      'routes.callback': 'error: GET /2fa/callback redirects to /login: this route must work before the user is signed in',
    }],
    ['a route that fails', { instead: { waiting: () => { throw new Error('c4n4ry') } } }, { 'routes.waiting': 'error: GET /2fa fails (HTTP 500)' }],
    ['a session that is elsewhere', { sessionPath: '/account' }, {
      'routes.waiting': 'error: GET /2fa fails without a session (HTTP 500)',
      'routes.waiting-post': 'error: POST /2fa fails without a session (HTTP 500)',
      'routes.callback': 'error: GET /2fa/callback fails without a session (HTTP 500)',
      'routes.callback-post': 'error: POST /2fa/callback fails without a session (HTTP 500)',
      'session.http-only': 'unchecked: express-session did not run for any of the routes',
      'session.secure': 'unchecked: express-session did not run for any of the routes',
      'session.same-site': 'unchecked: express-session did not run for any of the routes',
      'session.trust-proxy': 'unchecked: express-session did not run for any of the routes',
    }],
    ['no session at all', { without: ['session'] }, {
      ...Object.fromEntries(SESSION.map((check) => [check, NO_SESSION])),
      'routes.status': 'unchecked: the status endpoint is at /2fa/status; the doctor cannot see whether a session runs before it',
      'routes.waiting': 'error: GET /2fa fails (SESSION_REQUIRED, HTTP 500)',
      'routes.waiting-post': 'error: POST /2fa fails (SESSION_REQUIRED, HTTP 500)',
      'routes.callback': 'error: GET /2fa/callback fails (SESSION_REQUIRED, HTTP 500)',
      'routes.callback-post': 'error: POST /2fa/callback fails (SESSION_REQUIRED, HTTP 500)',
    }],
    ['no secret', { session: { secret: undefined as never } }, {
      'routes.password': expect.stringMatching(/^unchecked: no sign-in reached passport\.authenticate\('local'\) at \S+, so the doctor does not know whether the second factor follows$/) as string,
      'routes.start': expect.stringMatching(/^unchecked: no sign-in of the doctor reached the second factor; other routes use the strategy: test\/doctor\/support\.ts:\d+/) as string,
      'routes.waiting': 'error: GET /2fa fails (HTTP 500)',
      'routes.waiting-post': 'error: POST /2fa fails (HTTP 500)',
      'routes.callback': 'error: GET /2fa/callback fails (HTTP 500)',
      'routes.callback-post': 'error: POST /2fa/callback fails (HTTP 500)',
      'session.secret': 'error: session() has no secret',
      'session.http-only': 'unchecked: express-session ran, but created no session',
      'session.secure': 'unchecked: express-session ran, but created no session',
      'session.same-site': 'unchecked: express-session ran, but created no session',
      'session.trust-proxy': 'unchecked: express-session ran, but created no session',
    }],
    ['a route that breaks off', { instead: { waiting: breaksOff } }, { 'routes.waiting': 'error: GET /2fa does not answer within 5 s' }],
    ['resave', { session: { resave: true } }, { 'session.resave': 'warning: resave is true: a slow response may restore data that a faster response has removed from the session' }],
    ['no resave', { session: { resave: undefined } }, { 'session.resave': 'warning: resave is not set, which means true: a slow response may restore data that a faster response has removed from the session' }],
    ['saveUninitialized', { session: { saveUninitialized: true } }, { 'session.save-uninitialized': 'warning: saveUninitialized is true: every visitor gets a session and a cookie' }],
    ['a short secret', { session: { secret: 'c4n4ry' } }, { 'session.secret': 'warning: the secret has fewer than 32 characters: an attacker who guesses the secret can sign cookies' }],
    ['a short key', { session: { secret: Buffer.from('c4n4ry') } }, { 'session.secret': 'warning: the secret has fewer than 32 characters: an attacker who guesses the secret can sign cookies' }],
    ['a short secret among long ones', { session: { secret: [SECRET, 'c4n4ry'] } }, { 'session.secret': 'warning: the secret has fewer than 32 characters: an attacker who guesses the secret can sign cookies' }],
    ['a cookie for scripts', { session: { cookie: { httpOnly: false, sameSite: 'lax' } } }, { 'session.http-only': 'error: scripts can read the session cookie' }],
    ['no sameSite', { session: { cookie: {} } }, { 'session.same-site': 'warning: sameSite is not set; browsers differ in what they assume' }],
    ['sameSite none, not secure', { session: { cookie: { sameSite: 'none' } } }, { 'session.same-site': 'error: sameSite is none without secure: browsers reject such a cookie' }],
    ['sameSite none, secure', { trustProxy: 1, session: { cookie: { sameSite: 'none', secure: true } } }, { 'session.same-site': 'warning: sameSite is none: browsers send the session cookie with forms of other sites' }],
    ['secure without a trusted proxy', { session: { cookie: { secure: true, sameSite: 'strict' } } }, { ...NO_COOKIE, 'session.trust-proxy': 'error: the session cookie is for https only, but the app does not trust a TLS proxy, so the app never sends the cookie' }],
    ['secure, and told not to believe', { trustProxy: 1, session: { proxy: false, cookie: { secure: true, sameSite: true } } }, { ...NO_COOKIE, 'session.trust-proxy': 'error: the session cookie is for https only, but the app does not trust a TLS proxy, so the app never sends the cookie' }],
    ['a session store that fails', { ...production, session: { ...production.session, store: storeWith({ set: (_id, _session, done) => done?.(Object.assign(new Error('ERR syntax error'), { name: 'ReplyError' })) }) } }, { ...NOT_KEPT, 'session.store': 'error: the session store fails (ReplyError)' }],
    ['a session store that keeps nothing', { ...production, session: { ...production.session, store: storeWith({ set: (_id, _session, done) => done?.() }) } }, { ...NOT_KEPT, 'session.store': 'error: the session store does not keep a session' }],
    ['memory in production', { ...production, session: { ...production.session, store: undefined } }, { 'session.store': 'warning: sessions are kept in the memory of one process, and are lost when the process ends' }],
    ['the MemoryLedger in production', { ...production, strategy: {} }, { 'ledger.kind': 'warning: the strategy uses the MemoryLedger, which works for a single process only' }],
    ['a short secret in production', { ...production, session: { ...production.session, secret: 'c4n4ry' } }, { 'session.secret': 'error: the secret has fewer than 32 characters: an attacker who guesses the secret can sign cookies' }],
    ['plain http in production', { ...production, session: { ...production.session, cookie: { sameSite: 'lax' } } }, { 'session.secure': 'error: the session cookie may be sent over plain http' }],
    ['plain cookies over TLS of its own', { tls: true }, { 'session.secure': 'error: the session cookie may be sent over plain http' }],
    ['secure: auto without a trusted proxy', { ...production, trustProxy: false, session: { ...production.session, cookie: { sameSite: 'lax', secure: 'auto' } } }, { 'session.secure': 'error: the session cookie may be sent over plain http' }],
    ['an old Passport', { passport: { name: 'passport', version: '0.5.3' } }, { 'app.passport': 'error: Passport 0.5.3 does not change the session id at sign-in (CVE-2022-25896)' }],
    ['a new Passport', { passport: { name: 'passport', version: '1.0.0' } }, { 'app.passport': 'warning: Passport 1.0.0 is newer than the versions that this package was tested with' }],
    ['a Passport to come', { passport: { name: 'passport', version: '0.8.0' } }, { 'app.passport': 'warning: Passport 0.8.0 is newer than the versions that this package was tested with' }],
    ['a ledger that is down', ledger(async () => { throw new Error('c4n4ry') }), { 'ledger.claims': 'error: the ledger does not answer, so no user can sign in' }],
    ['a ledger that lets both in', ledger(async () => true), { 'ledger.claims': 'error: of two simultaneous claims both succeed' }],
    ['a ledger that lets none in', ledger(async () => false), { 'ledger.claims': 'error: of two simultaneous claims none succeeds' }],
    ['a ledger that does not forget', { strategy: { ledger: Object.assign(new MemoryLedger(), { forget: async () => undefined }) } }, { 'ledger.forget': 'error: the ledger does not delete keys, so approved starts still count and legitimate users are refused' }],
    ['a ledger that does not count', { strategy: { ledger: Object.assign(new MemoryLedger(), { count: async () => 1 }) } }, { 'ledger.counts': 'error: the ledger does not count, so requests and codes are not limited' }],
    ['a ledger that may not count', { strategy: { ledger: Object.assign(new MemoryLedger(), { count: async () => { throw new Error('NOPERM c4n4ry') } }) } }, { 'ledger.counts': 'error: the ledger does not count (NOPERM), so no user can sign in with a code or set up a factor' }],
    ['a ledger that may not delete', { strategy: { ledger: Object.assign(new MemoryLedger(), { forget: async () => { throw new Error('NOPERM c4n4ry') } }) } }, { 'ledger.forget': 'error: the ledger does not delete keys (NOPERM), so approved starts still count and legitimate users are refused' }],
    ['a strategy that is not registered', { unregistered: true }, { 'app.strategy': 'warning: a NevisStrategy with the factors push, sms is exported, but the app did not pass it to Passport' }],
  ])('%s › gives that finding and no other, and a remedy', async (_name, fault, troubles) => {
    const silent = jest.spyOn(console, 'warn').mockImplementation()
    const findings = await findingsOf(simulator, fault)
    silent.mockRestore()
    expect(troublesIn(findings)).toEqual(troubles)
    for (const one of findings) if (one.level !== 'ok') expect(one.remedy).toMatch(/\w{3}/)
    expect(JSON.stringify(findings)).not.toContain('c4n4ry')
  })
})

it.each([
  ['42P01', /^the table of the ledger does not exist: call await ledger\.createTable\(\) once/],
  ['42501', /^check the connection of the ledger, and the permissions of its database user$/],
])('a ledger that fails with the code %s of PostgreSQL › gets a remedy for this code', async (code, remedy) => {
  const query = () => Promise.reject(Object.assign(new Error('c4n4ry'), { code }))
  const findings = await findingsOf(simulator, { strategy: { ledger: new PostgresLedger({ query }) } })
  expect(findings.find(({ check }) => check === 'ledger.claims')).toEqual({ check: 'ledger.claims', level: 'error', finding: `the ledger does not answer (${code}), so no user can sign in`, remedy: expect.stringMatching(remedy) as string })
})

describeWithRedis('a RedisLedger whose Redis forbids EVAL', () => {
  it.each<[string, string, string[]]>([
    ['by ACL', 'NOPERM', []],
    ['by rename-command', 'ReplyError', ['--rename-command', 'EVAL', '']],
  ])('%s › gets a finding that names EVAL', async (_how, word, options) => {
    const server = closing(await RedisServer.start(...options))
    const redis = new IoRedis(server.path)
    if (options.length === 0) {
      await redis.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '+@all', '-eval')
      await redis.auth('app', 'secret')
    }
    const findings = await findingsOf(simulator, { strategy: { ledger: new RedisLedger(redis) } })
    redis.disconnect()
    expect(troublesIn(findings)).toEqual({ 'ledger.counts': `error: the ledger does not count (${word}), so no user can sign in with a code or set up a factor` })
    expect(remediesIn(findings)['ledger.counts']).toBe('the ledger counts with the Redis command EVAL: allow EVAL, INCR and EXPIRE for its Redis user (docs/guides/ledgers.md, "Redis")')
  })
})

describe('an address outside of ASCII', () => {
  it.each<[string, Check, string, string]>([
    ['waitingURL', 'routes.waiting', '/2fa', 'the waiting page is at /best%C3%A4tigung'],
    ['statusURL', 'routes.status', '/2fa/status', 'the status endpoint is at /best%C3%A4tigung'],
    ['callbackURL', 'routes.callback', '/2fa/callback', 'the callback is at /best%C3%A4tigung'],
  ])('as %s › is found, percent-encoded as a browser requests it', async (option, check, route, finding) => {
    const path = '/bestätigung'
    const first: RequestHandler = (req, _res, next) => {
      if (decodeURI(req.path) === path) req.url = route + req.url.slice(req.path.length)
      next()
    }
    const findings = await findingsOf(simulator, { strategy: { [option]: path }, first })
    expect(findings.find((one) => one.check === check)).toEqual({ check, level: 'ok', finding })
  })
})

describe('a callback that answers by itself', () => {
  it.each([
    [400, 'is answered by another handler (HTTP 400)'],
    [403, 'is refused (HTTP 403): this route must work before the user is signed in'],
    [419, 'is answered by another handler (HTTP 419)'],
    [422, 'is answered by another handler (HTTP 422)'],
  ])('with %i › is an error for a GET, but may be right for a form', async (status, text) => {
    expect(troublesIn(await findingsOf(simulator, { instead: { callback: answer(status) } }))).toEqual({
      'routes.callback': `error: GET /2fa/callback ${text}`,
      'routes.callback-post': `unchecked: POST /2fa/callback is refused before it reaches the strategy (HTTP ${status}), probably by CSRF protection`,
    })
  })

  it('with a redirect back to itself › may be right for a form', async () => {
    const guard = onPost((req, res, next) => (req.path.startsWith('/2fa') ? res.redirect(req.path) : next()))
    expect(troublesIn(await findingsOf(simulator, { guard }))).toEqual({
      'routes.waiting-post': 'unchecked: POST /2fa is refused before it reaches the strategy (HTTP 302), probably by CSRF protection',
      'routes.callback-post': 'unchecked: POST /2fa/callback is refused before it reaches the strategy (HTTP 302), probably by CSRF protection',
    })
  })

  it('with a redirect to another page › is an error for both, as with a login guard', async () => {
    const guard: RequestHandler = (req, res, next) => (req.path.startsWith('/2fa') ? res.redirect('/login') : next())
    expect(troublesIn(await findingsOf(simulator, { guard }))).toMatchObject(Object.fromEntries([['waiting', 'GET /2fa'], ['waiting-post', 'POST /2fa'], ['callback', 'GET /2fa/callback'], ['callback-post', 'POST /2fa/callback']].map(([check, request]) =>
      [`routes.${check}`, `error: ${request} redirects to /login: this route must work before the user is signed in`])))
  })

  it.each([
    [300, 'is refused (HTTP 300): this route must work before the user is signed in'],
    [399, 'is refused (HTTP 399): this route must work before the user is signed in'],
    [401, 'is refused (HTTP 401): this route must work before the user is signed in'],
    [299, 'is answered by another handler (HTTP 299)'],
    [404, 'is missing (HTTP 404)'],
    [405, 'is missing (HTTP 405)'],
    [500, 'fails (HTTP 500)'],
  ])('with %i › is an error for both', async (status, text) => {
    expect(troublesIn(await findingsOf(simulator, { instead: { callback: answer(status) } }))).toEqual({
      'routes.callback': `error: GET /2fa/callback ${text}`,
      'routes.callback-post': `error: POST /2fa/callback ${text}`,
    })
  })
})

describe('an app with another session', () => {
  const others = SESSION.filter((check) => !['session.http-only', 'session.secure', 'session.same-site'].includes(check))
  const kept = { save: (done: () => void) => done() }
  const made = (...cookies: string[]): Fault => ({
    without: ['session'],
    first: (req, res, next) => {
      Object.assign(req, { session: kept })
      res.setHeader('Set-Cookie', ['_csrf=c4n4ry; Path=/', ...cookies.map((cookie) => `sid=c4n4ry; ${cookie}`)])
      next()
    },
  })

  it('judges its cookie, and says what it cannot see', async () => {
    const findings = await findingsOf(simulator, made('HttpOnly; SameSite=Lax'))
    expect(troublesIn(findings)).toEqual({ ...Object.fromEntries(others.map((check) => [check, NO_SESSION])), 'routes.status': 'unchecked: the status endpoint is at /2fa/status; the doctor cannot see whether a session runs before it', 'routes.session': 'error: the app never calls passport.session(), so after the second factor no request knows who is signed in' })
    expect(remediesIn(findings)['session.store']).toBe('check the options of your session yourself, with docs/guides/doctor.md')
    expect(JSON.stringify(findings)).not.toContain('c4n4ry')
  })

  it.each([
    ['SameSite=Lax', { 'session.http-only': 'error: scripts can read the session cookie' }],
    ['HttpOnly', { 'session.same-site': 'warning: sameSite is not set; browsers differ in what they assume' }],
    ['HttpOnly; SameSite=None; Secure', { 'session.same-site': 'warning: sameSite is none: browsers send the session cookie with forms of other sites' }],
  ])('finds the fault in: %s', async (cookie, trouble) => {
    expect(troublesIn(await findingsOf(simulator, made(cookie)))).toMatchObject(trouble)
  })

  it('finds the fault in one cookie of two', async () => {
    const findings = await findingsOf(simulator, { ...made('HttpOnly; Secure; SameSite=Strict', 'Path=/'), production: true, strategy: { ledger: shared } })
    expect(troublesIn(findings)).toMatchObject({
      'session.http-only': 'error: scripts can read the session cookie',
      'session.secure': 'error: the session cookie may be sent over plain http',
      'session.same-site': 'warning: sameSite is not set; browsers differ in what they assume',
    })
    // The app may be a Koa or Fastify app, where advice for Express would be wrong.
    const guide = 'in the options of your session cookie; docs/guides/hosts shows them, and what to set behind a TLS proxy, for Fastify, Koa and NestJS'
    expect(remediesIn(findings)).toMatchObject({ 'session.http-only': `httpOnly: true ${guide}`, 'session.secure': `secure: true ${guide}`, 'session.same-site': `sameSite: 'lax' ${guide}` })
  })

  it('has no cookie to judge where the callback breaks off', async () => {
    const findings = await findingsOf(simulator, { ...made('HttpOnly'), instead: { callback: breaksOff } })
    expect(troublesIn(findings)).toMatchObject(Object.fromEntries(SESSION.map((check) => [check, NO_SESSION])))
  })
})

describe('an app with two strategies', () => {
  it('has the findings of each under its name', async () => {
    const observer = new AppObserver()
    const options = { baseURL: simulator.baseURL, accessKey: simulator.accessKey, factors: [push()], waitingURL: '/a', callbackURL: '/a/b', statusURL: '/a/c', ledger: new MemoryLedger() }
    for (const name of ['nevis', 'payments']) observer.register(new NevisStrategy({ ...options, name }, async () => false))
    const findings = await appFindings({ origin: await originOf(express()), observer }, false)
    const missing = findings.filter(({ check }) => check === 'routes.callback')
    expect(missing.map(({ strategy, level }) => [strategy, level])).toEqual([['nevis', 'error'], ['payments', 'error']])
    expect(findings.filter(({ check }) => check === 'app.loaded')).toHaveLength(1)
    expect(remediesIn(findings.filter(({ strategy }) => strategy === 'payments'))).toEqual({
      'app.strategy': 'run the doctor on the app before it is bundled', // in this test, no Passport was observed
      'routes.password': 'check that no route signs users in after the password alone: npx passport-nevis init lists the places',
      'routes.start': "sign in once; if no second factor starts, add the strategy after the password: app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('payments'))",
      'routes.waiting': "app.get('/a', waitingPage(nevis))",
      'routes.waiting-post': "app.post('/a', passport.authenticate('payments'))",
      'routes.status': "app.get('/a/c', statusEndpoint(nevis))",
      'routes.callback': "app.all('/a/b', passport.authenticate('payments'), recordSecondFactor(), …)",
    })
  })
})

describe('the report of a probe', () => {
  const facts = { 'status.sms.verified.http': '404', 'status.sms.verified.fields': ['status: HTTP status'] }
  const report: ReportOfProbe = { stages: ['quiet', 'sms'], answers: [], unexplained: [], failed: [], obstacle: undefined, facts }

  it.each([['one Nevis instance', false, ['error', 'ok']], ['several Nevis instances', true, ['unchecked']]] as const)('in an app with two strategies of %s › is compared with the options only if the instance is certain', async (_name, isOther, levels) => {
    const other = closing(await NevisSimulator.start())
    const observer = new AppObserver()
    const options = { accessKey: simulator.accessKey, waitingURL: '/a', callbackURL: '/a/b', statusURL: '/a/c', ledger: new MemoryLedger() }
    observer.register(new NevisStrategy({ ...options, baseURL: simulator.baseURL, factors: [sms({ requireIntrospection: true })], name: 'one' }, async () => false))
    observer.register(new NevisStrategy({ ...options, baseURL: isOther ? other.baseURL : simulator.baseURL, factors: [push()], name: 'two' }, async () => false))
    const findings = await appFindings({ origin: await originOf(express()), observer }, false, undefined, report)
    expect(findings.filter(({ check }) => check === 'cloud.probe').map(({ level }) => level)).toEqual(levels)
  })
})

describe('the ledgers of two strategies', () => {
  const ledgersOf = async (...own: Partial<NevisStrategyOptions>[]) => {
    const observer = new AppObserver()
    const options = { baseURL: simulator.baseURL, accessKey: simulator.accessKey, factors: [push()], waitingURL: '/a', callbackURL: '/a/b', statusURL: '/a/c' }
    for (const [at, one] of own.entries()) observer.register(new NevisStrategy({ ...options, ...one, name: `nevis-${at}` }, async () => false))
    const findings = await appFindings({ origin: await originOf(express()), observer }, false)
    return findings.filter(({ check }) => check === 'ledger.kind').map(({ level, finding }) => `${level}: ${finding.slice(0, 75)}`)
  }
  const FINE = 'ok: the strategy uses the MemoryLedger: fine for development'

  it('of one Nevis instance must be the same', async () => {
    const separate = (name: string) => `error: the strategy "${name}" uses the same Nevis instance and another ledger, so `
    expect(await ledgersOf({}, {})).toEqual([separate('nevis-1'), separate('nevis-0')])
    const ledger = new MemoryLedger()
    expect(await ledgersOf({ ledger }, { ledger })).toEqual([FINE, FINE])
  })

  it('of two Nevis instances may differ', async () => {
    const other = closing(await NevisSimulator.start())
    expect(await ledgersOf({}, { baseURL: other.baseURL, accessKey: other.accessKey })).toEqual([FINE, FINE])
  })
})

describe('an app that could load two Passports', () => {
  it('is judged by the one that it uses', async () => {
    const observer = new AppObserver()
    class Used extends Passport {}
    observer.watchPassport({ name: 'passport', version: '0.7.0' }, class extends Passport {}.prototype)
    observer.watchPassport({ name: 'passport', version: '0.5.3' }, Used.prototype)
    const options = { baseURL: simulator.baseURL, accessKey: simulator.accessKey, factors: [push()], waitingURL: '/a', callbackURL: '/a/b', statusURL: '/a/c' }
    new Used().use(new NevisStrategy(options, async () => false))
    const findings = await appFindings({ origin: await originOf(express()), observer }, false)
    expect(troublesIn(findings)['app.passport']).toBe('error: Passport 0.5.3 does not change the session id at sign-in (CVE-2022-25896)')
  })
})

describe('an app without a strategy', () => {
  it('says so, and that nothing else was checked', async () => {
    const findings = await appFindings({ origin: await originOf(express()), observer: new AppObserver() }, false)
    expect(troublesIn(findings)).toMatchObject({ 'app.strategy': 'error: the app registers no NevisStrategy', 'app.passport': 'unchecked: the doctor found no Passport in the app' })
    expect(findings.map(({ check }) => check)).toEqual([...CHECKS])
    expect(findings.find(({ check }) => check === 'routes.callback')).toEqual({ check: 'routes.callback', level: 'unchecked', finding: 'there is no strategy to check', remedy: 'see app.strategy' })
    expect(remediesIn(findings)).toMatchObject({ 'app.passport': 'npm install passport', 'app.strategy': 'if the app has no second factor yet, npx passport-nevis init adds it: docs/guides/init.md. Otherwise call passport.use(nevis), or export the strategy next to the app. The doctor waits 5 s for the strategy; if you name the file that starts the app, and its code uses passport-nevis, the doctor waits 60 s' })
  })

  it('whose strategy is exported, and whose Passport is bundled › is not called wrong', async () => {
    const observer = new AppObserver()
    observer.register(new NevisStrategy({ baseURL: simulator.baseURL, accessKey: simulator.accessKey, factors: [push()], waitingURL: '/2fa' }, async () => false))
    const findings = await appFindings({ origin: await originOf(express()), observer }, false)
    expect(troublesIn(findings)).toMatchObject({
      'app.passport': 'unchecked: the doctor saw no use of Passport: perhaps a bundler has put Passport into the file of the app',
      'app.strategy': 'unchecked: a NevisStrategy with the factors push is exported; the doctor cannot see whether the app passes it to Passport',
    })
    expect(JSON.stringify(findings)).not.toContain('npm install passport')
  })
})

describe('an app that takes no POST to the callback', () => {
  const guard: RequestHandler = (req, res, next) => (req.path === '/2fa/callback' ? onPost(answer(404))(req, res, next) : next())
  const factor = (prompts: Partial<Factor>): Factor => ({ ...push(), name: 'own', ...prompts })

  it('needs none if its only factor is push', async () => {
    const findings = await findingsOf(simulator, { strategy: { factors: [push()] }, guard })
    expect(troublesIn(findings)).toEqual({})
    expect(textsIn(findings)['routes.callback-post']).toBe('no factor of this app posts to the callback')
  })

  it.each([
    ['a code', { prompt: 'code', enrollPrompt: 'wait' } as const],
    ['a confirmation', { prompt: 'wait', enrollPrompt: 'confirm' } as const],
  ])('needs one if a factor has %s to send', async (_name, prompts) => {
    const findings = await findingsOf(simulator, { strategy: { factors: [push(), factor(prompts)] }, guard })
    expect(troublesIn(findings)).toEqual({ 'routes.callback-post': 'error: POST /2fa/callback is missing (HTTP 404)' })
  })
})

function waitingAll(): RequestHandler {
  return onPost((req, res, next) => (req.path === '/2fa' ? void res.writeHead(405).end() : next()))
}
