/**
 * Passport's own options, such as `successRedirect` and `failureFlash`, also work with this strategy, in the newest and oldest supported versions of Express
 * and Passport.
 *
 * Out of scope: a callback request that a browser sends twice (`test/strategy/callback.test.ts`).
 */
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { recordSecondFactor, requireSecondFactor, secondFactorOf } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { handleIn, PASSWORD } from '../support/app'
import type { Browser } from '../support/browser'
import { bare, type BareOptions } from './express/bare'
import { nameOf, newest, oldest, type Host } from './express/host'

const flash = jest.requireActual<() => RequestHandler>('connect-flash')
let simulator: NevisSimulator
let host: Host
let browser: Browser

const routes: BareOptions['routes'] = (app, { passport }) => {
  const done: RequestHandler = (req, res) => void res.json({ user: req.user ?? null, account: (req as { account?: unknown }).account ?? null, record: secondFactorOf(req)?.factor ?? null })
  const login = (path: string, ...callback: (RequestHandler | ErrorRequestHandler)[]) => app.all(path, ...callback)
  app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
  app.post('/password-only', passport.authenticate('local'), done)
  app.post('/password-only-kept', passport.authenticate('local', { keepSessionInfo: true }), done)
  app.post('/remember', (req, res) => {
    Object.assign(req.session, { cart: ['book'], returnTo: '/wanted' })
    res.end()
  })
  app.get('/session', (req, res) => void res.json({ ...req.session, user: req.user ?? null, cookie: undefined, nevis: undefined, passport: undefined }))
  app.get('/flash', (req, res) => void res.json((req as unknown as { flash(): unknown }).flash()))

  login('/return-kept', passport.authenticate('nevis', { successReturnToOrRedirect: '/home', keepSessionInfo: true }))
  login('/return', passport.authenticate('nevis', { successReturnToOrRedirect: '/home' }))
  login('/redirect', passport.authenticate('nevis', { successRedirect: '/home', failureRedirect: '/sorry' }))
  login('/message', passport.authenticate('nevis', { failureRedirect: '/sorry', failureMessage: true }))
  login('/own-message', passport.authenticate('nevis', { failureRedirect: '/sorry', failureMessage: 'Please try again.' }))
  login('/flash-failure', passport.authenticate('nevis', { failureRedirect: '/sorry', failureFlash: true }))
  // The types of Passport do not allow an object for `failureFlash`, but Passport accepts one.
  login('/own-flash', passport.authenticate('nevis', { failureRedirect: '/sorry', failureFlash: { type: 'warning', message: 'Please try again.' } as never }))
  login('/bare', passport.authenticate('nevis'), done)
  login('/error', passport.authenticate('nevis', { failWithError: true }), done, ((error: { name: string; status: number }, req, res, _next) => {
    const { code, retryAfterSeconds, message, returnTo } = error as { code?: string; retryAfterSeconds?: number; message?: string; returnTo?: string }
    res.status(error.status).json({ name: error.name, status: error.status, code, retryAfterSeconds, message, returnTo, onRequest: req.authInfo })
  }) as ErrorRequestHandler)
  login('/error-and-message', passport.authenticate('nevis', { failWithError: true, failureMessage: true }), done, ((error: { name: string; status: number }, req, res, _next) => {
    res.status(error.status).json({ name: error.name, onRequest: req.authInfo, messages: (req.session as unknown as { messages: string[] }).messages })
  }) as ErrorRequestHandler)
  const custom: RequestHandler = (req, res, next) => {
    const decided = (error: unknown, user: Express.User | false | undefined, info: Express.AuthInfo & { code?: string }, status?: number) => {
      if (error) return next(error)
      if (!user) return void res.status(status ?? 401).json({ code: info.code })
      req.logIn(user, (failed: unknown) => {
        if (failed) return next(failed)
        req.authInfo = info
        next()
      })
    }
    passport.authenticate('nevis', decided as never)(req, res, next)
  }
  login('/custom', custom, recordSecondFactor(), done)

  app.post('/step-up', passport.authorize('nevis', {}))
  app.post('/pay', passport.authorize('nevis', { returnTo: '/invoices?open' }))
  app.post('/pay-and-leave', passport.authorize('nevis', { returnTo: 'https://evil.example' }))
  login('/stepped-up', passport.authorize('nevis', {}), recordSecondFactor(), done)
  app.post('/transfer', requireSecondFactor({ maxAgeSeconds: 300 }), done)
  const shared = {}
  passport.authorize('nevis', shared)
  login('/shared', passport.authenticate('nevis', shared), recordSecondFactor(), done)
}

const start = async (path = '/login', fields: Record<string, string> = {}) => handleIn((await browser.post(path, { username: 'anna', password: PASSWORD, ...fields })).location)
const inSession = async () => (await browser.get('/session')).json()

async function approved(path: string, from = '/login') {
  const handle = await start(from)
  await simulator.phone('anna').approve()
  return browser.get(`${path}?transaction=${handle}`)
}

async function denied(path: string, from = '/login') {
  const handle = await start(from)
  await simulator.phone('anna').deny()
  return browser.get(`${path}?transaction=${handle}`)
}

describe.each([newest, oldest].map((stack) => [nameOf(stack), stack] as const))('%s', (_name, stack) => {
  beforeEach(async () => {
    simulator = await NevisSimulator.start()
    simulator.addUser({ username: 'anna', phone: '+41791234567' })
    host = await bare({ simulator, stack, before: [flash()], routes })
    browser = host.browser()
  })

  afterEach(async () => {
    await host.close()
    await simulator.close()
  })

  describe('after a success', () => {
    it('successRedirect goes there', async () => {
      expect(await approved('/redirect')).toMatchObject({ status: 302, location: '/home' })
      expect((await inSession()).user).toEqual({ username: 'anna' })
    })

    it('successReturnToOrRedirect with keepSessionInfo goes to where the session wanted to return, and keeps the cart', async () => {
      await browser.post('/remember')
      expect((await approved('/return-kept')).location).toBe('/wanted')
      expect(await inSession()).toEqual({ cart: ['book'], user: { username: 'anna' } })
      expect((await approved('/return-kept')).location).toBe('/home')
    })

    it('successReturnToOrRedirect alone goes to its own address, because Passport forgets the session of before', async () => {
      await browser.post('/remember')
      expect((await approved('/return')).location).toBe('/home')
      expect(await inSession()).toEqual({ user: { username: 'anna' } })
    })
  })

  describe('after a failure', () => {
    it('failureRedirect goes there, and says nothing', async () => {
      expect(await denied('/redirect')).toMatchObject({ status: 302, location: '/sorry' })
      expect(await inSession()).toEqual({ user: null })
    })

    it.each([['/message', 'You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.'], ['/own-message', 'Please try again.']])('failureMessage keeps a sentence for the page: %s', async (path, message) => {
      expect((await denied(path)).location).toBe('/sorry')
      expect(await inSession()).toEqual({ user: null, messages: [message] })
    })

    it.each([['/flash-failure', { error: ['You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.'] }], ['/own-flash', { warning: ['Please try again.'] }]])('failureFlash keeps a sentence for connect-flash: %s', async (path, messages) => {
      expect((await denied(path)).location).toBe('/sorry')
      expect((await browser.get('/flash')).json()).toEqual(messages)
    })

    it('failWithError gives an error with the status to the error handler', async () => {
      expect(await denied('/error')).toMatchObject({ status: 401 })
      const page = await browser.get('/error?transaction=x')
      const { message, code } = { code: 'unknown_transaction', message: 'This request was started in another browser or has ended. Please sign in again.' }
      expect([page.status, page.json()]).toEqual([403, { name: 'AuthenticationError', status: 403, code, message, onRequest: { code, message } }])
    })

    it('failWithError says when to try again, on the error, on the request and in the header', async () => {
      const handle = await start()
      const page = await browser.post('/error', { transaction: handle, factor: 'push' })
      const { code, retryAfterSeconds, onRequest } = page.json()
      expect([page.status, code, onRequest.code]).toEqual([429, 'too_many_starts', 'too_many_starts'])
      expect([retryAfterSeconds, onRequest.retryAfterSeconds, Number(page.headers.get('retry-after'))]).toEqual(Array(3).fill(expect.any(Number)))
    })

    it('failWithError with failureMessage leaves the error to Passport; the request has the code', async () => {
      const page = await browser.get('/error-and-message?transaction=x')
      expect([page.status, page.json()]).toEqual([403, { name: 'AuthenticationError', onRequest: expect.objectContaining({ code: 'unknown_transaction' }), messages: [expect.any(String)] }])
    })

    it('failWithError and a custom callback get the page from which the user started', async () => {
      await browser.post('/password-only', { username: 'anna', password: PASSWORD })
      const { returnTo, onRequest } = (await denied('/error', '/pay')).json()
      expect([returnTo, onRequest.returnTo]).toEqual(['/invoices?open', '/invoices?open'])
      expect((await browser.post('/error', { transaction: await start('/pay'), cancel: '1' })).json()).toMatchObject({ code: 'cancelled', returnTo: '/invoices?open' })
      expect((await denied('/custom', '/step-up')).json()).toEqual({ code: 'not_approved' })
    })

    it('of another user\'s transaction in the same session › tells no page', async () => {
      simulator.addUser({ username: 'ben' })
      await browser.post('/password-only', { username: 'anna', password: PASSWORD })
      const handle = await start('/pay')
      await browser.post('/password-only-kept', { username: 'ben', password: PASSWORD })
      const page = await browser.get(`/error?transaction=${handle}`)
      expect([page.status, page.json()]).toEqual([403, expect.not.objectContaining({ returnTo: expect.anything() })])
    })

    it('a route whose returnTo is another site starts nothing', async () => {
      await browser.post('/password-only', { username: 'anna', password: PASSWORD })
      const page = await browser.post('/pay-and-leave')
      expect([page.status, page.text]).toEqual([500, expect.stringContaining('returnTo of a route must be a path of this site')])
      expect(simulator.phone('anna').waiting).toHaveLength(0)
    })

    it('without any of them, the answer is the status in words, without a challenge', async () => {
      const page = await denied('/bare')
      expect([page.status, page.text, page.headers.get('www-authenticate')]).toEqual([401, 'Unauthorized', null])
    })
  })

  describe('a callback of the application\'s own', () => {
    it('gets user and info, and a record is made once it gives the info on', async () => {
      expect((await approved('/custom')).json()).toEqual({ user: { username: 'anna' }, account: null, record: 'push' })
      expect((await browser.post('/transfer')).status).toBe(200)
    })

    it('gets code and status of a failure', async () => {
      const page = await denied('/custom')
      expect([page.status, page.json()]).toEqual([401, { code: 'not_approved' }])
    })
  })

  describe('passport.authorize', () => {
    it('leaves the login as it is, gives the approval on, and a record is made', async () => {
      await browser.post('/password-only', { username: 'anna', password: PASSWORD })
      await browser.post('/remember')
      expect((await browser.post('/transfer')).status).toBe(401)
      const page = await approved('/stepped-up', '/step-up')
      expect(page.json()).toEqual({ user: { username: 'anna' }, account: { username: 'anna' }, record: 'push' })
      expect((await browser.post('/transfer')).status).toBe(200)
      expect(await inSession()).toMatchObject({ cart: ['book'], user: { username: 'anna' } })
    })

    it('leaves the login as it is after a denial, without a record', async () => {
      await browser.post('/password-only', { username: 'anna', password: PASSWORD })
      expect((await denied('/stepped-up', '/step-up')).status).toBe(401)
      expect((await browser.post('/transfer')).status).toBe(401)
      expect((await inSession()).user).toEqual({ username: 'anna' })
    })

    it('writes into its options, so that authenticate with the same object signs no user in', async () => {
      const page = await approved('/shared')
      expect(page.json().error.message).toContain('for a user who is logged in')
      expect((await inSession()).user).toBeNull()
    })
  })
})
