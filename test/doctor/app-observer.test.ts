/** Tests what the command `doctor` observes while an app configures itself. The app must not notice the observer. */
import expressSession, { type SessionOptions } from 'express-session'
import type { IncomingMessage } from 'node:http'
import { Passport } from 'passport'
import { NevisStrategy, push } from '../../src'
import { ask } from '../../src/doctor/probe'
import { sessionFindings, withUncheckedSession } from '../../src/doctor/session-checks'
import { AppObserver } from '../../src/doctor/app-observer'
import { closeServers, originOf, SECRET } from './support'

const MODULE = { name: 'passport', version: '0.7.0' }
const options = { instance: 'a', accessKey: 'key', factors: [push()], waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status' }
const nevis = new NevisStrategy(options, async () => false)

describe('Passport', () => {
  function watched() {
    const observer = new AppObserver()
    class Watched extends Passport {}
    observer.watchPassport(MODULE, Watched.prototype)
    return { observer, passport: new Watched() }
  }

  it('knows a strategy by its own name, or by the one that the app gives it', () => {
    const { observer, passport } = watched()
    const payments = new NevisStrategy(options, async () => false)
    passport.use(nevis)
    passport.use('payments', payments)
    passport.use('signing', payments)
    expect(observer.registered).toEqual([
      { name: 'nevis', otherNames: [], strategy: nevis, passport: MODULE },
      { name: 'payments', otherNames: ['signing'], strategy: payments, passport: MODULE },
    ])
    passport.authenticate('signing')
    expect(observer.strategyCalls.map((call) => observer.isNevis(call))).toEqual([true])
  })

  it('has a strategy once, even if the app exports it, too', () => {
    const { observer, passport } = watched()
    passport.use(nevis)
    observer.register(nevis)
    expect(observer.registered).toHaveLength(1)
  })

  it.each([
    ['no object', undefined],
    ['another strategy', { name: 'local', authenticate() {} }],
    ['something else with settings', { name: 'other', settings: {} }],
    ['something else with a client', { name: 'other', settings: { client: {} } }],
    ['something else with a status', { name: 'other', settings: { statusURL: '/2fa/status' } }],
  ])('has no strategy of this package in %s', (_name, other) => {
    const { observer } = watched()
    observer.register(other)
    expect(observer.registered).toEqual([])
  })

  it.each(['authenticate', 'authorize'] as const)('is seen to ask by %s, and to have asked', (method) => {
    const { observer, passport } = watched()
    passport.use('other', { name: 'other', authenticate(this: { pass(): void }) { this.pass() } } as never)
    const guard = passport[method](['nevis', 'other'], { session: false }) as (...args: unknown[]) => void
    const other = passport[method]('other') as (...args: unknown[]) => void
    expect(observer.strategyCalls).toMatchObject([{ asks: ['nevis', 'other'], signsIn: false, hasCallback: false, hasRun: false }, { asks: ['other'], signsIn: method === 'authenticate', hasRun: false }])
    expect(observer.strategyCalls[0]?.place).toMatch(/^test\/doctor\/app-observer\.test\.ts:\d+$/)
    const next = jest.fn()
    other({}, {}, next)
    expect(next).toHaveBeenCalledWith()
    expect(observer.strategyCalls.map(({ hasRun }) => hasRun)).toEqual([false, true])
    expect(guard).toBeInstanceOf(Function)
  })

  it('of a framework whose middleware is no function works as before, in no place that is known', () => {
    const observer = new AppObserver()
    class Framework { use() { return this } authenticate(name: string) { return { asks: name } } authorize() { return undefined } }
    observer.watchPassport(MODULE, Framework.prototype)
    const framework = new Framework()
    expect(framework.use()).toBe(framework)
    expect([framework.authenticate('nevis'), framework.authorize()]).toEqual([{ asks: 'nevis' }, undefined])
    expect(observer.strategyCalls).toEqual([])
  })
})

describe('express-session in a host that is not Express', () => {
  afterEach(closeServers)
  const good: SessionOptions = { secret: SECRET, resave: false, saveUninitialized: false, cookie: { sameSite: 'lax' } }
  const setup = [
    { check: 'session.store', level: 'ok', finding: 'sessions are kept in memory: fine for development' },
    { check: 'session.resave', level: 'ok', finding: 'resave is false' },
    { check: 'session.save-uninitialized', level: 'ok', finding: 'saveUninitialized is false' },
    { check: 'session.secret', level: 'ok', finding: 'the secret has 32 characters or more' },
  ]
  const cookie = [
    { check: 'session.http-only', level: 'ok', finding: 'scripts cannot read the session cookie' },
    { check: 'session.secure', level: 'ok', finding: 'the session cookie is sent over https only' },
    { check: 'session.same-site', level: 'ok', finding: 'browsers do not send the session cookie with forms of other sites' },
  ]

  const circumstances = { isProduction: false, isTls: false, callback: undefined }

  /** Creates these session middlewares, sends one request that runs only the last of them, and returns the observer. */
  async function observerOf(sessions: readonly SessionOptions[], request: object = {}) {
    const observer = new AppObserver()
    const handlers = sessions.map((one) => observer.watchSessions(expressSession)(one))
    const origin = await originOf((req, res) => {
      const handle = handlers.at(-1) as unknown as (req: IncomingMessage, res: unknown, next: () => void) => void
      handle(Object.assign(req, request), res, () => void res.end())
    })
    await ask(origin, 'GET', '/2fa', {})
    expect(observer.sessions.at(-1)?.uses.map(({ path }) => path)).toEqual(['/2fa'])
    return observer
  }

  it.each([['no app', {}], ['an app of its own', { app: {} }]])('that gives a request %s › says nothing of a proxy', async (_name, request) => {
    const observer = await observerOf([{ ...good, cookie: { secure: true, sameSite: 'lax' } }], request)
    expect(sessionFindings(observer, circumstances)).toEqual([
      ...setup,
      ...cookie,
      {
        check: 'session.trust-proxy',
        level: 'unchecked',
        finding: 'the doctor cannot see whether the app trusts a TLS proxy',
        remedy: 'sign in once through the proxy: without a session cookie no user can sign in',
      },
    ])
  })

  it('set up twice › is judged by the one that ran', async () => {
    const findings = sessionFindings(await observerOf([{ ...good, secret: 'short' }, good]), circumstances)
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([])
    expect(findings.slice(0, setup.length)).toEqual(setup)
  })

  it('set up twice, where the one that ran made no session › says what may be the reason', async () => {
    const elsewhere = { ...good, cookie: { path: '/account' } }
    const [gap] = withUncheckedSession([], await observerOf([good, elsewhere])).slice(-1)
    expect(gap).toEqual({
      check: 'session.trust-proxy',
      level: 'unchecked',
      finding: 'express-session ran, but created no session',
      remedy: 'check the options secret and store of session(). If its option cookie has a path, the URLs of the waiting page and of the callback must begin with this path',
    })
  })

  it('that never ran › has no cookie to be judged by', () => {
    const observer = new AppObserver()
    observer.watchSessions(expressSession)(good)
    expect(sessionFindings(observer, circumstances)).toEqual(setup)
  })

  it('that is not set up, of a callback that does not answer › has nothing to be judged by', () => {
    expect(sessionFindings(new AppObserver(), circumstances)).toEqual([])
  })
})
