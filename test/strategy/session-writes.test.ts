/**
 * Tests how a sign-in uses the session of the app: how many store calls the sign-in needs, and what happens to the values that the app itself writes.
 *
 * The strategy reads the session again after each wait for Nevis. Values that the app has set in the same request, before the strategy ran, are not
 * in the store yet, and must not be lost.
 */
import type { Request, RequestHandler } from 'express'
import { recordSecondFactor, requireSecondFactor } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from '../security/support/lab'
import { SlowStore } from '../security/support/slow-store'

const world = lab()

const kept = ({ session }: Request) => session as unknown as Record<string, unknown>

describe('a push sign-in', () => {
  it.each([
    ['without a session before', false, { get: 1, set: 5, destroy: 2 }],
    ['in a session that the app has', true, { get: 3, set: 5, destroy: 2 }],
  ])('%s asks the session store so often', async (_name, hasSession, expected) => {
    const store = new SlowStore(undefined, 0)
    const app = await world.start({
      session: { store },
      routes: (web) => void web.get('/visit', (req, res) => {
        kept(req)['visited'] = true
        res.end()
      }),
    })
    const browser = app.browser()
    if (hasSession) await browser.get('/visit')
    const before = { ...store.calls }
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    const calls = Object.entries(store.calls).map(([name, times]) => [name, times - (before[name] ?? 0)])
    expect(Object.fromEntries(calls)).toEqual(expected)
  })
})

describe('what the app has written before the strategy began', () => {
  it.each([
    ['that starts', 'anna', 303],
    ['that is refused after Nevis was asked', 'nobody', 403],
  ])('in a request %s, is still there afterwards', async (_name, username, status) => {
    const app = await world.start({
      session: { store: new SlowStore(undefined, 0) },
      routes: (web, { passport }) => {
        web.get('/visit', (req, res) => {
          kept(req)['visited'] = true
          res.end()
        })
        const remember: RequestHandler = (req, _res, next) => {
          kept(req)['language'] = 'de'
          next()
        }
        web.post('/sign-in', remember, passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
        web.get('/session', (req, res) => void res.json(kept(req)))
      },
    })
    const browser = app.browser()
    await browser.get('/visit')
    expect((await browser.post('/sign-in', { username, password: PASSWORD })).status).toBe(status)
    expect((await browser.get('/session')).json()).toMatchObject({ visited: true, language: 'de' })
  })
})

describe('what the app changes in the session', () => {
  async function signedIn(app: TestApp): Promise<Browser> {
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    return browser
  }
  const change = (changes: object): RequestHandler => (req, _res, next) => {
    Object.assign(req.session, changes)
    next()
  }
  /** A login of ben that keeps the session's id, as with Passport before 0.6. */
  const become: RequestHandler = (req, res) => {
    Object.assign(req.session, { passport: { user: 'ben' } })
    res.end()
  }

  it('between a step-up and recordSecondFactor, is still there afterwards, and what it deletes is gone', async () => {
    const meanwhile = { run: async () => undefined as unknown }
    const app = await world.start({
      session: { store: new SlowStore(undefined, 0) },
      routes: (web, { passport }) => {
        web.post('/visit', change({ visited: true, coupon: 'SPRING' }), (_req, res) => void res.end())
        web.post('/other', change({ other: 'tab' }), (_req, res) => void res.end())
        web.post('/up', passport.authorize('nevis'))
        const unset: RequestHandler = (req, _res, next) => {
          delete kept(req)['coupon']
          void meanwhile.run().then(() => next(), next)
        }
        web.get('/up', passport.authorize('nevis'), change({ approved: 'payment', visited: 'again' }), unset, recordSecondFactor(), (_req, res) => void res.end())
        web.get('/session', (req, res) => void res.json(kept(req)))
      },
    })
    const browser = await signedIn(app)
    await browser.post('/visit')
    const handle = handleIn((await browser.post('/up')).location)
    await world.simulator.phone('anna').approve()
    meanwhile.run = () => browser.clone().post('/other')
    expect((await browser.get(`/up?transaction=${handle}`)).status).toBe(200)
    const stored = (await browser.get('/session')).json()
    expect(stored).toMatchObject({ approved: 'payment', visited: 'again', other: 'tab', nevis: { secondFactor: { factor: 'push' } } })
    expect(stored).not.toHaveProperty('coupon')
  })

  it('before a start that is refused, is lost if another user has signed in meanwhile', async () => {
    const meanwhile = { run: async () => undefined as unknown }
    const app = await world.start({
      session: { store: new SlowStore(undefined, 0) },
      strategy: { operation: async () => (await meanwhile.run(), 'approve' as const) },
      routes: (web, { passport }) => {
        web.post('/up', change({ of: 'anna' }), passport.authorize('nevis'))
        web.post('/become', become)
        web.get('/session', (req, res) => void res.json(kept(req)))
      },
    })
    const browser = await signedIn(app)
    meanwhile.run = () => browser.clone().post('/become')
    expect((await browser.post('/up')).status).toBe(403)
    const stored = (await browser.get('/session')).json()
    expect(stored).toMatchObject({ passport: { user: 'ben' } })
    expect(stored).not.toHaveProperty('of')
  })

  it('before requireSecondFactor redirects, is not written over what another request has stored meanwhile', async () => {
    const meanwhile = { run: async () => undefined as unknown }
    const app = await world.start({
      session: { store: new SlowStore(undefined, 0) },
      routes: (web) => {
        const wait: RequestHandler = (_req, _res, next) => void meanwhile.run().then(() => next(), next)
        web.post('/cart', change({ cart: 'one', mayPay: true }), (_req, res) => void res.end())
        web.get('/account', wait, requireSecondFactor({ maxAgeSeconds: 0.001, redirectTo: '/step-up' }))
        web.post('/later', (req, res) => {
          kept(req)['cart'] = 'two'
          delete kept(req)['mayPay']
          res.end()
        })
        web.get('/session', (req, res) => void res.json(kept(req)))
      },
    })
    const browser = await signedIn(app)
    await browser.post('/cart')
    meanwhile.run = () => browser.clone().post('/later')
    expect((await browser.get('/account', { accept: 'text/html' })).location).toBe('/step-up')
    const stored = (await browser.get('/session')).json()
    expect(stored).toMatchObject({ cart: 'two', nevis: { returnTo: { path: '/account' } } })
    expect(stored).not.toHaveProperty('mayPay')
  })

  it('before requireSecondFactor redirects, is lost if another user has signed in meanwhile', async () => {
    const meanwhile = { run: async () => undefined as unknown }
    const app = await world.start({
      session: { store: new SlowStore(undefined, 0) },
      routes: (web) => {
        const wait: RequestHandler = (_req, _res, next) => void meanwhile.run().then(() => next(), next)
        web.get('/account', change({ of: 'anna' }), wait, requireSecondFactor({ maxAgeSeconds: 0.001, redirectTo: '/step-up' }))
        web.post('/become', become)
        web.get('/session', (req, res) => void res.json(kept(req)))
      },
    })
    const browser = await signedIn(app)
    meanwhile.run = () => browser.clone().post('/become')
    expect((await browser.get('/account', { accept: 'text/html' })).location).toBe('/step-up')
    const stored = (await browser.get('/session')).json()
    expect(stored).toMatchObject({ passport: { user: 'ben' } })
    expect(stored).not.toHaveProperty('of')
  })
})
