/**
 * Tests how a transaction ends, and whether the user may then try another factor. The ledger decides whether a transaction has ended, and not the session: in
 * an old session cookie, the transaction is still pending.
 */
import { MemoryLedger, type Ledger } from '../../src'
import { Budgets } from '../../src/ledger/budgets'

/** For the parameter `askAgain` of `budgets.starts.spend`: the user has answered no earlier approval request. */
const NOTHING_NEW = () => Promise.resolve(false)

const NOW = 1_700_000_000_000
const KEY = 'anna'
let seconds: number
let ledger: Ledger
let budgets: Budgets
const later = (more: number) => void (seconds += more)
const one = { id: 't1', expiresAt: NOW + 120_000 }
const moved = { ...one, moves: 1 }
const end = ({ wasDenied = false, canGoOn }: { wasDenied?: boolean; canGoOn: boolean }) => budgets.endings.end(one, [KEY], { wasDenied, canGoOn })

beforeEach(() => {
  seconds = 0
  jest.spyOn(Date, 'now').mockImplementation(() => NOW + seconds * 1000)
  ledger = new MemoryLedger()
  budgets = new Budgets({
    ledger, client: { baseURL: 'https://a.example' }, maxAttempts: 5, startBudget: { starts: 5, perSeconds: 300 }, attemptBudget: { attempts: 30, perSeconds: 3600 },
    firstFactorLifetimeMs: 600_000,
  })
})
afterEach(() => void jest.restoreAllMocks())

describe('another factor in place of a transaction', () => {
  it('may be tried while the transaction is open', async () => {
    expect(await budgets.endings.mayTryOtherFactor(one)).toBe(true)
  })

  it('may not be tried after its success', async () => {
    await budgets.endings.claim(one)
    expect(await budgets.endings.mayTryOtherFactor(one)).toBe(false)
  })

  it('may be tried after an end that allows it, until no session holds the transaction any more', async () => {
    await end({ canGoOn: true })
    later(120 + 600 + 299)
    expect(await budgets.endings.mayTryOtherFactor(one)).toBe(true)
  })

  // A user cancels the transaction, while this or another process finds that the transaction has expired.
  it.each([['before', [true, false]], ['after', [false, true]]])('may not be tried if an end %s the cancellation would allow it', async (_when, ends) => {
    for (const canGoOn of ends) await end({ canGoOn })
    later(120 + 600 + 299)
    expect(await budgets.endings.mayTryOtherFactor(one)).toBe(false)
  })
})

describe('an end during which the ledger fails once', () => {
  /** Lets the ledger fail once, at the first claim of a key that begins like this. */
  function failOnceAt(start: string): void {
    const claim = ledger.claim.bind(ledger)
    let hasFailed = false
    jest.spyOn(ledger, 'claim').mockImplementation(async (name, keepSeconds) => {
      if (hasFailed || !name.startsWith(start)) return claim(name, keepSeconds)
      hasFailed = true
      throw new Error('down')
    })
  }

  it.each(['transaction:', 'denial:', 'denied:', 'goes-on:'])('is written as a whole when it is repeated: %s', async (key) => {
    failOnceAt(key)
    await expect(end({ wasDenied: true, canGoOn: true })).rejects.toThrow('down')
    expect([await budgets.endings.hasEnded(one), await ledger.look('goes-on:t1')]).toEqual([false, 0])
    expect(await end({ wasDenied: true, canGoOn: true })).toBe(true)
    expect([await budgets.endings.hasEnded(one), await budgets.endings.wasDenied(one), await budgets.endings.mayTryOtherFactor(one)]).toEqual([true, true, true])
    expect(await ledger.look(`denied:${KEY}:1`) + await ledger.look(`denied:${KEY}:2`)).toBeGreaterThan(0)
  })

  it('stays as it is if another request has ended the transaction', async () => {
    await end({ canGoOn: true })
    failOnceAt('cancelled:')
    await expect(end({ canGoOn: false })).rejects.toThrow('down')
    expect(await budgets.endings.hasEnded(one)).toBe(true)
    await end({ canGoOn: false })
    expect(await budgets.endings.mayTryOtherFactor(one)).toBe(false)
  })

  it('tells that error, where the ledger stays down', async () => {
    failOnceAt('goes-on:')
    jest.spyOn(ledger, 'forget').mockRejectedValue(new Error('still down'))
    await expect(end({ canGoOn: true })).rejects.toThrow(/^down$/)
  })
})

describe('a transaction that is moved to a new session', () => {
  it('has ended for the session of before and is open in the new one, until the last second of its claim', async () => {
    expect(await budgets.endings.claim(one)).toBe(true)
    later(120 + 600 + 299)
    expect([await budgets.endings.hasEnded(one), await budgets.endings.hasEnded(moved)]).toEqual([true, false])
  })

  it('is moved once', async () => {
    expect([await budgets.endings.claim(one), await budgets.endings.claim(one)]).toEqual([true, false])
  })

  it.each([['before, then after', [one, moved]], ['after, then before', [moved, one]]])('counts one denial, learned of by the handle of %s', async (_name, handles) => {
    await budgets.endings.claim(one)
    for (const handle of handles) await budgets.endings.end(handle, [KEY], { wasDenied: true, canGoOn: true })
    expect(await ledger.count(`denials:${KEY}`, 60)).toBe(2)
  })

  it('counts its denial by the handle of before alone, in the last second too', async () => {
    await budgets.endings.claim(one)
    later(120 + 600 + 299)
    await budgets.endings.end(one, [KEY], { wasDenied: true, canGoOn: true })
    expect(await ledger.count(`denials:${KEY}`, 60)).toBe(2)
  })
})

describe('a sign-in', () => {
  it('is not known if none was stored', async () => {
    expect(await budgets.signIns.hasSignedInSince(KEY, NOW - 3_600_000)).toBe(false)
  })

  it('is stored for an hour, the longest time that a password can count, and five minutes more', async () => {
    await budgets.signIns.note(KEY)
    later(3600 + 299)
    expect(await budgets.signIns.hasSignedInSince(KEY, NOW)).toBe(true)
    later(1)
    expect(await budgets.signIns.hasSignedInSince(KEY, NOW)).toBe(false)
  })

  it('counts for what began before it, and not for what began after it', async () => {
    later(100)
    await budgets.signIns.note(KEY)
    later(50)
    expect([await budgets.signIns.hasSignedInSince(KEY, NOW + 99_000), await budgets.signIns.hasSignedInSince(KEY, NOW + 102_000)]).toEqual([true, false])
  })

  it('takes the place of the one before', async () => {
    await budgets.signIns.note(KEY)
    later(100)
    await budgets.signIns.note(KEY)
    expect(await budgets.signIns.hasSignedInSince(KEY, NOW + 99_000)).toBe(true)
  })
})

describe('the last second', () => {
  it('of a pause after denials › refuses a start, as a pause', async () => {
    await budgets.starts.spend(KEY, NOTHING_NEW)
    for (const id of ['a', 'b']) await budgets.endings.end({ ...one, id }, [KEY], { wasDenied: true, canGoOn: true })
    later(14)
    expect(await budgets.starts.spend(KEY, NOTHING_NEW)).toEqual({ slot: 0, limit: 5, over: 'pause', retryAfterSeconds: 1 })
  })

  it('of a pause › is told as used up where the last place of the budget is held for one second more', async () => {
    await ledger.claim(`start:${KEY}:1`, 60)
    await ledger.claim(`start:${KEY}:5`, 1)
    await ledger.claim(`pause:${KEY}`, 60)
    expect(await budgets.starts.spend(KEY, NOTHING_NEW)).toMatchObject({ slot: 0, over: 'starts' })
  })

  it('of a lock › refuses a code', async () => {
    await ledger.claim(`locked:${KEY}`, 1)
    expect(await budgets.codes.spend(one, KEY)).toEqual({ count: 0, limit: 35, over: 'locked' })
  })

  it('of a place › is still held: the next place is taken', async () => {
    for (let slot = 1; slot <= 4; slot++) await ledger.claim(`start:${KEY}:${slot}`, 60)
    await ledger.claim(`start:${KEY}:5`, 1)
    expect(await budgets.starts.spend(KEY, NOTHING_NEW)).toEqual({ slot: 6, limit: 5 })
    expect(await ledger.look(`pause:${KEY}`)).toBe(600)
  })
})

describe('a start', () => {
  const hold = async (from: number, to: number) => {
    for (let slot = from; slot <= to; slot++) await ledger.claim(`start:${KEY}:${slot}`, 86_400)
  }

  it('was just made for less than so many seconds, at its own place alone', async () => {
    await hold(2, 2)
    later(1)
    expect([await budgets.starts.wasJustStarted(KEY, 2, 2), await budgets.starts.wasJustStarted(KEY, 3, 2)]).toEqual([true, false])
    later(1)
    expect(await budgets.starts.wasJustStarted(KEY, 2, 2)).toBe(false)
  })

  it('that another one was ahead of for the last place is told when the pause ends', async () => {
    await hold(1, 4)
    expect(await Promise.all([budgets.starts.spend(KEY, NOTHING_NEW), budgets.starts.spend(KEY, NOTHING_NEW)])).toEqual([
      { slot: 5, limit: 5 }, { slot: 0, limit: 5, over: 'starts', retryAfterSeconds: 300 },
    ])
  })

  it('gets the very last place of a day', async () => {
    await hold(1, 36)
    expect(await budgets.starts.spend(KEY, NOTHING_NEW)).toEqual({ slot: 37, limit: 5 })
  })
})

describe('a phone number', () => {
  it('that is refused is told when its first text is a day old', async () => {
    for (let i = 0; i < 10; i++) await budgets.spendText('+41791002345')
    later(60)
    expect(await budgets.spendText('+41791002345')).toEqual({ over: true, limit: 10, retryAfterSeconds: 86_340 })
  })

  it('shares no budget with one that differs by a zero inside', async () => {
    for (let i = 0; i < 10; i++) await budgets.spendText('+41791002345')
    expect((await budgets.spendText('+4179102345')).over).toBe(false)
  })
})

describe('denials', () => {
  it('of an unknown user count for no user', async () => {
    await budgets.endings.end(one, [], { wasDenied: true, canGoOn: true })
    expect(await ledger.look('denials:undefined')).toBe(0)
  })

  it('of a transaction that has ended otherwise count once if they are certain, and not if they are not', async () => {
    await budgets.endings.end(one, [KEY], { wasDenied: false, canGoOn: true })
    await budgets.endings.end(one, [KEY], { wasDenied: true, isCertain: false, canGoOn: true })
    expect(await ledger.look(`denials:${KEY}`)).toBe(0)
    for (let i = 0; i < 2; i++) await budgets.endings.end(one, [KEY], { wasDenied: true, canGoOn: true })
    expect(await ledger.count(`denials:${KEY}`, 60)).toBe(2)
  })

  it('of two transactions that were moved are two', async () => {
    for (const id of ['a', 'b']) await budgets.endings.end({ ...moved, id }, [KEY], { wasDenied: true, canGoOn: true })
    expect(await budgets.starts.denialsOf(KEY)).toBe(2)
  })

  it('are looked up as at most a hundred in a ledger that says yes to everything', async () => {
    jest.spyOn(ledger, 'look').mockResolvedValue(1)
    expect(await budgets.starts.denialsOf(KEY)).toBe(100)
  })

  it('are still known in the last second of their day, and forgotten together', async () => {
    await budgets.endings.end({ ...one, id: 'a' }, [KEY], { wasDenied: true, canGoOn: true })
    later(86_399)
    await budgets.endings.end({ ...one, id: 'b' }, [KEY], { wasDenied: true, canGoOn: true })
    expect([await budgets.starts.denialsOf(KEY), await ledger.look(`denied:${KEY}:2`)]).toEqual([2, 1])
    later(1)
    expect(await budgets.starts.denialsOf(KEY)).toBe(0)
  })
})

describe('starts that the ledger does not give back', () => {
  it('are reported to the operator, by a warning with a code', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockReturnValue(undefined)
    jest.spyOn(ledger, 'forget').mockRejectedValue(new Error('down'))
    await budgets.starts.freeSlots(KEY, [1])
    expect(warned.mock.calls).toEqual([[expect.stringContaining('could not give back the starts of an approval'), { code: 'PASSPORT_NEVIS_LEDGER' }]])
  })
})

describe('a pause', () => {
  it('runs under both names of a user, if the start began one', async () => {
    await budgets.starts.pauseOtherName(KEY, 4)
    expect(await ledger.look(`pause:${KEY}`)).toBe(0)
    await budgets.starts.pauseOtherName(KEY, 5)
    expect(await ledger.look(`pause:${KEY}`)).toBe(300)
  })
})
