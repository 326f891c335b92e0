/**
 * Push fatigue: a push that the victim accepts without reading it.
 *
 * The attacker has the password and starts a sign-in. The victim's phone rings, and the victim accepts: half asleep, to stop the requests, or because
 * the victim is signing in at the same moment. With push alone, the attacker is in. With a typed code, the phone shows six digits, and the page of
 * the browser that started the sign-in asks for them: the attacker has that page but not the phone. So the attacker tries to:
 * - guess the code, or send fifty codes at once;
 * - send the callback without a code;
 * - restore an old copy of the session after each guess;
 * - write into the session that the code was typed, or the digest of a known code from another sign-in;
 * - use the handle (the encrypted reference to the sign-in in the page's URL) that was issued before the code was typed;
 * - send a wrong code after the victim has denied, so that the denial does not delay the attacker's next sign-in.
 */
import session from 'express-session'
import { push, recovery, sms } from '../../src'
import { callbackOf, handleIn, signIn, statusOf, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { codeOn, otherCode } from '../support/typed-code'
import { lab, outcomeOf, tally } from './support/lab'
import { SlowStore } from './support/slow-store'

const world = lab()
jest.setTimeout(30_000)
const factors = [push({ typedCode: true }), sms()]
const MANY_STARTS = { starts: 1000, perSeconds: 60 }
const WAITING = '303 /login/2fa'

let app: TestApp
/** The attacker's browser. */
let browser: Browser

const start = async (strategy: object = {}, store: session.Store = new session.MemoryStore()) => {
  app = await world.start({ strategy: { factors, startBudget: MANY_STARTS, ...strategy }, session: { store } })
  browser = app.browser()
}
const send = async (transaction: string, code: string, who = browser) => outcomeOf(await who.post('/login/2fa/callback', { transaction, code }))
const code = (username = 'anna') => codeOn(world.simulator, username)
const phone = () => world.simulator.phone('anna')

/** The attacker starts a sign-in, and the victim accepts it without looking. */
async function acceptedBlindly(): Promise<{ handle: string; shown: string }> {
  const handle = await signIn(browser, 'anna')
  const shown = code()
  await phone().approve()
  return { handle, shown }
}

async function expectNobodySignedIn(): Promise<void> {
  expect(app.verified).toEqual([])
  expect((await browser.get('/me')).json()).toEqual({ user: null })
}

describe('an approval alone', () => {
  // Shows: CD-verify-1, N-oob-1, T-blind-1
  it('signs no user in, however often it comes to the callback, and leaves nothing to see', async () => {
    await start()
    const { handle } = await acceptedBlindly()
    for (let i = 0; i < 20; i++) expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe(WAITING)
    expect((await browser.get(statusOf(handle))).json()).toMatchObject({ status: 'pending', prompt: 'code' })
    expect(world.asked('introspect')).toBe(0)
    await expectNobodySignedIn()
  })
})

describe('approvals alone, one after another', () => {
  // Shows: T-blind-1, N-oob-11
  it('are counted: after five the user is asked no more, until one of them is finished with its code', async () => {
    await start({ startBudget: { starts: 5, perSeconds: 300 } })
    const accepted: { handle: string; shown: string; browser: Browser }[] = []
    for (let i = 0; i < 5; i++) {
      browser = app.browser()
      accepted.push({ ...(await acceptedBlindly()), browser })
      expect(outcomeOf(await browser.get(callbackOf(accepted.at(-1)?.handle as string)))).toBe(WAITING)
    }
    const next = () => app.browser().post('/login', { username: 'anna', password: 'correct horse' })
    expect(outcomeOf(await next())).toBe('too_many_starts')
    expect(world.asked('approve')).toBe(5)
    const [last] = accepted.slice(-1)
    expect(await send(last?.handle as string, last?.shown as string, last?.browser)).toBe('success')
    world.later(300)
    expect(outcomeOf(await next())).toBe(WAITING)
  })
})

describe('guesses', () => {
  // Shows: N-oob-9, T-blind-1, ASVS V6.6.3
  it('are five, and then the transaction is closed, for the right code too', async () => {
    await start()
    const { handle, shown } = await acceptedBlindly()
    for (let i = 1; i <= 5; i++) expect(await send(handle, otherCode(shown, i))).toBe('wrong_code')
    expect(await send(handle, shown)).toBe('too_many_attempts')
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('too_many_attempts')
    expect(world.events.of('budget')).toMatchObject([{ budget: 'attempts', limit: 5, factor: 'push', subject: { username: 'anna' } }])
    await expectNobodySignedIn()
  })

  it('fifty at once are five, whether one of them is right or not: at most one signs in', async () => {
    await start({}, new SlowStore())
    const { handle, shown } = await acceptedBlindly()
    const outcomes = tally(await Promise.all(Array.from({ length: 50 }, (_, i) => send(handle, otherCode(shown, i + 1), browser.clone()))))
    expect(outcomes).toEqual({ wrong_code: 5, too_many_attempts: 45 })
    expect(await send(handle, shown)).toBe('too_many_attempts')
    await expectNobodySignedIn()
  })

  // Shows: N-oob-10
  it('are counted for the user over all sign-ins, and together with those of SMS', async () => {
    await start({ attemptBudget: { attempts: 12, perSeconds: 600 } })
    const outcomes: string[] = []
    for (let i = 0; i < 4; i++) {
      browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: i % 2 === 0 ? 'push' : 'sms' })
      for (let guess = 1; guess <= 5; guess++) outcomes.push(await send(handle, i % 2 === 0 ? otherCode(code(), guess) : '1'))
    }
    expect(tally(outcomes)).toEqual({ wrong_code: 12, too_many_attempts: 8 })
  })

  // Shows: N-rate-3
  it('lock the codes of the user after 35 wrong ones, those of the other factors too', async () => {
    await start({ attemptBudget: { attempts: 1000, perSeconds: 600 }, factors: [...factors, recovery()] })
    const outcomes: string[] = []
    while (outcomes.length < 40) {
      browser = app.browser()
      const handle = await signIn(browser, 'anna')
      const shown = code()
      for (let guess = 1; guess <= 5; guess++) outcomes.push(await send(handle, otherCode(shown, guess)))
    }
    expect(tally(outcomes)).toEqual({ wrong_code: 35, codes_locked: 5 })
    for (const factor of ['sms', 'recovery'] as const) {
      browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor })
      const right = factor === 'sms' ? (/\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string) : 'AAAA-1111'
      expect([factor, await send(handle, right)]).toEqual([factor, 'codes_locked'])
    }
    expect(world.asked('verifyCode')).toBe(0)
    await expectNobodySignedIn()
  })

  it.each(["' or 1=1 --", '<script>', '12345a', '½½½½½½', '1'.repeat(65)])('that cannot be a code are wrong_code and cost nothing at Nevis: %j', async (text) => {
    await start()
    const { handle } = await acceptedBlindly()
    expect(await send(handle, text)).toBe('wrong_code')
    expect(world.operations()).toEqual(['approve'])
  })

  it('are refused while Nevis does not answer, and counted', async () => {
    await start()
    const { handle, shown } = await acceptedBlindly()
    world.simulator.faults.add({ on: 'getStatus', status: 500 })
    for (let i = 1; i <= 5; i++) expect(await send(handle, otherCode(shown, i))).toBe('wrong_code')
    expect(await send(handle, shown)).toBe('too_many_attempts')
  })

  it('tell the attacker nothing of the phone: the answer is the same before and after the approval', async () => {
    await start()
    const handle = await signIn(browser, 'anna')
    const shown = code()
    const answers: string[] = []
    for (const act of [async () => undefined, () => phone().approve()]) {
      await act()
      const page = await browser.post('/login/2fa/callback', { transaction: handle, code: otherCode(shown) })
      answers.push(JSON.stringify([page.status, page.text, [...page.headers.keys()]]))
    }
    expect(answers[1]).toBe(answers[0])
  })
})

describe('an attacker who can write into the session store', () => {
  type Transactions = Record<string, Record<string, unknown>>
  const store = () => sessions as unknown as { sessions: Record<string, string> }
  let sessions: session.MemoryStore

  /** Changes the only transaction in each session. */
  function rewrite(change: (transaction: Record<string, unknown>, id: string) => void): void {
    for (const [id, text] of Object.entries(store().sessions)) {
      const data = JSON.parse(text) as { nevis: { transactions: Transactions } }
      for (const transaction of Object.values(data.nevis.transactions)) change(transaction, id)
      store().sessions[id] = JSON.stringify(data)
    }
  }

  beforeEach(() => start({}, (sessions = new session.MemoryStore())))

  // Shows: T-bomber-13
  it.each<[string, (transaction: Record<string, unknown>) => void]>([
    ['says that the code was typed', (transaction) => Object.assign(transaction, { isCodeTyped: true })],
    ['takes away that there is a code', (transaction) => {
      delete transaction['isCodeTyped']
      delete transaction['typedCode']
    }],
    ['takes the digest away', (transaction) => void delete transaction['typedCode']],
    ['puts a digest there', (transaction) => Object.assign(transaction, { typedCode: 'A'.repeat(43) })],
  ])('gets a binding_mismatch where he %s', async (_what, change) => {
    const { handle } = await acceptedBlindly()
    rewrite(change)
    expect(await send(handle, '000000')).toBe('binding_mismatch')
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('binding_mismatch')
    expect(world.events.of('suspicious')).toMatchObject([{ field: 'digest' }, { field: 'digest' }])
    await expectNobodySignedIn()
  })

  it('gets one where he moves the digest of a code that he knows, with its transaction\'s own digest', async () => {
    const own = app.browser()
    await signIn(own, 'ben')
    const known = code('ben')
    const { handle } = await acceptedBlindly()
    const moved: Record<string, unknown> = {}
    rewrite((transaction) => {
      if ((transaction['subject'] as { username: string }).username === 'ben') Object.assign(moved, { typedCode: transaction['typedCode'], digest: transaction['digest'] })
    })
    rewrite((transaction) => Object.assign(transaction, moved))
    expect(await send(handle, known)).toBe('binding_mismatch')
    await expectNobodySignedIn()
  })

  it('has no more guesses where he puts the session back as it was', async () => {
    const { handle, shown } = await acceptedBlindly()
    const before = { ...store().sessions }
    const outcomes: string[] = []
    for (let i = 1; i <= 8; i++) {
      outcomes.push(await send(handle, otherCode(shown, i)))
      Object.assign(store().sessions, before)
    }
    expect(outcomes.slice(0, 5)).toEqual(Array(5).fill('wrong_code'))
    expect(await send(handle, shown)).not.toBe('success')
    await expectNobodySignedIn()
  })
})

describe('a handle', () => {
  it('of before the code was typed learns nothing, and asks Nevis nothing, after it was typed', async () => {
    await start()
    const handle = await signIn(browser, 'anna')
    const next = handleIn((await browser.post('/login/2fa/callback', { transaction: handle, code: code() })).location)
    await phone().approve()
    world.later(10)
    expect((await browser.get(statusOf(next))).json()).toMatchObject({ status: 'succeeded' })
    const asked = world.asked('getStatus')
    for (let i = 0; i < 5; i++) expect((await app.browser().get(statusOf(handle))).json()).toMatchObject({ status: 'pending', prompt: 'code' })
    expect(world.asked('getStatus')).toBe(asked)
  })

  it('of after it was typed opens nothing in another session', async () => {
    await start()
    const handle = await signIn(browser, 'anna')
    const next = handleIn((await browser.post('/login/2fa/callback', { transaction: handle, code: code() })).location)
    await phone().approve()
    expect(outcomeOf(await app.browser().get(callbackOf(next)))).toBe('unknown_transaction')
    expect(outcomeOf(await browser.get(callbackOf(next)))).toBe('success')
  })

  it('of another sign-in of the same user, whose code was typed, does not make this one typed', async () => {
    await start()
    const { handle } = await acceptedBlindly()
    const other = app.browser()
    const theirs = await signIn(other, 'anna')
    const typed = handleIn((await other.post('/login/2fa/callback', { transaction: theirs, code: code() })).location)
    expect(outcomeOf(await browser.get(callbackOf(typed)))).toBe('unknown_transaction')
    expect(await send(handle, code())).toBe('wrong_code')
    await expectNobodySignedIn()
  })
})

describe('a denial while the page asks for the code', () => {
  const denials = () => world.events.of('decided').filter(({ outcome }) => outcome === 'failed').length

  it.each<[string, (handle: string, shown: string) => Promise<string>]>([
    ['a guess', (handle, shown) => send(handle, otherCode(shown))],
    ['a callback without a code', async (handle) => outcomeOf(await browser.get(callbackOf(handle)))],
    ['the right code', (handle, shown) => send(handle, shown)],
  ])('is learned by %s: not_approved, and the transaction is closed', async (_what, act) => {
    await start()
    const handle = await signIn(browser, 'anna')
    const shown = code()
    await phone().deny()
    expect(await act(handle, shown)).toBe('not_approved')
    expect(denials()).toBe(1)
    expect(await send(handle, shown)).toBe('not_approved')
    await expectNobodySignedIn()
  })

  // Shows: T-bomber-12
  it('is counted: an attacker who only guesses waits after the second', async () => {
    await start()
    const outcomes: string[] = []
    for (let i = 0; i < 3; i++) {
      browser = app.browser()
      const page = await browser.post('/login', { username: 'anna', password: 'correct horse' })
      outcomes.push(outcomeOf(page))
      if (page.location === undefined) continue
      const shown = code()
      await phone().deny()
      outcomes.push(await send(handleIn(page.location), otherCode(shown)))
    }
    expect(outcomes).toEqual([WAITING, 'not_approved', WAITING, 'not_approved', 'too_many_starts'])
    expect(world.events.of('budget').at(-1)).toMatchObject({ budget: 'pause' })
  })

  it('counts its wrong code, too', async () => {
    await start({ attemptBudget: { attempts: 1000, perSeconds: 600 }, maxAttempts: 20 })
    const wrong = async (denies: boolean) => {
      browser = app.browser()
      const handle = await signIn(browser, 'anna')
      const shown = code()
      if (denies) await phone().deny()
      return send(handle, otherCode(shown))
    }
    expect(await wrong(true)).toBe('not_approved')
    const handle = await signIn(app.browser(), 'anna')
    expect(handle).toBeDefined()
    const outcomes: string[] = []
    for (let i = 0; i < 50; i++) outcomes.push(await wrong(false))
    expect(tally(outcomes)).toEqual({ wrong_code: 34, codes_locked: 16 })
  })
})

describe('a real user', () => {
  it('whose right code raced with fifty guesses of a copy of the session signs in at most once', async () => {
    await start({ maxAttempts: 20 }, new SlowStore())
    const { handle, shown } = await acceptedBlindly()
    const outcomes = await Promise.all(Array.from({ length: 15 }, (_, i) => send(handle, i % 3 === 0 ? shown : otherCode(shown, i), browser.clone())))
    expect(outcomes.filter((outcome) => outcome === 'success')).toHaveLength(1)
    expect(app.verified).toHaveLength(1)
  })
})
