/**
 * The attack: requests that cost nothing, and undo a logout.
 *
 * A thief has a copy of the session's cookie. A request that writes the session reads it first. If the user logs out between this read and this write, the
 * write restores the session, with its login and its second factor record. The thief sends such requests without a pause, until the user logs out. In an earlier
 * version, the switch to an unknown factor was such a request: it wrote the session each time, needed no call to Nevis, did not count as a start, and called the
 * ledger between the read and the write. So up to a third of all logouts were undone.
 *
 * Now the strategy calls nothing between the read and the write, and does not write an unchanged session. So a thief who repeats the same request soon writes
 * nothing more. The threat model names the requests that still change the session each time.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { app as appFactor, MemoryLedger, push, recordSecondFactor, recovery, requireSecondFactor, secondFactorOf, sms } from '../../src'
import { handleIn, signIn, waitingOf, type AppOptions, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { checkpoint } from './support/checkpoint'
import { lab, outcomeOf } from './support/lab'
import { SlowStore } from './support/slow-store'

const world = lab()
jest.setTimeout(60_000)

const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  const failed = { failureRedirect: '/failed', failureMessage: true }
  web.all('/in', passport.authenticate('nevis', { ...failed, keepSessionInfo: true }), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
  web.post('/up', passport.authorize('nevis', failed))
  web.post('/up-other', passport.authorize('nevis', { ...failed, message: ({ body }) => (body as { message: string }).message }))
  web.post('/up-home', passport.authorize('nevis', { ...failed, returnTo: '/home' }))
  web.post('/up-away', passport.authorize('nevis', { ...failed, returnTo: '/away' }))
  web.all('/switch', passport.authenticate('nevis', failed))
  web.post('/codes', passport.authorize('nevis', { ...failed, operation: 'enroll', factor: 'recovery' }))
  web.get('/guarded{/:page}', requireSecondFactor({ maxAgeSeconds: 0.001, redirectTo: '/step-up' }), (_req, res) => void res.end())
  web.get('/whoami', (req, res) => void res.json({ user: req.user ?? null, record: secondFactorOf(req) ?? null }))
  web.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.end())))
}

let store: SlowStore
let app: TestApp
/** Called before each ledger call of the app. */
let beforeLedgerCall: () => Promise<void>

beforeEach(async () => {
  store = new SlowStore(undefined, 0)
  beforeLedgerCall = async () => undefined
  class ObservedLedger extends MemoryLedger {
    override async claim(key: string, seconds: number): Promise<boolean> {
      await beforeLedgerCall()
      return super.claim(key, seconds)
    }

    override async count(key: string, seconds: number): Promise<number> {
      await beforeLedgerCall()
      return super.count(key, seconds)
    }

    override async look(...key: Parameters<MemoryLedger['look']>): ReturnType<MemoryLedger['look']> {
      await beforeLedgerCall()
      return super.look(...key)
    }

    override async forget(key: string): Promise<void> {
      await beforeLedgerCall()
      return super.forget(key)
    }
  }
  const factors = [push(), appFactor(), sms(), recovery()]
  app = await world.start({ routes, session: { store }, strategy: { ledger: new ObservedLedger(), factors, rememberBrowser: { days: 30 }, startBudget: { starts: 3, perSeconds: 300 } } })
})

/** Signs the user in with a second factor. The session also keeps an older sign-in, which is still pending. */
async function signedIn(username: string): Promise<{ user: Browser; pendingSignIn: string }> {
  world.simulator.addUser({ username, phone: `+4179${String(Math.floor(1e6 + Math.random() * 8e6))}` })
  const user = app.browser()
  const pendingSignIn = await signIn(user, username, { factor: 'sms' })
  const handle = await signIn(user, username)
  await world.simulator.phone(username).approve()
  expect(outcomeOf(await user.get(`/in?transaction=${handle}`))).toBe('success')
  return { user, pendingSignIn }
}

type Send = (round: number) => Promise<unknown>
const PAGE = { accept: 'text/html' }
const start = async (browser: Browser, fields: Record<string, string> = {}) => handleIn((await browser.post('/up', fields)).location)

/** The kinds of cheap request. Each function prepares the session and returns what the thief then sends over and over. */
const kinds: Record<string, (thief: Browser, pendingSignIn: string) => Promise<Send>> = {
  'a switch to an unknown factor': async (thief) => {
    const transaction = await start(thief)
    return () => thief.post('/switch', { transaction, retry: '1', factor: 'zz' })
  },
  'switches that are refused for one reason and then for another': async (thief) => {
    const transaction = await start(thief, { factor: 'sms' })
    const refused = [{ factor: 'zz' }, { factor: 'push', authenticatorId: 'no-such-phone' }]
    return (round) => thief.post('/switch', { transaction, retry: '1', ...refused[round % 2] })
  },
  'a wrong code and a refused switch in turn': async (thief) => {
    const transaction = await start(thief, { factor: 'sms' })
    return (round) => (round % 2 === 0 ? thief.post('/in', { transaction, code: '000000', retry: '1' }) : thief.post('/switch', { transaction, retry: '1', factor: 'zz' }))
  },
  'a wrong code': async (thief) => {
    const transaction = await start(thief, { factor: 'sms' })
    return () => thief.post('/in', { transaction, code: '000000', retry: '1' })
  },
  'a repeated start': async (thief) => {
    await start(thief)
    return () => thief.post('/up')
  },
  'a repeated start at two routes with two pages to return to': async (thief) => {
    await thief.post('/up-home')
    return (round) => thief.post(round % 2 === 0 ? '/up-away' : '/up-home')
  },
  'a start beyond the limit': async (thief) => (round) => thief.post('/up-other', { message: `Payment ${round}` }),
  'a start of a factor that the user does not have': async (thief) => () => thief.post('/up', { factor: 'zz' }),
  '"Send again"': async (thief) => {
    const transaction = await start(thief)
    return () => thief.post('/switch', { transaction, retry: '1', factor: 'push' })
  },
  'a cancellation of an ended request': async (thief) => {
    const transaction = await start(thief)
    return () => thief.post('/switch', { transaction, cancel: '1' })
  },
  'a request for more time for recovery codes': async (thief) => {
    const transaction = handleIn((await thief.post('/codes')).location)
    return () => thief.post('/switch', { transaction, extend: '1' })
  },
  'a callback of a pending request': async (thief) => {
    const transaction = await start(thief)
    return () => thief.get(`/in?transaction=${transaction}`)
  },
  'the box "Remember this browser", ticked and cleared': async (thief, transaction) => (round) => thief.post('/in', { transaction, code: '', retry: '1', remember: String(round % 2) }),
  'two failures with two messages': async (thief) => (round) => (round % 2 === 0 ? thief.get('/in?transaction=nothing') : thief.post('/up', { factor: 'zz' })),
  'a guarded page': async (thief) => () => thief.get('/guarded', PAGE),
  'guarded pages, each with another path': async (thief) => (round) => thief.get(`/guarded/${round}`, PAGE),
  'the waiting page': async (thief) => {
    const transaction = await start(thief)
    return (round) => thief.get(`${waitingOf(transaction)}&language=${round % 2 === 0 ? 'de' : 'fr'}`, PAGE)
  },
}

/** Kinds of request that change the session each time. */
const CHANGING = [
  'switches that are refused for one reason and then for another', 'a wrong code and a refused switch in turn', 'a repeated start',
  'a repeated start at two routes with two pages to return to', 'the box "Remember this browser", ticked and cleared', 'two failures with two messages',
  'guarded pages, each with another path',
]

// Shows: T-old-session-8
it.each(Object.entries(kinds).filter(([name]) => !CHANGING.includes(name)))('a thief who repeats %s › soon writes the session no more', async (_name, prepare) => {
  const { user, pendingSignIn } = await signedIn('walter')
  const send = await prepare(user.clone(), pendingSignIn)
  for (let round = 0; round < 25; round++) await send(round)
  const after = store.calls['set'] as number
  for (let round = 25; round < 50; round++) await send(round)
  expect(store.calls['set']).toBe(after)
  // The user's session still works, and a logout ends it.
  expect((await user.get('/whoami')).json()).toMatchObject({ user: { username: 'walter' }, record: { factor: 'push' } })
  const copy = user.clone()
  await user.post('/logout')
  expect((await copy.get('/whoami')).json()).toEqual({ user: null, record: null })
})

// Shows: T-old-session-8
it.each(Object.entries(kinds))('a logout during any ledger call of %s › lasts', async (_name, prepare) => {
  let isOver = false
  for (let wanted = 1; !isOver; wanted++) {
    const { user, pendingSignIn } = await signedIn(`walter-${wanted}`)
    const copy = user.clone()
    const send = await prepare(user.clone(), pendingSignIn)
    let calls = 0
    const { pass, reached, release } = checkpoint()
    beforeLedgerCall = async () => {
      if (++calls === wanted) await pass()
    }
    const sent = send(1)
    isOver = await Promise.race([reached.then(() => false), sent.then(() => true)])
    beforeLedgerCall = async () => undefined
    await user.post('/logout')
    release()
    await sent
    await pause(0)
    expect([wanted, (await copy.get('/whoami')).json()]).toEqual([wanted, { user: null, record: null }])
  }
})
