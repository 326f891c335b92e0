/**
 * The attack: the cookie that remembers the factor used last.
 *
 * The attacker knows only a username, and wants to learn from the app which factor this user has. Or the attacker has the password, and wants to learn the
 * factor in a browser of their own. Or the attacker writes this cookie into the victim's browser, or copies the victim's cookie. The aim is a sign-in with a
 * weaker factor, or with a factor that the app or the route does not offer. So the cookie may only change the order of the factors that the app offers anyway.
 * It may do so only for the user for whom the app has set the cookie, and only in the browser in which it was set.
 */
import { callbackOf, handleIn, PASSWORD, signIn, waitingOf, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from './support/lab'

const world = lab()
const COOKIE = 'nevis-factor'
/** The option `availableFactors` says which factors a user has. Without this option, the strategy does not use the cookie of the factor used last. */
const start = () => world.start({ strategy: { availableFactors: () => ['push', 'app', 'sms', 'recovery'] } })

const codeOf = (username: string) => /\d{6}/.exec(world.simulator.sms(username).at(-1) as string)?.[0] as string
const signOut = (browser: Browser) => void browser.cookies.delete('connect.sid')
const factorOf = async (browser: Browser, username: string, path = '/login') => {
  signOut(browser)
  const handle = handleIn((await browser.post(path, { username, password: PASSWORD })).location)
  return (await browser.get(waitingOf(handle), { accept: 'application/json' })).json().factor as string
}

/** A browser in which this user has signed in by SMS. */
async function usedBy(app: TestApp, username: string): Promise<Browser> {
  const browser = app.browser()
  const handle = await signIn(browser, username, { factor: 'sms' })
  expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: handle, code: codeOf(username) }))).toBe('success')
  signOut(browser)
  return browser
}

describe('an attacker who knows only the username', () => {
  it('gets the same answer whether there is a cookie or not', async () => {
    const app = await start()
    const browser = await usedBy(app, 'anna')
    const answers = []
    for (const one of [browser, app.browser()]) {
      const { status, text, headers } = await one.post('/login', { username: 'anna', password: 'wrong' })
      answers.push([status, text, headers.getSetCookie()])
    }
    expect(answers[0]).toEqual(answers[1])
  })
})

describe('an attacker who has the password', () => {
  // Shows: T-password-9
  it('learns nothing in another browser: each begins with the app\'s first factor', async () => {
    const app = await start()
    await usedBy(app, 'anna')
    expect(await factorOf(app.browser(), 'anna')).toBe('push')
  })

  it('gains nothing from a copy of the cookie: the second factor is asked for as always', async () => {
    const app = await start()
    const victims = await usedBy(app, 'anna')
    const thief = app.browser()
    thief.cookies.set(COOKIE, victims.cookies.get(COOKIE) as string)
    const handle = await signIn(thief, 'anna')
    expect(outcomeOf(await thief.get(callbackOf(handle)))).toBe('missing_code')
    expect((await thief.get('/me')).json()).toEqual({ user: null })
  })
})

describe('a cookie', () => {
  // Shows: T-password-9
  it('names neither the user nor the factor, and differs for each user', async () => {
    const app = await start()
    const [annas, bens] = [(await usedBy(app, 'anna')).cookies.get(COOKIE) as string, (await usedBy(app, 'ben')).cookies.get(COOKIE) as string]
    expect(annas).not.toBe(bens)
    for (const value of [annas, bens]) {
      expect(value).toMatch(/^[\w-]{43}$/)
      for (const text of [value, Buffer.from(value, 'base64url').toString('latin1')]) expect(text).not.toMatch(/anna|ben|sms|push/)
    }
  })

  it('of another user means nothing, and stays that user\'s', async () => {
    const app = await start()
    const browser = await usedBy(app, 'anna')
    expect(await factorOf(browser, 'ben')).toBe('push')
    const handle = await signIn(browser, 'ben')
    await world.simulator.phone('ben').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    expect(await factorOf(browser, 'anna')).toBe('sms')
  })

  it.each(['sms', '', 'x'.repeat(5000), Buffer.alloc(32).toString('base64url'), '"><script>', 'anna:sms', '%00'])('that was made up means nothing: %s', async (value) => {
    const browser = (await start()).browser()
    browser.cookies.set(COOKIE, value)
    expect(await factorOf(browser, 'anna')).toBe('push')
  })

  it('of an app with another secret means nothing', async () => {
    const [one, other] = [await world.start({ strategy: { secret: 'kJ8s0b2LqZr4XvN7yTfW1mCeUdHgPaQi' } }), await world.start({ strategy: { secret: 'pQ3xW9eRt6yUiOaSdFgHjKlZxCvBnM01' } })]
    const browser = other.browser()
    browser.cookies.set(COOKIE, (await usedBy(one, 'anna')).cookies.get(COOKIE) as string)
    expect(await factorOf(browser, 'anna')).toBe('push')
  })

  it('of another strategy means nothing, even with the same secret', async () => {
    const secret = 'kJ8s0b2LqZr4XvN7yTfW1mCeUdHgPaQi'
    const [one, other] = [await world.start({ strategy: { secret } }), await world.start({ strategy: { secret, name: 'other' }, routes: (web, { passport }) => void web.post('/other', passport.authenticate('local', { session: false }), passport.authenticate('other')) })]
    const browser = other.browser()
    browser.cookies.set('other-factor', (await usedBy(one, 'anna')).cookies.get(COOKIE) as string)
    expect(await factorOf(browser, 'anna', '/other')).toBe('push')
  })

  it('is not deleted because another user of the browser lacks a factor', async () => {
    const app = await start()
    const browser = await usedBy(app, 'anna')
    world.simulator.faults.add({ on: 'approve', status: 404, body: { error: 'Not Found', status: 404, timestamp: 1 }, times: 1 })
    expect(outcomeOf(await browser.post('/login', { username: 'ben', password: PASSWORD, factor: 'sms' }))).toBe('303 /login/2fa')
    expect(await factorOf(browser, 'anna')).toBe('sms')
  })

  it('brings back no factor that the app, the user or the route does not have', async () => {
    const app = await start()
    const cookie = (await usedBy(app, 'anna')).cookies.get(COOKIE) as string
    const strict = await world.start({ strategy: { availableFactors: () => ['push', 'recovery'] } })
    const guarded = await world.start({ start: { factors: ['push', 'app'] } })
    for (const one of [strict, guarded]) {
      const browser = one.browser()
      browser.cookies.set(COOKIE, cookie)
      expect(await factorOf(browser, 'anna')).toBe('push')
    }
  })
})
