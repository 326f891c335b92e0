/** Tests how the package renews, reloads and saves the sessions of different web frameworks, including sessions in a cookie. */
import fastifySession, { MemoryStore } from '@fastify/session'
import Fastify, { type FastifyInstance } from 'fastify'
import { couldNotLoadSession, hasContent, isInCookie, isInSmallCookie, isStored, reloadSession, renewSession, saveSession, sessionIdOf } from '../../src/host/session'
import type { SessionLike } from '../../src/host/request'
import { Browser } from '../support/browser'
import { fastifyCookies } from '../support/fastify-cookies'
import { ShownCipher } from '../../src/trust/shown'
import type { Transaction } from '../../src/factors/transaction'
import { SessionTransactions } from '../../src/session/transactions'

interface Request {
  session: SessionLike
}

/** A request with a session. @param regenerate replaces the session, and then calls `done` or resolves, as a web framework does */
function requestWith(regenerate: (req: Request, done: (error?: unknown) => void) => unknown): Request {
  const req: Request = { session: {} }
  const session = Object.create({ regenerate: (done: (error?: unknown) => void) => regenerate(req, done), save: (done: () => void) => done() }) as SessionLike
  req.session = Object.assign(session, { cart: ['book'], passport: { user: 'anna' }, [Symbol('id')]: 'old' })
  return req
}

const fresh = (): SessionLike => ({ cookie: {} })

describe('renewSession', () => {
  it.each<[string, (req: Request, done: (error?: unknown) => void) => unknown]>([
    ['calls back', (req, done) => { req.session = fresh(); done() }],
    ['calls back later', (req, done) => { setImmediate(() => { req.session = fresh(); done() }) }],
    ['returns a promise', async (req) => { await Promise.resolve(); req.session = fresh() }],
    ['does both', async (req, done) => { req.session = fresh(); done() }],
  ])('keeps all that is in it where the host %s', async (_name, regenerate) => {
    const req = requestWith(regenerate)
    const before = req.session
    const session = await renewSession(req)
    expect(session).toBe(req.session)
    expect(session).not.toBe(before)
    expect(session).toEqual({ cookie: {}, cart: ['book'], passport: { user: 'anna' } })
    // Some web frameworks keep the session's id under a symbol. So `renewSession` must copy no property with a symbol from the old session.
    expect(Object.getOwnPropertySymbols(session)).toEqual([])
  })

  it('leaves it as it is where the host cannot renew it', async () => {
    const session: SessionLike = { cart: ['book'] }
    expect(await renewSession({ session })).toBe(session)
    const saved: SessionLike = { cart: ['book'], save: (done) => done() }
    expect(await renewSession({ session: saved })).toBe(saved)
    const shim: SessionLike = { cart: ['book'], regenerate: (done) => done(), save: (done) => done() }
    expect(await renewSession({ session: shim })).toBe(shim)
    expect(shim['cart']).toEqual(['book'])
  })

  it('leaves it as it is where it is all in a cookie: such a host empties it, and calls no function back', async () => {
    const session: SessionLike = { cart: ['book'], regenerate: () => delete session['cart'] }
    expect(await renewSession({ session })).toBe(session)
    expect(session['cart']).toEqual(['book'])
  })

  it.each<[string, (req: Request, done: (error?: unknown) => void) => unknown]>([
    ['calls back with an error', (_req, done) => done(new Error('canary'))],
    ['rejects', () => Promise.reject(new Error('canary'))],
    ['throws', () => { throw new Error('canary') }],
  ])('fails with SESSION_UNAVAILABLE where the host %s', async (_name, regenerate) => {
    await expect(renewSession(requestWith(regenerate))).rejects.toMatchObject({ name: 'StorageError', code: 'SESSION_UNAVAILABLE', message: expect.not.stringContaining('canary') })
  })
})

describe('reloadSession', () => {
  /** A request with a stored session. @param reload loads the session from the store, and then calls `done` or resolves, as a web framework does */
  const stored = (reload: (req: Request, done: (error?: unknown) => void) => unknown) => {
    const req = requestWith((one, done) => { one.session = fresh(); done() })
    const { session } = req
    Object.setPrototypeOf(session, { ...(Object.getPrototypeOf(session) as object), reload: (done: (error?: unknown) => void) => reload(req, done) })
    return req
  }
  const changed = (): SessionLike => ({ cookie: {}, cart: ['book', 'pen'] })

  it.each<[string, (req: Request, done: (error?: unknown) => void) => unknown]>([
    ['calls back', (req, done) => { req.session = changed(); done() }],
    ['calls back later', (req, done) => { setImmediate(() => { req.session = changed(); done() }) }],
    ['returns a promise', async (req) => { await Promise.resolve(); req.session = changed() }],
  ])('gives what the store has by now where the host %s', async (_name, reload) => {
    const req = stored(reload)
    const session = await reloadSession(req)
    expect(session).toBe(req.session)
    expect(session).toEqual(changed())
  })

  it('gives nothing where the store has it no more, and an empty session with another id is in its place', async () => {
    const req = stored((_req, done) => done(new Error('failed to load session')))
    const before = req.session
    expect(await reloadSession(req)).toBeUndefined()
    expect(req.session).not.toBe(before)
    expect(req.session).toEqual(fresh())
  })

  it.each<[string, (req: Request, done: (error?: unknown) => void) => unknown]>([
    ['calls back with an error', (_req, done) => done(new Error('canary'))],
    ['rejects', () => Promise.reject(new Error('canary'))],
    ['throws', () => { throw new Error('canary') }],
  ])('fails with SESSION_UNAVAILABLE where the host %s, and leaves the session in place', async (_name, reload) => {
    const req = stored(reload)
    const before = req.session
    await expect(reloadSession(req)).rejects.toMatchObject({ name: 'StorageError', code: 'SESSION_UNAVAILABLE', message: expect.not.stringContaining('canary') })
    expect(req.session).toBe(before)
  })

  it('fails where the socket of the database is missing, which is no missing session of a store of files', async () => {
    const error = { code: 'ENOENT', syscall: 'connect' }
    await expect(reloadSession(stored((_req, done) => done(error)))).rejects.toMatchObject({ code: 'SESSION_UNAVAILABLE' })
    expect(await reloadSession(stored((_req, done) => done({ ...error, syscall: 'open' })))).toBeUndefined()
  })

  it('gives the one that came with the request where the host cannot read it again, or it is all in a cookie', async () => {
    const saved: SessionLike = { cart: ['book'], save: (done) => done() }
    expect(await reloadSession({ session: saved })).toBe(saved)
    const inCookie: SessionLike = { cart: ['book'], reload: () => delete inCookie['cart'] }
    expect(await reloadSession({ session: inCookie })).toBe(inCookie)
    expect(inCookie['cart']).toEqual(['book'])
  })
})

describe('a session of @fastify/session, with its default settings', () => {
  /** A store whose method `failing` fails. */
  class FailingStore extends MemoryStore {
    failing: string | undefined
    override get = (...[id, done]: Parameters<MemoryStore['get']>) => (this.failing === 'get' ? done(new Error('down')) : super.get(id, done))
    override destroy = (...[id, done]: Parameters<MemoryStore['destroy']>) => (this.failing === 'destroy' ? done(new Error('down')) : super.destroy(id, done))
  }

  let app: FastifyInstance
  afterEach(() => app.close())

  it.each<[string, string, (req: object) => Promise<unknown>, string]>([
    ['cannot be read again', 'get', reloadSession, 'a new page'],
    ['cannot be renewed', 'destroy', renewSession, 'a page'],
  ])('is still the user\'s if it %s, also where the app writes to it afterwards', async (_name, failing, act, seen) => {
    const store = new FailingStore()
    app = Fastify({ forceCloseConnections: true })
    await app.register(fastifyCookies)
    await app.register(fastifySession, { secret: 'a secret for tests, of 32 characters', cookie: { secure: false }, store })
    app.get('/in', async ({ session }) => Object.assign(session, { user: 'anna', seen: 'a page' }) && 'in')
    app.get('/act', async (req) => {
      store.failing = failing
      const outcome = await act(req).then(() => 'done', ({ code }: { code: string }) => code)
      store.failing = undefined
      Object.assign(req.session, { seen: 'a new page' })
      return outcome
    })
    app.get('/session', async ({ session }) => session)
    const browser = new Browser(await app.listen({ host: '127.0.0.1', port: 0 }))
    await browser.get('/in')
    const before = new Map(browser.cookies)
    expect([(await browser.get('/act')).text, browser.cookies]).toEqual(['SESSION_UNAVAILABLE', before])
    expect((await browser.get('/session')).json()).toMatchObject({ user: 'anna', seen })
  })
})

describe('hasContent', () => {
  it.each<[SessionLike, boolean]>([
    [{}, false],
    [{ cookie: { maxAge: 1 } }, false],
    [{ cookie: {}, cart: undefined }, true],
    [{ passport: {} }, true],
    [{ nevis: {} }, true],
    [Object.assign(Object.create({ save: () => undefined, id: 'a' }) as SessionLike, { cookie: {} }), false],
  ])('of %j is %s', (session, expected) => {
    expect(hasContent(session)).toBe(expected)
  })
})

describe('isInSmallCookie', () => {
  it.each<[string, SessionLike, boolean]>([
    ['of @fastify/secure-session, which has no save()', { get: () => undefined, set: () => undefined, data: () => ({}), regenerate: () => undefined }, true],
    ['with save and reload', { save: () => undefined, reload: () => undefined }, false],
    ['of iron-session, whose save sets the cookie', { save: () => undefined }, true],
    ['of koa-session with a store', Object.create({ save: () => undefined, externalKey: 'a' }) as SessionLike, false],
    ['with a value of that name', { save: 'yes' as never }, true],
    ['with both from its prototype', Object.create({ save: () => undefined, reload: () => undefined }) as SessionLike, false],
  ])('a session %s: %s', (_name, session, expected) => {
    expect(isInSmallCookie(session)).toBe(expected)
  })
})

describe('saveSession', () => {
  const filled = (bytes: number): SessionLike => ({ cart: 'x'.repeat(bytes - JSON.stringify({ cart: '' }).length) })

  it('takes what a cookie can carry, and fails with SESSION_TOO_LARGE beyond, where the session cannot be saved', async () => {
    await expect(saveSession(filled(2700))).resolves.toBeUndefined()
    await expect(saveSession(filled(2701))).rejects.toMatchObject({ name: 'StorageError', code: 'SESSION_TOO_LARGE', status: 500 })
  })

  it('asks a session behind a proxy for its data', async () => {
    const behind = (bytes: number): SessionLike => ({ data: () => filled(bytes) })
    await expect(saveSession(behind(2700))).resolves.toBeUndefined()
    await expect(saveSession(behind(2701))).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE' })
  })

  it('leaves the size to a session in a store', async () => {
    await expect(saveSession({ ...filled(100_000), save: (done) => done(), reload: (done) => done() })).resolves.toBeUndefined()
  })
})

describe('transactions in a session that is all in a cookie', () => {
  const now = Date.now()
  const started = (id: string, at: number, qrCode: string): Transaction => ({
    id, factor: 'app', operation: 'approve', subject: { username: 'anna' }, startedAt: now + at, expiresAt: now + 60_000, firstFactorAt: now, shown: { qrCode },
  })

  it('are deleted, the oldest first, until the others fit', async () => {
    const session: SessionLike = { cart: ['book'] }
    const transactions = new SessionTransactions(session, 'nevis', 60_000, new ShownCipher([Buffer.alloc(32, 1)]))
    for (const [i, id] of ['a', 'b', 'c'].entries()) transactions.put(started(id, i, 'x'.repeat(600)))
    await transactions.save()
    expect(['a', 'b', 'c'].map((id) => transactions.get(id)?.id)).toEqual([undefined, 'b', 'c'])
    expect(session['cart']).toEqual(['book'])
  })

  it('are deleted last if they were stored last, however old they are', async () => {
    const session: SessionLike = {}
    const transactions = new SessionTransactions(session, 'nevis', 60_000, new ShownCipher([Buffer.alloc(32, 1)]))
    for (const [at, id] of [[1, 'b'], [2, 'c'], [0, 'a']] as const) transactions.put(started(id, at, 'x'.repeat(600)))
    await transactions.save()
    expect(['a', 'b', 'c'].map((id) => transactions.get(id)?.id)).toEqual(['a', undefined, 'c'])
  })

  it('are refused with SESSION_TOO_LARGE where not even one fits, and nothing of them is left', async () => {
    const session: SessionLike = {}
    const transactions = new SessionTransactions(session, 'nevis', 60_000, new ShownCipher([Buffer.alloc(32, 1)]))
    transactions.put(started('a', 0, 'x'.repeat(3000)))
    await expect(transactions.save()).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE' })
    expect(transactions.get('a')).toBeUndefined()
    expect(session).toEqual({ nevis: { transactions: {} } })
  })
})

describe('a session', () => {
  const of = (host: object, own: object = {}) => Object.assign(Object.create(host) as SessionLike, own)

  it.each<[string, SessionLike, boolean]>([
    ['of cookie-session', of({ isChanged: true, isPopulated: true }), true],
    ['of koa-session without a store', of({ externalKey: undefined }), true],
    ['of koa-session with one', of({ externalKey: 'id' }), false],
    ['of a host that knows when it was changed', of({ isChanged: true }), false],
    ['of a host that knows when it is filled', of({ isPopulated: true }), false],
    ['in which an application keeps such words', of({}, { isChanged: true, isPopulated: true, externalKey: undefined }), false],
    ['with words of both', of({ isChanged: true, isPopulated: true }, { isChanged: 1 }), false],
    ['of express-session', of({ save: () => undefined }), false],
  ])('%s is in a cookie: %#', (_name, session, expected) => {
    expect(isInCookie(session)).toBe(expected)
  })

  it.each<[object, string | undefined]>([
    [{ sessionID: 'a' }, 'a'],
    [{ session: { sessionId: 'b' } }, 'b'],
    [{ sessionID: 'a', session: { sessionId: 'b' } }, 'a'],
    [{ sessionID: 7 }, undefined],
    [{ session: {} }, undefined],
    [{}, undefined],
  ])('has the id that its host tells: %j, %s', (req, id) => {
    expect(sessionIdOf(req)).toBe(id)
  })
})

describe('couldNotLoadSession', () => {
  const generate = () => undefined
  /** A store that answers with this error and session. */
  const storeOf = (error: unknown, session?: unknown) => ({ generate, get: (_id: string, done: (error: unknown, session?: unknown) => void) => void setImmediate(done, error, session) })
  const sessionStore = storeOf(new Error('down'))

  it.each<[boolean, string, object]>([
    [true, 'the store of express-session has failed', { sessionStore, sessionID: 'a' }],
    [true, 'the store has failed, and works again', { sessionStore: storeOf(null, { cookie: {} }), sessionID: 'a' }],
    [true, 'the store throws', { sessionStore: { generate, get: () => { throw new Error('down') } }, sessionID: 'a' }],
    [true, 'the store cannot be asked', { sessionStore: { generate }, sessionID: 'a' }],
    [false, 'the app has destroyed the session', { sessionStore: storeOf(null, null), sessionID: 'a' }],
    [false, 'the app has destroyed the session, and the store names the missing file', { sessionStore: storeOf(Object.assign(new Error('no file'), { code: 'ENOENT' })), sessionID: 'a' }],
    [true, 'the socket of the database is missing', { sessionStore: storeOf({ code: 'ENOENT', syscall: 'connect' }), sessionID: 'a' }],
    [false, 'the app has set the session to null', { sessionStore, sessionID: 'a', session: null }],
    [false, 'the session was loaded', { sessionStore, sessionID: 'a', session: {} }],
    [false, 'no session middleware has run', {}],
    [false, 'the browser has no session', { sessionStore }],
    [false, 'the store is not of express-session', { sessionStore: {}, sessionID: 'a' }],
    [false, 'the app has removed the session after passport.session()', { sessionStore, sessionID: 'a', logIn: () => undefined }],
    [false, 'the app has removed the session in a route', { sessionStore, sessionID: 'a', route: {} }],
  ])('is %s where %s', async (expected, _name, req) => {
    expect(await couldNotLoadSession(req)).toBe(expected)
  })

  it('is true where the store does not answer', async () => {
    jest.useFakeTimers()
    const answer = couldNotLoadSession({ sessionStore: { generate, get: () => undefined }, sessionID: 'a' })
    await jest.advanceTimersByTimeAsync(1000)
    expect(await answer).toBe(true)
    jest.useRealTimers()
  })
})

describe('isStored', () => {
  const asked = (cookie?: string) => isStored({ sessionID: 'Abc_1', session: {}, headers: cookie === undefined ? {} : { cookie } })

  it.each(['sid=s%3AAbc_1.sig', 'sid=s:Abc_1.sig', 'a=1; sid=s%3A%41bc_1.sig', 'broken=%zz; sid=s%3AAb%63_1.sig', 'sid="s%3A%41bc%5F1.sig"'])('is true where a cookie names the session, in whatever spelling: %s', (cookie) => {
    expect(asked(cookie)).toBe(true)
  })

  it.each([undefined, '', 'other=1', 'sid=s%3Aabc_1.sig'])('is false where none does: %s', (cookie) => {
    expect(asked(cookie)).toBe(false)
  })
})
