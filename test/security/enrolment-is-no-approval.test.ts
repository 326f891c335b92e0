/**
 * The attack: an enrolment that carries out a payment.
 *
 * With `operation: 'approve-or-enroll'`, a route that logs in (`passport.authenticate`) starts an enrolment for a user who has no factor. In an earlier
 * version, a payment route of this kind gave its message and its data to the enrolment. The app has one callback for all routes, and this callback found
 * message and data in the profile. A handler that looks only at `data.kind` then paid, although no phone had shown the message and the user had not confirmed
 * anything.
 */
import { push, app as appFactor, recordSecondFactor } from '../../src'
import { handleIn, PASSWORD, waitingOf } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()
const strategy = { operation: 'approve-or-enroll', factors: [push(), appFactor()], callbackURL: '/done' } as const
const payment = { message: 'Pay 5000 CHF?', data: { kind: 'payment', amount: '5000' } }

describe('the profile of an enrolment that a payment route has started', () => {
  // Shows: T-purpose-6
  it.each([['the route\'s', {}, payment], ['the strategy\'s', payment, {}]])('has neither message nor data: %s', async (_whose, ofStrategy, ofRoute) => {
    const app = await world.start({ strategy: { ...strategy, ...ofStrategy }, routes: (web, { passport }) => {
      web.post('/pay', passport.authenticate('local', { session: false }), passport.authenticate('nevis', ofRoute))
      web.all('/done', passport.authenticate('nevis'), recordSecondFactor(), (req, res) => void res.json({ action: 'success', nevis: req.authInfo?.nevis }))
    } })
    const pay = async (username: string) => {
      const browser = app.browser()
      return { browser, handle: handleIn((await browser.post('/pay', { username, password: PASSWORD })).location) }
    }
    const { browser, handle } = await pay('carl')
    const { appLinkUri } = (await browser.get(waitingOf(handle), { accept: 'application/json' })).json() as { appLinkUri: string }
    await world.simulator.phone('carl').scan(appLinkUri)
    const { nevis } = (await browser.get(`/done?transaction=${handle}`)).json() as { nevis: object }
    expect(nevis).toMatchObject({ operation: 'enroll', username: 'carl' })
    expect(Object.keys(nevis)).not.toEqual(expect.arrayContaining(['message']))
    expect(Object.keys(nevis)).not.toEqual(expect.arrayContaining(['data']))

    const approval = await pay('anna')
    await world.simulator.phone('anna').approve()
    expect((await approval.browser.get(`/done?transaction=${approval.handle}`)).json()).toMatchObject({ nevis: { operation: 'approve', ...payment } })
  })
})

describe('a route without a login (session: false) with a message', () => {
  const start = async (options: object) => {
    const app = await world.start({ strategy, start: { session: false, message: 'Sign in?', ...options } })
    return outcomeOf(await app.browser().post('/login', { username: 'carl', password: PASSWORD }))
  }

  it('enrols no user, because it may be a payment', async () => {
    expect(await start({})).toBe('not_enrolled')
  })

  it('enrols where the route says so, as the sign-in of an API does', async () => {
    expect(await start({ operation: 'approve-or-enroll' })).toBe('303 /login/2fa')
  })
})
