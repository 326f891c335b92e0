/**
 * The attack: a password that counts for ever.
 *
 * For `firstFactorLifetimeSeconds` after the password, the user may try another factor without entering the password again. The attacker uses a browser that
 * was left on the waiting page, and starts the second factor again and again. Each time, the attacker first sends the handle (the string that names the
 * transaction) of the newest page, and then the handle of the page before, as a double click would. In an earlier version, the strategy took this older
 * handle for a new sign-in with the password, so the time began again.
 */
import { callbackOf, handleIn, signIn, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from './support/lab'

const world = lab()
jest.setTimeout(30_000)

let app: TestApp
let browser: Browser
beforeEach(async () => {
  app = await world.start({ strategy: { firstFactorLifetimeSeconds: 60, startBudget: { starts: 50, perSeconds: 60 } } })
  browser = app.browser()
})

const resend = (transaction: string) => browser.post('/login/2fa', { transaction, factor: 'push' })

// Shows: T-password-8
it('ends after its time, however often the older page has sent the request again', async () => {
  let before = await signIn(browser, 'anna')
  world.later(15)
  const newest = handleIn((await resend(before)).location)
  world.later(35)
  // "Send again" on the older page (with the handle `before`) must lead to the pending request. But the time since the password (at most 60 s in this test)
  // must not begin again.
  expect(handleIn((await resend(before)).location)).toBeDefined()
  before = newest
  world.later(11)
  expect(outcomeOf(await resend(newest))).toBe('expired_transaction')
  expect(outcomeOf(await resend(before))).toBe('expired_transaction')
})

it('begins anew with the password', async () => {
  await signIn(browser, 'anna')
  world.later(50)
  const again = await signIn(browser, 'anna')
  world.later(30)
  const newest = handleIn((await resend(again)).location)
  await world.simulator.phone('anna').approve()
  expect(outcomeOf(await browser.get(callbackOf(newest)))).toBe('success')
})
