/**
 * The first attack: an attacker guesses the password of one account, each guess from another IP address. A limit per IP address does not stop this attack,
 * so the app also has a limit per account. The second attack: an attacker types wrong passwords for a victim's account until the limit per account is
 * reached, so that the victim cannot sign in any more.
 */
import type { Browser } from '../support/browser'
import { circumstances, sixMinutesLater } from './circumstances'
import { hiddenField, signIn, startExample, submit, type Running } from './support'

let app: Running
beforeAll(async () => {
  app = await startExample({ TRUST_PROXY: '1', ...circumstances })
})
afterEach(eighteenMinutesLater)
afterAll(() => app.stop())

/** Moves the app's clock so far ahead that its limits for passwords count from 0 again. */
async function eighteenMinutesLater(): Promise<void> {
  for (let i = 0; i < 3; i++) await sixMinutesLater(app)
}

let addresses = 0
/** Signs in from a new IP address. Uses a new browser, unless the caller passes a browser. */
async function login(username: string, password: string, browser: Browser = app.browser()) {
  const page = await browser.get('/login')
  const from = { 'x-forwarded-for': `198.51.100.${++addresses}` }
  return browser.post('/login', { _csrf: hiddenField(page.text, '_csrf'), username, password }, from)
}
async function guess(username: string, times: number): Promise<number[]> {
  const statuses: number[] = []
  for (let i = 0; i < times; i++) statuses.push((await login(username, `guess ${i}`)).status)
  return statuses
}
const right = (username: string, browser?: Browser) => login(username, app.account(username).password, browser)
const WAITING = /^\/login\/2fa\?transaction=/

describe('guessing the password of one account from many addresses', () => {
  it('is not looked at after the tenth wrong one, not even with the right one, and says nothing of the account', async () => {
    expect(await guess('ben', 11)).toEqual([...Array<number>(10).fill(302), 429])
    expect((await right('ben')).status).toBe(429)
    expect(await app.phone('ben').requests()).toBe(0) // no request was sent to the phone
    expect(await guess('nobody', 11)).toEqual([...Array<number>(10).fill(302), 429])
    const { headers, text } = await login('ben', 'x')
    expect([...headers.keys()].filter((name) => /account|retry/i.test(name))).toEqual([])
    expect(text).toContain('Too many attempts')
  })

  it('in a browser that is signed in to another account › checks no password', async () => {
    const attackers = await signIn(app, 'anna')
    const guesses: unknown[] = []
    for (let i = 0; i < 11; i++) {
      const page = await attackers.get('/account')
      guesses.push((await attackers.post('/login', { _csrf: hiddenField(page.text, '_csrf'), username: 'ben', password: app.account('ben').password })).location)
    }
    expect(guesses).toEqual(Array<string>(11).fill('/account'))
    expect(await app.phone('ben').requests()).toBe(0)
  })

  it('counts every way to write the name', async () => {
    await guess('ben', 4)
    await guess('BEN', 3)
    await guess(' bén'.normalize('NFD').replace('\u0301', ''), 3)
    expect((await right('ben')).status).toBe(429)
  })

  it('leaves other accounts alone, and is over after fifteen minutes', async () => {
    await guess('ben', 11)
    expect((await right('anna')).location).toMatch(WAITING)
    await eighteenMinutesLater()
    expect((await right('ben')).location).toMatch(WAITING)
  })
})

describe('the owner of an account that a stranger tries', () => {
  it('signs in all the same, in a browser in which they were signed in before', async () => {
    const owners = await signIn(app, 'anna')
    await submit(owners, '/account', '/logout')
    await guess('anna', 11)
    expect((await right('anna')).status).toBe(429)
    expect((await right('anna', owners)).location).toMatch(WAITING)
  })

  it('is counted in that browser, too', async () => {
    const owners = await signIn(app, 'anna')
    await submit(owners, '/account', '/logout')
    for (let i = 0; i < 10; i++) expect((await login('anna', 'mistyped', owners)).status).toBe(302)
    expect((await login('anna', 'mistyped', owners)).status).toBe(429)
    expect((await right('anna')).location).toMatch(WAITING)
  })

  it('has no help for a stranger in it: the cookie of one account does not fit another', async () => {
    const strangers = await signIn(app, 'anna')
    await submit(strangers, '/account', '/logout')
    await guess('ben', 10)
    expect((await right('ben', strangers)).status).toBe(429)
  })

  it('may sign in as often as they like', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) statuses.push((await right('ben')).status)
    expect(statuses).not.toContain(429)
  })
})
