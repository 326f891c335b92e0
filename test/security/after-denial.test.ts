/**
 * The attacks after a denial.
 *
 * The attacker has the password and sends the victim a push, and the victim denies it. The attacker now wants to learn whether the victim was at the phone, and
 * to try a recovery code or another push at once. The attacker also wants to leave no trace, and therefore does not open the callback. So the browser must get
 * the same answers after a denial as after a push that the user did not answer. And the first process that asks Nevis for the status must tell the app of the
 * denial, by an event. With `afterDenial: 'stop'`, only a sign-in with the password starts another request.
 */
import { MemoryLedger, push, recovery, type Ledger } from '../../src'
import { inferredEnding } from '../../src/factors/ending'
import { callbackOf, handleIn, PASSWORD, signIn, statusOf, waitingOf, type TestApp } from '../support/app'
import type { Browser, Page } from '../support/browser'
import { lab, outcomeOf } from './support/lab'

const world = lab()
const JSON_ONLY = { accept: 'application/json' }

/** Moves the simulator's clock ahead of the app's clock, or, with a negative number, behind the app's clock. */
function skew(seconds: number): void {
  const { cloud } = world.simulator as unknown as { cloud: { clock: { offsetMs: number } } }
  cloud.clock.offsetMs += seconds * 1000
}

/** Moves the clocks of the app and of the simulator forward. The simulator's clock is the app's clock plus an offset, so `later` moves both. */
const pass = (seconds: number): void => world.later(seconds)

const decided = () => world.events.of('decided').map(({ outcome, reason }) => [outcome, reason])

describe('the reason in decided', () => {
  describe('with Nevis\'s clock by so many seconds before ours', () => {
    const rows = [-5, 0, 5].flatMap((ahead) => [1, 5, 30, 60, 100, 114, 118].map((after) => [ahead, after] as const))

    it.each(rows)('%i: is denied, where the user denies after %i s', async (ahead, after) => {
      skew(ahead)
      const browser = (await world.start()).browser()
      const before = Date.now()
      const handle = await signIn(browser, 'anna')
      pass(after)
      await world.simulator.phone('anna').deny()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('not_approved')
      expect(decided()).toEqual([['failed', 'denied']])
      const ageMs = Number(world.events.of('decided')[0]?.['ageMs'])
      expect(ageMs).toBeGreaterThanOrEqual(after * 1000)
      expect(ageMs).toBeLessThanOrEqual(Date.now() - before)
    })

    it.each([-5, 0, 5])('%i: is timed_out, where Nevis says that the user has not answered', async (ahead) => {
      skew(ahead)
      const browser = (await world.start()).browser()
      const handle = await signIn(browser, 'anna')
      // Nevis's clock runs ahead: on the app's clock, the user could still answer the request.
      skew(120)
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('not_approved')
      expect(decided()).toEqual([['failed', 'timed_out']])
    })

    it.each([-5, 0, 5])('%i: is timed_out, where our own time is over', async (ahead) => {
      skew(ahead)
      const browser = (await world.start()).browser()
      const handle = await signIn(browser, 'anna')
      pass(120)
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('expired_transaction')
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('expired_transaction')
      expect(decided()).toEqual([['failed', 'timed_out']])
      expect(Number(world.events.of('decided')[0]?.['ageMs']) / 1000).toBeCloseTo(120, 0)
    })

    it.each([-5, 0, 5])('%i: is absent of an approval', async (ahead) => {
      skew(ahead)
      const browser = (await world.start()).browser()
      const handle = await signIn(browser, 'anna')
      pass(100)
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
      expect(decided()).toEqual([['succeeded', undefined]])
    })
  })

  describe('of other lifetimes', () => {
    it.each([[30, 28, 'denied'], [30, 30, 'timed_out'], [600, 598, 'denied'], [600, 600, 'timed_out']])('of %i s: after %i s it is %s', (lifetime, took, reason) => {
      const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000).toISOString()
      expect(inferredEnding({ createdAt: at(0), lastUpdatedAt: at(took) }, lifetime * 1000)).toBe(reason)
      const short = (seconds: number) => at(seconds).replace('.000', '')
      expect(inferredEnding({ createdAt: short(0), lastUpdatedAt: short(took) }, lifetime * 1000)).toBe(reason)
    })
  })

  describe('of an answer without usable times', () => {
    it.each([[{}], [{ createdAt: '2026-11-28T10:00:00Z' }], [{ createdAt: 'now', lastUpdatedAt: 'later' }], [{ createdAt: '2026-11-28T10:00:00Z', lastUpdatedAt: '2026-11-28T09:00:00Z' }]])('is absent: %j', (times) => {
      expect(inferredEnding(times, 120_000)).toBeUndefined()
    })

    it('is absent from the event, too', async () => {
      const browser = (await world.start()).browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').deny()
      world.simulator.faults.add({ on: 'getStatus', patch: { createdAt: undefined, lastUpdatedAt: undefined } })
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('not_approved')
      expect(world.events.of('decided')).toEqual([expect.not.objectContaining({ reason: expect.anything() })])
    })
  })
})

describe('decided', () => {
  /** The status endpoint may call Nevis after it has answered the browser. Waits until that call has published an event of this kind. */
  async function settled(kind: 'decided' | 'fault' = 'decided'): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    for (let left = 100_000; left > 0 && world.events.of(kind).length === 0; left--) await new Promise((resolve) => setImmediate(resolve))
  }

  // Shows: T-bomber-10
  it('comes without the callback, where a page has learned it: with the names that Nevis gives', async () => {
    const app = await world.start()
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').deny()
    expect((await browser.get(statusOf(handle))).json().status).toBe('failed')
    const userId = world.simulator.users.find(({ username }) => username === 'anna')?.userId
    expect(world.events.of('decided')).toEqual([
      { strategy: 'nevis', subject: { username: 'anna' }, userId, transactionId: expect.any(String), factor: 'push', operation: 'approve', outcome: 'failed', reason: 'denied', ageMs: expect.any(Number) },
    ])
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('not_approved')
    expect(world.events.of('decided')).toHaveLength(1)
  })

  it('comes once, where two processes share a ledger', async () => {
    const ledger = new MemoryLedger()
    const [one, two] = [await world.start({ strategy: { ledger } }), await world.start({ strategy: { ledger } })]
    const handle = await signIn(one.browser(), 'anna')
    await world.simulator.phone('anna').deny()
    for (const app of [one, two, one, two]) await app.browser().get(statusOf(handle))
    expect(decided()).toEqual([['failed', 'denied']])
  })

  it('comes a minute after the time of a user who has closed the page', async () => {
    const app = await world.start()
    const handle = await signIn(app.browser(), 'anna')
    await app.browser().get(statusOf(handle))
    pass(179)
    await app.browser().get(statusOf(await signIn(app.browser(), 'ben')))
    expect(decided()).toEqual([])
    pass(12)
    await app.browser().get(statusOf(handle))
    await settled()
    expect(world.events.of('decided')).toMatchObject([{ factor: 'push', operation: 'approve', outcome: 'failed', reason: 'timed_out' }])
  })

  it('comes a minute after the time of a user who has entered the password twice and has opened no page', async () => {
    const app = await world.start()
    const browser = app.browser()
    for (let i = 0; i < 2; i++) await signIn(browser, 'anna')
    pass(191)
    await signIn(app.browser(), 'ben')
    await settled()
    expect(world.events.of('decided')).toMatchObject([{ subject: { username: 'anna' }, outcome: 'failed', reason: 'timed_out' }])
  })

  it('does not come a second time for a user who was decided', async () => {
    const app = await world.start()
    for (const end of ['approve', 'deny', 'cancel', 'code'] as const) {
      const browser = app.browser()
      const factor = end === 'code' ? 'sms' : 'push'
      const transaction = await signIn(browser, 'anna', { factor })
      await browser.get(statusOf(transaction))
      if (end === 'cancel') await browser.post('/login/2fa', { transaction, cancel: '1' })
      else if (end === 'code') await browser.post('/login/2fa/callback', { transaction, code: /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string })
      else {
        await world.simulator.phone('anna')[end]()
        await browser.get(callbackOf(transaction))
      }
    }
    pass(200)
    await app.browser().get(statusOf(await signIn(app.browser(), 'ben')))
    await settled()
    expect(decided()).toEqual([['succeeded', undefined], ['failed', 'denied'], ['succeeded', undefined]])
  })

  it('does not come where the ledger fails; that is a fault, and the page hears that it failed', async () => {
    const memory = new MemoryLedger()
    let isDown = false
    const ledger: Ledger = {
      claim: (key, seconds) => (isDown ? Promise.reject(new Error('NOPERM c4n4ry')) : memory.claim(key, seconds)),
      count: (key, seconds) => memory.count(key, seconds),
      look: (key) => memory.look(key),
      forget: (key) => memory.forget(key),
    }
    const app = await world.start({ strategy: { ledger } })
    const handle = await signIn(app.browser(), 'anna')
    await world.simulator.phone('anna').deny()
    isDown = true
    expect((await app.browser().get(statusOf(handle))).json().status).toBe('failed')
    expect(world.events.of('decided')).toEqual([])
    expect(world.events.of('fault')).toEqual([
      { strategy: 'nevis', transactionId: expect.any(String), factor: 'push', operation: 'approve', at: 'watch', code: 'LEDGER_UNAVAILABLE', cause: 'NOPERM' },
    ])
  })

  it('does not come for a request that has expired without a page, where the ledger cannot be read; that is a fault', async () => {
    const memory = new MemoryLedger()
    let isDown = false
    const ledger: Ledger = {
      claim: (key, seconds) => memory.claim(key, seconds),
      count: (key, seconds) => memory.count(key, seconds),
      look: (key) => (isDown && key.startsWith('transaction:') ? Promise.reject(new Error('NOPERM c4n4ry')) : memory.look(key)),
      forget: (key) => memory.forget(key),
    }
    const app = await world.start({ strategy: { ledger } })
    await signIn(app.browser(), 'anna')
    await world.simulator.phone('anna').deny()
    pass(200)
    isDown = true
    await app.browser().get(statusOf(await signIn(app.browser(), 'ben')))
    await settled('fault')
    expect(world.events.of('decided')).toEqual([])
    expect(world.events.of('fault')).toEqual([expect.objectContaining({ at: 'watch', code: 'LEDGER_UNAVAILABLE', cause: 'NOPERM' })])
  })
})

describe('a browser', () => {
  /** Returns all answers that the browser can get after the transaction has ended, without the parts that differ between any two sign-ins. */
  async function seen(afterDenial: 'offer' | 'stop', end: () => unknown): Promise<string> {
    const app = await world.start({ strategy: { afterDenial, startBudget: { starts: 100, perSeconds: 60 } } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await end()
    const pages: Page[] = []
    for (const [path, accept] of [
      [statusOf(handle), 'application/json'], [statusOf(handle), 'text/event-stream'], [waitingOf(handle), 'text/html'], [waitingOf(handle), 'application/json'],
      [callbackOf(handle), 'text/html'], [callbackOf(handle), 'text/html'], [waitingOf(handle), 'text/html'], [statusOf(handle), 'application/json'],
    ] as const) pages.push(await browser.get(path, { accept }))
    pages.push(await browser.post('/login/2fa', { transaction: handle, factor: 'recovery' }))
    // End a second sign-in in the same way. After two denials, further starts are paused. The browser must get the same pause after two time-outs.
    const next = app.browser()
    const second = await signIn(next, 'anna')
    await end()
    pages.push(await next.get(callbackOf(second)), await next.post('/login', { username: 'anna', password: PASSWORD }))
    expect(pages.at(-1)?.headers.get('retry-after')).not.toBeNull()
    return pages
      .map(({ status, headers, text }) => {
        const compared = [...headers].filter(([name]) => !['date', 'etag', 'content-length'].includes(name))
        return JSON.stringify([status, compared.map(([name, value]) => [name, name === 'set-cookie' ? value.split('=', 1)[0] : value]), text])
      })
      .join('\n')
      .replaceAll(handle, '<handle>')
      .replace(/transaction=[\w-]{40,}/g, 'transaction=<another>')
      .replace(/data-shared-name=\\"[\w-]{43}/g, 'data-shared-name=<digest>')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
  }

  // Shows: T-password-7
  it.each(['offer', 'stop'] as const)('gets the same for a denial and for a time-out of Nevis, byte for byte: %s', async (afterDenial) => {
    const now = Date.now()
    jest.spyOn(Date, 'now').mockReturnValue(now)
    const denied = await seen(afterDenial, () => world.simulator.phone('anna').deny())
    const timedOut = await seen(afterDenial, () => skew(121))
    expect(denied).toBe(timedOut)
    expect(denied).toContain('You declined the request, or it was not answered in time.')
    expect(denied).not.toMatch(/denied|timed_out/)
    expect(world.events.of('decided').map(({ reason }) => reason)).toEqual(['denied', 'denied', 'timed_out', 'timed_out'])
  })
})

describe('afterDenial', () => {
  async function deniedPush(app: TestApp): Promise<{ browser: Browser; transaction: string }> {
    const browser = app.browser()
    const transaction = await signIn(browser, 'anna')
    await world.simulator.phone('anna').deny()
    return { browser, transaction }
  }
  const offers = async (browser: Browser, transaction: string) => (await browser.get(waitingOf(transaction), JSON_ONLY)).json().factors as string[]

  describe('"offer", the default', () => {
    it('leaves the other factors, and the same again', async () => {
      const { browser, transaction } = await deniedPush(await world.start())
      expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('not_approved')
      expect(await offers(browser, transaction)).toEqual(['push', 'app', 'sms', 'recovery'])
      expect((await browser.post('/login/2fa', { transaction, factor: 'recovery' })).status).toBe(303)
    })

    it.each(['denial:', 'goes-on:'])('leaves the other factors and tells of the denial, if the ledger fails once while the denial is noted: at %s', async (key) => {
      const ledger = new MemoryLedger()
      const { browser, transaction } = await deniedPush(await world.start({ strategy: { ledger } }))
      const claim = ledger.claim.bind(ledger)
      let failures = 1
      jest.spyOn(ledger, 'claim').mockImplementation(async (name, keepSeconds) => {
        if (name.startsWith(key) && failures-- > 0) throw new Error('down')
        return claim(name, keepSeconds)
      })
      // The polling is the first to note the denial, but the ledger fails, so the polling publishes only the error. Then the callback notes the denial.
      expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('not_approved')
      expect((await browser.post('/login/2fa', { transaction, factor: 'recovery' })).status).toBe(303)
      expect(decided()).toEqual([['failed', 'denied']])
    })
  })

  describe('"stop"', () => {
    const start = () => world.start({ strategy: { afterDenial: 'stop' } })

    it.each(['push', 'app', 'sms', 'recovery'])('ends the chain for %s, and asks no user', async (factor) => {
      const { browser, transaction } = await deniedPush(await start())
      expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('not_approved')
      const before = world.operations().length
      expect(outcomeOf(await browser.post('/login/2fa', { transaction, factor }))).toBe('not_approved')
      expect(world.operations()).toHaveLength(before)
    })

    // The attacker changes the factor before any page has polled, so the app has not learned of the denial yet.
    // Shows: T-bomber-9, CD-rate-1
    it.each(['push', 'app', 'sms', 'recovery'])('asks Nevis before it changes to %s, and sends nothing', async (factor) => {
      const { browser, transaction } = await deniedPush(await start())
      const before = world.operations().length
      expect(outcomeOf(await browser.post('/login/2fa', { transaction, factor }))).toBe('not_approved')
      expect(world.operations().slice(before)).toEqual(['getStatus'])
      expect(decided()).toEqual([['failed', 'denied']])
      expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('not_approved')
    })

    it('starts no other factor if Nevis cannot be asked', async () => {
      const { browser, transaction } = await deniedPush(await start())
      world.simulator.faults.add({ on: 'getStatus', status: 503 })
      const before = world.operations().length
      expect(outcomeOf(await browser.post('/login/2fa', { transaction, factor: 'recovery' }))).toBe('NEVIS_UNEXPECTED_RESPONSE')
      expect(new Set(world.operations().slice(before))).toEqual(new Set(['getStatus']))
    })

    // In an earlier version, each start that a pause refuses anyway first asked Nevis whether the user has denied.
    it('asks Nevis nothing while a pause refuses every start, neither to change the factor nor at a step-up', async () => {
      const app = await world.start({ strategy: { afterDenial: 'stop', startBudget: { starts: 1, perSeconds: 300 } } })
      const { browser, transaction } = await deniedPush(app)
      const before = world.operations().length
      for (const factor of ['push', 'app', 'sms', 'recovery']) expect(outcomeOf(await browser.post('/login/2fa', { transaction, factor }))).toBe('too_many_starts')
      expect(world.operations()).toHaveLength(before)
      const user = app.browser()
      world.later(301)
      const handle = await signIn(user, 'ben')
      await world.simulator.phone('ben').approve()
      expect(outcomeOf(await user.get(callbackOf(handle)))).toBe('success')
      const first = await user.post('/login/2fa', {})
      const between = world.operations().length
      const again = await user.post('/login/2fa', {})
      expect([first.status, again.status]).toEqual([303, 303])
      await world.simulator.phone('ben').deny()
      expect(outcomeOf(await user.post('/login/2fa', { factor: 'sms' }))).toBe('too_many_starts')
      expect(world.operations().slice(between)).toEqual([])
    })

    it('holds where only a page has learned of it, and in another process', async () => {
      const ledger = new MemoryLedger()
      const [one, two] = [await world.start({ strategy: { ledger, afterDenial: 'stop' } }), await world.start({ strategy: { ledger, afterDenial: 'stop' } })]
      const { browser, transaction } = await deniedPush(one)
      expect((await two.browser().get(statusOf(transaction))).json().status).toBe('failed')
      expect(outcomeOf(await browser.post('/login/2fa', { transaction, factor: 'recovery' }))).toBe('not_approved')
    })

    it('holds for a session that was put back as it was before', async () => {
      const { MemoryStore } = await import('express-session')
      const store = new MemoryStore()
      const app = await world.start({ session: { store }, strategy: { afterDenial: 'stop' } })
      const { browser, transaction } = await deniedPush(app)
      const { sessions } = store as unknown as { sessions: Record<string, string> }
      const before = { ...sessions }
      await browser.get(callbackOf(transaction))
      Object.assign(sessions, before)
      expect(outcomeOf(await browser.post('/login/2fa', { transaction, factor: 'recovery' }))).toBe('not_approved')
    })

    // The attacker waits until the request has expired: after that, the app no longer asks Nevis whether the user has denied the request.
    it.each([['push', false], ['push', true], ['app', false], ['app', true]])('ends the chain of a %s request that is over, and asks no user; after a callback: %s', async (factor, hasCallback) => {
      const browser = (await start()).browser()
      const transaction = await signIn(browser, 'anna', { factor })
      if (factor === 'push') await world.simulator.phone('anna').deny()
      pass(121)
      if (hasCallback) expect(outcomeOf(await browser.get(callbackOf(transaction)))).toBe('expired_transaction')
      expect(await offers(browser, transaction)).toEqual([])
      const before = world.operations().length
      expect(outcomeOf(await browser.post('/login/2fa', { transaction, factor: 'recovery' }))).toBe('expired_transaction')
      expect(world.operations()).toHaveLength(before)
    })

    // Text that is not a code counts as a wrong code, and five wrong codes end the transaction. After text that is not a code, the app does not ask Nevis
    // whether the user has denied. So the app does not know of the denial when the transaction ends.
    it('ends the chain of a push that five non-codes have closed', async () => {
      const app = await world.start({ strategy: { afterDenial: 'stop', factors: [push({ typedCode: true }), recovery()] } })
      const { browser, transaction } = await deniedPush(app)
      for (let i = 0; i < 5; i++) expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, code: 'abc' }))).toBe('wrong_code')
      expect(await offers(browser, transaction)).toEqual([])
      expect(outcomeOf(await browser.post('/login/2fa', { transaction, factor: 'recovery' }))).toBe('too_many_attempts')
    })

    it('offers only the way back on the page', async () => {
      const { browser, transaction } = await deniedPush(await start())
      for (const isClosed of [false, true]) {
        expect(await offers(browser, transaction)).toEqual([])
        const { text } = await browser.get(waitingOf(transaction), { accept: 'text/html' })
        expect(text).not.toMatch(/name="factor"|authenticators=1/)
        expect(text).toMatch(/name="cancel"/)
        if (!isClosed) await browser.get(callbackOf(transaction))
      }
      expect(outcomeOf(await browser.post('/login/2fa', { transaction, cancel: '1' }))).toBe('cancelled')
    })

    it('leaves a request alone that is still pending, and one that our own time has ended', async () => {
      const app = await start()
      const browser = app.browser()
      const first = await signIn(browser, 'anna')
      const second = handleIn((await browser.post('/login/2fa', { transaction: first, factor: 'sms' })).location)
      pass(121)
      expect(outcomeOf(await browser.get(callbackOf(second)))).toBe('expired_transaction')
      expect((await browser.post('/login/2fa', { transaction: second, factor: 'recovery' })).status).toBe(303)
    })

    // A user cannot deny an SMS, and some instances of Nevis do not report the status of an SMS. So a change from SMS to another factor must not depend on this
    // status.
    describe.each([
      ['answers with 404', { status: 404 }],
      ['answers with 500', { status: 500 }],
      ['has ended the SMS', { patch: { status: 'failed' } }],
      ['does not know the SMS', { patch: { status: 'unknown' } }],
    ])('where Nevis, asked for the status of an SMS, %s', (_what, fault) => {
      it.each(['push', 'app', 'recovery'])('lets the user change from the SMS to %s, without asking for that status', async (factor) => {
        const browser = (await start()).browser()
        const transaction = await signIn(browser, 'anna', { factor: 'sms' })
        world.simulator.faults.add({ on: 'getStatus', ...fault })
        expect((await browser.post('/login/2fa', { transaction, factor })).status).toBe(303)
        expect(world.asked('getStatus')).toBe(0)
        expect(decided()).toEqual([])
      })
    })

    it('lets the user begin again with the password', async () => {
      const { browser, transaction } = await deniedPush(await start())
      await browser.get(callbackOf(transaction))
      const again = await browser.post('/login', { username: 'anna', password: PASSWORD })
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(handleIn(again.location))))).toBe('success')
    })
  })

  it.each(['never', true, null])('refuses %j', async (afterDenial) => {
    await expect(world.start({ strategy: { afterDenial: afterDenial as never } })).rejects.toThrow(new TypeError('NevisStrategy: afterDenial must be "offer" or "stop"'))
  })
})
