/**
 * An app changes the strategy's option `secret` to a new value. These tests check for how long the app must keep the old value, too. The section "A new secret"
 * of the guide "Several processes" lists these times.
 */
import { MemoryStore } from 'express-session'
import { MemoryLedger, push, recovery, sms, type NevisStrategyOptions } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, waitingOf, type TestApp } from '../support/app'
import { Browser } from '../support/browser'
import { read } from '../support/markdown'
import { lab, outcomeOf } from '../security/support/lab'

const OLD = 'k3Jx0w9Qe7Rt2Yu5Io8Pa1Sd4Fg6Hj0L'
const NEW = 'Zx7Cv2Bn9Mq4Wt6Er1Ty8Ui3Op5As0Df'
const MINUTE = 60
const DAY = 86_400

const world = lab()
const [, guide = ''] = read('docs/guides/several-processes.md').split('\n## A new secret\n')

/**
 * Starts one app for each stage of a change of the strategy's secret: `before` still encrypts with the old secret, `after` encrypts with the new one and still
 * accepts the old one, `removed` no longer accepts the old one. All three apps share the sessions and the ledger.
 */
async function deploys(strategy: Partial<NevisStrategyOptions> = {}) {
  const shared = { session: { store: new MemoryStore() }, ledger: new MemoryLedger() }
  const withSecret = (secret: string[]) => world.start({ session: shared.session, strategy: { ledger: shared.ledger, ...strategy, secret } })
  return { before: await withSecret([OLD, NEW]), after: await withSecret([NEW, OLD]), removed: await withSecret([NEW]) }
}

const at = (app: TestApp, browser: Browser) => Object.assign(new Browser(app.origin), { cookies: browser.clone().cookies })

it('a sign-in that has begun needs it', async () => {
  const { before, after, removed } = await deploys()
  const browser = before.browser()
  const handle = await signIn(browser, 'anna')
  await world.simulator.phone('anna').approve()
  expect((await at(removed, browser).get(callbackOf(handle))).json()).toMatchObject({ action: 'fail', code: 'unknown_transaction' })
  expect(outcomeOf(await at(after, browser).get(callbackOf(handle)))).toBe('success')
})

it('a page with new recovery codes needs it for eleven lifetimes, if the user asks for more time on it ten times', async () => {
  expect(guide).toContain('11 × `firstFactorLifetimeSeconds`, because the user can ask for more time ten times: 110 minutes by default')
  const { before, after, removed } = await deploys({ factors: [push(), sms(), recovery()] })
  const { userId = '' } = world.simulator.users.find(({ username }) => username === 'anna') ?? {}
  const browser = before.browser()
  await browser.post('/prove', { username: 'anna', userId })
  const handle = handleIn((await browser.post('/factors', { factor: 'recovery' })).location)
  const view = async (app: TestApp) => (await at(app, browser).get(waitingOf(handle), { accept: 'application/json' })).json()
  const { recoveryCodes } = await view(before)
  expect(recoveryCodes.length).toBeGreaterThan(1)
  for (let i = 1; i <= 10; i++) {
    world.later(9.9 * MINUTE)
    const more = await at(after, browser).post('/login/2fa', { transaction: handle, extend: '1' })
    expect([i, more.status]).toEqual([i, 303])
  }
  world.later(9.5 * MINUTE)
  // The transaction was started 108.5 minutes ago. A tab whose URL contains the first handle, which was encrypted with the old secret, still shows the recovery
  // codes. An app without the old secret cannot decrypt that handle.
  expect(await view(after)).toMatchObject({ recoveryCodes })
  expect(await view(removed)).toMatchObject({ code: 'unknown_transaction' })
  world.later(2 * MINUTE)
  expect(await view(after)).not.toHaveProperty('recoveryCodes')
})

it('a remembered browser needs it for as many days as it is remembered, unless it has signed in since', async () => {
  const { before, after, removed } = await deploys({ rememberBrowser: { days: 20 } })
  const remembered = async () => {
    const browser = before.browser()
    const handle = await signIn(browser, 'anna', { remember: '1' })
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    browser.cookies.delete('connect.sid')
    return browser
  }
  const enter = async (app: TestApp, browser: Browser) => {
    const here = at(app, browser)
    const page = await here.post('/login', { username: 'anna', password: PASSWORD })
    browser.cookies.clear()
    for (const [name, value] of here.cookies) if (name !== 'connect.sid') browser.cookies.set(name, value)
    return page.status === 303 ? 'asked' : outcomeOf(page)
  }
  const [idle, active] = [await remembered(), await remembered()]
  expect(await enter(after, active)).toBe('success')
  world.later(19 * DAY)
  expect(await enter(removed, active)).toBe('success')
  expect(await enter(removed, idle.clone())).toBe('asked')
  expect(await enter(after, idle)).toBe('success')
  world.later(2 * DAY)
  expect(await enter(after, idle)).toBe('asked')
})
