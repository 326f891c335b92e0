/**
 * Tests the ledger in a Redis master with a replica, which a Redis Sentinel monitors. The master loses its data or dies while a user signs in. Also tests a
 * single Redis that loses its data. Behind the sentinel, all clients connect as a Redis user who has only the rights that the guide names.
 * Out of scope: a Redis that refuses commands (`redis-refusals.test.ts`).
 */
import IoRedis from 'ioredis'
import IoRedis5 from 'ioredis5'
import { createClient, createSentinel } from 'redis'
import { createSentinel as createSentinel5 } from 'redis5'
import { RedisLedger, type RedisConnection } from '../../src'
import { failClosed } from '../../src/ledger/ledger'
import { callbackOf, signIn } from '../support/app'
import { ledgerContract } from '../support/ledger-contract'
import { describeWithRedis, RedisServer } from '../support/redis'
import { RedisSentinel, until } from '../support/redis-groups'
import { documentedRights, LEDGER_USER, userWith } from '../support/redis-rights'
import { lab, outcomeOf } from '../security/support/lab'

/** ioredis 4 contains no types. */
const IoRedis4 = jest.requireActual<typeof IoRedis5>('ioredis4')

jest.setTimeout(120_000)

interface Opened {
  readonly client: RedisConnection
  close(): unknown
}

describeWithRedis('RedisLedger behind a sentinel', () => {
  let sentinel: RedisSentinel
  let admin: IoRedis

  const { NAME: name } = RedisSentinel
  const nodes = () => [{ host: '127.0.0.1', port: sentinel.sentinelPort }]

  beforeAll(async () => {
    sentinel = await RedisSentinel.start(...userWith(documentedRights()))
    admin = new IoRedis({ sentinels: nodes(), name })
    admin.on('error', () => undefined)
  })
  afterAll(async () => {
    admin.disconnect()
    await sentinel.close()
  })

  async function advance(ms: number): Promise<void> {
    for (const key of await admin.keys('*')) await admin.pexpire(key, (await admin.pttl(key)) - ms)
  }

  const CLIENTS: Readonly<Record<string, () => Promise<Opened>>> = {
    'node-redis 5, reading from replicas': async () => {
      const client = createSentinel5({ name, sentinelRootNodes: nodes(), replicaPoolSize: 1, nodeClientOptions: LEDGER_USER })
      client.on('error', () => undefined)
      await client.connect()
      return { client, close: () => client.destroy() }
    },
    'node-redis 6': async () => {
      const client = createSentinel({ name, sentinelRootNodes: nodes(), scanInterval: 200, nodeClientOptions: LEDGER_USER })
      client.on('error', () => undefined)
      await client.connect()
      return { client, close: () => client.destroy() }
    },
    'ioredis 4': async () => {
      const client = new IoRedis4({ ...LEDGER_USER, sentinels: nodes(), name })
      client.on('error', () => undefined)
      return { client, close: () => client.disconnect() }
    },
    'ioredis 5': async () => {
      const client = new IoRedis5({ ...LEDGER_USER, sentinels: nodes(), name })
      client.on('error', () => undefined)
      return { client, close: () => client.disconnect() }
    },
    'ioredis 6': async () => {
      const client = new IoRedis({ ...LEDGER_USER, sentinels: nodes(), name })
      client.on('error', () => undefined)
      return { client, close: () => client.disconnect() }
    },
  }

  for (const [kind, open] of Object.entries(CLIENTS)) {
    ledgerContract(`RedisLedger on ${kind}`, async () => {
      await admin.flushall()
      const { client, close } = await open()
      return { ledger: new RedisLedger(client), advance, close: async () => void (await close()) }
    })
  }

  describe('while a user signs in', () => {
    const world = lab()

    it.each<[string, () => Promise<unknown>]>([
      ['the master is flushed', () => admin.flushall()],
      ['the master is restarted, empty', () => sentinel.restart()],
    ])('%s › signs in once, whatever the client', async (_what, happen) => {
      const clients = await Promise.all(Object.values(CLIENTS).map((open) => open()))
      for (const { close } of clients) world.defer(close)
      const signIns = []
      for (const [i, { client }] of clients.entries()) {
        const app = await world.start({ strategy: { ledger: new RedisLedger(client) } })
        const browser = app.browser()
        signIns.push({ app, browser, handle: await signIn(browser, 'anna'), kind: Object.keys(CLIENTS)[i] })
        await world.simulator.phone('anna').approve()
      }
      await happen()
      for (const { app, browser, handle, kind } of signIns) {
        const outcomes: string[] = []
        await until(async () => {
          const answers = await Promise.all(Array.from({ length: 10 }, () => browser.clone().get(callbackOf(handle))))
          outcomes.push(...answers.map(outcomeOf))
          return outcomes.includes('success')
        }, `the user is signed in, with ${kind}`)
        expect(outcomes.filter((outcome) => outcome === 'success')).toHaveLength(1)
        expect(outcomeOf(await browser.clone().get(callbackOf(handle)))).toBe('unknown_transaction')
        expect(app.verified).toHaveLength(1)
      }
      await sentinel.settle()
    })
  })

  describe('when the master dies while a user signs in', () => {
    const world = lab()

    it('signs no user in until the replica has taken over, then once, whatever the client', async () => {
      const clients = await Promise.all(Object.values(CLIENTS).map((open) => open()))
      for (const { close } of clients) world.defer(close)
      const apps = await Promise.all(clients.map(({ client }) => world.start({ strategy: { ledger: new RedisLedger(client) } })))
      const signIns = []
      for (const app of apps) {
        const browser = app.browser()
        signIns.push({ app, browser, handle: await signIn(browser, 'anna') })
        await world.simulator.phone('anna').approve()
      }
      await failClosed(new RedisLedger((clients[1] as Opened).client)).claim('before', 600)
      await sentinel.failOver()
      for (const { app, browser, handle } of signIns) {
        let outcome = ''
        await until(async () => (outcome = outcomeOf(await browser.get(callbackOf(handle)))) !== 'LEDGER_UNAVAILABLE', 'the ledger answers again')
        expect(outcome).toBe('success')
        expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('used_transaction')
        expect(app.verified).toHaveLength(1)
      }
      for (const { client } of clients) expect(await new RedisLedger(client).claim('before', 600)).toBe(false)
    })
  })

  it('needs no other rights than those that the guide names', async () => {
    expect(await sentinel.refused()).toEqual([])
  })
})

describeWithRedis('RedisLedger on a client that is connected to one Redis', () => {
  let redis: RedisServer
  const world = lab()
  beforeEach(async () => void (redis = await RedisServer.start()))
  afterEach(() => redis.close())

  async function connected() {
    const client = createClient({ socket: { path: redis.path, tls: false }, disableOfflineQueue: true })
    await client.on('error', () => undefined).connect()
    world.defer(() => client.destroy())
    return client
  }

  it('signs in once after it was flushed in the middle of a sign-in', async () => {
    const client = await connected()
    const app = await world.start({ strategy: { ledger: new RedisLedger(client) } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    await client.flushAll()
    const outcomes = await Promise.all(Array.from({ length: 10 }, async () => outcomeOf(await browser.clone().get(callbackOf(handle)))))
    expect(outcomes.filter((outcome) => outcome === 'success')).toHaveLength(1)
    expect(app.verified).toHaveLength(1)
  })

  it('signs in once after it was restarted, empty, in the middle of a sign-in', async () => {
    const client = await connected()
    const app = await world.start({ strategy: { ledger: new RedisLedger(client) } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    await redis.kill()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('LEDGER_UNAVAILABLE')
    await redis.restart()
    let outcome = ''
    await until(async () => (outcome = outcomeOf(await browser.get(callbackOf(handle)))) !== 'LEDGER_UNAVAILABLE', 'the client is connected again')
    expect(outcome).toBe('success')
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('used_transaction')
    expect(app.verified).toHaveLength(1)
  })
})
