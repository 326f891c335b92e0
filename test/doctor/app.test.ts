/** What the doctor says of an app: well, and with each fault once; always over HTTP. */
import express, { type RequestHandler } from 'express'
import { NevisStrategy, push, RedisLedger, type Ledger } from '../../src'
import { appFindings } from '../../src/doctor/app-checks'
import { CHECKS, type Check } from '../../src/doctor/findings'
import { Witness } from '../../src/doctor/witness'
import { NevisSimulator } from '../../src/simulator'
import { closeServers, findingsOf, originOf, SECRET, troublesIn, type Fault } from './support'

let simulator: NevisSimulator
beforeEach(async () => void (simulator = await NevisSimulator.start()))
afterEach(async () => {
  await closeServers()
  await simulator.close()
})

const answer = (status: number, headers: Record<string, string> = {}): RequestHandler => (_req, res) => void res.writeHead(status, headers).end('another')
const onPost = (handler: RequestHandler): RequestHandler => (req, res, next) => (req.method === 'POST' ? handler(req, res, next) : next())
const shared = new RedisLedger({ call: async () => { shared.taken = !shared.taken; return shared.taken ? 'OK' : null } }) as RedisLedger & { taken?: boolean }
const sessionStore = { on() {}, generate() {}, get: (_id: string, done: () => void) => done(), set: (_id: string, _s: unknown, done: () => void) => done() }
class SharedStore { constructor() { Object.assign(this, sessionStore) } }
const production = { production: true, trustProxy: 1, strategy: { ledger: shared }, session: { store: new SharedStore() as never, cookie: { secure: true, sameSite: 'lax' as const } } }
const ledger = (claim: Ledger['claim']): Fault => ({ strategy: { ledger: { claim, count: async () => 1 } } })

describe('an app that is well', () => {
  it('gives every check one finding, none of them a trouble', async () => {
    const findings = await findingsOf(simulator)
    expect(troublesIn(findings)).toEqual({})
    expect(findings.map(({ check }) => check).sort()).toEqual([...CHECKS].sort())
  })

  it('is well in production, too', async () => {
    const findings = await findingsOf(simulator, production)
    expect(troublesIn(findings)).toEqual({})
    const told = Object.fromEntries(findings.map(({ check, finding }) => [check, finding]))
    expect(told).toMatchObject({ 'session.store': 'sessions are in a SharedStore', 'ledger.kind': 'the strategy has a RedisLedger', 'session.trust-proxy': 'the app believes the TLS proxy in front' })
  })

  it('is well in production with secure: auto, because it is asked as behind a TLS proxy', async () => {
    const cookie = { secure: 'auto', sameSite: 'lax' } as const
    expect(troublesIn(await findingsOf(simulator, { ...production, session: { ...production.session, cookie } }))).toEqual({})
  })

  it('notifies nobody: Nevis gets a ping and an introspection', async () => {
    await findingsOf(simulator)
    expect(simulator.requests.map(({ operation }) => operation)).toEqual(['ping', 'introspect'])
  })
})

describe('an app with one fault', () => {
  it.each<[string, Fault, Partial<Record<Check, string>>]>([
    ['no status route', { without: ['status'] }, { 'routes.status': 'error: GET /2fa/status is missing (HTTP 404)' }],
    ['another status route', { instead: { status: answer(200) } }, { 'routes.status': 'error: GET /2fa/status is answered by something else (HTTP 200)' }],
    ['a status behind the session', { statusLast: true }, { 'routes.status': 'warning: the status at /2fa/status is behind the session, which it keeps alive and may write back' }],
    ['no waiting page', { without: ['waiting'] }, { 'routes.waiting': 'error: GET /2fa is missing (HTTP 404)' }],
    ['no POST to the waiting page', { without: ['choose'] }, { 'routes.waiting-post': 'error: POST /2fa is missing (HTTP 404)' }],
    ['a waiting page for all methods', { without: ['choose'], guard: waitingAll() }, { 'routes.waiting-post': 'error: POST /2fa is missing (HTTP 405)' }],
    ['no callback', { without: ['callback'] }, { 'routes.callback': 'error: GET /2fa/callback is missing (HTTP 404)', 'routes.callback-post': 'error: POST /2fa/callback is missing (HTTP 404)' }],
    ['a callback that asks nobody', { instead: { callback: answer(200) } }, { 'routes.callback': 'error: GET /2fa/callback is answered by something else (HTTP 200)', 'routes.callback-post': 'error: POST /2fa/callback is answered by something else (HTTP 200)' }],
    ['no start', { without: ['start'] }, { 'routes.start': 'unchecked: no place but the callback and the waiting page was seen to ask the strategy' }],
    ['CSRF protection', { guard: onPost(answer(403)) }, {
      'routes.waiting-post': 'unchecked: POST /2fa is refused before the strategy (HTTP 403), as a CSRF protection would',
      'routes.callback-post': 'unchecked: POST /2fa/callback is refused before the strategy (HTTP 403), as a CSRF protection would',
    }],
    ['CSRF protection and no start', { guard: onPost(answer(403)), without: ['start'] }, {
      'routes.start': 'unchecked: no place but the callback and the waiting page was seen to ask the strategy',
      'routes.waiting-post': 'unchecked: POST /2fa is refused before the strategy (HTTP 403), as a CSRF protection would',
      'routes.callback-post': 'unchecked: POST /2fa/callback is refused before the strategy (HTTP 403), as a CSRF protection would',
    }],
    ['a login demanded of everybody', { guard: (req, res, next) => (req.method === 'POST' ? next() : res.redirect('/login?next=c4n4ry')) }, {
      'routes.waiting': 'error: GET /2fa is barred (HTTP 302, to /login): nobody is signed in yet when it is needed',
      'routes.callback': 'error: GET /2fa/callback is barred (HTTP 302, to /login): nobody is signed in yet when it is needed',
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
    ['a route that breaks off', { instead: { waiting: (req) => void req.socket.destroy() } }, { 'routes.waiting': 'error: GET /2fa does not answer within 5 s' }],
    ['resave', { session: { resave: true } }, { 'session.resave': 'warning: resave is true: a slow answer may put back what a faster one has removed from the session' }],
    ['no resave', { session: { resave: undefined } }, { 'session.resave': 'warning: resave is not set, which means true: a slow answer may put back what a faster one has removed from the session' }],
    ['saveUninitialized', { session: { saveUninitialized: true } }, { 'session.save-uninitialized': 'warning: saveUninitialized is true: every visitor gets a session and a cookie' }],
    ['a short secret', { session: { secret: 'c4n4ry' } }, { 'session.secret': 'warning: the secret has fewer than 32 characters: whoever guesses it can sign cookies' }],
    ['a short secret among long ones', { session: { secret: [SECRET, 'c4n4ry'] } }, { 'session.secret': 'warning: the secret has fewer than 32 characters: whoever guesses it can sign cookies' }],
    ['a cookie for scripts', { session: { cookie: { httpOnly: false, sameSite: 'lax' } } }, { 'session.http-only': 'error: scripts can read the session cookie' }],
    ['no sameSite', { session: { cookie: {} } }, { 'session.same-site': 'warning: sameSite is not set: not every browser takes that for lax' }],
    ['sameSite none, not secure', { session: { cookie: { sameSite: 'none' } } }, { 'session.same-site': 'error: sameSite is none without secure: browsers drop such a cookie' }],
    ['sameSite none, secure', { trustProxy: 1, session: { cookie: { sameSite: 'none', secure: true } } }, { 'session.same-site': 'warning: sameSite is none: forms of other sites are sent with the session' }],
    ['secure without a trusted proxy', { session: { cookie: { secure: true, sameSite: 'strict' } } }, { 'session.trust-proxy': 'error: the session cookie is for https only, but the app believes no TLS proxy: it never sends the cookie' }],
    ['secure, and told not to believe', { trustProxy: 1, session: { proxy: false, cookie: { secure: true, sameSite: true } } }, { 'session.trust-proxy': 'error: the session cookie is for https only, but the app believes no TLS proxy: it never sends the cookie' }],
    ['memory in production', { ...production, session: { ...production.session, store: undefined } }, { 'session.store': 'warning: sessions are in the memory of one process, and lost with it' }],
    ['the MemoryLedger in production', { ...production, strategy: {} }, { 'ledger.kind': 'warning: the strategy runs on the MemoryLedger, which is good for one process only' }],
    ['a short secret in production', { ...production, session: { ...production.session, secret: 'c4n4ry' } }, { 'session.secret': 'error: the secret has fewer than 32 characters: whoever guesses it can sign cookies' }],
    ['plain http in production', { ...production, session: { ...production.session, cookie: { sameSite: 'lax' } } }, { 'session.secure': 'error: the session cookie may go over plain http' }],
    ['secure: auto without a trusted proxy', { ...production, trustProxy: false, session: { ...production.session, cookie: { sameSite: 'lax', secure: 'auto' } } }, { 'session.secure': 'error: the session cookie may go over plain http' }],
    ['an old Passport', { passport: { name: 'passport', version: '0.5.3' } }, { 'app.passport': 'error: Passport 0.5.3 keeps the session id at a login (CVE-2022-25896)' }],
    ['a new Passport', { passport: { name: 'passport', version: '1.0.0' } }, { 'app.passport': 'warning: Passport 1.0.0 is newer than this package was tried with' }],
    ['a ledger that is down', ledger(async () => { throw new Error('c4n4ry') }), { 'ledger.claims': 'error: the ledger does not answer: nobody is let in' }],
    ['a ledger that lets both in', ledger(async () => true), { 'ledger.claims': 'error: of two claims at the same time both get through' }],
    ['a ledger that lets none in', ledger(async () => false), { 'ledger.claims': 'error: of two claims at the same time none gets through' }],
    ['a strategy that is not registered', { unregistered: true }, { 'app.strategy': 'warning: a NevisStrategy is exported, with push, sms, but was not seen to be given to Passport' }],
  ])('%s › gives that finding and no other, and a remedy', async (_name, fault, troubles) => {
    const silent = jest.spyOn(console, 'warn').mockImplementation()
    const findings = await findingsOf(simulator, fault)
    silent.mockRestore()
    expect(troublesIn(findings)).toEqual(troubles)
    for (const one of findings) if (one.level !== 'ok') expect(one.remedy).toMatch(/\w{3}/)
    expect(JSON.stringify(findings)).not.toContain('c4n4ry')
  })
})

describe('an app with another session', () => {
  const others = ['session.store', 'session.resave', 'session.save-uninitialized', 'session.secret', 'session.trust-proxy']
  const made = (cookie: string): Fault => ({
    without: ['session'],
    first: (req, res, next) => {
      Object.assign(req, { session: { save: (done: () => void) => done() } })
      res.setHeader('Set-Cookie', ['_csrf=c4n4ry; Path=/', `sid=c4n4ry; ${cookie}`])
      next()
    },
  })

  it('judges its cookie, and says what it cannot see', async () => {
    const findings = await findingsOf(simulator, made('HttpOnly; SameSite=Lax'))
    expect(troublesIn(findings)).toEqual(Object.fromEntries(others.map((check) => [check, 'unchecked: the app sets up no express-session that the doctor could see'])))
    expect(JSON.stringify(findings)).not.toContain('c4n4ry')
  })

  it.each([
    ['SameSite=Lax', { 'session.http-only': 'error: scripts can read the session cookie' }],
    ['HttpOnly', { 'session.same-site': 'warning: sameSite is not set: not every browser takes that for lax' }],
    ['HttpOnly; SameSite=None; Secure', { 'session.same-site': 'warning: sameSite is none: forms of other sites are sent with the session' }],
  ])('finds the fault in: %s', async (cookie, trouble) => {
    expect(troublesIn(await findingsOf(simulator, made(cookie)))).toMatchObject(trouble)
  })
})

describe('an app with two strategies', () => {
  it('has the findings of each under its name', async () => {
    const witness = new Witness()
    const options = { baseURL: simulator.baseURL, accessKey: simulator.accessKey, factors: [push()], waitingURL: '/a', callbackURL: '/a/b', statusURL: '/a/c' }
    for (const name of ['nevis', 'payments']) witness.register(new NevisStrategy({ ...options, name }, async () => false))
    const findings = await appFindings({ origin: await originOf(express()), witness }, false)
    const missing = findings.filter(({ check }) => check === 'routes.callback')
    expect(missing.map(({ strategy, level }) => [strategy, level])).toEqual([['nevis', 'error'], ['payments', 'error']])
    expect(findings.filter(({ check }) => check === 'app.loaded')).toHaveLength(1)
  })
})

describe('an app without a strategy', () => {
  it('says so, and that nothing else was checked', async () => {
    const findings = await appFindings({ origin: await originOf(express()), witness: new Witness() }, false)
    expect(troublesIn(findings)).toMatchObject({ 'app.strategy': 'error: the app registers no NevisStrategy', 'app.passport': 'unchecked: the app has no Passport that the doctor could find' })
    expect(findings.map(({ check }) => check)).toEqual([...CHECKS])
  })
})

describe('an app whose only factor is push', () => {
  it('needs no POST to the callback', async () => {
    const get = onPost(answer(404))
    const findings = await findingsOf(simulator, { strategy: { factors: [push()] }, guard: (req, res, next) => (req.path === '/2fa/callback' ? get(req, res, next) : next()) })
    expect(troublesIn(findings)).toEqual({})
  })
})

function waitingAll(): RequestHandler {
  return onPost((req, res, next) => (req.path === '/2fa' ? void res.writeHead(405).end() : next()))
}
