/**
 * The attack: a stolen cookie of a remembered browser (option `rememberBrowser`).
 *
 * The attacker has the password, and wants to skip the second factor with a cookie of the user's browser. The attacker has copied the cookie from a disk, a
 * backup or a proxy, and sends it before or after the user's browser sends it again. Or the attacker has a remembered browser, and wants to use its cookie for
 * another account, instance or strategy, or for a payment, a step-up or an enrolment. In any doubt, the app must ask the user for the second factor.
 */
import type { RequestHandler } from 'express'
import { MemoryStore } from 'express-session'
import { MemoryLedger, NevisClient, NevisStrategy, forgetBrowsers, recordSecondFactor, requireSecondFactor, secondFactorOf, sms, type Ledger, type NevisStrategyOptions } from '../../src'
import type { Browser, Page } from '../support/browser'
import { callbackOf, handleIn, PASSWORD, signIn, strategyOptions, waitingOf, type AppOptions, type TestApp } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()
jest.setTimeout(30_000)

const DAY_SECONDS = 86_400
const COOKIE = 'nevis-browser'
const ASKED = '303 /login/2fa'
const SECRET = 'kJ8s0b2LqZr4XvN7yTfW1mCeUdHgPaQi'
const remember: Partial<NevisStrategyOptions> = { rememberBrowser: { days: 30 }, secret: SECRET }

const credentials = (username = 'anna') => ({ username, password: PASSWORD })
/** Enters the password, and nothing else. */
const enter = (browser: Browser, username = 'anna', path = '/login'): Promise<Page> => browser.post(path, credentials(username))
const signOut = (browser: Browser) => void browser.cookies.delete('connect.sid')
const cookieOf = (browser: Browser) => browser.cookies.get(COOKIE) as string
const meOf = async (browser: Browser) => (await browser.get('/me')).json().user?.username
const userIdOf = (username: string) => (world.simulator.users.find((user) => user.username === username) as { userId: string }).userId
const reasons = () => world.events.all.filter(({ event }) => event === 'suspicious').map(({ reason }) => reason)
const browserEvents = () => world.events.all.filter(({ event }) => event === 'browser').map(({ browser }) => browser)

/** Routes that start the second factor with various options, for an enrolment or for a step-up; and `/guarded`, which requires a second factor. */
const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  const local = passport.authenticate('local', { session: false })
  web.post('/login-by-push', local, passport.authenticate('nevis', { factors: ['push'] }), (_req, res) => void res.json({ action: 'success' }))
  web.post('/login-with-message', local, passport.authenticate('nevis', { message: 'Pay 5?' }), (_req, res) => void res.json({ action: 'success' }))
  web.post('/login-with-data', local, passport.authenticate('nevis', { data: { amount: 5 } }), (_req, res) => void res.json({ action: 'success' }))
  web.post('/authorize', local, passport.authorize('nevis'), (_req, res) => void res.json({ action: 'success' }))
  web.post('/without-session', local, passport.authenticate('nevis', { session: false }), (_req, res) => void res.json({ action: 'success' }))
  web.post('/enrol', local, passport.authenticate('nevis', { operation: 'enroll', factor: 'app' }), (_req, res) => void res.json({ action: 'success' }))
  web.post('/sign-in', local, passport.authenticate('nevis'), recordSecondFactor(), (req, res) => void res.json({ action: 'success', record: secondFactorOf(req) ?? null, nevis: req.authInfo?.nevis }))
  web.post('/confirm', passport.authenticate('nevis'), (_req, res) => void res.json({ action: 'success' }))
  web.get('/guarded', requireSecondFactor({ maxAgeSeconds: 300 }), (_req, res) => void res.json({ action: 'success' }))
}

const start = (options: Omit<AppOptions, 'simulator'> = {}) => world.start({ routes, ...options, strategy: { ...remember, ...options.strategy } })

/** Signs in with the second factor, with "Remember this browser" ticked. The browser is then remembered, and signed out. */
async function rememberedBrowser(app: TestApp, username = 'anna'): Promise<Browser> {
  const browser = app.browser()
  const handle = await signIn(browser, username, { remember: '1' })
  await world.simulator.phone(username).approve()
  expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
  expect(cookieOf(browser)).toBeDefined()
  signOut(browser)
  return browser
}

describe('a remembered browser', () => {
  it('signs in with the password alone, again and again, with a new cookie and a new session each time', async () => {
    const app = await start()
    const browser = await rememberedBrowser(app)
    expect(world.asked('approve')).toBe(1)
    const cookies = new Set([cookieOf(browser)])
    for (let i = 0; i < 3; i++) {
      expect(outcomeOf(await enter(browser))).toBe('success')
      expect(await meOf(browser)).toBe('anna')
      cookies.add(cookieOf(browser))
      signOut(browser)
      world.later(60)
    }
    expect(cookies.size).toBe(4)
    expect(world.asked('approve')).toBe(1)
    expect(browserEvents()).toEqual(['remembered', 'used', 'used', 'used'])
  })

  it('asks for the factor that the request names, for a user who has lost the phone, and stays remembered', async () => {
    const app = await start()
    const browser = await rememberedBrowser(app)
    const transaction = await signIn(browser, 'anna', { factor: 'sms' })
    expect(await meOf(browser)).toBeUndefined()
    const code = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, code }))).toBe('success')
    signOut(browser)
    expect(outcomeOf(await browser.post('/login', { ...credentials('anna'), factor: 'nothing' }))).not.toBe('success')
    expect(outcomeOf(await enter(browser))).toBe('success')
  })

  it('gives verify a profile that says so, without message and data', async () => {
    const app = await start({ strategy: { message: 'Sign in?', data: { cart: 7 }, firstFactorAmr: ['pwd'] } })
    const browser = await rememberedBrowser(app)
    world.later(3600)
    await enter(browser)
    const [approved, remembered] = app.verified
    expect(approved).toMatchObject({ factor: 'push', message: 'Sign in?', data: { cart: 7 } })
    expect(approved).not.toHaveProperty('remembered')
    expect(remembered).toEqual({
      provider: 'nevis', id: approved?.id, username: 'anna', factor: 'push', operation: 'approve', transactionId: approved?.transactionId,
      amr: ['pwd'], authTime: expect.any(Number), remembered: true,
    })
    expect(approved?.amr).toContain('mfa')
    expect(Math.abs((remembered?.authTime as number) - (approved?.authTime as number))).toBeLessThanOrEqual(1)
  })

  it('gives verify no value for the first factor unless the app names one, and the username that the user had at the approval', async () => {
    let isNamed = true
    const app = await start({ strategy: { subject: () => ({ userId: userIdOf('anna'), ...(isNamed && { username: 'anna' }) }) } })
    const browser = await rememberedBrowser(app)
    isNamed = false
    expect(outcomeOf(await enter(browser))).toBe('success')
    expect(app.verified.at(-1)).toMatchObject({ remembered: true, id: userIdOf('anna'), username: 'anna', amr: [] })
  })

  it('whose connection closes before the answer can set the next cookie has used nothing up', async () => {
    const app = await start({
      routes: (web, kit) => {
        routes(web, kit)
        const leave: RequestHandler = (req, _res, next) => (req.socket.destroy(), next())
        web.post('/login-and-leave', kit.passport.authenticate('local', { session: false }), leave, kit.passport.authenticate('nevis'))
      },
    })
    const browser = await rememberedBrowser(app)
    await expect(enter(browser, 'anna', '/login-and-leave')).rejects.toThrow()
    expect(outcomeOf(await enter(browser))).toBe('success')
    expect(reasons()).toEqual([])
  })

  it('is one whose user has ticked the box: in the form of the password, on the page, or with the code', async () => {
    const app = await start()
    const inForm = app.browser()
    const notAtAll = app.browser()
    const onPage = app.browser()
    const withCode = app.browser()
    const handles = [await signIn(inForm, 'anna', { remember: 'on' }), await signIn(notAtAll, 'anna'), await signIn(onPage, 'anna')]
    for (const { transactionId } of world.simulator.phone('anna').requests()) await world.simulator.phone('anna').approve(transactionId)
    await inForm.get(callbackOf(handles[0] as string))
    await notAtAll.get(callbackOf(handles[1] as string))
    await onPage.get(`${callbackOf(handles[2] as string)}&remember=1`)
    const transaction = await signIn(withCode, 'anna', { factor: 'sms' })
    const code = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
    expect(outcomeOf(await withCode.post('/login/2fa/callback', [['transaction', transaction], ['code', code], ['remember', '0'], ['remember', '1']]))).toBe('success')
    expect([inForm, notAtAll, onPage, withCode].map((one) => one.cookies.has(COOKIE))).toEqual([true, false, true, true])
  })

  it('keeps the choice while the user has not approved, also for another factor, and an unticked box ends it', async () => {
    const app = await start()
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    const chosen = (of: string) => browser.get(waitingOf(of), { accept: 'application/json' }).then((page) => page.json().remember)
    expect(await chosen(handle)).toEqual({ days: 30, isChosen: false })
    expect((await browser.post('/login/2fa/callback', { transaction: handle, remember: '1' })).location).toMatch(/^\/login\/2fa\?/)
    expect(await chosen(handle)).toEqual({ days: 30, isChosen: true })
    const sms = handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'sms' })).location)
    expect(await chosen(sms)).toEqual({ days: 30, isChosen: true })
    const code = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: sms, code, remember: '0' }))).toBe('success')
    expect(browser.cookies.has(COOKIE)).toBe(false)
  })

  it('does not bring back with the choice a session that another tab has ended meanwhile', async () => {
    let isEnding = false
    /** A session store that ends a session right after a request has read it. */
    class EndingStore extends MemoryStore {
      override get(id: string, done: Parameters<MemoryStore['get']>[1]): void {
        super.get(id, (error, found) => {
          if (!isEnding) return done(error, found)
          isEnding = false
          this.destroy(id, () => done(error, found))
        })
      }
    }
    const store = new EndingStore()
    const browser = (await start({ session: { store } })).browser()
    const transaction = await signIn(browser, 'anna')
    isEnding = true
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, remember: '1' }))).toBe('unknown_transaction')
    const left = await new Promise((resolve) => store.all((_error, sessions) => resolve(sessions)))
    expect(Object.keys(left as object)).toEqual([])
  })

  it('has a cookie that scripts, other sites and plain connections do not get', async () => {
    const app = await start({ session: { proxy: true } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna', { remember: '1' })
    await world.simulator.phone('anna').approve()
    const lines = (await browser.get(callbackOf(handle))).headers.getSetCookie()
    expect(lines.find((line) => line.startsWith(COOKIE))).toMatch(/^nevis-browser=[\w-]+; Path=\/; Max-Age=25(91999|92000); HttpOnly; SameSite=Lax$/)
    expect(lines.some((line) => line.startsWith('connect.sid='))).toBe(true)
  })

  it('is none without the option: nothing is offered, and a cookie of before is not read', async () => {
    const ledger = new MemoryLedger()
    const browser = await rememberedBrowser(await start({ strategy: { ledger } }))
    const app = await world.start({ strategy: { ledger, secret: SECRET } })
    const other = app.browser()
    other.cookies.set(COOKIE, cookieOf(browser))
    expect(outcomeOf(await enter(other))).toBe(ASKED)
    const fresh = app.browser()
    const own = await signIn(fresh, 'ben', { remember: '1' })
    expect((await fresh.get(waitingOf(own), { accept: 'application/json' })).json()).not.toHaveProperty('remember')
  })
})

describe('a copied cookie', () => {
  // Shows: T-remembered-1
  it('that is used after its owner has used it signs in no user, and ends the browser for both', async () => {
    const app = await start()
    const owner = await rememberedBrowser(app)
    const thief = owner.clone()
    expect(outcomeOf(await enter(owner))).toBe('success')
    signOut(owner)
    world.later(60)
    expect(outcomeOf(await enter(thief))).toBe(ASKED)
    expect(await meOf(thief)).toBeUndefined()
    expect(reasons()).toEqual(['copied_browser'])
    expect(outcomeOf(await enter(owner))).toBe(ASKED)
  })

  // Shows: T-remembered-1
  it('that is used before its owner uses it again is found out at that use: both are asked from then on', async () => {
    const app = await start()
    const owner = await rememberedBrowser(app)
    const thief = owner.clone()
    // Each sign-in replaces the cookie of the remembered browser. A copy of the cookie works like the original until one of the two is used.
    expect(outcomeOf(await enter(thief))).toBe('success')
    signOut(thief)
    world.later(60)
    expect(outcomeOf(await enter(owner))).toBe(ASKED)
    expect(reasons()).toEqual(['copied_browser'])
    expect(outcomeOf(await enter(thief))).toBe(ASKED)
  })

  // Shows: T-remembered-2
  it('that is used within seconds signs in no user, but does not end the browser: it may be a double click', async () => {
    const app = await start()
    const owner = await rememberedBrowser(app)
    const second = owner.clone()
    const outcomes = (await Promise.all([enter(owner), enter(second)])).map(outcomeOf)
    expect(outcomes.sort()).toEqual([ASKED, 'success'])
    expect(reasons()).toEqual([])
    const honest = (await meOf(owner)) === 'anna' ? owner : second
    signOut(honest)
    world.later(60)
    expect(outcomeOf(await enter(honest))).toBe('success')
  })

  it('of twenty uses at once signs in once', async () => {
    const app = await start({ strategy: { startBudget: { starts: 1000, perSeconds: 60 } } })
    const owner = await rememberedBrowser(app)
    const outcomes = (await Promise.all(Array.from({ length: 20 }, () => enter(owner.clone())))).map(outcomeOf)
    expect(outcomes.filter((outcome) => outcome === 'success')).toHaveLength(1)
  })

  // Shows: T-remembered-2
  it('that was used a moment before its owner comes is dead once the owner has given a second factor and ticked the box again', async () => {
    const app = await start()
    const owner = await rememberedBrowser(app)
    const thief = owner.clone()
    expect(outcomeOf(await enter(thief))).toBe('success')
    signOut(thief)
    const handle = await signIn(owner, 'anna', { remember: '1' })
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await owner.get(callbackOf(handle)))).toBe('success')
    signOut(owner)
    world.later(60)
    expect(outcomeOf(await enter(thief))).toBe(ASKED)
    expect(outcomeOf(await enter(owner))).toBe('success')
    expect(reasons()).toEqual([])
  })

  // Shows: T-remembered-1
  it('is found out in another process', async () => {
    const ledger = new MemoryLedger()
    const [one, two] = [await start({ strategy: { ledger } }), await start({ strategy: { ledger } })] as const
    const owner = await rememberedBrowser(one)
    const at = (app: TestApp, cookie: string) => {
      const browser = app.browser()
      browser.cookies.set(COOKIE, cookie)
      return browser
    }
    const stolen = cookieOf(owner)
    const elsewhere = at(two, stolen)
    expect(outcomeOf(await enter(elsewhere))).toBe('success')
    world.later(60)
    expect(outcomeOf(await enter(at(one, stolen)))).toBe(ASKED)
    expect(reasons()).toEqual(['copied_browser'])
    expect(outcomeOf(await enter(at(one, cookieOf(elsewhere))))).toBe(ASKED)
  })
})

describe('a cookie of', () => {
  // Shows: T-remembered-3
  it('another user is not accepted, and stays that user\'s', async () => {
    const app = await start()
    const browser = await rememberedBrowser(app)
    expect(outcomeOf(await enter(browser, 'ben'))).toBe(ASKED)
    signOut(browser)
    expect(outcomeOf(await enter(browser))).toBe('success')
  })

  // Shows: T-remembered-3
  it('another instance is not accepted', async () => {
    const ledger = new MemoryLedger()
    const stolen = cookieOf(await rememberedBrowser(await start({ strategy: { ledger } })))
    const { baseURL, accessKey } = world.simulator
    const alias = new NevisClient({ baseURL: baseURL.replace('127.0.0.1', 'localhost'), accessKey })
    const other = await start({ strategy: { ledger, client: alias, baseURL: undefined, accessKey: undefined } })
    const browser = other.browser()
    browser.cookies.set(COOKIE, stolen)
    expect(outcomeOf(await enter(browser))).toBe(ASKED)
  })

  // Shows: T-remembered-3
  it('another strategy of the app is not accepted', async () => {
    const ledger = new MemoryLedger()
    const app = await start({
      strategy: { ledger },
      routes: (web, { passport }) => {
        passport.use(new NevisStrategy({ ...strategyOptions(world.simulator), ...remember, ledger, name: 'other' } as NevisStrategyOptions & { passReqToCallback?: false }, (_profile, done) => done(null, { username: 'anna' })))
        web.post('/other', passport.authenticate('local', { session: false }), passport.authenticate('other'), (_req, res) => void res.json({ action: 'success' }))
      },
    })
    const browser = await rememberedBrowser(app)
    browser.cookies.set('other-browser', cookieOf(browser))
    expect(outcomeOf(await enter(browser, 'anna', '/other'))).toBe(ASKED)
    signOut(browser)
    expect(outcomeOf(await enter(browser))).toBe('success')
  })

  // Shows: T-remembered-3
  it.each([
    ['one bit changed', (cookie: string) => `${cookie.slice(0, 40)}${cookie[40] === 'A' ? 'B' : 'A'}${cookie.slice(41)}`],
    ['an earlier cookie cut short', (cookie: string) => cookie.slice(0, -4)],
    ['text', () => 'nevis'],
    ['kilobytes', () => 'A'.repeat(6000)],
    ['nothing', () => '""'],
  ])('%s is not accepted', async (_what, change) => {
    const app = await start()
    const browser = await rememberedBrowser(app)
    browser.cookies.set(COOKIE, change(cookieOf(browser)))
    expect(outcomeOf(await enter(browser))).toBe(ASKED)
  })

  // Shows: T-remembered-4
  it('more days ago than allowed is not accepted, however often it was used', async () => {
    const app = await start({ strategy: { rememberBrowser: { days: 3 } } })
    const browser = await rememberedBrowser(app)
    for (let day = 1; day <= 3; day++) {
      world.later(DAY_SECONDS - 60)
      expect([day, outcomeOf(await enter(browser))]).toEqual([day, 'success'])
      signOut(browser)
    }
    world.later(3 * 60 + 1)
    expect(outcomeOf(await enter(browser))).toBe(ASKED)
    expect(reasons()).toEqual([])
  })

  // Shows: T-remembered-4
  it('a time when more days were allowed is held to the days of now', async () => {
    const ledger = new MemoryLedger()
    const stolen = cookieOf(await rememberedBrowser(await start({ strategy: { ledger } })))
    const shorter = await start({ strategy: { ledger, rememberBrowser: { days: 1 } } })
    const browser = shorter.browser()
    browser.cookies.set(COOKIE, stolen)
    world.later(DAY_SECONDS + 1)
    expect(outcomeOf(await enter(browser))).toBe(ASKED)
  })
})

describe('a cookie that was used where fewer days were allowed', () => {
  // Shows: T-remembered-1
  it('is a copy where more days are allowed, and ends both', async () => {
    const ledger = new MemoryLedger()
    const longer = await start({ strategy: { ledger } })
    const shorter = await start({ strategy: { ledger, rememberBrowser: { days: 2 } } })
    const stolen = cookieOf(await rememberedBrowser(longer))
    const [owner, thief] = [shorter.browser(), longer.browser()]
    for (const browser of [owner, thief]) browser.cookies.set(COOKIE, stolen)
    expect(outcomeOf(await enter(owner))).toBe('success')
    world.later(5 * DAY_SECONDS)
    expect(outcomeOf(await enter(thief))).toBe(ASKED)
    expect(reasons()).toEqual(['copied_browser'])
  })
})

describe('the box, in a password form that is sent again while a push is waiting,', () => {
  it.each([['1', '0', false], ['0', '1', true]])('counts as it was sent last: %s, then %s', async (first, second, isRemembered) => {
    const browser = (await start()).browser()
    await signIn(browser, 'anna', { remember: first })
    const handle = await signIn(browser, 'anna', { remember: second })
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    expect(browser.cookies.has(COOKIE)).toBe(isRemembered)
  })
})

describe('a cookie by a factor that the app no longer allows', () => {
  it('is not accepted', async () => {
    const ledger = new MemoryLedger()
    const stolen = cookieOf(await rememberedBrowser(await start({ strategy: { ledger } })))
    const browser = (await start({ strategy: { ledger, factors: [sms()] } })).browser()
    browser.cookies.set(COOKIE, stolen)
    expect(outcomeOf(await enter(browser))).toBe(ASKED)
  })
})

describe('forgetBrowsers', () => {
  it.each<[string, (userId: string) => { userId?: string; username?: string }]>([
    ['a username', () => ({ username: 'anna' })],
    ['a username in capitals', () => ({ username: 'Anna' })],
    ['a userId', (userId) => ({ userId })],
    ['both', (userId) => ({ userId, username: 'anna' })],
  ])('given %s ends every browser of the user at once, in every process, and of no other user', async (_what, named) => {
    const ledger = new MemoryLedger()
    const [one, two] = [await start({ strategy: { ledger } }), await start({ strategy: { ledger } })] as const
    const [first, second, bens] = [await rememberedBrowser(one), await rememberedBrowser(two), await rememberedBrowser(one, 'ben')]
    const { userId } = world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
    await forgetBrowsers(two.nevis, named(userId))
    expect(outcomeOf(await enter(first))).toBe(ASKED)
    expect(outcomeOf(await enter(second))).toBe(ASKED)
    expect(outcomeOf(await enter(bens, 'ben'))).toBe('success')
    expect(reasons()).toEqual([])
    expect(browserEvents()).toEqual(['remembered', 'remembered', 'remembered', 'forgotten', 'used'])
  })

  it('leaves the user free to have the browser remembered anew, and does not bring the old ones back', async () => {
    const app = await start()
    const old = await rememberedBrowser(app)
    await forgetBrowsers(app.nevis, { username: 'anna' })
    const fresh = await rememberedBrowser(app)
    expect(outcomeOf(await enter(fresh))).toBe('success')
    expect(outcomeOf(await enter(old))).toBe(ASKED)
    await forgetBrowsers(app.nevis, { username: 'anna' })
    signOut(fresh)
    expect(outcomeOf(await enter(fresh))).toBe(ASKED)
  })

  it('finds by username the browser of a user whom the app names by userId alone', async () => {
    const { userId } = world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
    const app = await start({
      strategy: { subject: () => ({ userId }) },
      verify: (_profile, done) => done(null, { username: 'anna' }),
    })
    const browser = await rememberedBrowser(app)
    await forgetBrowsers(app.nevis, { username: 'anna' })
    expect(outcomeOf(await enter(browser))).toBe(ASKED)
  })

  it('refuses a subject without a name, and does not need a user whom Nevis knows', async () => {
    const app = await start()
    await expect(forgetBrowsers(app.nevis, {})).rejects.toThrow(new TypeError('forgetBrowsers: subject must have a userId or a username'))
    await expect(forgetBrowsers(app.nevis, { username: 'nobody' })).resolves.toBe(0)
  })

  it('says how many it found, so that the app sees that a name is not the one of subject', async () => {
    const app = await start()
    const browser = await rememberedBrowser(app)
    await rememberedBrowser(app)
    await expect(forgetBrowsers(app.nevis, { username: 'id-of-anna' })).resolves.toBe(0)
    expect(outcomeOf(await enter(browser))).toBe('success')
    await expect(forgetBrowsers(app.nevis, { username: 'anna' })).resolves.toBe(2)
    signOut(browser)
    expect(outcomeOf(await enter(browser))).toBe(ASKED)
    await expect(forgetBrowsers(app.nevis, { username: 'anna' })).resolves.toBe(0)
    await rememberedBrowser(app)
    await expect(forgetBrowsers(app.nevis, { username: 'anna' })).resolves.toBe(1)
  })

  // Shows: T-remembered-5
  it('ends a browser that is being remembered in another process at that moment', async () => {
    const memory = new MemoryLedger()
    let onRecord = async () => {}
    const ledger: Ledger = {
      claim: async (key, seconds) => {
        if (key.startsWith('browser:')) await onRecord()
        return memory.claim(key, seconds)
      },
      look: (key) => memory.look(key),
      forget: (key) => memory.forget(key),
      count: (key, seconds) => memory.count(key, seconds),
    }
    const app = await start({ strategy: { ledger } })
    const other = await start({ strategy: { ledger: memory } })
    onRecord = async () => {
      onRecord = async () => {}
      await forgetBrowsers(other.nevis, { username: 'anna' })
      const { userId } = world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
      await forgetBrowsers(other.nevis, { userId })
    }
    const browser = await rememberedBrowser(app)
    expect(outcomeOf(await enter(browser))).toBe(ASKED)
  })
})

describe('a remembered browser skips', () => {
  // Shows: T-remembered-6
  it.each([
    ['a route with factors', '/login-by-push'],
    ['a route with a message', '/login-with-message'],
    ['a route with data', '/login-with-data'],
    ['passport.authorize', '/authorize'],
    ['a route without a session', '/without-session'],
  ])('no second factor at %s', async (_what, path) => {
    const app = await start()
    const browser = await rememberedBrowser(app)
    const before = world.asked('approve')
    expect(outcomeOf(await enter(browser, 'anna', path))).toBe(ASKED)
    expect(world.asked('approve')).toBe(before + 1)
  })

  // Shows: T-remembered-6
  it('no enrolment: the user who has a factor is refused, as without the cookie', async () => {
    const app = await start()
    const browser = await rememberedBrowser(app)
    expect((await enter(browser, 'anna', '/enrol')).status).toBe(403)
  })

  // Shows: T-remembered-6
  it('no step-up: the record is not written, the guard refuses, and a start of the signed-in user asks', async () => {
    const app = await start()
    const browser = await rememberedBrowser(app)
    const page = await enter(browser, 'anna', '/sign-in')
    expect(page.json()).toMatchObject({ action: 'success', record: null, nevis: { remembered: true } })
    expect((await browser.get('/guarded')).status).toBe(401)
    expect(outcomeOf(await browser.post('/confirm'))).toBe(ASKED)
    // A user who is already signed in enters the password again. The remembered browser does not replace the second factor for this user.
    expect(outcomeOf(await enter(browser, 'anna', '/sign-in'))).toBe(ASKED)
  })

  it('no check of the password, and no GET', async () => {
    const app = await start()
    const browser = await rememberedBrowser(app)
    expect((await browser.post('/login', { username: 'anna', password: 'wrong' })).status).toBe(401)
    expect((await browser.get('/start')).json()).toMatchObject({ action: 'fail', code: 'start_requires_post' })
    expect(await meOf(browser)).toBeUndefined()
  })

  it('no second factor after a sign-in by recovery code: a stolen code opens the account once', async () => {
    const app = await start()
    const browser = app.browser()
    const transaction = await signIn(browser, 'anna', { factor: 'recovery', remember: '1' })
    expect((await browser.get(waitingOf(transaction), { accept: 'application/json' })).json()).not.toHaveProperty('remember')
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, code: 'AAAA-1111', remember: '1' }))).toBe('success')
    expect(browser.cookies.has(COOKIE)).toBe(false)
  })

  it('no second factor where only the callback names factors: the browser is not remembered there', async () => {
    const app = await start({ callback: { factors: ['push'] } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna', { remember: '1' })
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    expect(browser.cookies.has(COOKIE)).toBe(false)
  })
})

describe('a remembered sign-in in a planted session', () => {
  // Shows: T-remembered-7
  it('leaves the attacker\'s session without a login', async () => {
    const app = await start({ routes: (web, parts) => {
      routes(web, parts)
      web.get('/plant', (req, res) => {
        ;(req.session as unknown as { token: string }).token = 'csrf'
        res.end()
      })
    } })
    const attacker = app.browser()
    await attacker.get('/plant')
    const browser = await rememberedBrowser(app)
    browser.cookies.set('connect.sid', attacker.cookies.get('connect.sid') as string)
    expect(outcomeOf(await enter(browser))).toBe('success')
    expect(browser.cookies.get('connect.sid')).not.toBe(attacker.cookies.get('connect.sid'))
    expect(await meOf(attacker)).toBeUndefined()
  })

  it('gets a new session id from the strategy already, for an app whose login would keep it', async () => {
    const app = await start({ routes: (web, { passport }) => {
      web.get('/plant', (req, res) => {
        ;(req.session as unknown as { token: string }).token = 'csrf'
        res.json({ action: 'planted', id: req.sessionID })
      })
      web.post('/by-hand', passport.authenticate('local', { session: false }), (req, res, next) => {
        const settled = (error: unknown) => (error ? next(error) : res.json({ action: 'success', id: req.sessionID }))
        passport.authenticate('nevis', settled as never)(req, res, next)
      })
    } })
    const browser = await rememberedBrowser(app)
    const { id } = (await browser.get('/plant')).json()
    const page = (await enter(browser, 'anna', '/by-hand')).json()
    expect(page.action).toBe('success')
    expect(page.id).not.toBe(id)
  })
})

describe('with a ledger', () => {
  // Shows: T-remembered-8
  it('that is down, no user is signed in', async () => {
    const memory = new MemoryLedger()
    let isDown = false
    const guarded = <T>(ask: () => Promise<T>) => (isDown ? Promise.reject(new Error('down')) : ask())
    const ledger: Ledger = {
      claim: (key, seconds) => guarded(() => memory.claim(key, seconds)),
      count: (key, seconds) => guarded(() => memory.count(key, seconds)),
      look: (key) => guarded(() => memory.look(key)),
      forget: (key) => guarded(() => memory.forget(key)),
    }
    const app = await start({ strategy: { ledger } })
    const browser = await rememberedBrowser(app)
    isDown = true
    expect(outcomeOf(await enter(browser))).toBe('LEDGER_UNAVAILABLE')
    expect(await meOf(browser)).toBeUndefined()
    isDown = false
    expect(outcomeOf(await enter(browser))).toBe('success')
  })

  // Shows: T-remembered-8
  it('that fails at one key alone, the user is asked, and an approval is not lost', async () => {
    const memory = new MemoryLedger()
    let failing = ''
    const guarded = <T>(key: string, ask: () => Promise<T>) => (failing !== '' && key.startsWith(failing) ? Promise.reject(new Error('down')) : ask())
    const ledger: Ledger = {
      claim: (key, seconds) => guarded(key, () => memory.claim(key, seconds)),
      count: (key, seconds) => guarded(key, () => memory.count(key, seconds)),
      look: (key) => guarded(key, () => memory.look(key)),
      forget: (key) => guarded(key, () => memory.forget(key)),
    }
    const app = await start({ strategy: { ledger, startBudget: { starts: 100, perSeconds: 60 } } })
    for (failing of ['browser:', 'browser-ended:', 'busy:', 'used:']) {
      const browser = await (async () => {
        const of = failing
        failing = ''
        const one = await rememberedBrowser(app)
        failing = of
        return one
      })()
      const faults = world.events.all.filter(({ event }) => event === 'fault').length
      expect([failing, outcomeOf(await enter(browser))]).toEqual([failing, ASKED])
      expect(world.events.all.filter(({ event }) => event === 'fault').slice(faults)).toContainEqual(expect.objectContaining({ at: 'browser', code: 'LEDGER_UNAVAILABLE' }))
    }
    failing = 'browsers:'
    const browser = app.browser()
    const handle = await signIn(browser, 'ben', { remember: '1' })
    await world.simulator.phone('ben').approve()
    const before = world.events.all.length
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    expect(browser.cookies.has(COOKIE)).toBe(false)
    expect(world.events.all.slice(before)).toContainEqual(expect.objectContaining({ event: 'fault', at: 'browser', code: 'LEDGER_UNAVAILABLE' }))
  })

  // Shows: T-remembered-8
  it('that was emptied, no user is remembered', async () => {
    const memory = { now: new MemoryLedger() }
    const ledger: Ledger = {
      claim: (key, seconds) => memory.now.claim(key, seconds),
      count: (key, seconds) => memory.now.count(key, seconds),
      look: (key) => memory.now.look(key),
      forget: (key) => memory.now.forget(key),
    }
    const app = await start({ strategy: { ledger } })
    const browser = await rememberedBrowser(app)
    memory.now = new MemoryLedger()
    expect(outcomeOf(await enter(browser))).toBe(ASKED)
    expect(reasons()).toEqual([])
  })

  it('a remembered sign-in costs nine calls, and nothing is kept that could make a cookie, and no name of a user', async () => {
    const keys: string[] = []
    let calls = 0
    const memory = new MemoryLedger()
    const ledger: Ledger = {
      claim: (key, seconds) => (calls++, keys.push(key), memory.claim(key, seconds)),
      count: (key, seconds) => (calls++, keys.push(key), memory.count(key, seconds)),
      look: (key) => (calls++, memory.look(key)),
      forget: (key) => memory.forget(key),
    }
    const app = await start({ strategy: { ledger } })
    const browser = await rememberedBrowser(app)
    calls = 0
    await enter(browser)
    expect(calls).toBe(9)
    const { userId } = world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
    const browserKeys = keys.filter((key) => key.includes('browser'))
    expect(browserKeys.length).toBeGreaterThan(3)
    for (const key of browserKeys) for (const secret of ['anna', userId, cookieOf(browser)]) expect(key).not.toContain(secret)
  })
})

describe('the option', () => {
  it.each([[{ days: 0 }], [{ days: 91 }], [{ days: 1.5 }], [{ days: '30' }], [{}]])('refuses %j', async (rememberBrowser) => {
    await expect(start({ strategy: { rememberBrowser: rememberBrowser as never } })).rejects.toThrow('NevisStrategy: rememberBrowser.days must be a whole number from 1 to 90')
  })

  it('refuses an unknown name in it, and what is no object', async () => {
    await expect(start({ strategy: { rememberBrowser: { days: 1, hours: 2 } as never } })).rejects.toThrow('NevisStrategy: rememberBrowser: unknown option "hours"')
    for (const value of [true, null, 30]) await expect(start({ strategy: { rememberBrowser: value as never } })).rejects.toThrow('NevisStrategy: rememberBrowser must be an object, such as { days: 30 }')
  })
})
