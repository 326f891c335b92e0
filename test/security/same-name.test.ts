/**
 * The attack: using an approval of one strategy at the callback of another strategy.
 *
 * An app has two strategies at one Nevis instance: one for the sign-in and the step-up, one for payments, whose message is the amount. Passport
 * registers them under two names (`passport.use('payments', …)`), but both have the default option `name`. The attacker has the victim's session, and
 * starts both a payment and a step-up. The victim's phone shows the step-up, which has no message, and the victim accepts. Then the attacker opens the callback
 * of the payment with the approval of the step-up.
 */
import { NevisStrategy, push, recordSecondFactor, requireSecondFactor, statusEndpoint, waitingPage } from '../../src'
import { handleIn, PASSWORD, strategyOptions, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from './support/lab'

const world = lab()
let app: TestApp
let browser: Browser
let paid: unknown[]

beforeEach(async () => {
  paid = []
  const { simulator } = world
  const urls = { waitingURL: '/pay/2fa', callbackURL: '/pay/2fa/callback', statusURL: '/pay/2fa/status' }
  const payments = new NevisStrategy({ ...strategyOptions(simulator), ...urls, factors: [push()], message: 'Pay 9999 CHF?', passReqToCallback: false }, async ({ username }) => ({ username: username as string }))
  app = await world.start({
    routes: (web, { passport }) => {
      passport.use('payments', payments)
      web.post('/password', passport.authenticate('local'), (_req, res) => void res.end())
      web.post('/step-up', passport.authorize('nevis'))
      web.all('/stepped-up', passport.authorize('nevis'), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
      web.get('/pay/2fa/status', statusEndpoint(payments))
      web.post('/pay', passport.authorize('payments'))
      web.get('/pay/2fa', waitingPage(payments))
      web.post('/pay/2fa', passport.authorize('payments'))
      web.all('/pay/2fa/callback', passport.authorize('payments', { failWithError: true }), recordSecondFactor(), (req, res) => {
        paid.push(req.authInfo?.nevis?.message)
        res.json({ action: 'success' })
      })
      web.post('/transfer', requireSecondFactor({ maxAgeSeconds: 300 }), (_req, res) => void res.json({ action: 'success' }))
    },
  })
  browser = app.browser()
  await browser.post('/password', { username: 'anna', password: PASSWORD })
})

const started = async (path: string) => handleIn((await browser.post(path)).location)
const approve = (message?: string) => {
  const phone = world.simulator.phone('anna')
  return phone.approve(phone.waiting.find((one) => one.message === message)?.transactionId)
}

describe('two strategies with the same option `name`, at one instance and in one session', () => {
  // Shows: T-handle-2
  it('a step-up without a message is not finished at the callback of the payment, nor shown, changed or cancelled there', async () => {
    await started('/pay')
    const stepUp = await started('/step-up')
    await approve()
    expect(outcomeOf(await browser.get(`/pay/2fa/callback?transaction=${stepUp}`))).toBe('unknown_transaction')
    expect((await browser.get(`/pay/2fa/status?transaction=${stepUp}`)).json()).toEqual({ status: 'unknown' })
    expect((await browser.get(`/pay/2fa?transaction=${stepUp}`, { accept: 'application/json' })).status).toBe(403)
    for (const field of ['cancel', 'factor']) expect((await browser.post('/pay/2fa', { transaction: stepUp, [field]: 'push' })).status).toBe(403)
    expect(paid).toEqual([])
    expect(outcomeOf(await browser.get(`/stepped-up?transaction=${stepUp}`))).toBe('success')
  })

  it('each is finished at its own callback, in either order, and both share the second factor record', async () => {
    const [payment, stepUp] = [await started('/pay'), await started('/step-up')]
    await approve('Pay 9999 CHF?')
    expect(outcomeOf(await browser.get(`/pay/2fa/callback?transaction=${payment}`))).toBe('success')
    expect(paid).toEqual(['Pay 9999 CHF?'])
    expect(outcomeOf(await browser.post('/transfer'))).toBe('success')
    await approve()
    expect(outcomeOf(await browser.get(`/stepped-up?transaction=${stepUp}`))).toBe('success')
    expect(world.asked('approve')).toBe(2)
  })
})
