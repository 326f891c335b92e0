/**
 * The ledger in a real Redis Cluster: three masters, each with a replica. A master dies while a user signs in. All clients connect as a Redis user who has only
 * the rights that the guide names.
 */
import { once } from 'node:events'
import IoRedis, { Cluster } from 'ioredis'
import { Cluster as Cluster5 } from 'ioredis5'
import { createClient, createCluster } from 'redis'
import { createCluster as createCluster4 } from 'redis4'
import { createCluster as createCluster5 } from 'redis5'
import { RedisLedger, type RedisConnection } from '../../src'
import { callbackOf, PASSWORD, signIn } from '../support/app'
import { ledgerContract } from '../support/ledger-contract'
import { describeWithRedis } from '../support/redis'
import { RedisCluster, until } from '../support/redis-groups'
import { documentedRights, LEDGER_USER, userWith } from '../support/redis-rights'
import { lab, outcomeOf } from '../security/support/lab'

/** ioredis 4 contains no types. */
const { Cluster: Cluster4 } = jest.requireActual<{ Cluster: typeof Cluster5 }>('ioredis4')

jest.setTimeout(120_000)

/** A prefix for keys. The braces put all keys into one slot of the cluster, so that one master has all of them. */
const ONE_SLOT = '{bank}:'

interface Opened {
  readonly client: RedisConnection
  close(): unknown
}

describeWithRedis('RedisLedger on a Redis Cluster', () => {
  let cluster: RedisCluster
  let admin: Cluster

  const addresses = () => cluster.ports.map((port) => ({ host: '127.0.0.1', port }))
  const rootNodes = () => cluster.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }))

  beforeAll(async () => {
    cluster = await RedisCluster.start(...userWith(documentedRights('cluster'), '~bank:*', `~${ONE_SLOT}*`))
    admin = new Cluster(addresses())
    admin.on('error', () => undefined)
    await once(admin, 'ready')
  })
  afterAll(async () => {
    admin.disconnect()
    await cluster.close()
  })

  /** Lets time pass for the ledger: shortens the lifetime of every key, because a test cannot set the clock of Redis ahead. */
  async function advance(ms: number): Promise<void> {
    for (const node of admin.nodes('master')) {
      for (const key of await node.keys('*')) await node.pexpire(key, (await node.pttl(key)) - ms)
    }
  }

  const CLIENTS: Readonly<Record<string, () => Promise<Opened>>> = {
    'node-redis 4': async () => {
      const client = createCluster4({ rootNodes: rootNodes(), useReplicas: true, defaults: { ...LEDGER_USER, disableOfflineQueue: true } })
      client.on('error', () => undefined)
      await client.connect()
      return { client, close: () => client.disconnect() }
    },
    'node-redis 5': async () => {
      const client = createCluster5({ rootNodes: rootNodes(), useReplicas: true, defaults: { ...LEDGER_USER, disableOfflineQueue: true } })
      client.on('error', () => undefined)
      await client.connect()
      return { client, close: () => client.destroy() }
    },
    'node-redis 6': async () => {
      const client = createCluster({ rootNodes: rootNodes(), useReplicas: true, defaults: { ...LEDGER_USER, disableOfflineQueue: true } })
      client.on('error', () => undefined)
      await client.connect()
      return { client, close: () => client.destroy() }
    },
    'ioredis 4': async () => {
      const client = new Cluster4(addresses(), { redisOptions: LEDGER_USER })
      client.on('error', () => undefined)
      return { client, close: () => client.disconnect() }
    },
    'ioredis 5': async () => {
      const client = new Cluster5(addresses(), { redisOptions: LEDGER_USER })
      client.on('error', () => undefined)
      return { client, close: () => client.disconnect() }
    },
    'ioredis 5, with autopipelining and a key prefix': async () => {
      const client = new Cluster5(addresses(), { redisOptions: LEDGER_USER, enableAutoPipelining: true, keyPrefix: 'bank:' })
      client.on('error', () => undefined)
      return { client, close: () => client.disconnect() }
    },
    'ioredis 6, with autopipelining and a key prefix': async () => {
      const client = new Cluster(addresses(), { redisOptions: LEDGER_USER, enableAutoPipelining: true, keyPrefix: 'bank:' })
      client.on('error', () => undefined)
      return { client, close: () => client.disconnect() }
    },
  }
  const open = (name: string) => (CLIENTS[name] as () => Promise<Opened>)()

  for (const name of Object.keys(CLIENTS)) {
    ledgerContract(`RedisLedger on the cluster of ${name}`, async () => {
      await cluster.flush()
      const { client, close } = await open(name)
      return { ledger: new RedisLedger(client), advance, close: () => void close() }
    })
  }

  it('gives nobody a yes through a cluster client of node-redis 4 in legacy mode, whose options it cannot see', async () => {
    const client = createCluster4({ rootNodes: rootNodes(), defaults: { ...LEDGER_USER, disableOfflineQueue: true, legacyMode: true } })
    client.on('error', () => undefined)
    await client.connect().catch(() => undefined)
    const ledger = new RedisLedger(client)
    for (const ask of [() => ledger.claim('a', 60), () => ledger.count('b', 60)]) await expect(ask()).rejects.toThrow()
    await client.disconnect().catch(() => undefined)
  })

  describe('when all kinds of client claim the same keys', () => {
    it('claims each of them once, on whichever node it is', async () => {
      const names = Object.keys(CLIENTS).filter((name) => !name.includes('prefix'))
      const all = await Promise.all(names.map(open))
      const ledgers = all.map(({ client }) => new RedisLedger(client))
      for (let i = 0; i < 30; i++) {
        const claims = await Promise.all(ledgers.flatMap((ledger) => [ledger.claim(`shared${i}`, 60), ledger.claim(`shared${i}`, 60)]))
        expect(claims.filter(Boolean)).toHaveLength(1)
      }
      for (const { close } of all) close()
      const [first] = admin.nodes('master')
      expect(admin.nodes('master')).toHaveLength(3)
      expect(await first?.dbsize()).toBeGreaterThan(0)
    })
  })

  describe('while a user signs in', () => {
    const world = lab()

    it.each<[string, (master: number) => Promise<void>]>([
      ['all masters are flushed', () => cluster.flush()],
      ['the master that has the key is restarted, empty', (master) => cluster.restart(master)],
    ])('%s › signs in once', async (_what, happen) => {
      const clients = await Promise.all(['node-redis 6', 'ioredis 5'].map(open))
      for (const { close } of clients) world.defer(close)
      for (const { client } of clients) {
        const app = await world.start({ strategy: { ledger: new RedisLedger(client) } })
        const browser = app.browser()
        const handle = await signIn(browser, 'anna')
        await world.simulator.phone('anna').approve()
        const { id } = (await app.nevis.settings.keys()).handles.open(handle) as { id: string }
        await happen(await cluster.masterOf(`passport-nevis:claim:transaction:${id}`))
        const outcomes: string[] = []
        await until(async () => {
          const answers = await Promise.all(Array.from({ length: 10 }, () => browser.clone().get(callbackOf(handle))))
          outcomes.push(...answers.map(outcomeOf))
          return outcomes.includes('success')
        }, 'the user is signed in')
        expect(outcomes.filter((outcome) => outcome === 'success')).toHaveLength(1)
        expect(outcomeOf(await browser.clone().get(callbackOf(handle)))).toBe('unknown_transaction')
        expect(app.verified).toHaveLength(1)
      }
      await until(async () => (await cluster.masters()).length === 3, 'it has three masters again')
    })
  })

  describe('when a master dies while a user signs in', () => {
    const world = lab()

    async function approvedWith(name: string, client: RedisConnection) {
      const ledger = new RedisLedger(client, { prefix: ONE_SLOT })
      const app = await world.start({ strategy: { ledger } })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      expect(await ledger.claim(name, 600)).toBe(true)
      return { name, ledger, app, browser, handle }
    }
    type SignIn = Awaited<ReturnType<typeof approvedWith>>

    async function succeeds({ name, ledger, app, browser, handle }: SignIn): Promise<void> {
      let outcome = ''
      await until(async () => (outcome = outcomeOf(await browser.get(callbackOf(handle)))) !== 'LEDGER_UNAVAILABLE', `the ledger answers ${name} again`)
      expect([name, outcome]).toEqual([name, 'success'])
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('used_transaction')
      expect(app.verified).toHaveLength(1)
      expect(await ledger.claim(name, 600)).toBe(false)
    }

    it('signs no user in until the client knows the new master, then once; what was claimed stays claimed', async () => {
      const signIns: SignIn[] = []
      for (const [name, start] of Object.entries(CLIENTS)) {
        const { client, close } = await start()
        world.defer(close)
        signIns.push(await approvedWith(name, client))
      }
      const master = await cluster.masterOf(`${ONE_SLOT}x`)
      await cluster.replicate(master)
      await cluster.failOver(master)
      // The cluster clients of node-redis 4 and 5 (`late`) find the new master only when the dead master runs again, as a replica.
      const [late, prompt] = [true, false].map((isLate) => signIns.filter(({ name }) => /^node-redis [45]$/.test(name) === isLate)) as [SignIn[], SignIn[]]
      expect([late.length, prompt.length]).toEqual([2, 5])
      for (const one of prompt) await succeeds(one)
      for (const { app, browser, handle } of late) {
        expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('LEDGER_UNAVAILABLE')
        expect(app.verified).toHaveLength(0)
      }
      await cluster.restart(master)
      for (const one of late) await succeeds(one)
    })
  })

  it('needs no other rights than those that the guide names', async () => {
    expect(await cluster.refused()).toEqual([])
  })

  describe('on a client that is connected to one node only', () => {
    const world = lab()

    it.each<[string, (port: number) => Promise<Opened>]>([
      ['node-redis 6', async (port) => {
        const client = createClient({ url: `redis://127.0.0.1:${port}` })
        await client.on('error', () => undefined).connect()
        return { client, close: () => client.destroy() }
      }],
      ['ioredis 6', async (port) => {
        const client = new IoRedis(port)
        return { client, close: () => client.disconnect() }
      }],
    ])('signs no user in if another node has the keys, and says MOVED: %s', async (_name, connect) => {
      const owner = await cluster.masterOf(`${ONE_SLOT}x`)
      const port = (await cluster.masters()).find((one) => one !== owner) as number
      const { client, close } = await connect(port)
      world.defer(close)
      const app = await world.start({ strategy: { ledger: new RedisLedger(client, { prefix: ONE_SLOT }) } })
      expect(outcomeOf(await app.browser().post('/login', { username: 'anna', password: PASSWORD }))).toBe('LEDGER_UNAVAILABLE')
      expect(world.events.of('fault')).toEqual([expect.objectContaining({ at: 'request', code: 'LEDGER_UNAVAILABLE', cause: 'MOVED' })])
      expect(world.asked('approve')).toBe(0)
    })
  })
})
