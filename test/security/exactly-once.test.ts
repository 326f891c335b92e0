/**
 * The attack: one approval for several logins.
 *
 * The attacker has a copy of the victim's session cookie and of the waiting page's URL (from a shared computer, a proxy's log, an extension). Or the attacker
 * is the user, who approved one transfer and wants two. The attacker sends the callback many times at once. A strategy that only deletes a value from the
 * session is too slow: all requests read the session before the first one writes it. (Five of five parallel callbacks passed passport-oauth2's session store.)
 * Notes in a process's memory are not enough either, because each process behind a load balancer has its own memory. And if the ledger is down, used approvals
 * must not count as new.
 */
import { RedisStore } from 'connect-redis'
import { createClient } from 'redis'
import { MemoryLedger, NevisStrategy, RedisLedger, type Ledger } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, strategyOptions } from '../support/app'
import { Browser } from '../support/browser'
import { describeWithRedis, RedisServer } from '../support/redis'
import { nodeRedisLike } from '../support/redis-clients'
import { act, codeOf } from './support/act'
import { startGate } from './support/gate'
import { lab, outcomeOf, tally } from './support/lab'
import { SlowStore } from './support/slow-store'
import { startWorkers } from './support/workers'

const TIMES = 200
const world = lab()
jest.setTimeout(30_000)

/** A client whose commands fail at once, instead of waiting, while no Redis is running. */
async function connect(path: string) {
  const client = createClient({ socket: { path, tls: false, reconnectStrategy: 20 }, disableOfflineQueue: true })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Waits for the event `ready`. `events.once` would reject at the first failed attempt to connect, although the client tries again. */
function isReady(client: Awaited<ReturnType<typeof connect>>): Promise<void> {
  return new Promise((resolve) => {
    if (client.isReady) resolve()
    else client.on('ready', resolve)
  })
}

/** Sends the requests all at once, each with its own copy of the cookies, and counts the outcomes. */
async function burst(browsers: readonly Browser[], path: string): Promise<Record<string, number>> {
  const pages = await Promise.all(Array.from({ length: TIMES }, (_, i) => (browsers[i % browsers.length] as Browser).clone().get(path)))
  return tally(pages.map(outcomeOf))
}

function expectOneSuccess(outcomes: Record<string, number>): void {
  const { success, used_transaction: used = 0, unknown_transaction: unknown = 0, ...others } = outcomes
  expect(others).toEqual({})
  expect(success).toBe(1)
  expect(used + unknown).toBe(TIMES - 1)
  // More than one request must have tried to use the approval, otherwise the requests did not race.
  expect(used).toBeGreaterThan(0)
}

describe(`the callback, ${TIMES} times at once with the cookie of one session`, () => {
  describe('in one process, with sessions that take 20 ms', () => {
    // Shows: CD-unique-1
    it('and once more afterwards › is refused, and published as failed: the session no longer contains the transaction', async () => {
      const app = await world.start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('used_transaction')
      expect(app.verified).toHaveLength(1)
      expect(world.events.of('failed')).toMatchObject([{ code: 'used_transaction' }])
      expect(world.events.of('suspicious')).toEqual([])
    })

    // Shows: ASVS V6.5.1, T-browser-5
    it('signs in once, verify runs once, and all others fail with used_transaction or unknown_transaction', async () => {
      const app = await world.start({ session: { store: new SlowStore() } })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      expectOneSuccess(await burst([browser], callbackOf(handle)))
      expect(app.verified).toHaveLength(1)
      expect(world.events.of('decided')).toHaveLength(1)
    })

    it('signs in once though every answer writes its session back (resave)', async () => {
      const app = await world.start({ session: { store: new SlowStore(), resave: true } })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      expectOneSuccess(await burst([browser], callbackOf(handle)))
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toMatch(/^(used|unknown)_transaction$/)
      expect(app.verified).toHaveLength(1)
    })
  })

  describe('on top of a login that keeps its session (passport.authorize)', () => {
    it('runs the handler once and sends all others to successRedirect, none to an error', async () => {
      let transfers = 0
      const app = await world.start({
        session: { store: new SlowStore() },
        routes: (web, { passport }) => {
          web.post('/password-only', passport.authenticate('local'), (_req, res) => void res.end())
          web.post('/transfer', passport.authorize('nevis'))
          web.get('/transfer', passport.authorize('nevis', { successRedirect: '/done' }), (_req, res) => {
            transfers++
            res.json({ action: 'success' })
          })
        },
      })
      const browser = app.browser()
      await browser.post('/password-only', { username: 'anna', password: PASSWORD })
      const handle = handleIn((await browser.post('/transfer')).location)
      await world.simulator.phone('anna').approve()
      expect(await burst([browser], `/transfer?transaction=${handle}`)).toEqual({ success: 1, '303 /done': TIMES - 1 })
      expect(transfers).toBe(1)
      expect(app.verified).toHaveLength(1)
    })
  })

  describe('of a transaction that was denied', () => {
    it('never signs in, and counts one denial', async () => {
      const app = await world.start({ session: { store: new SlowStore() } })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').deny()
      expect(await burst([browser], callbackOf(handle))).toEqual({ not_approved: TIMES })
      expect((await browser.clone().post('/login', { username: 'anna', password: PASSWORD })).status).toBe(303)
    })
  })
})

describeWithRedis('the callback, with Redis', () => {
  let redis: RedisServer
  let client: Awaited<ReturnType<typeof connect>>

  beforeAll(async () => {
    redis = await RedisServer.start()
    client = await connect(redis.path)
  })
  beforeEach(async () => void (await client.flushAll()))
  afterAll(async () => {
    client.destroy()
    await redis.close()
  })

  describe(`${TIMES} times at once in one process, sessions and ledger in Redis`, () => {
    it('signs in once, verify runs once, and all others fail', async () => {
      const store = new SlowStore(new RedisStore({ client }))
      const app = await world.start({ session: { store }, strategy: { ledger: new RedisLedger(client) } })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      expectOneSuccess(await burst([browser], callbackOf(handle)))
      expect(app.verified).toHaveLength(1)
    })
  })

  describe(`${TIMES} times at once to three processes in turn, sessions and ledger in Redis`, () => {
    // Shows: ASVS V6.5.1, T-outage-1, CD-once-1, N-oob-7
    it('signs in once, verify runs once in all of them together, and all others fail', async () => {
      // Answer the introspections only when all three processes have asked. Otherwise the fastest process would finish before the others start.
      const { baseURL, close } = await startGate(world.simulator, async () => (await client.sCard('introspecting')) === 3)
      world.defer(close)
      const { origins, end } = await startWorkers(3, { simulator: world.simulator, baseURL, redisPath: redis.path, latencyMs: 20 })
      world.defer(end)
      expect(new Set(origins).size).toBe(3)
      const browser = new Browser(origins[0] as string)
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      const browsers = origins.map((origin) => {
        const other = new Browser(origin)
        for (const [name, value] of browser.cookies) other.cookies.set(name, value)
        return other
      })
      expectOneSuccess(await burst(browsers, callbackOf(handle)))
      expect(await client.get('verified')).toBe('1')
      expect(world.asked('introspect')).toBeGreaterThan(2)
    }, 30_000)
  })

  describe('while the ledger\'s Redis is down', () => {
    it('ends in an error 503 at the start and asks no user; once Redis is back, the start works', async () => {
      const own = await connect(redis.path)
      world.defer(() => own.destroy())
      const app = await world.start({ strategy: { ledger: new RedisLedger(own) } })
      await redis.kill()
      const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(page.status).toBe(503)
      expect(page.json()).toMatchObject({ action: 'error', name: 'StorageError', code: 'LEDGER_UNAVAILABLE' })
      expect(world.operations()).toEqual([])
      await restarted(own)
      await signIn(app.browser(), 'anna')
      expect(world.operations()).toEqual(['approve'])
    })

    // Shows: ASVS V16.5.3, T-outage-4
    it('ends in an error 503 at the callback and signs no user in; once Redis is back, the same approval does', async () => {
      const own = await connect(redis.path)
      world.defer(() => own.destroy())
      const app = await world.start({ strategy: { ledger: new RedisLedger(own) } })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      await redis.kill()
      for (let i = 0; i < 3; i++) {
        const page = await browser.get(callbackOf(handle))
        expect(page.status).toBe(503)
        expect(page.json()).toMatchObject({ action: 'error', name: 'StorageError', code: 'LEDGER_UNAVAILABLE' })
      }
      expect(app.verified).toHaveLength(0)
      expect((await browser.get('/me')).json()).toEqual({ user: null })
      await restarted(own)
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('used_transaction')
      expect(app.verified).toHaveLength(1)
    })

    it('counts no denial and closes nothing', async () => {
      const own = await connect(redis.path)
      world.defer(() => own.destroy())
      const app = await world.start({ strategy: { ledger: new RedisLedger(own) } })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').deny()
      await redis.kill()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('LEDGER_UNAVAILABLE')
      await restarted(own)
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('not_approved')
    })

    async function restarted(own: Awaited<ReturnType<typeof connect>>): Promise<void> {
      await redis.restart()
      await Promise.all([own, client].map(isReady))
    }
  })
})

describe('a ledger that does not do as promised', () => {
  /** A ledger whose `claim` misbehaves, but only after the test has called `break()`, because a transaction starts only with a working ledger. */
  function breaking(claim: Ledger['claim']) {
    const whole = new MemoryLedger()
    let isBroken = false
    const ledger: Ledger = {
      claim: (key, ttlSeconds) => (isBroken ? claim(key, ttlSeconds) : whole.claim(key, ttlSeconds)),
      count: (key, ttlSeconds) => whole.count(key, ttlSeconds),
      look: (key) => whole.look(key),
      forget: (key) => whole.forget(key),
    }
    return { ledger, break: () => void (isBroken = true) }
  }

  async function approved(ledger: Ledger) {
    const verified: string[] = []
    const nevis = new NevisStrategy({ ...strategyOptions(world.simulator), passReqToCallback: false, ledger }, (profile, done) => {
      verified.push(profile.id)
      done(null, { username: profile.username })
    })
    const session: Record<string, unknown> = {}
    const request = (query: object, method: string) => ({ method, url: '/', headers: {}, query, session, user: { username: 'anna' } })
    return { nevis, verified, request }
  }

  describe('at the callback of an approved push', () => {
    it.each<[string, Ledger['claim']]>([
      ['rejects', () => Promise.reject(new Error('READONLY'))],
      ['throws', () => { throw new Error('closed') }],
      ['answers with nothing', async () => undefined as never],
      ['answers with "OK"', async () => 'OK' as never],
      ['answers with 1', async () => 1 as never],
      ['answers with null', async () => null as never],
    ])('ends in LEDGER_UNAVAILABLE where its claim %s', async (_name, claim) => {
      const { ledger, ...it } = breaking(claim)
      const { nevis, verified, request } = await approved(ledger)
      const handle = handleIn((await act(nevis, request({}, 'POST'))).args[0] as string)
      it.break()
      await world.simulator.phone('anna').approve()
      const outcome = await act(nevis, request({ transaction: handle }, 'GET'))
      expect(outcome).toMatchObject({ action: 'error', args: [{ code: 'LEDGER_UNAVAILABLE', status: 503 }] })
      expect(verified).toEqual([])
    })

    // Shows: T-outage-4
    it('ends in LEDGER_UNAVAILABLE where its claim never answers, after five seconds and once', async () => {
      let asked: () => void
      const isAsked = new Promise<void>((resolve) => (asked = resolve))
      const { ledger, ...it } = breaking(() => {
        asked()
        return new Promise(() => undefined)
      })
      const { nevis, verified, request } = await approved(ledger)
      const handle = handleIn((await act(nevis, request({}, 'POST'))).args[0] as string)
      it.break()
      await world.simulator.phone('anna').approve()
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] })
      try {
        const outcome = act(nevis, request({ transaction: handle }, 'GET'))
        await isAsked
        await jest.advanceTimersByTimeAsync(5000)
        expect(codeOf(await outcome)).toBe('LEDGER_UNAVAILABLE')
        expect((await outcome).actions).toEqual(['error'])
      } finally {
        jest.useRealTimers()
      }
      expect(verified).toEqual([])
    })
  })

  describe('at the start', () => {
    const rest = { count: async () => 1, look: async () => 0, forget: async () => undefined }

    it.each<[string, Partial<Ledger>]>([
      ['claim rejects', { claim: () => Promise.reject(new Error('READONLY')) }],
      ['claim answers with 1', { claim: async () => 1 as never }],
      ['claim answers with "OK"', { claim: async () => 'OK' as never }],
      ['look rejects', { look: () => Promise.reject(new Error('READONLY')) }],
      ['look answers with NaN', { look: async () => NaN }],
      ['look answers with "1"', { look: async () => '1' as never }],
      ['look answers with a fraction', { look: async () => 0.5 }],
      ['look answers with -1', { look: async () => -1 }],
    ])('ends in LEDGER_UNAVAILABLE where its %s, and asks no user', async (_name, broken) => {
      const { nevis, request } = await approved({ claim: async () => false, ...rest, ...broken })
      expect(await act(nevis, request({}, 'POST'))).toMatchObject({ action: 'error', args: [{ code: 'LEDGER_UNAVAILABLE', status: 503 }] })
      expect(world.operations()).toEqual([])
    })

    it('ends in LEDGER_UNAVAILABLE where its claim never answers, and asks no user', async () => {
      const { nevis, request } = await approved({ claim: () => new Promise(() => undefined), ...rest })
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] })
      try {
        const outcome = act(nevis, request({}, 'POST'))
        await jest.advanceTimersByTimeAsync(5000)
        expect(codeOf(await outcome)).toBe('LEDGER_UNAVAILABLE')
      } finally {
        jest.useRealTimers()
      }
      expect(world.operations()).toEqual([])
    })
  })

  describe('once the approval was claimed', () => {
    it('signs in all the same where the ledger is down from then on: the approval must not be lost', async () => {
      const whole = new MemoryLedger()
      let isDown = false
      let goesDownAtClaim = false
      const whileUp = async <T>(answer: () => Promise<T>): Promise<T> => {
        if (isDown) throw new Error('READONLY')
        return answer()
      }
      const ledger: Ledger = {
        claim: async (key, ttlSeconds) => {
          const isFirst = await whileUp(() => whole.claim(key, ttlSeconds))
          if (goesDownAtClaim && key.startsWith('transaction:')) isDown = true
          return isFirst
        },
        count: (key, ttlSeconds) => whileUp(() => whole.count(key, ttlSeconds)),
        look: (key) => whileUp(() => whole.look(key)),
        forget: (key) => whileUp(() => whole.forget(key)),
      }
      const { nevis, request } = await approved(ledger)
      // After the claim, the callback reads the user's earlier denials from the ledger, but only if the approved transaction is at least the user's
      // third. So start two other transactions first.
      for (let i = 0; i < 2; i++) await act(nevis, { ...request({}, 'POST'), session: {} })
      const handle = handleIn((await act(nevis, request({}, 'POST'))).args[0] as string)
      await world.simulator.phone('anna').approve()
      goesDownAtClaim = true
      expect(codeOf(await act(nevis, request({ transaction: handle }, 'GET')))).toBe('success')
      expect(isDown).toBe(true)
    })
  })
})

describe('the ledger of one process', () => {
  const warnings = () => {
    const spy = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    return () => spy.mock.calls.map(([, options]) => (options as { code?: string } | undefined)?.code)
  }
  const environment = process.env['NODE_ENV']
  afterEach(() => void (process.env['NODE_ENV'] = environment))

  const build = (ledger?: Ledger) => new NevisStrategy({ ...strategyOptions(world.simulator), passReqToCallback: false, ...(ledger && { ledger }) }, () => undefined)
  const redisLike = () => new RedisLedger(nodeRedisLike(async () => 'OK'))

  describe('with NODE_ENV=production', () => {
    it.each<[string, () => Ledger | undefined]>([
      ['by default', () => undefined],
      ['given as new MemoryLedger()', () => new MemoryLedger()],
    ])('is warned about: %s', (_name, ledger) => {
      const codes = warnings()
      process.env['NODE_ENV'] = 'production'
      build(ledger())
      expect(codes()).toEqual(['PASSPORT_NEVIS_MEMORY_LEDGER'])
    })
  })

  it('is not warned about where it is right: with a RedisLedger, or while developing', () => {
    const codes = warnings()
    process.env['NODE_ENV'] = 'production'
    build(redisLike())
    process.env['NODE_ENV'] = 'development'
    build()
    expect(codes()).toEqual([])
  })
})
