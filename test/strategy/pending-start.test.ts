/**
 * Tests a step-up that is started again while it is pending, and what happens if the session store fails or another tab ends the step-up meanwhile. Also tests
 * the time limits after "Send again".
 *
 * Out of scope: attacks (`security/planted-session`, `security/stolen-session`), and two starts at the same moment (`security/parallel-starts`).
 */
import session from 'express-session'
import { app, MemoryLedger, push, type NevisStrategyOptions } from '../../src'
import { handleIn, PASSWORD, signIn } from '../support/app'
import type { Browser } from '../support/browser'
import { checkpoint, type Checkpoint } from '../security/support/checkpoint'
import { lab, outcomeOf } from '../security/support/lab'

const world = lab()

const subject: NevisStrategyOptions['subject'] = ({ user }) => user && { username: (user as { username: string }).username }

async function signedIn(strategy: Partial<NevisStrategyOptions> = {}, store?: session.Store): Promise<Browser> {
  const testApp = await world.start({
    strategy: { factors: [push(), app()], ...strategy },
    ...(store && { session: { store } }),
    routes: (web, { passport }) => {
      web.post('/password', passport.authenticate('local', { keepSessionInfo: true }), (_req, res) => void res.json({ action: 'success' }))
      web.all('/step-up', passport.authorize('nevis', { failWithError: true }), (_req, res) => void res.json({ action: 'success' }))
    },
  })
  const browser = testApp.browser()
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
    const browser = await signedIn({ subject }, store)
    const handle = handleIn((await browser.post('/login/2fa')).location)
    const get = store.get.bind(store)
    jest.spyOn(store, 'get').mockImplementationOnce(get).mockImplementationOnce((_id, done) => done(new Error('read ECONNRESET')))
    expect(outcomeOf(await browser.post('/login/2fa'))).toBe('SESSION_UNAVAILABLE')
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(`/login/2fa/callback?transaction=${handle}`))).toBe('success')
    expect(world.asked('approve')).toBe(1)
  })

  const ends: [string, (browser: Browser, handle: string) => Promise<string>, string][] = [
    ['cancels', async (browser, transaction) => outcomeOf(await browser.post('/login/2fa', { transaction, cancel: '1' })), 'cancelled'],
    ['finishes', async (browser, handle) => {
      await world.simulator.phone('anna').approve()
      return outcomeOf(await browser.get(`/step-up?transaction=${handle}`))
    }, 'success'],
  ]

  it.each(ends)('while another tab %s it › is a new request, and the old one is over', async (_name, end, outcome) => {
    const ledger = new SlowLedger()
    const browser = await signedIn({ ledger })
    const old = handleIn((await browser.post('/step-up')).location)
    const place = checkpoint()
    ledger.place = place
    const again = browser.clone().post('/step-up')
    await place.reached
    expect(await end(browser, old)).toBe(outcome)
    place.release()
    const handle = handleIn((await again).location)
    expect(world.asked('approve')).toBe(2)
    for (const { transactionId } of world.simulator.phone('anna').requests()) await world.simulator.phone('anna').approve(transactionId)
    expect(outcomeOf(await browser.get(`/step-up?transaction=${old}`))).toBe(outcome === 'success' ? 'used_transaction' : outcome)
    expect(outcomeOf(await browser.get(`/step-up?transaction=${handle}`))).toBe('success')
  })

  it('is still that of the signed-in user: another user, who signs in to the session afterwards, cannot finish it', async () => {
    const browser = await signedIn()
    let handle = ''
    for (let i = 0; i < 2; i++) handle = handleIn((await browser.post('/login/2fa')).location)
    expect(world.asked('approve')).toBe(1)
    await browser.post('/password', { username: 'ben', password: PASSWORD })
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(`/login/2fa/callback?transaction=${handle}`))).toBe('unknown_transaction')
    expect((await browser.get('/me')).json()).toEqual({ user: { username: 'ben' } })
  })

  it('by passport.authorize, in an app with its own subject › leaves the session its id', async () => {
    const browser = await signedIn({ subject })
    const before = browser.cookies.get('connect.sid')
    for (let i = 0; i < 2; i++) expect(outcomeOf(await browser.post('/step-up'))).toBe('303 /login/2fa')
    expect([world.asked('approve'), browser.cookies.get('connect.sid')]).toEqual([1, before])
  })
})

describe('"Send again", clicked twice', () => {
  // The time for another factor ends ten minutes after the password.
  it.each([[599, '303 /login/2fa'], [605, 'expired_transaction']])('leaves the time for another factor as it is: %i seconds after the password, %s', async (seconds, outcome) => {
    const browser = (await world.start()).browser()
    const first = await signIn(browser, 'anna')
    world.later(15)
    let transaction = ''
    for (let i = 0; i < 2; i++) transaction = handleIn((await browser.post('/login/2fa', { transaction: first, factor: 'push' })).location)
    expect(world.asked('approve')).toBe(2)
    world.later(seconds - 15)
    expect(outcomeOf(await browser.post('/login/2fa', { transaction, factor: 'app' }))).toBe(outcome)
  })
})

describe('an enrolment that is pending', () => {
  it('is not shown at the start of an approval', async () => {
    const operation: NevisStrategyOptions['operation'] = ({ body }) => ((body as { operation?: string }).operation === 'enroll' ? 'enroll' : 'approve')
    const testApp = await world.start({ strategy: { operation } })
    const browser = testApp.browser()
    await browser.post('/prove', { username: 'anna', userId: world.simulator.users.find(({ username }) => username === 'anna')?.userId as string })
    expect(outcomeOf(await browser.post('/login/2fa', { factor: 'app', operation: 'enroll' }))).toBe('303 /login/2fa')
    expect(outcomeOf(await browser.post('/login/2fa', { factor: 'app' }))).toBe('303 /login/2fa')
    expect([world.asked('enroll'), world.asked('approve')]).toEqual([1, 1])
  })
})
