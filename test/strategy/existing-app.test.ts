/**
 * Tests an app that had sign-ins before it got a second factor. The app has its own `session.returnTo` and uses Passport's options for `returnTo`. Some users
 * have only some factors or none. `verify` uses a synchronous database.
 */
import type { RequestHandler } from 'express'
import { recordSecondFactor } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { callbackOf, handleIn, PASSWORD, signIn, startApp, waitingOf, type AppOptions, type TestApp } from '../support/app'
import type { Browser, Page } from '../support/browser'

let simulator: NevisSimulator
let app: TestApp

beforeEach(async () => {
  simulator = await NevisSimulator.start()
})

afterEach(async () => {
  await app.close()
  await simulator.close()
})

async function serve(options: Partial<AppOptions> = {}): Promise<Browser> {
  app = await startApp({ simulator, ...options })
  return app.browser()
}

const operations = () => simulator.requests.map(({ operation }) => operation)
const PAGE = { accept: 'text/html' }

describe('the page that the user wanted', () => {
  /**
   * `/guard` stores a path in `session.returnTo`, as an app does before it redirects to the sign-in page. The callbacks `/ours` and `/fresh` get this path from
   * the strategy (`authInfo.returnTo`); `/passports` leaves the redirect to Passport.
   */
  const routes: AppOptions['routes'] = (express, { passport }) => {
    const keep: RequestHandler = (req, res) => {
      Object.assign(req.session, { returnTo: req.query['to'] })
      res.json({})
    }
    const goOn: RequestHandler = (req, res) => void res.json({ to: req.authInfo?.returnTo ?? null, left: (req.session as { returnTo?: unknown }).returnTo ?? null })
    express.get('/guard', keep)
    express.post('/again', passport.authorize('nevis'))
    express.get('/ours', passport.authenticate('nevis', { keepSessionInfo: true }), recordSecondFactor(), goOn)
    express.get('/fresh', passport.authenticate('nevis'), recordSecondFactor(), goOn)
    express.get('/passports', passport.authenticate('nevis', { successReturnToOrRedirect: '/', keepSessionInfo: true }))
  }

  async function arrived(browser: Browser, route: string, handle?: string): Promise<Page> {
    const transaction = handle ?? (await signIn(browser, 'anna'))
    await simulator.phone('anna').approve()
    return browser.get(`${route}?transaction=${transaction}`)
  }

  describe('before the password, as the app keeps it', () => {
    it.each(['/ours', '/fresh'])('comes back in authInfo.returnTo, once: %s', async (route) => {
      simulator.addUser({ username: 'anna' })
      const browser = await serve({ routes })
      await browser.get('/guard?to=/notes')
      expect((await arrived(browser, route)).json()).toEqual({ to: '/notes', left: null })
      const again = handleIn((await browser.post('/again')).location)
      expect((await arrived(browser, route, again)).json()).toEqual({ to: null, left: null })
    })

    it('is left to Passport where the route says so', async () => {
      simulator.addUser({ username: 'anna' })
      const browser = await serve({ routes })
      await browser.get('/guard?to=/notes')
      expect((await arrived(browser, '/passports')).location).toBe('/notes')
    })

    it.each(['//evil.example', 'https://evil.example/', '/\\evil.example', ''])('is nothing where it is no path of this site: %s', async (to) => {
      simulator.addUser({ username: 'anna' })
      const browser = await serve({ routes })
      await browser.get(`/guard?to=${encodeURIComponent(to)}`)
      expect((await arrived(browser, '/fresh')).json()).toEqual({ to: null, left: null })
    })
  })

  describe('after the login', () => {
    it('does not count: it is old by then', async () => {
      simulator.addUser({ username: 'anna' })
      const browser = await serve({ routes })
      await arrived(browser, '/ours')
      await browser.get('/guard?to=/seen')
      const handle = handleIn((await browser.post('/again')).location)
      expect((await arrived(browser, '/ours', handle)).json()).toEqual({ to: null, left: '/seen' })
    })
  })
})

describe('a start that names no factor, for a user who does not have the first one', () => {
  it('fails with not_enrolled and starts no other by itself; the user can choose the factor that they have', async () => {
    simulator.addUser({ username: 'clara', authenticators: 0, phone: '+41790000001' })
    const browser = await serve()
    expect((await browser.post('/login', { username: 'clara', password: PASSWORD })).json()).toMatchObject({ action: 'fail', code: 'not_enrolled' })
    expect(operations()).toEqual(['approve'])
    const waiting = waitingOf(await signIn(browser, 'clara', { factor: 'sms' }))
    expect((await browser.get(waiting, { accept: 'application/json' })).json()).toMatchObject({ factor: 'sms' })
  })
})

describe('a start that names a factor', () => {
  it.each([['request', {}, { factor: 'push' }], ['route', { factor: 'push' }, {}]])('starts no other: by the %s', async (_by, start, fields) => {
    simulator.addUser({ username: 'clara', authenticators: 0, phone: '+41790000001' })
    const browser = await serve({ start })
    expect((await browser.post('/login', { username: 'clara', password: PASSWORD, ...fields })).json()).toMatchObject({ action: 'fail', code: 'not_enrolled' })
    expect(operations()).toEqual(['approve'])
  })
})

describe('approve-or-enroll', () => {
  const strategy = { operation: 'approve-or-enroll' } as const
  const viewOf = async (browser: Browser, handle: string) => (await browser.get(waitingOf(handle), { accept: 'application/json' })).json()

  it('for a user without a factor › enrols, and approves from then on', async () => {
    const browser = await serve({ strategy })
    const first = await signIn(browser, 'nora')
    await simulator.phone('nora').scan((await viewOf(browser, first)).appLinkUri)
    expect((await browser.get(callbackOf(first))).json()).toMatchObject({ action: 'success', info: { nevis: { operation: 'enroll' } } })
    const other = app.browser()
    const second = await signIn(other, 'nora')
    await simulator.phone('nora').approve()
    expect((await other.get(callbackOf(second))).json()).toMatchObject({ action: 'success', info: { nevis: { operation: 'approve', factor: 'push' } } })
  })

  it('for a user who has begun and not finished › enrols again', async () => {
    await signIn(await serve({ strategy }), 'nora')
    await signIn(app.browser(), 'nora')
    expect(operations().filter((operation) => operation !== 'findUserByUsername')).toEqual(['enroll', 'enroll'])
  })

  it('for a user who has one › never enrols, whatever the request says', async () => {
    simulator.addUser({ username: 'anna' })
    const browser = await serve({ strategy })
    await signIn(browser, 'anna', { factor: 'app', operation: 'enroll' })
    expect(operations()).toEqual(['findUserByUsername', 'approve'])
  })

  it('for a route, or as the answer of a function › is the same', async () => {
    simulator.addUser({ username: 'anna' })
    const browser = await serve({ start: { operation: () => 'approve-or-enroll' } })
    await signIn(browser, 'anna')
    await signIn(app.browser(), 'nora')
    expect(operations()).toEqual(['findUserByUsername', 'approve', 'findUserByUsername', 'findUserByUsername', 'enroll'])
  })

  it('while Nevis cannot say who it is › is an error, and enrols no user', async () => {
    simulator.faults.add({ on: 'findUserByUsername', status: 500 })
    const browser = await serve({ strategy })
    expect((await browser.post('/login', { username: 'nora', password: PASSWORD })).json()).toMatchObject({ action: 'error', code: 'NEVIS_UNEXPECTED_RESPONSE' })
    expect(operations()).not.toContain('enroll')
  })
})

describe('the waiting URL without a transaction', () => {
  it('for the signed-in user › is a button that starts one, with the token of the app', async () => {
    simulator.addUser({ username: 'anna' })
    const browser = await serve({ page: { csrfToken: () => 'a token' } })
    const handle = await signIn(browser, 'anna')
    await simulator.phone('anna').approve()
    await browser.get(callbackOf(handle))
    const asked = simulator.requests.length
    const page = await browser.get('/login/2fa', { ...PAGE, 'accept-language': 'de' })
    expect(page.status).toBe(200)
    expect(page.text).toContain('<form method="post" action="/login/2fa"><input type="hidden" name="_csrf" value="a token"><button class="nevis-button">Weiter</button></form>')
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(simulator.requests).toHaveLength(asked)
    expect((await browser.post('/login/2fa')).location).toMatch(/^\/login\/2fa\?transaction=/)
    expect((await browser.get('/login/2fa', { accept: 'application/json' })).json()).toMatchObject({ code: 'unknown_transaction' })
  })

  it('for anyone else › explains, and has no form', async () => {
    const page = await (await serve()).get('/login/2fa', PAGE)
    expect(page.status).toBe(403)
    expect(page.text).not.toContain('<form')
  })
})

describe('verify that returns the user without a promise', () => {
  async function outcome(verify: unknown): Promise<unknown> {
    simulator.addUser({ username: 'anna' })
    const browser = await serve({ verify: undefined as never, strategy: {} })
    Object.assign(app.nevis, { verify })
    const handle = await signIn(browser, 'anna')
    await simulator.phone('anna').approve()
    return (await browser.get(callbackOf(handle))).json()
  }

  it('is an error that says so, and lets no user in', async () => {
    const error = { action: 'error', name: 'TypeError', message: 'NevisStrategy: verify must call done, or return a promise: make verify an async function' }
    expect(await outcome(({ username }: { username: string }) => ({ username }))).toEqual(error)
    expect(app.verified).toEqual([])
  })

  it('is no error if it calls done: the value that a database driver returns is ignored', async () => {
    const verify = (_profile: object, done: (error: null, user: object) => void) => {
      setImmediate(() => done(null, { username: 'anna' }))
      return { username: 'a database' }
    }
    expect(await outcome(verify)).toMatchObject({ action: 'success', user: { username: 'anna' } })
  })
})
