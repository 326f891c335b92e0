/** If a store of the app fails, the error names the store and contains none of the stored data. */
import session from 'express-session'
import { inspect } from 'node:util'
import { ClientOfflineError, SocketTimeoutError } from 'redis'
import { StorageError, type Ledger } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { saveSession } from '../../src/host/session'
import type { SessionLike } from '../../src/host/request'
import { callbackOf, PASSWORD, signIn, startApp, type AppOptions, type TestApp } from '../support/app'
import { ledgerWith } from '../support/ledger-contract'

const CANARY = 'canary'

function storeError(): Error {
  return Object.assign(new Error(`SET sess ${CANARY}`), { code: 'ECONNRESET', command: { args: [CANARY] } })
}

const printed = (error: Error) =>
  [inspect(error, { showHidden: true, depth: Infinity }), JSON.stringify(error), error.stack, String(error), inspect(error.cause)].join('\n')

describe('StorageError', () => {
  describe('by code', () => {
    it.each([
      ['SESSION_REQUIRED', 500],
      ['SESSION_IN_COOKIE', 500],
      ['SESSION_UNAVAILABLE', 503],
      ['SESSION_TOO_LARGE', 500],
      ['LEDGER_UNAVAILABLE', 503],
    ] as const)('%s has the status %d', (code, status) => {
      const error = new StorageError(code)
      expect(error).toBeInstanceOf(Error)
      expect(error).toMatchObject({ name: 'StorageError', code, status })
      expect(error.message).toMatch(/^NevisStrategy/)
      expect('cause' in error).toBe(false)
    })
  })

  describe('with a cause', () => {
    it('keeps its name and code', () => {
      expect(new StorageError('LEDGER_UNAVAILABLE', Object.assign(new RangeError('x'), { code: 'ECONNRESET' })).cause).toEqual({
        name: 'RangeError', code: 'ECONNRESET',
      })
    })

    it.each([['a text', 'x'], ['null', null], ['a code that is a number', Object.assign(new Error('x'), { code: 7 })], ['a name that is one', { name: 7 }]])(
      'keeps nothing else: of %s, that it was one', (_name, cause) => {
        expect(new StorageError('LEDGER_UNAVAILABLE', cause).cause).toStrictEqual({ name: 'Error' })
      },
    )

    it.each([
      ['NOPERM', new Error("NOPERM User canary has no permissions to run the 'set' command")],
      ['READONLY', new Error("READONLY You can't write against a read only replica.")],
      ['OOM', new Error("OOM command not allowed when used memory > 'maxmemory'.")],
      ['MOVED', new Error('MOVED 3999 10.0.0.7:6381')],
      ['WRONGPASS', new Error('WRONGPASS invalid username-password pair or user is disabled.')],
      ['ETIMEDOUT', Object.assign(new Error('connect ETIMEDOUT 10.0.0.7:6379'), { code: 'ETIMEDOUT', address: '10.0.0.7' })],
      ['57P03', Object.assign(new Error('the database system is starting up'), { code: '57P03', detail: 'canary' })],
    ])('keeps the code word %s of the store, also in its message, and nothing of the text', (word, cause) => {
      const error = new StorageError('LEDGER_UNAVAILABLE', cause)
      expect(error.cause).toEqual({ name: 'Error', code: word })
      expect(error.message).toBe(`NevisStrategy: the ledger failed or gave no valid answer (${word})`)
      expect(printed(error)).not.toMatch(/canary|10\.0\.0\.7|command|replica|invalid|starting/)
    })

    it('names the command that the ledger has sent, before the code word', () => {
      const error = new StorageError('LEDGER_UNAVAILABLE', Object.assign(new Error('NOPERM canary'), { command: 'EVAL' }))
      expect(error.cause).toEqual({ name: 'Error', code: 'NOPERM', command: 'EVAL' })
      expect(error.message).toBe('NevisStrategy: the ledger failed or gave no valid answer (EVAL: NOPERM)')
    })

    it.each(['SET canary', 'canary', '', ['EVAL'], { name: 'set', args: ['canary'] }])('keeps no other command: %j', (command) => {
      expect(new StorageError('LEDGER_UNAVAILABLE', Object.assign(new Error('NOPERM canary'), { command })).cause).toStrictEqual({ name: 'Error', code: 'NOPERM' })
    })

    it('takes no other word of a text for a code', () => {
      for (const text of ['ANNA is unknown', 'NOPERMISSION for canary', '+41790000000', 'ERR canary', 'noperm x', '']) {
        expect(new StorageError('LEDGER_UNAVAILABLE', new Error(text)).cause).toStrictEqual({ name: 'Error' })
      }
    })

    it.each([
      ['ClientOfflineError', new ClientOfflineError()],
      ['SocketTimeoutError', new SocketTimeoutError(3000)],
      ['ReplyError', Object.assign(new Error('ERR syntax error'), { name: 'ReplyError', command: { name: 'set', args: ['sess:canary'] } })],
    ])('without a code keeps the name of its class, also in the message: %s', (word, cause) => {
      const error = new StorageError('SESSION_UNAVAILABLE', cause)
      expect(error.cause).toStrictEqual({ name: word, code: word })
      expect(error.message).toBe(`NevisStrategy: the session could not be read or saved (${word})`)
      expect(printed(error)).not.toMatch(/canary|syntax|offline,|3000/)
    })

    it.each(['Error', 'canaryError', 'Canary', 'Canary Error', 'Canary1Error', `C${'a'.repeat(70)}Error`])('takes no other name of a class for a code: %s', (name) => {
      const Own = { [name]: class extends Error {} }[name] as typeof Error
      expect(new StorageError('LEDGER_UNAVAILABLE', new Own('x')).cause).toStrictEqual({ name: 'Error' })
    })

    // Shows: ASVS V16.2.5
    it.each([
      ['a message and a command', storeError()],
      ['a code in small letters', Object.assign(new Error('x'), { code: CANARY })],
      ['a code that is no code', Object.assign(new Error('x'), { code: `get ${CANARY}` })],
      ['a code that is no text', Object.assign(new Error('x'), { code: { CANARY } })],
      ['a cause of its own', new Error('x', { cause: new Error(CANARY) })],
      ['several errors', new AggregateError([new Error(CANARY)], CANARY)],
      ['a text', CANARY],
      ['an object', { [CANARY]: CANARY }],
      ['null', null],
    ])('of %s shows no secret', (_name, cause) => {
      expect(printed(new StorageError('SESSION_UNAVAILABLE', cause))).not.toContain(CANARY)
    })

    it('of a name with a secret shows no secret', () => {
      const cause = Object.assign(new Error('x'), { name: `ReplyError: ${CANARY}` })
      expect(printed(new StorageError('SESSION_UNAVAILABLE', cause))).not.toContain(CANARY)
    })
  })
})

describe('saving the session', () => {
  describe('with a save of its own', () => {
    it('waits for the callback', async () => {
      let stored = false
      const save: SessionLike['save'] = (done) => setImmediate(() => { stored = true; done() })
      await saveSession({ save })
      expect(stored).toBe(true)
    })

    it('waits for the promise, where it gives one', async () => {
      let stored = false
      const save: SessionLike['save'] = async () => { await new Promise(setImmediate); stored = true }
      await saveSession({ save })
      expect(stored).toBe(true)
    })

    it('is called on the session', async () => {
      const seen: unknown[] = []
      const own: SessionLike = { save(done) { seen.push(this); done() } }
      await saveSession(own)
      expect(seen).toEqual([own])
    })

    it.each<[string, SessionLike['save']]>([
      ['calls back with an error', (done) => done(storeError())],
      ['rejects', () => Promise.reject(storeError())],
      ['throws', () => { throw storeError() }],
    ])('rejects with SESSION_UNAVAILABLE when it %s', async (_name, save) => {
      const error: unknown = await saveSession({ save } as SessionLike).then(() => 'saved', (reason: unknown) => reason)
      expect(error).toBeInstanceOf(StorageError)
      expect(error).toMatchObject({ code: 'SESSION_UNAVAILABLE', status: 503, cause: { name: 'Error', code: 'ECONNRESET' } })
      expect(printed(error as Error)).not.toContain(CANARY)
    })
  })

  describe('in time, or failing', () => {
    it('leaves no timer behind', async () => {
      jest.useFakeTimers()
      try {
        await saveSession({ save: (done) => done() })
        await saveSession({ save: (done) => done(storeError()) }).catch(() => undefined)
        expect(jest.getTimerCount()).toBe(0)
      } finally {
        jest.useRealTimers()
      }
    })
  })

  describe('with a save that never ends', () => {
    it('rejects with SESSION_UNAVAILABLE after five seconds', async () => {
      jest.useFakeTimers()
      try {
        const failed = saveSession({ save: () => undefined }).then(() => 'saved', (reason: unknown) => reason)
        let isSettled = false
        void failed.finally(() => { isSettled = true })
        await jest.advanceTimersByTimeAsync(4_999)
        expect(isSettled).toBe(false)
        await jest.advanceTimersByTimeAsync(1)
        expect(await failed).toMatchObject({ name: 'StorageError', code: 'SESSION_UNAVAILABLE', status: 503 })
      } finally {
        jest.useRealTimers()
      }
    })
  })

  describe('without one', () => {
    it('leaves it to the host', async () => {
      await expect(saveSession({})).resolves.toBeUndefined()
    })
  })
})

describe('an app whose store fails', () => {
  let simulator: NevisSimulator
  let app: TestApp | undefined
  let errors: unknown[]

  beforeEach(async () => {
    errors = []
    simulator = await NevisSimulator.start()
    simulator.addUser({ username: 'anna', phone: '+41791234567' })
  })

  afterEach(async () => {
    await app?.close()
    app = undefined
    await simulator.close()
  })

  const start = async (options: Partial<AppOptions>): Promise<TestApp> => {
    app = await startApp({
      simulator,
      ...options,
      routes: (express) => express.use(((error, _req, _res, next) => { errors.push(error); next(error) }) as import('express').ErrorRequestHandler),
    })
    return app
  }

  class FailingStore extends session.MemoryStore {
    failing = false

    override set(sid: string, data: session.SessionData, done?: (error?: unknown) => void): void {
      if (this.failing) setImmediate(() => done?.(storeError()))
      else super.set(sid, data, done)
    }
  }

  describe('at the start, without any session', () => {
    it('ends in SESSION_REQUIRED and asks Nevis nothing', async () => {
      const page = await (await start({ session: false })).browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(page.status).toBe(500)
      expect(page.json()).toMatchObject({ action: 'error', name: 'StorageError', code: 'SESSION_REQUIRED' })
      expect(simulator.requests).toHaveLength(0)
    })
  })

  describe('at the start, with a session that cannot be saved', () => {
    it('ends in SESSION_UNAVAILABLE without a secret of the store', async () => {
      const store = new FailingStore()
      const { browser } = await start({ session: { store } })
      store.failing = true
      const page = await browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(page.status).toBe(503)
      expect(page.json()).toMatchObject({ action: 'error', name: 'StorageError', code: 'SESSION_UNAVAILABLE' })
      expect(errors).toHaveLength(1)
      expect(printed(errors[0] as Error)).not.toContain(CANARY)
    })
  })

  describe('at the callback, with a session that cannot be saved', () => {
    // Shows: ASVS V16.5.3, T-outage-5
    it('ends in SESSION_UNAVAILABLE before verify runs', async () => {
      const store = new FailingStore()
      const { browser, verified } = await start({ session: { store } })
      const anna = browser()
      const handle = await signIn(anna, 'anna')
      await simulator.phone('anna').approve()
      store.failing = true
      const page = await anna.get(callbackOf(handle))
      expect(page.status).toBe(503)
      expect(page.json()).toMatchObject({ action: 'error', code: 'SESSION_UNAVAILABLE' })
      expect(verified).toHaveLength(0)
    })
  })

  /**
   * A ledger that answers each claim with the result of the function `claim`. Only the claim of a start always succeeds, so that the test reaches the callback.
   */
  const claimsExceptStarts = (claim: () => unknown) => ledgerWith({ claim: (key: string) => (key.startsWith('start:') ? Promise.resolve(true) : claim()) })

  describe.each<[string, Ledger]>([
    ['a ledger that rejects', claimsExceptStarts(() => Promise.reject(storeError()))],
    ['a ledger that answers nonsense', claimsExceptStarts(async () => 'OK')],
  ])('at the callback, with %s', (_name, ledger) => {
    it('ends in LEDGER_UNAVAILABLE and lets no user in', async () => {
      const { browser, verified } = await start({ strategy: { ledger } })
      const anna = browser()
      const handle = await signIn(anna, 'anna')
      await simulator.phone('anna').approve()
      const page = await anna.get(callbackOf(handle))
      expect(page.status).toBe(503)
      expect(page.json()).toMatchObject({ action: 'error', name: 'StorageError', code: 'LEDGER_UNAVAILABLE' })
      expect(verified).toHaveLength(0)
      expect((await anna.get('/me')).json()).toEqual({ user: null })
      expect(printed(errors[0] as Error)).not.toContain(CANARY)
    })
  })

  describe.each<[string, Ledger]>([
    ['that rejects', ledgerWith({ claim: () => Promise.reject(storeError()) })],
    ['that answers nonsense', ledgerWith({ claim: async () => 'OK' })],
    ['that cannot be looked at', ledgerWith({ claim: async () => false, look: () => Promise.reject(storeError()) })],
  ])('at the start, with a ledger %s', (_name, ledger) => {
    it('ends in LEDGER_UNAVAILABLE and asks Nevis nothing', async () => {
      const { browser } = await start({ strategy: { ledger } })
      const page = await browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(page.status).toBe(503)
      expect(page.json()).toMatchObject({ action: 'error', code: 'LEDGER_UNAVAILABLE' })
      expect(simulator.requests).toHaveLength(0)
    })
  })
})
