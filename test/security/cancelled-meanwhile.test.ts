/**
 * The attack: an approval request that the user has cancelled, and that signs in all the same.
 *
 * The user enters the password twice, and presses "Cancel" in the first tab. The second start gives the session a new id, and takes the pending approval request
 * with it. In an earlier version, this start did not notice the cancellation while it waited for the session store. An attacker who knows the password can cause
 * this: the user cancels a request, the page says "cancelled", and a later approval on the phone still signs in.
 */
import { MemoryLedger, type NevisStrategyOptions } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from './support/lab'
import { recordEvents } from './support/recorded'
import { SlowStore } from './support/slow-store'

const world = lab()
jest.setTimeout(30_000)
const credentials = { username: 'anna', password: PASSWORD }

/** Lets a caller wait until the test opens the gate. */
class Gate {
  isClosed = false
  private readonly waiting: (() => void)[] = []
  private note: () => void = () => undefined
  /** Resolves when a caller waits at the gate. */
  readonly reached = new Promise<void>((resolve) => (this.note = resolve))

  pass(go: () => void): void {
    if (!this.isClosed) return go()
    this.waiting.push(go)
    this.note()
  }

  open(): void {
    this.isClosed = false
    for (const go of this.waiting.splice(0)) go()
  }
}

/** A session store that waits at a gate before it deletes the session with the old id. */
class GatedStore extends SlowStore {
  constructor(private readonly gate: Gate) {
    super(undefined, 0)
  }

  override destroy(id: string, done?: (error?: unknown) => void): void {
    this.gate.pass(() => super.destroy(id, done))
  }
}

/** A ledger that waits at a gate before it notes a cancellation. */
class GatedLedger extends MemoryLedger {
  constructor(private readonly gate: Gate) {
    super()
  }

  override async claim(key: string, ttlSeconds: number): Promise<boolean> {
    if (key.startsWith('cancelled:')) await new Promise<void>((resolve) => this.gate.pass(resolve))
    return super.claim(key, ttlSeconds)
  }
}

/** A ledger that waits at a gate after it has noted that a transaction has ended. */
class EndingLedger extends MemoryLedger {
  constructor(private readonly gate: Gate) {
    super()
  }

  override async claim(key: string, ttlSeconds: number): Promise<boolean> {
    const isFirst = await super.claim(key, ttlSeconds)
    if (isFirst && key.startsWith('transaction:')) await new Promise<void>((resolve) => this.gate.pass(resolve))
    return isFirst
  }
}

async function start(strategy: Partial<NevisStrategyOptions>, store = new SlowStore(undefined, 0)) {
  const browser = (await world.start({ strategy, session: { store } })).browser()
  const handle = await signIn(browser, 'anna')
  return { browser, handle, tab: browser.clone() }
}

describe('a request that the user cancels while the password is entered again', () => {
  // Shows: ASVS V15.4.2, T-planted-2
  it('stays cancelled: the second start is refused, the phone rings once, and an approval signs no user in', async () => {
    const gate = new Gate()
    const events = recordEvents()
    const { browser, handle, tab } = await start({}, new GatedStore(gate))
    gate.isClosed = true
    const again = tab.post('/login', credentials)
    await gate.reached
    expect(outcomeOf(await browser.post('/login/2fa', { transaction: handle, cancel: '1' }))).toBe('cancelled')
    gate.open()
    expect(outcomeOf(await again)).toBe('cancelled')
    expect(world.asked('approve')).toBe(1)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).not.toBe('success')
    // The session with the new id contains the cancelled request. So the callback does not report that somebody has changed the session (`suspicious`).
    expect(outcomeOf(await tab.get(callbackOf(handle)))).toBe('cancelled')
    expect(events.of('suspicious')).toEqual([])
    events.stop()
    expect((await tab.get('/me')).json()).toEqual({ user: null })
    const next = await signIn(tab, 'anna')
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await tab.get(callbackOf(next)))).toBe('success')
  })

  it('is not signed in by an approval, even if the cancellation is noted only after the second start was answered', async () => {
    const [atStore, atLedger] = [new Gate(), new Gate()]
    const { browser, handle, tab } = await start({ ledger: new GatedLedger(atLedger) }, new GatedStore(atStore))
    atStore.isClosed = atLedger.isClosed = true
    const again = tab.post('/login', credentials)
    await atStore.reached
    const cancelling = browser.post('/login/2fa', { transaction: handle, cancel: '1' })
    await atLedger.reached
    atStore.open()
    const moved = handleIn((await again).location)
    atLedger.open()
    await cancelling
    await world.simulator.phone('anna').approve()
    for (const one of [handle, moved]) expect(outcomeOf(await tab.get(callbackOf(one)))).not.toBe('success')
    expect((await tab.get('/me')).json()).toEqual({ user: null })
  })
})

describe('a user who presses "Cancel"', () => {
  const cancel = (browser: Browser, handle: string) => browser.post('/login/2fa', { transaction: handle, cancel: '1' })

  it('at the moment when the callback signs the user in › does not read that the request was cancelled', async () => {
    const gate = new Gate()
    const { browser, handle, tab } = await start({ ledger: new EndingLedger(gate) })
    await world.simulator.phone('anna').approve()
    gate.isClosed = true
    const page = browser.get(callbackOf(handle))
    await gate.reached
    expect(outcomeOf(await cancel(tab, handle))).toBe('used_transaction')
    gate.open()
    expect(outcomeOf(await page)).toBe('success')
    expect((await browser.get('/me')).json()).toEqual({ user: { username: 'anna' } })
  })

  it('twice at the same moment › reads both times that the request was cancelled', async () => {
    const gate = new Gate()
    const { browser, handle, tab } = await start({ ledger: new EndingLedger(gate) })
    gate.isClosed = true
    const first = cancel(browser, handle)
    await gate.reached
    expect(outcomeOf(await cancel(tab, handle))).toBe('cancelled')
    gate.open()
    expect(outcomeOf(await first)).toBe('cancelled')
  })
})

describe('a user who enters the password twice and cancels nothing', () => {
  it('signs in with the one approval', async () => {
    const { handle, tab } = await start({})
    const moved = handleIn((await tab.post('/login', credentials)).location)
    expect(moved).not.toBe(handle)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await tab.get(callbackOf(moved)))).toBe('success')
    expect(world.asked('approve')).toBe(1)
  })
})
