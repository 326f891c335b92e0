/**
 * Tests a step-up that is started again while it is pending, and what happens if the session store fails or another tab cancels the step-up meanwhile.
 *
 * Out of scope: attacks (`security/planted-session`, `security/stolen-session`), and two starts at the same moment (`security/parallel-starts`).
 */
import session from 'express-session'
import { MemoryLedger, push, type NevisStrategyOptions } from '../../src'
import { handleIn, PASSWORD } from '../support/app'
import type { Browser } from '../support/browser'
import { checkpoint, type Checkpoint } from '../security/support/checkpoint'
import { lab, outcomeOf } from '../security/support/lab'

const world = lab()

async function signedIn(strategy: Partial<NevisStrategyOptions>, store?: session.Store): Promise<Browser> {
  const app = await world.start({
    strategy: { factors: [push()], ...strategy },
    ...(store && { session: { store } }),
    routes: (web, { passport }) => {
      web.post('/password', passport.authenticate('local'), (_req, res) => void res.json({ action: 'success' }))
      web.all('/step-up', passport.authorize('nevis', { failWithError: true }), (_req, res) => void res.json({ action: 'success' }))
    },
  })
  const browser = app.browser()
  await browser.post('/password', { username: 'anna', password: PASSWORD })
  return browser
}

/** Waits at `place` after the next look at a transaction. */
class SlowLedger extends MemoryLedger {
  place: Checkpoint | undefined

  override async look(key: string): Promise<number> {
    const seconds = await super.look(key)
    if (!key.startsWith('transaction:')) return seconds
    const { place } = this
    this.place = undefined
    await place?.pass()
    return seconds
  }
}

describe('a step-up that is pending, and started again', () => {
  // In an app with its own subject, the second start gives the session a new id, and the transaction a new key in the ledger.
  it('while the session store cannot be read › is an error, and an approval of the pending request still counts', async () => {
    const store = new session.MemoryStore()
    const browser = await signedIn({ subject: ({ user }) => user && { username: (user as { username: string }).username } }, store)
    const handle = handleIn((await browser.post('/login/2fa')).location)
    const get = store.get.bind(store)
    jest.spyOn(store, 'get').mockImplementationOnce(get).mockImplementationOnce((_id, done) => done(new Error('read ECONNRESET')))
    expect(outcomeOf(await browser.post('/login/2fa'))).toBe('SESSION_UNAVAILABLE')
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(`/login/2fa/callback?transaction=${handle}`))).toBe('success')
    expect(world.asked('approve')).toBe(1)
  })

  it('while another tab cancels it › is a new request, and the old one stays cancelled', async () => {
    const ledger = new SlowLedger()
    const browser = await signedIn({ ledger })
    const old = handleIn((await browser.post('/step-up')).location)
    const place = checkpoint()
    ledger.place = place
    const again = browser.clone().post('/step-up')
    await place.reached
    expect(outcomeOf(await browser.post('/login/2fa', { transaction: old, cancel: '1' }))).toBe('cancelled')
    place.release()
    const handle = handleIn((await again).location)
    expect(world.asked('approve')).toBe(2)
    for (const { transactionId } of world.simulator.phone('anna').requests()) await world.simulator.phone('anna').approve(transactionId)
    expect(outcomeOf(await browser.get(`/step-up?transaction=${old}`))).toBe('cancelled')
    expect(outcomeOf(await browser.get(`/step-up?transaction=${handle}`))).toBe('success')
  })
})
