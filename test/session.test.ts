/** A session that gets a new id: in every way in which hosts do that. */
import { renewSession, type SessionLike } from '../src/session'

interface Request {
  session: SessionLike
}

/** @param regenerate puts a new session in place, and finishes as its host does */
function requestWith(regenerate: (req: Request, done: (error?: unknown) => void) => unknown): Request {
  const req: Request = { session: {} }
  const session = Object.create({ regenerate: (done: (error?: unknown) => void) => regenerate(req, done) }) as SessionLike
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
    // Under symbols some hosts keep the id itself.
    expect(Object.getOwnPropertySymbols(session)).toEqual([])
  })

  it('leaves it as it is where the host cannot renew it', async () => {
    const session: SessionLike = { cart: ['book'] }
    expect(await renewSession({ session })).toBe(session)
    const shim: SessionLike = { cart: ['book'], regenerate: (done) => done() }
    expect(await renewSession({ session: shim })).toBe(shim)
    expect(shim['cart']).toEqual(['book'])
  })

  it.each<[string, (req: Request, done: (error?: unknown) => void) => unknown]>([
    ['calls back with an error', (_req, done) => done(new Error('canary'))],
    ['rejects', () => Promise.reject(new Error('canary'))],
    ['throws', () => { throw new Error('canary') }],
  ])('fails with SESSION_UNAVAILABLE where the host %s', async (_name, regenerate) => {
    await expect(renewSession(requestWith(regenerate))).rejects.toMatchObject({ name: 'StorageError', code: 'SESSION_UNAVAILABLE', message: expect.not.stringContaining('canary') })
  })
})
