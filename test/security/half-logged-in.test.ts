/**
 * The attack: using a session in which the user has given only the first of two factors.
 *
 * The attacker has the password and not the phone, or uses a browser that another user has used before. Many apps log the user in after the password and set a
 * flag in the session after the second factor. In such an app, a route that forgets to check the flag is open to the attacker. In addition, the flag stays when
 * another user signs in: passport-totp#2 reports a user who gets in with the flag of the browser's previous user. Or the attacker has planted a session in the
 * victim's browser, and the victim signs in to that session (session fixation). Or a slow answer writes the older session back (`resave`).
 */
import type { Request } from 'express'
import session from 'express-session'
import { recordSecondFactor, requireSecondFactor } from '../../src'
import { Browser } from '../support/browser'
import { callbackOf, handleIn, PASSWORD, signIn, statusOf, waitingOf, type AppOptions, type TestApp } from '../support/app'
import { lab, outcomeOf } from './support/lab'
import { SlowStore } from './support/slow-store'

const world = lab()
jest.setTimeout(30_000)
const credentials = (username: string) => ({ username, password: PASSWORD })
const cookieOf = (browser: Browser) => browser.cookies.get('connect.sid')

/** Logs out like Passport before 0.6: the session keeps its id and all other data. */
function oldLogout(req: Request): void {
  const { passport } = req.session as unknown as { passport?: { user?: unknown } }
  delete passport?.user
}

const routes = (keepSessionInfo = false): NonNullable<AppOptions['routes']> => (web, { passport }) => {
  const both = requireSecondFactor({ maxAgeSeconds: 300 })
  web.post('/password-only', passport.authenticate('local', { keepSessionInfo }), (_req, res) => void res.json({ action: 'success' }))
  web.get('/in', passport.authenticate('nevis', { keepSessionInfo }), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
  web.post('/up', passport.authorize('nevis'))
  web.get('/up', passport.authorize('nevis'), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
  web.get('/whoami', (req, res) => void res.json({ user: req.user ?? null, isAuthenticated: req.isAuthenticated(), isUnauthenticated: req.isUnauthenticated() }))
  web.get('/risky', both, (req, res) => void res.json({ user: req.user }))
  web.post('/logout', (req, res, next) => req.logout({ keepSessionInfo }, (error) => (error ? next(error) : res.end())))
  web.post('/old-logout', (req, res) => {
    oldLogout(req)
    res.end()
  })
}

const start = (options: Omit<AppOptions, 'simulator'> = {}): Promise<TestApp> => world.start({ routes: routes(), ...options })
const NOBODY = { user: null, isAuthenticated: false, isUnauthenticated: true }

async function expectNobody(browser: Browser): Promise<void> {
  expect((await browser.get('/whoami')).json()).toEqual(NOBODY)
  expect((await browser.get('/risky')).status).toBe(401)
}

/** Signs in with the password and an approved push, and writes the second factor record. */
async function signInWithBoth(browser: Browser, username = 'anna'): Promise<void> {
  const handle = await signIn(browser, username)
  await world.simulator.phone(username).approve()
  expect(outcomeOf(await browser.get(`/in?transaction=${handle}`))).toBe('success')
}

describe('a user between the factors', () => {
  describe('who has the password right and nothing else', () => {
    it('is not signed in on any later request, before, during and after the approval, until the callback', async () => {
      const app = await start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await expectNobody(browser)
      await browser.get(waitingOf(handle))
      await browser.get(statusOf(handle))
      await expectNobody(browser)
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('303 /login/2fa')
      await expectNobody(browser)
      await world.simulator.phone('anna').approve()
      // The status endpoint asks Nevis again only after a few seconds, so move the clock.
      world.later(5)
      expect((await browser.get(statusOf(handle))).json()).toMatchObject({ status: 'succeeded' })
      expect((await browser.get(waitingOf(handle))).status).toBe(303)
      await expectNobody(browser)
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
      expect((await browser.get('/whoami')).json()).toEqual({ user: { username: 'anna' }, isAuthenticated: true, isUnauthenticated: false })
    })

    it.each<[string, (browser: Browser, handle: string) => Promise<unknown>]>([
      ['denied', async (browser, handle) => {
        await world.simulator.phone('anna').deny()
        return browser.get(callbackOf(handle))
      }],
      ['cancelled', async (browser, handle) => browser.post('/login/2fa', { transaction: handle, cancel: '1' })],
      ['too slow', async (browser, handle) => {
        world.later(121)
        return browser.get(callbackOf(handle))
      }],
      ['looking for another factor', async (browser, handle) => browser.post('/login/2fa', { transaction: handle, factor: 'sms' })],
      ['guessing codes', async (browser, handle) => {
        const sent = await browser.post('/login/2fa', { transaction: handle, factor: 'sms' })
        return browser.post('/login/2fa/callback', { transaction: handleIn(sent.location), code: '000000' })
      }],
      ['met by a cloud that is down', async (browser, handle) => {
        world.simulator.faults.add({ reset: true })
        return browser.get(callbackOf(handle))
      }],
      ['asking the callback without a handle', async (browser) => browser.get('/login/2fa/callback')],
      ['bringing a handle of their own making', async (browser) => browser.get(callbackOf('AAAA'))],
    ])('is not signed in when %s', async (_name, act) => {
      const app = await start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await act(browser, handle)
      await expectNobody(browser)
      expect(app.verified).toHaveLength(0)
    })

    it('stays who they were where a user was signed in already', async () => {
      const app = await start()
      const browser = app.browser()
      await browser.post('/password-only', credentials('ben'))
      await signIn(browser, 'anna')
      expect((await browser.get('/whoami')).json()).toMatchObject({ user: { username: 'ben' } })
      expect((await browser.get('/risky')).status).toBe(401)
    })
  })
})

describe('the login', () => {
  describe('with both factors', () => {
    // Shows: ASVS V7.2.4
    it('changes the session id, and the old one opens nothing', async () => {
      const app = await start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      const before = browser.clone()
      await world.simulator.phone('anna').approve()
      await browser.get(`/in?transaction=${handle}`)
      expect(cookieOf(browser)).toBeDefined()
      expect(cookieOf(browser)).not.toBe(cookieOf(before))
      await expectNobody(before)
      expect((await browser.get('/risky')).status).toBe(200)
    })
  })

  describe('in a session that the attacker planted (fixation)', () => {
    it('does not log the attacker\'s copy in, and the callback is nothing to it without the handle', async () => {
      const app = await start()
      const attacker = app.browser()
      // The attacker starts a sign-in as ben, which creates a session that the attacker knows.
      const bens = await signIn(attacker, 'ben')
      const victim = attacker.clone()
      const handle = await signIn(victim, 'anna')
      expect(cookieOf(victim)).not.toBe(cookieOf(attacker))
      await world.simulator.phone('anna').approve()
      // The attacker has only the old session, which the victim's start has replaced. The attacker does not know the handle (the encrypted id of the
      // transaction) in the URL of the victim's page.
      expect(outcomeOf(await attacker.get('/login/2fa/callback'))).toBe('start_requires_post')
      expect(outcomeOf(await attacker.get(callbackOf(bens)))).toBe('unknown_transaction')
      expect((await attacker.get('/login/2fa')).text).not.toContain(handle)
      expect(outcomeOf(await attacker.post('/start'))).toBe('no_subject')
      await expectNobody(attacker)

      expect(outcomeOf(await victim.get(`/in?transaction=${handle}`))).toBe('success')
      await expectNobody(attacker)
      expect(outcomeOf(await attacker.get(callbackOf(handle)))).toBe('unknown_transaction')
      expect((await victim.get('/whoami')).json()).toMatchObject({ user: { username: 'anna' } })
    })

    it('does not take a session id that the attacker made up', async () => {
      const app = await start()
      const victim = app.browser()
      victim.cookies.set('connect.sid', 's%3Afixed.c2lnbmF0dXJl')
      await signInWithBoth(victim)
      expect(cookieOf(victim)).not.toContain('fixed')
    })
  })

  describe('while a slow request of the old session is under way (resave: true)', () => {
    it('cannot be used again by the session that the late answer revives', async () => {
      const store = new SlowStore(undefined, 5)
      const release: (() => void)[] = []
      let arrived: () => void
      const isHeld = new Promise<void>((resolve) => (arrived = resolve))
      const app = await start({
        session: { store, resave: true },
        routes: (web, parts) => {
          routes()(web, parts)
          web.get('/slow', (_req, res) => {
            release.push(() => void res.end())
            arrived()
          })
        },
      })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      const old = browser.clone()
      const slow = old.clone().get('/slow')
      await isHeld
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(`/in?transaction=${handle}`))).toBe('success')
      release.forEach((end) => end())
      await slow
      // `/slow` has read the session before the sign-in, when the transaction was pending. With `resave: true`, its late answer has put that session back into
      // the store.
      const id = decodeURIComponent(cookieOf(old) as string).slice(2).split('.')[0] as string
      const revived = await new Promise<object | null | undefined>((resolve) => store.get(id, (_error, value) => resolve(value)))
      expect(Object.keys((revived as { nevis: { transactions: object } }).nevis.transactions)).toHaveLength(1)

      expect(outcomeOf(await old.get(callbackOf(handle)))).toBe('used_transaction')
      expect(outcomeOf(await old.get(callbackOf(handle)))).toBe('used_transaction')
      await expectNobody(old)
      expect(app.verified).toHaveLength(1)
    })

    it('does not let the waiting page bring the used transaction back by watching', async () => {
      const store = new SlowStore(undefined, 5)
      const app = await start({ session: { store, resave: true } })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      await Promise.all([browser.clone().get(`/in?transaction=${handle}`), ...Array.from({ length: 10 }, () => browser.clone().get(waitingOf(handle)))])
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toMatch(/^(used|unknown)_transaction$/)
      expect(app.verified).toHaveLength(1)
    })
  })
})

describe('the record of the second factor', () => {
  /**
   * After the victim has logged out, the attacker uses the same browser. The attacker knows the victim's password, and does not have the victim's phone.
   * Columns: the way to log out, whether the app keeps the data of the session, and the route.
   */
  const ways: [string, boolean, string][] = [
    ['Passport\'s log-out', false, '/logout'],
    ['a log-out that keeps the session\'s data (keepSessionInfo)', true, '/logout'],
    ['a log-out as in Passport before 0.6, that keeps the session', true, '/old-logout'],
  ]
  describe.each(ways)('after %s', (_name, keepSessionInfo, logout) => {
    it('is void at once', async () => {
      const app = await start({ routes: routes(keepSessionInfo) })
      const browser = app.browser()
      await signInWithBoth(browser)
      expect((await browser.get('/risky')).status).toBe(200)
      await browser.post(logout)
      await expectNobody(browser)
    })

    it('is void for another user who signs in with a password alone (passport-totp#2)', async () => {
      const app = await start({ routes: routes(keepSessionInfo) })
      const browser = app.browser()
      await signInWithBoth(browser)
      await browser.post(logout)
      await browser.post('/password-only', credentials('ben'))
      expect((await browser.get('/whoami')).json()).toMatchObject({ user: { username: 'ben' } })
      expect((await browser.get('/risky')).status).toBe(401)
    })

    it('is void for the same user who signs in anew with a password alone', async () => {
      const app = await start({ routes: routes(keepSessionInfo) })
      const browser = app.browser()
      await signInWithBoth(browser)
      await browser.post(logout)
      await browser.post('/password-only', credentials('anna'))
      expect((await browser.get('/whoami')).json()).toMatchObject({ user: { username: 'anna' } })
      expect((await browser.get('/risky')).status).toBe(401)
    })

    it('is void for an approval that the user before had started', async () => {
      const app = await start({ routes: routes(keepSessionInfo) })
      const browser = app.browser()
      await browser.post('/password-only', credentials('ben'))
      const handle = handleIn((await browser.post('/up')).location)
      await world.simulator.phone('ben').approve()
      await browser.post(logout)
      await browser.post('/password-only', credentials('anna'))
      expect((await browser.get(`/up?transaction=${handle}`)).status).toBe(403)
      expect((await browser.get('/risky')).status).toBe(401)
    })
  })

  describe('without a log-out in between', () => {
    // Shows: T-old-session-1
    it.each([false, true])('is void for another user (keepSessionInfo: %s)', async (keepSessionInfo) => {
      const app = await start({ routes: routes(keepSessionInfo) })
      const browser = app.browser()
      await signInWithBoth(browser)
      await browser.post('/password-only', credentials('ben'))
      expect((await browser.get('/risky')).status).toBe(401)
    })
  })

  describe('where a step-up is under way', () => {
    it('is not there before the callback, whatever the phone says', async () => {
      const app = await start()
      const browser = app.browser()
      await browser.post('/password-only', credentials('anna'))
      const handle = handleIn((await browser.post('/up')).location)
      await world.simulator.phone('anna').approve()
      await browser.get(statusOf(handle))
      await browser.get(waitingOf(handle))
      expect((await browser.get('/risky')).status).toBe(401)
      expect(outcomeOf(await browser.get(`/up?transaction=${handle}`))).toBe('success')
      expect((await browser.get('/risky')).status).toBe(200)
    })
  })
})

describe('the status endpoint', () => {
  class CountingStore extends session.MemoryStore {
    calls = 0
    override get(id: string, done: (error: unknown, value?: session.SessionData | null) => void): void {
      this.calls++
      super.get(id, done)
    }
    override set(id: string, value: session.SessionData, done?: (error?: unknown) => void): void {
      this.calls++
      super.set(id, value, done)
    }
    override destroy(id: string, done?: (error?: unknown) => void): void {
      this.calls++
      super.destroy(id, done)
    }
    override touch(id: string, value: session.SessionData, done?: () => void): void {
      this.calls++
      super.touch(id, value, done)
    }
  }

  it('never touches the session store, sets no cookie, and keeps no session alive, in every state', async () => {
    const store = new CountingStore()
    const app = await start({ session: { store, resave: true, saveUninitialized: true, rolling: true } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    const before = store.calls
    expect(before).toBeGreaterThan(0)
    const states: string[] = []
    const look = async (transaction = handle) => {
      const page = await browser.get(statusOf(transaction))
      expect(page.headers.getSetCookie()).toEqual([])
      states.push((page.json() as { status: string }).status)
    }
    await look()
    await look('AAAA')
    await world.simulator.phone('anna').approve()
    world.later(5)
    await look()
    world.later(121)
    await look()
    await Promise.all(Array.from({ length: 20 }, () => browser.get(statusOf(handle))))
    expect(states).toEqual(['pending', 'unknown', 'succeeded', 'expired'])
    expect(store.calls).toBe(before)
  })

  it('logs no user in, however often it says succeeded', async () => {
    const app = await start()
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    for (let i = 0; i < 3; i++) expect((await browser.get(statusOf(handle))).json()).toMatchObject({ status: 'succeeded' })
    await expectNobody(browser)
    expect(world.asked('introspect')).toBe(0)
  })
})
