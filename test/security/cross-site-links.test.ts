/**
 * The attack: a link on another site, with a stolen handle (the encrypted reference to a sign-in in the URL of the waiting page).
 *
 * The attacker knows the URL of the victim's waiting page, and shows the victim a page with links or redirects to the callback route. When the victim follows a
 * link, the browser also sends a session cookie with `SameSite=Lax`. In an earlier version, the URL of such a link could contain fields. Five links with wrong
 * codes ended the victim's request, and counted towards the victim's limit of wrong codes. With `remember=1` in the link, the victim's browser needed no second
 * factor for 30 days. A link could also say that the victim has saved new recovery codes, before the victim has seen them.
 */
import { callbackOf, signIn, waitingOf, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf, tally } from './support/lab'

const world = lab()
const REMEMBER = { rememberBrowser: { days: 30 } }
const CALLBACK = '/login/2fa/callback'
const linkOfOtherSite = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }

let app: TestApp
let browser: Browser
const codeOf = (username: string) => /\d{6}/.exec(world.simulator.sms(username).at(-1) as string)?.[0] as string
const viewOf = (handle: string) => browser.get(waitingOf(handle), { accept: 'application/json' }).then((page) => page.json())

beforeEach(async () => {
  app = await world.start({ strategy: REMEMBER })
  browser = app.browser()
})

describe('a link of another site to the callback', () => {
  // Shows: T-csrf-3
  it.each(['', '&retry=1'])('spends no code: six codes in its URL are refused, and the right code then signs in (%j)', async (retry) => {
    const transaction = await signIn(browser, 'anna', { factor: 'sms' })
    const outcomes: string[] = []
    for (let i = 0; i < 6; i++) outcomes.push(outcomeOf(await browser.get(`${callbackOf(transaction)}&code=${100000 + i}${retry}`, linkOfOtherSite)))
    expect(tally(outcomes)).toEqual({ cross_site_post: 6 })
    expect(world.asked('verifyCode')).toBe(0)
    expect(await viewOf(transaction)).toMatchObject({ status: 'pending', attemptsLeft: 5 })
    expect(outcomeOf(await browser.post(CALLBACK, { transaction, code: codeOf('anna') }))).toBe('success')
  })

  // Shows: T-csrf-3
  it('carries no token: it is refused before Nevis is asked', async () => {
    const handle = await signIn(browser, 'anna')
    expect(outcomeOf(await browser.get(`${callbackOf(handle)}&token=t0ken`, linkOfOtherSite))).toBe('cross_site_post')
    expect(world.asked('getStatus')).toBe(0)
  })

  // Shows: T-csrf-3
  it.each(['cancel', 'extend', 'factor'])('asks for nothing but the result: with the field %s in its URL it is refused, and the approval still counts', async (field) => {
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    for (const headers of [linkOfOtherSite, {}]) expect(outcomeOf(await browser.get(`${callbackOf(handle)}&${field}=push`, headers as Record<string, string>))).toBe('start_requires_post')
    expect(world.asked('getStatus')).toBe(0)
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
  })

  // Shows: T-csrf-3
  it.each([
    ['as the browser says', linkOfOtherSite],
    ['as its origin says', { origin: 'https://evil.example' }],
  ])('cannot tick the box "Remember this browser": %s', async (_name, headers) => {
    const handle = await signIn(browser, 'anna')
    for (const choice of ['1', '0']) expect(outcomeOf(await browser.get(`${callbackOf(handle)}&remember=${choice}`, headers as Record<string, string>))).toBe('cross_site_post')
    expect((await viewOf(handle)).remember).toEqual({ days: 30, isChosen: false })
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(`${callbackOf(handle)}&remember=1`, headers as Record<string, string>))).toBe('cross_site_post')
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    expect(browser.cookies.has('nevis-browser')).toBe(false)
  })

  // Shows: T-csrf-3
  it('cannot say that new recovery codes are saved: the page still shows them, and its form confirms them', async () => {
    const userId = world.simulator.users.find(({ username }) => username === 'anna')?.userId as string
    await browser.post('/prove', { username: 'anna', userId })
    const started = await browser.post('/factors', { factor: 'recovery' })
    const handle = new URL(started.location as string, app.origin).searchParams.get('transaction') as string
    expect(outcomeOf(await browser.get(callbackOf(handle), linkOfOtherSite))).toBe('cross_site_post')
    expect(await viewOf(handle)).toMatchObject({ status: 'pending', recoveryCodes: expect.any(Array) })
    expect(outcomeOf(await browser.post(CALLBACK, { transaction: handle }))).toBe('success')
  })
})

describe('a code in a URL', () => {
  it.each([{ 'sec-fetch-site': 'same-origin' }, {}])('is read if this site sends it: %j', async (headers) => {
    const transaction = await signIn(browser, 'anna', { factor: 'sms' })
    expect(outcomeOf(await browser.get(`${callbackOf(transaction)}&code=${codeOf('anna')}`, headers as Record<string, string>))).toBe('success')
  })
})

describe('the waiting page itself', () => {
  it.each([{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'same-site' }, {}])('goes to the callback with the user\'s choice in the URL: %j', async (headers) => {
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(`${callbackOf(handle)}&remember=1`, headers as Record<string, string>))).toBe('success')
    expect(browser.cookies.has('nevis-browser')).toBe(true)
  })

  it('may be on another site if the app allows its posts', async () => {
    const open = await world.start({ strategy: { ...REMEMBER, allowPostsFromOtherSites: true } })
    const other = open.browser()
    const handle = await signIn(other, 'anna')
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await other.get(`${callbackOf(handle)}&remember=1`, linkOfOtherSite))).toBe('success')
    expect(other.cookies.has('nevis-browser')).toBe(true)
  })
})
