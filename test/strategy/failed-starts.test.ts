/**
 * Tests that a start does not count towards the user's limit if the app's ledger or session store fails before the user is notified: otherwise an outage of a
 * few seconds would make users wait for minutes.
 *
 * Out of scope: a start that fails because Nevis is down (`test/waiting/outage-page.test.ts`).
 */
import session from 'express-session'
import { MemoryLedger, type Ledger } from '../../src'
import { lab, outcomeOf } from '../security/support/lab'
import { callbackOf, handleIn, PASSWORD, signIn, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'

const world = lab()
const CREDENTIALS = { username: 'anna', password: PASSWORD }

/** A store that fails when it has answered `readsLeft` more reads. */
class FailingStore extends session.MemoryStore {
  readsLeft = Infinity

  override get(id: string, done: (error: unknown, session?: session.SessionData | null) => void): void {
    if (--this.readsLeft < 0) return void setImmediate(done, new Error('the store is down'))
    super.get(id, done)
  }
}

let failing: (key: string) => boolean
let store: FailingStore

/** Starts an app in which a user can start a second factor `starts` times without a wait. The ledger fails for each key for which `failing` returns true. */
async function appWith(starts: number): Promise<TestApp> {
  const memory = new MemoryLedger()
  const ledger: Ledger = {
    claim: async (key, seconds) => {
      if (failing(key)) throw new Error('the ledger is down')
      return memory.claim(key, seconds)
    },
    count: (key, seconds) => memory.count(key, seconds),
    look: (key) => memory.look(key),
    forget: (key) => memory.forget(key),
  }
  return world.start({
    strategy: { ledger, startBudget: { starts, perSeconds: 300 } },
    session: { store },
    routes: (web, { passport }) => {
      web.get('/sign-in', (req, res) => {
        Object.assign(req.session, { token: 'csrf' })
        res.end()
      })
      web.post('/password', passport.authenticate('local'), (_req, res) => void res.json({ action: 'success' }))
      web.post('/up', passport.authorize('nevis'))
    },
  })
}

async function signedIn(app: TestApp): Promise<Browser> {
  const browser = app.browser()
  await browser.post('/password', CREDENTIALS)
  return browser
}

beforeEach(() => {
  failing = () => false
  store = new FailingStore()
})

it.each([1, 2])('a sign-in that the ledger cannot compare with a parallel one does not count, and begins no pause: %d starts without a wait', async (starts) => {
  const app = await appWith(starts)
  const browser = app.browser()
  await browser.get('/sign-in')
  failing = (key) => key.startsWith('starting:')
  for (let i = 0; i < 3; i++) expect(outcomeOf(await browser.post('/login', CREDENTIALS))).toBe('LEDGER_UNAVAILABLE')
  expect(world.operations()).toEqual([])
  failing = () => false
  for (let i = 0; i < starts; i++) expect(outcomeOf(await app.browser().post('/login', CREDENTIALS))).toBe('303 /login/2fa')
  expect(outcomeOf(await app.browser().post('/login', CREDENTIALS))).toBe('too_many_starts')
})

it('a step-up during which the session store fails does not count, and begins no pause', async () => {
  const app = await appWith(2)
  const [first, second, third] = [await signedIn(app), await signedIn(app), await signedIn(app)]
  expect((await first.post('/up')).status).toBe(303)
  for (let i = 0; i < 3; i++) {
    store.readsLeft = 1
    expect((await second.post('/up')).status).toBe(503)
  }
  expect(world.asked('approve')).toBe(1)
  store.readsLeft = Infinity
  world.later(3)
  expect([(await second.post('/up')).status, (await third.post('/up')).status]).toEqual([303, 429])
})

describe('a session that still shows a transaction as open, after that one has ended', () => {
  // At the end of a transaction, the strategy writes to the ledger first, and then to the session. If the session store fails in between, the session still
  // contains the open transaction. The test makes such a session: after the cancellation, it puts the old content back into the store.
  it('does not hinder the next starts: each of them leads to one new request, and a double click to no other', async () => {
    const app = await appWith(5)
    const browser = await signedIn(app)
    const first = handleIn((await browser.post('/up')).location)
    const before = { ...(store as unknown as { sessions: Record<string, string> }).sessions }
    expect(outcomeOf(await browser.post('/login/2fa', { transaction: first, cancel: '1' }))).toBe('cancelled')
    Object.assign((store as unknown as { sessions: Record<string, string> }).sessions, before)
    expect(outcomeOf(await browser.post('/up'))).toBe('303 /login/2fa')
    expect(outcomeOf(await browser.post('/up'))).toBe('303 /login/2fa')
    expect(world.asked('approve')).toBe(2)
  })
})

describe('with `afterDenial: \'stop\'`, a password that is entered again while a step-up is pending', () => {
  it('leads to the pending request: no second push, and the approval counts', async () => {
    const app = await world.start({ strategy: { afterDenial: 'stop' }, routes: (web, { passport }) => void web.post('/password', passport.authenticate('local'), (_req, res) => void res.end()) })
    const browser = app.browser()
    await browser.post('/password', CREDENTIALS)
    let handle = ''
    for (let i = 0; i < 3; i++) handle = await signIn(browser, 'anna')
    expect([world.asked('approve'), (await browser.get('/me')).json().user]).toEqual([1, { username: 'anna' }])
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
  })
})
