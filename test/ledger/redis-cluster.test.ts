/** The ledger in a real Redis Cluster: three masters, each with a replica. A master dies while a user signs in. */
import { once } from 'node:events'
import { Cluster } from 'ioredis'
import { Cluster as Cluster5 } from 'ioredis5'
import { createCluster } from 'redis'
import { createCluster as createCluster4 } from 'redis4'
import { createCluster as createCluster5 } from 'redis5'
import { RedisLedger, type RedisConnection } from '../../src'
import { failClosed } from '../../src/ledger/ledger'
import { callbackOf, signIn } from '../support/app'
import { ledgerContract } from '../support/ledger-contract'
import { describeWithRedis } from '../support/redis'
import { RedisCluster, until } from '../support/redis-groups'
import { lab, outcomeOf } from '../security/support/lab'

jest.setTimeout(120_000)

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
    cluster = await RedisCluster.start()
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
      const client = createCluster4({ rootNodes: rootNodes(), useReplicas: true })
      client.on('error', () => undefined)
      await client.connect()
      return { client, close: () => client.disconnect() }
    },
    'node-redis 5': async () => {
      const client = createCluster5({ rootNodes: rootNodes(), useReplicas: true })
      client.on('error', () => undefined)
      await client.connect()
      return { client, close: () => client.destroy() }
    },
    'node-redis 6': async () => {
      const client = createCluster({ rootNodes: rootNodes(), useReplicas: true })
      client.on('error', () => undefined)
      await client.connect()
      return { client, close: () => client.destroy() }
    },
    'ioredis 5': async () => {
      const client = new Cluster5(addresses())
      client.on('error', () => undefined)
      return { client, close: () => client.disconnect() }
    },
    'ioredis 6, with autopipelining and a key prefix': async () => {
      const client = new Cluster(addresses(), { enableAutoPipelining: true, keyPrefix: 'bank:' })
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

    it('signs nobody in until the replica has taken over, then once; what was claimed stays claimed', async () => {
      const clients = await Promise.all(['node-redis 4', 'node-redis 5', 'node-redis 6', 'ioredis 5'].map(open))
      for (const { close } of clients) world.defer(close)
      const ledgers = clients.map(({ client }) => new RedisLedger(client))
      const [ledger] = ledgers.slice(-2) as [RedisLedger]
      // So many keys that every master has some.
      const claimed = Array.from({ length: 30 }, (_, i) => `kept${i}`)
      for (const key of claimed) expect(await ledger.claim(key, 600)).toBe(true)
      const app = await world.start({ strategy: { ledger } })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      const { id } = (await app.nevis.settings.keys()).handles.open(handle) as { id: string }
      const master = await cluster.masterOf(`passport-nevis:claim:transaction:${id}`)
      await cluster.replicate(master)
      await cluster.failOver(master)
      const outcomes: string[] = []
      await until(async () => {
        outcomes.push(outcomeOf(await browser.get(callbackOf(handle))))
        return outcomes.at(-1) !== 'LEDGER_UNAVAILABLE'
      }, 'the ledger answers again')
      expect(outcomes.at(-1)).toBe('success')
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('used_transaction')
      expect(app.verified).toHaveLength(1)
      for (const one of ledgers) {
        const answers = await Promise.all(claimed.map((key) => failClosed(one).claim(key, 600).catch(() => false)))
        expect(answers.filter(Boolean)).toEqual([])
      }
    })
  })
})
