/** `verify` in every form that an app may write: with a callback, a promise, or both. Tested through the strategy, over HTTP. */
import type { RequestHandler } from 'express'
import { inspect } from 'node:util'
import { NevisStrategy, type NevisProfile, type NevisStrategyOptions, type Succeeded, type Transaction, type VerifyDone } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { profileOf } from '../../src/factors/profile'
import { signIn, startApp, strategyOptions, type TestApp } from '../support/app'
import type { Browser, Page } from '../support/browser'

const ANNA = { username: 'anna' }
const BEN = { username: 'ben' }

let simulator: NevisSimulator
let app: TestApp
let userId: string
let verify: (...args: any[]) => unknown
let more: Partial<NevisStrategyOptions>
let errors: unknown[]
/** How often the handler after `passport.authenticate` ran. */
let handled: number

beforeAll(async () => {
  simulator = await NevisSimulator.start()
  ;({ userId } = simulator.addUser(ANNA))
  app = await startApp({
    simulator,
    strategy: { startBudget: { starts: 1000, perSeconds: 1 }, message: 'Sign in?', data: { order: [1, { two: 2 }] } },
    routes: (express, { passport }) => {
      const callback: RequestHandler = (req, res, next) => {
        const strategy = new NevisStrategy({ ...strategyOptions(simulator), ...more } as any, verify as any)
        const settled = (error: unknown, user: unknown, info: unknown, status: unknown) => {
          if (error) return next(error)
          res.status(user ? 200 : (status as number)).json({ action: user ? 'success' : 'fail', user, info })
        }
        passport.authenticate(strategy, settled as never)(req, res, next)
      }
      const standard: RequestHandler = (req, res, next) => {
        const strategy = new NevisStrategy({ ...strategyOptions(simulator), ...more } as any, verify as any)
        passport.authenticate(strategy)(req, res, next)
      }
      express.all('/verify', callback)
      express.all('/standard', standard, (_req, res) => { handled++; res.json({ action: 'handled' }) })
      express.use(((error, _req, _res, next) => { errors.push(error); next(error) }) as import('express').ErrorRequestHandler)
    },
  })
})

beforeEach(() => {
  more = {}
  errors = []
  handled = 0
})

afterAll(async () => {
  await app.close()
  await simulator.close()
})

async function approved(): Promise<{ browser: Browser; handle: string }> {
  const browser = app.browser()
  const handle = await signIn(browser, 'anna')
  await simulator.phone('anna').approve()
  return { browser, handle }
}

async function outcomeOf(written: (...args: any[]) => unknown, path = '/verify'): Promise<Page> {
  verify = written
  const { browser, handle } = await approved()
  return browser.get(`${path}?transaction=${handle}`)
}

async function expectSuccess(written: (...args: any[]) => unknown, user: object, info: object = {}): Promise<void> {
  const page = await outcomeOf(written)
  expect(page.json()).toEqual({ action: 'success', user, info: { ...info, nevis: expect.objectContaining({ id: userId }) } })
}

async function expectRejected(written: (...args: any[]) => unknown, message = 'You cannot sign in with this account. Contact support.'): Promise<void> {
  const page = await outcomeOf(written)
  expect(page.status).toBe(401)
  expect(page.json()).toEqual({ action: 'fail', user: false, info: { code: 'rejected', message } })
}

async function expectError(written: (...args: any[]) => unknown, message: string): Promise<void> {
  const page = await outcomeOf(written)
  expect(page.status).toBe(500)
  expect(page.json()).toMatchObject({ action: 'error', message })
}

const soon = (work: () => void) => void setImmediate(work)
const broken = () => new Error('database gone')

describe('a profile', () => {
  const transaction: Transaction = {
    id: 't1', factor: 'push', operation: 'approve', subject: { userId: 'u' }, startedAt: 0, expiresAt: 1, firstFactorAt: 0, shown: {},
  }
  const outcome: Succeeded = { status: 'succeeded', userId: 'u', transactionId: 't1' }
  const least = { provider: 'nevis', id: 'u', factor: 'push', operation: 'approve', amr: [], authTime: expect.any(Number), transactionId: 't1' }

  it('has no field for what is not known', () => {
    expect(profileOf(transaction, outcome, {})).toStrictEqual(least)
  })

  it('has the name that the app gave, else the one that Nevis gives', () => {
    expect(profileOf({ ...transaction, subject: { username: 'anna' } }, outcome, {})).toStrictEqual({ ...least, username: 'anna' })
    expect(profileOf(transaction, { ...outcome, username: 'ben' }, {})).toStrictEqual({ ...least, username: 'ben' })
    expect(profileOf({ ...transaction, subject: { username: 'anna' } }, { ...outcome, username: 'ANNA' }, {})).toStrictEqual({ ...least, username: 'anna' })
  })

  it('gives back what was shown and given, and cannot be changed', () => {
    const profile = profileOf({ ...transaction, message: 'Pay?', data: null }, outcome, {})
    expect(profile).toStrictEqual({ ...least, message: 'Pay?', data: null })
    expect(Object.isFrozen(profile)).toBe(true)
  })
})

describe('verify with a callback', () => {
  describe('that names a user', () => {
    it('succeeds, at once or later', async () => {
      await expectSuccess((_profile, done: VerifyDone) => done(null, ANNA), ANNA)
      await expectSuccess((_profile, done: VerifyDone) => soon(() => done(null, ANNA)), ANNA)
    })

    it('succeeds where it takes done without a name for it', async () => {
      await expectSuccess(function (_profile) { const done = arguments[1] as VerifyDone; soon(() => done(null, ANNA)) }, ANNA) // eslint-disable-line prefer-rest-params
    })

    it('succeeds behind a wrapper of any length, whatever that returns', async () => {
      const database = { get: (done: VerifyDone) => { soon(() => done(null, ANNA)); return database } }
      await expectSuccess((...args: any[]) => database.get(args.at(-1)), ANNA)
    })

    it('succeeds, whatever it returns meanwhile', async () => {
      await expectSuccess((_profile, done: VerifyDone) => { soon(() => done(null, ANNA)); return BEN }, ANNA)
    })

    it('succeeds with its info beside the profile, which it cannot replace', async () => {
      await expectSuccess((_profile, done: VerifyDone) => done(null, ANNA, { scope: 'all', nevis: { id: 'forged' } }), ANNA, { scope: 'all' })
    })
  })

  describe('that names no user', () => {
    it.each([[[null, false]], [[null, null]], [[null, undefined]], [[null]], [[]], [[undefined, 0]], [[null, '']]])('fails with rejected: done(...%j)', async (args) => {
      await expectRejected((_profile, done) => done(...args))
    })

    it('fails with the message that it gives', async () => {
      await expectRejected((_profile, done: VerifyDone) => done(null, false, { message: 'Account locked.' }), 'Account locked.')
    })
  })

  describe('that fails', () => {
    it('ends in that very error', async () => {
      const error = broken()
      await expectError((_profile, done: VerifyDone) => done(error), 'database gone')
      expect(errors).toEqual([error])
    })

    it('ends in the error although a user is named', async () => {
      await expectError((_profile, done: VerifyDone) => done(broken(), ANNA), 'database gone')
    })

    it('ends in the error that it throws', async () => {
      await expectError((_profile, _done) => { throw broken() }, 'database gone')
    })
  })
})

describe('verify with a promise', () => {
  describe('of a user', () => {
    it('succeeds', async () => {
      await expectSuccess(async () => ANNA, ANNA)
      await expectSuccess(async (_profile, _done) => ANNA, ANNA)
    })

    it('succeeds for any thenable', async () => {
      await expectSuccess((_profile) => ({ then: (resolve: (user: unknown) => void) => soon(() => resolve(ANNA)) }), ANNA)
    })
  })

  describe('of no user', () => {
    it.each([undefined, null, false])('fails with rejected: %s', async (nobody) => {
      await expectRejected(async (_profile) => nobody)
    })

    it('fails with rejected where undefined comes from a function that takes nothing', async () => {
      await expectRejected(async () => undefined)
    })

    it.each([null, false])('fails with rejected: %s from a function that declares done', async (nobody) => {
      await expectRejected(async (_profile, _done) => nobody)
    })
  })

  describe('that rejects', () => {
    it('ends in that error', async () => {
      await expectError(async () => { throw broken() }, 'database gone')
      await expectError(async (_profile, _done) => { throw broken() }, 'database gone')
    })
  })
})

describe('verify that fails without an error', () => {
  // Express treats a falsy error as no error, and runs the next handler. With 'route' or 'router', Express skips to the next route or leaves the router.
  const reasons: [string, (...args: any[]) => unknown][] = [undefined, null, false, 0, '', 'route', 'router'].flatMap((reason) => [
    [`rejects with ${inspect(reason)}`, () => Promise.reject(reason)] as [string, () => unknown],
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- the test throws values that are no errors
    [`throws ${inspect(reason)}`, () => { throw reason }] as [string, () => unknown],
  ])
  reasons.push(["calls done('route')", (_profile, done) => done('route')], ["calls done('router')", (_profile, done) => done('router')])

  describe('before a handler that needs the second factor', () => {
    // Shows: ASVS V16.5.3
    it.each(reasons)('ends in an error and does not run the handler when it %s', async (_name, written) => {
      const page = await outcomeOf(written, '/standard')
      expect(handled).toBe(0)
      expect(page.status).toBe(500)
      expect(page.json()).toMatchObject({ action: 'error', message: expect.stringMatching(/^NevisStrategy: a \w+ was thrown instead of an error$/) })
    })
  })
})

describe('verify that returns a user without a promise, and could not call done', () => {
  it('ends in an error that says how to write it', async () => {
    await expectError((_profile) => ANNA, 'NevisStrategy: verify must call done, or return a promise: make verify an async function')
  })
})

describe('verify that is both async and has a callback', () => {
  describe('that calls done after its promise is over', () => {
    it('succeeds, because it declares done', async () => {
      await expectSuccess(async (_profile, done: VerifyDone) => soon(() => done(null, ANNA)), ANNA)
    })

    it('ends in the error that it hands to done', async () => {
      await expectError(async (_profile, done: VerifyDone) => soon(() => done(broken())), 'database gone')
    })
  })

  describe('of length 0 that calls done and then resolves, as NestJS writes it', () => {
    it('succeeds', async () => {
      await expectSuccess(async (...params: unknown[]) => {
        await Promise.resolve()
        ;(params.at(-1) as VerifyDone)(null, ANNA)
      }, ANNA)
    })

    it('fails with rejected for no user', async () => {
      await expectRejected(async (...params: unknown[]) => {
        ;(params.at(-1) as VerifyDone)(null, false)
      })
    })

    it('ends in the error', async () => {
      await expectError(async (...params: unknown[]) => {
        ;(params.at(-1) as VerifyDone)(broken())
      }, 'database gone')
    })
  })

  describe('in which both settle', () => {
    it('takes done when done is first', async () => {
      await expectSuccess(async (_profile, done: VerifyDone) => { done(null, ANNA); return BEN }, ANNA)
      await expectRejected(async (_profile, done: VerifyDone) => { done(null, false); return BEN })
      await expectSuccess(async (_profile, done: VerifyDone) => { done(null, ANNA); throw broken() }, ANNA)
    })

    it('takes the promise when the promise is first', async () => {
      await expectSuccess(async (_profile, done: VerifyDone) => { soon(() => done(null, BEN)); return ANNA }, ANNA)
      await expectSuccess(async (_profile, done: VerifyDone) => { soon(() => done(broken())); return ANNA }, ANNA)
    })

    it('takes the first of two calls', async () => {
      await expectSuccess((_profile, done: VerifyDone) => { done(null, ANNA); done(null, BEN); done(broken()) }, ANNA)
    })
  })
})

describe('verify with passReqToCallback', () => {
  beforeEach(() => {
    more = { passReqToCallback: true }
  })

  describe('with a callback', () => {
    it('gets the request first', async () => {
      await expectSuccess((req, profile: NevisProfile, done: VerifyDone) => done(null, { path: req.path, id: profile.id }), { path: '/verify', id: userId })
    })
  })

  describe('with a promise', () => {
    it('gets the request first', async () => {
      await expectSuccess(async (req, profile: NevisProfile) => ({ path: req.path, id: profile.id }), { path: '/verify', id: userId })
    })

    it('fails with rejected for undefined', async () => {
      await expectRejected(async (_req, _profile) => undefined)
    })

    it('waits for done, where it declares done', async () => {
      await expectSuccess(async (_req, _profile, done: VerifyDone) => soon(() => done(null, ANNA)), ANNA)
    })
  })
})

describe('the arguments of verify', () => {
  describe('whatever it declares', () => {
    it.each<[string, (seen: unknown[][]) => (...args: any[]) => unknown]>([
      ['nothing', (seen) => (...args) => { seen.push(args); args.at(-1)(null, ANNA) }],
      ['one', (seen) => (profile, ...rest) => { seen.push([profile, ...rest]); (rest[0] as VerifyDone)(null, ANNA) }],
      ['three', (seen) => (profile, done, other) => { seen.push([profile, done, ...(other === undefined ? [] : [other])]); done(null, ANNA) }],
    ])('are the profile and done: it declares %s', async (_name, written) => {
      const seen: unknown[][] = []
      await expectSuccess(written(seen), ANNA)
      expect(seen).toEqual([[expect.objectContaining({ provider: 'nevis', id: userId }), expect.any(Function)]])
    })
  })
})

describe('the profile', () => {
  const profileOf = async (): Promise<NevisProfile> => {
    const seen: NevisProfile[] = []
    const page = await outcomeOf((profile, done) => { seen.push(profile); done(null, ANNA) })
    expect(page.json()).toMatchObject({ action: 'success' })
    expect(page.json().info.nevis).toEqual(seen[0])
    expect(seen).toHaveLength(1)
    return seen[0] as NevisProfile
  }

  describe('of an approval with everything', () => {
    // Shows: ASVS V15.3.1
    it('has exactly the documented fields', async () => {
      expect(await profileOf()).toEqual({
        provider: 'nevis', id: userId, username: 'anna', factor: 'push', operation: 'approve', amr: ['swk', 'mca'], authTime: expect.any(Number),
        transactionId: expect.stringMatching(/^[0-9a-f-]{36}$/), message: 'Sign in?', data: { order: [1, { two: 2 }] },
      })
    })

    it('cannot be changed', async () => {
      expect(Object.isFrozen(await profileOf())).toBe(true)
    })
  })

  describe('of an approval without message and data', () => {
    it('has neither field', async () => {
      const other = await startApp({ simulator })
      try {
        const browser = other.browser()
        const handle = await signIn(browser, 'anna')
        await simulator.phone('anna').approve()
        await browser.get(`/login/2fa/callback?transaction=${handle}`)
        expect(other.verified.map((profile) => Object.keys(profile).sort())).toEqual([
          ['amr', 'authTime', 'factor', 'id', 'operation', 'provider', 'transactionId', 'username'],
        ])
      } finally {
        await other.close()
      }
    })
  })

  describe('of a user whom Nevis names without a username', () => {
    it('has none, when only the userId was known', async () => {
      const other = await startApp({ simulator, strategy: { subject: () => ({ userId }) }, verify: (_profile, done) => done(null, ANNA) })
      simulator.faults.add({ on: 'getStatus', patch: { username: undefined } })
      try {
        const browser = other.browser()
        const handle = await signIn(browser, 'anna')
        await simulator.phone('anna').approve()
        expect((await browser.get(`/login/2fa/callback?transaction=${handle}`)).json()).toMatchObject({ action: 'success' })
        expect(Object.keys(other.verified[0] as object).sort()).toEqual(['amr', 'authTime', 'factor', 'id', 'operation', 'provider', 'transactionId'])
      } finally {
        simulator.faults.clear()
        await other.close()
      }
    })
  })

  describe('once used', () => {
    it('reaches verify no second time', async () => {
      let calls = 0
      verify = (_profile, done) => { calls++; done(null, ANNA) }
      const { browser, handle } = await approved()
      await browser.get(`/verify?transaction=${handle}`)
      const page = await browser.get(`/verify?transaction=${handle}`)
      expect(page.status).toBe(403)
      expect(page.json()).toMatchObject({ action: 'fail', info: { code: 'unknown_transaction' } })
      expect(calls).toBe(1)
    })
  })
})
