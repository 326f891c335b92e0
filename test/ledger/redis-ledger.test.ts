/**
 * The ledger in a real Redis, with every version of the supported clients. All clients connect as a Redis user who has only the rights that the guide names.
 * Clusters and sentinels have tests of their own.
 */
import { once } from 'node:events'
import IoRedis, { Cluster } from 'ioredis'
import IoRedis5 from 'ioredis5'
import { createClient, createClientPool } from 'redis'
import { createClient as createClient4 } from 'redis4'
import { createClient as createClient5, createClientPool as createClientPool5 } from 'redis5'
import { RedisLedger, type RedisConnection } from '../../src'
import { failClosed } from '../../src/ledger/ledger'
import { closing } from '../support/closing'
import { ledgerContract } from '../support/ledger-contract'
import { describeWithRedis, RedisServer } from '../support/redis'
import { ioRedisLike, nodeRedisLike } from '../support/redis-clients'
import { documentedRights, LEDGER_USER, userWith } from '../support/redis-rights'

/** These old versions contain no types. */
const IoRedis4 = jest.requireActual<typeof IoRedis5>('ioredis4')
const { createClient: createClient3 } = jest.requireActual<{ createClient(options: object): { end(flush: boolean): void; on(event: string, listener: () => void): unknown } }>('redis3')

describeWithRedis('RedisLedger', () => {
  let server: RedisServer
  const nodeRedis = () => createClient({ socket: { path: server.path, tls: false }, disableOfflineQueue: true })
  let admin: ReturnType<typeof nodeRedis>

  beforeAll(async () => {
    server = await RedisServer.start(...userWith(documentedRights(), '~bank:*'))
    admin = nodeRedis()
    admin.on('error', () => undefined)
    await admin.connect()
  })

  afterAll(async () => {
    admin.destroy()
    await server.close()
  })

  /** Shortens the lifetime of every key, because a test cannot change the clock of Redis. */
  async function advance(ms: number): Promise<void> {
    for (const key of await admin.keys('*')) await admin.pExpire(key, (await admin.pTTL(key)) - ms)
  }

  interface Opened {
    readonly client: RedisConnection
    close(): unknown
  }

  /** Each kind of client, connected. */
  const CLIENTS: Readonly<Record<string, () => Promise<Opened>>> = {
    'node-redis 4': async () => {
      const client = createClient4({ ...LEDGER_USER, socket: { path: server.path, tls: false } })
      await client.on('error', () => undefined).connect()
      return { client, close: () => client.disconnect() }
    },
    'node-redis 5': async () => {
      const client = createClient5({ ...LEDGER_USER, socket: { path: server.path, tls: false } })
      await client.on('error', () => undefined).connect()
      return { client, close: () => client.destroy() }
    },
    'node-redis 6': async () => {
      const client = createClient({ ...LEDGER_USER, socket: { path: server.path, tls: false }, disableOfflineQueue: true, pingInterval: 10 })
      await client.on('error', () => undefined).connect()
      return { client, close: () => client.destroy() }
    },
    'a pool of node-redis 5': async () => {
      const client = createClientPool5({ ...LEDGER_USER, socket: { path: server.path, tls: false } }, { minimum: 2, maximum: 10 })
      await client.on('error', () => undefined).connect()
      return { client, close: () => client.close() }
    },
    'a pool of node-redis 6': async () => {
      const client = createClientPool({ ...LEDGER_USER, socket: { path: server.path, tls: false } }, { minimum: 2, maximum: 10 })
      await client.on('error', () => undefined).connect()
      return { client, close: () => client.close() }
    },
    'ioredis 4': async () => {
      const client = new IoRedis4(server.path, LEDGER_USER)
      return { client, close: () => client.disconnect() }
    },
    'ioredis 5': async () => {
      const client = new IoRedis5(server.path, LEDGER_USER)
      return { client, close: () => client.disconnect() }
    },
    'ioredis 6': async () => {
      const client = new IoRedis(server.path, LEDGER_USER)
      return { client, close: () => client.disconnect() }
    },
    'ioredis 5 with autopipelining and a key prefix': async () => {
      const client = new IoRedis5(server.path, { ...LEDGER_USER, enableAutoPipelining: true, keyPrefix: 'bank:' })
      return { client, close: () => client.disconnect() }
    },
    'ioredis 6 with autopipelining and a key prefix': async () => {
      const client = new IoRedis(server.path, { ...LEDGER_USER, enableAutoPipelining: true, keyPrefix: 'bank:' })
      return { client, close: () => client.disconnect() }
    },
    'ioredis 5 with numbers as strings': async () => {
      const client = new IoRedis5(server.path, { ...LEDGER_USER, stringNumbers: true })
      return { client, close: () => client.disconnect() }
    },
  }

  for (const [name, open] of Object.entries(CLIENTS)) {
    ledgerContract(`RedisLedger on ${name}`, async () => {
      await admin.flushAll()
      const { client, close } = await open()
      return { ledger: new RedisLedger(client), advance, close: async () => void (await close()) }
    })
  }

  describe('on several kinds of client at once', () => {
    it('claims a key for exactly one caller, and counts every call once', async () => {
      await admin.flushAll()
      const all = await Promise.all(['node-redis 4', 'node-redis 5', 'a pool of node-redis 6', 'ioredis 4', 'ioredis 5', 'ioredis 6'].map(async (name) => closing(await (CLIENTS[name] as () => Promise<Opened>)())))
      const ledgers = all.map(({ client }) => new RedisLedger(client))
      const race = <T>(call: (ledger: RedisLedger) => Promise<T>) => Promise.all(Array.from({ length: 20 }, () => ledgers.map(call)).flat())
      expect((await race((ledger) => ledger.claim('a', 60))).filter(Boolean)).toHaveLength(1)
      expect((await race((ledger) => ledger.count('b', 60))).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 * all.length }, (_, i) => i + 1))
    })
  })

  describe('with the key prefix of ioredis', () => {
    it('writes under both prefixes', async () => {
      await admin.flushAll()
      const client = new IoRedis(server.path, { keyPrefix: 'bank:' })
      closing({ close: () => client.disconnect() })
      const ledger = new RedisLedger(client)
      await ledger.claim('a', 60)
      await ledger.count('b', 60)
      expect((await admin.keys('*')).sort()).toEqual(['bank:passport-nevis:claim:a', 'bank:passport-nevis:claim:b'])
      await ledger.forget('a')
      expect(await admin.keys('*')).toEqual(['bank:passport-nevis:claim:b'])
    })
  })

  describe('as a user of Redis with few rights', () => {
    const asUser = async (username: string, ...rules: string[]) => {
      await admin.sendCommand(['ACL', 'SETUSER', username, 'reset', 'on', '>secret', ...rules])
      const client = createClient({ socket: { path: server.path, tls: false }, username, password: 'secret', disableOfflineQueue: true })
      await client.on('error', () => undefined).connect()
      closing({ close: () => client.destroy() })
      return new RedisLedger(client)
    }
    const documented = documentedRights()

    /**
     * The commands that Redis has refused since the last call, because a user had no right to use them. Without `CLIENT SETINFO`, which Redis knows from 7.2 on,
     * and whose refusal the clients ignore.
     */
    async function refused(): Promise<string[]> {
      const log = await admin.aclLog()
      await admin.aclLogReset()
      return [...new Set(log.map(({ object }) => object))].filter((command) => command !== 'client|setinfo')
    }

    it('needs no other rights than those that the guide names, whatever the client', async () => {
      await refused()
      for (const open of Object.values(CLIENTS)) await new RedisLedger(closing(await open()).client).count('b', 60)
      expect(await refused()).toEqual([])
    })

    it.each(documented.filter((right) => right.startsWith('+')))('needs each of them: %s', async (right) => {
      await admin.sendCommand(['ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', ...documented.filter((one) => one !== right)])
      await admin.flushAll()
      await refused()
      jest.spyOn(console, 'warn').mockImplementation()
      const user = { username: 'app', password: 'secret' }
      // With `pingInterval`, as in the guide "Several processes".
      const nodeRedis6 = createClient({ ...user, socket: { path: server.path, tls: false }, pingInterval: 10 })
      await nodeRedis6.on('error', () => undefined).connect()
      closing({ close: () => nodeRedis6.destroy() })
      const pinged = once(nodeRedis6, 'ping-interval').catch(() => undefined)
      const ioredis = closing({ client: new IoRedis(server.path, user), close() { this.client.disconnect() } }).client
      for (const client of [nodeRedis6, ioredis]) {
        const ledger = new RedisLedger(client)
        await Promise.allSettled([ledger.claim('a', 60), ledger.count('b', 60), ledger.look('a'), ledger.forget('a')])
      }
      await pinged
      jest.restoreAllMocks()
      expect(await refused()).toEqual([right.slice(1)])
    })

    it('without EVAL, fails where it would count, and says nothing of what is in Redis', async () => {
      const ledger = await asUser('noscripts', ...documented.filter((rule) => !['+eval', '+incr', '+expire'].includes(rule)))
      expect(await ledger.claim('other', 60)).toBe(true)
      await expect(ledger.count('b', 60)).rejects.toThrow(/^NOPERM/)
      await expect(failClosed(ledger).count('b', 60)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' })
    })

    it('without rights at its keys, claims nothing', async () => {
      const ledger = await asUser('elsewhere', ...documented.map((rule) => (rule.startsWith('~') ? '~other:*' : rule)))
      for (const call of ['claim', 'count', 'look', 'forget'] as const) await expect(ledger[call]('a', 60)).rejects.toThrow(/NOPERM/)
    })
  })

  describe('in Redis', () => {
    it('leaves only keys that end, all under its prefix', async () => {
      await admin.flushAll()
      const ledger = new RedisLedger(admin, { prefix: 'bank:' })
      await ledger.claim('a', 60)
      await ledger.count('b', 60)
      await ledger.count('b', 60)
      const keys = (await admin.keys('*')).sort()
      expect(keys).toEqual(['bank:claim:a', 'bank:claim:b'])
      for (const key of keys) expect(await admin.pTTL(key)).toBeGreaterThan(0)
    })

    it('forgets what was under its prefix alone', async () => {
      await admin.flushAll()
      const [one, other] = [new RedisLedger(admin, { prefix: 'one:' }), new RedisLedger(admin, { prefix: 'other:' })]
      await one.claim('a', 60)
      await other.claim('a', 60)
      await one.forget('a')
      expect(await admin.keys('*')).toEqual(['other:claim:a'])
    })

    it('refuses an approval that a process of version 0.1 has claimed', async () => {
      await admin.flushAll()
      await admin.sendCommand(['SET', 'passport-nevis:claim:transaction:t1', '1', 'NX', 'PX', '60000'])
      expect(await new RedisLedger(admin).claim('transaction:t1', 60)).toBe(false)
    })

    it('treats a key without an expiry, which was written by hand, as one that lasts for a year', async () => {
      await admin.flushAll()
      await admin.set('passport-nevis:claim:locked:x', '1')
      const ledger = new RedisLedger(admin)
      expect(await ledger.look('locked:x')).toBe(365 * 86_400)
      await ledger.forget('locked:x')
      expect(await ledger.look('locked:x')).toBe(0)
    })

    it('refuses a lifetime of less than a second, or of a fraction: nothing is claimed', async () => {
      await admin.flushAll()
      const ledger = new RedisLedger(admin)
      for (const seconds of [0, -1, 0.001, 1.5]) {
        await expect(ledger.claim('a', seconds)).rejects.toThrow()
      }
      expect(await admin.keys('*')).toEqual([])
    })

    it('sends one command per call', async () => {
      const commands = async () => Number(/total_commands_processed:(\d+)/.exec(await admin.info('stats'))?.[1])
      const ledger = new RedisLedger(admin)
      const before = await commands()
      await ledger.claim('x', 60)
      await ledger.count('y', 60)
      await ledger.look('x')
      await ledger.forget('x')
      // Redis counts seven commands: the INFO for `before`, one for each of the four calls above, and INCR and EXPIRE, which the EVAL of `count` runs in Redis.
      expect((await commands()) - before).toBeLessThanOrEqual(1 + 4 + 2)
    })
  })

  describe('while Redis is down', () => {
    it('rejects rather than waits', async () => {
      const client = nodeRedis()
      client.on('error', () => undefined)
      const ledger = new RedisLedger(client)
      await expect(ledger.claim('a', 1)).rejects.toThrow()
      await expect(ledger.count('a', 1)).rejects.toThrow()
      await expect(ledger.look('a')).rejects.toThrow()
      await expect(ledger.forget('a')).rejects.toThrow()
    })
  })
})

describe('RedisLedger', () => {
  describe('by what it sends', () => {
    const COUNT = "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end return n"
    const sent: unknown[] = []
    const answers = (...all: unknown[]) => async (...command: unknown[]) => (sent.push(command.flat()), all.shift())
    const REPLIES = ['OK', null, 3, '4', 1500, '1000', 0, -2, 1]
    beforeEach(() => void sent.splice(0))

    it.each<[string, () => RedisLedger]>([
      ['node-redis', () => new RedisLedger(nodeRedisLike(answers(...REPLIES)))],
      ['ioredis, which has a sendCommand of another kind', () => new RedisLedger(ioRedisLike(answers(...REPLIES)))],
    ])('asks in whole seconds, under its own prefix: %s', async (_name, make) => {
      const ledger = make()
      expect([await ledger.claim('a', 60), await ledger.claim('a', 60)]).toEqual([true, false])
      expect([await ledger.count('b', 60), await ledger.count('b', 60)]).toEqual([3, 4])
      expect([await ledger.look('c'), await ledger.look('c'), await ledger.look('c'), await ledger.look('c')]).toEqual([2, 1, 1, 0])
      expect(await ledger.forget('d')).toBeUndefined()
      const set = ['SET', 'passport-nevis:claim:a', '1', 'NX', 'EX', '60']
      const evaluated = ['EVAL', COUNT, '1', 'passport-nevis:claim:b', '60']
      const looked = ['PTTL', 'passport-nevis:claim:c']
      expect(sent).toEqual([set, set, evaluated, evaluated, looked, looked, looked, looked, ['DEL', 'passport-nevis:claim:d']])
    })

    it.each([0, -1, 1.5, NaN, Infinity])('claims and counts nothing for %p seconds', async (seconds) => {
      const ledger = new RedisLedger(nodeRedisLike(answers()))
      for (const call of ['claim', 'count'] as const) await expect(ledger[call]('a', seconds)).rejects.toThrow(new RangeError('RedisLedger: a lifetime must be a whole number of seconds, 1 or more'))
      expect(sent).toEqual([])
    })

    describe('with a reply to SET that is neither OK nor null', () => {
      // node-redis returns a Buffer if it is configured to map strings to buffers. Only the string `OK` means that the claim has succeeded, so a Buffer is
      // refused, too.
      it.each([[true], [false], [1], [0], ['1'], ['ok'], ['OK '], [''], ['QUEUED'], [undefined], [['OK']], [Buffer.from('OK')], [{}]])('takes %p for no answer', async (reply) => {
        const ledger = new RedisLedger(nodeRedisLike(async () => reply))
        await expect(ledger.claim('a', 60)).rejects.toThrow(new TypeError('RedisLedger: unexpected reply to SET: the client must answer as node-redis and ioredis do by default'))
        await expect(failClosed(ledger).claim('a', 60)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE', status: 503 })
      })
    })

    describe.each(['count', 'look'] as const)('with a reply that is no whole number, to %s', (call) => {
      it.each([[true], [false], [null], [undefined], [''], [' 1'], ['1.5'], [1.5], [NaN], ['OK'], [['1']], [Buffer.from('1')], [{}]])('takes %p for no answer', async (reply) => {
        const ledger = new RedisLedger(nodeRedisLike(async () => reply))
        await expect(ledger[call]('a', 60)).rejects.toThrow(TypeError)
        await expect(failClosed(ledger)[call]('a', 60)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' })
      })
    })

    it('calls the client\'s own method', async () => {
      const client = { status: 'ready', answer: 'OK', async call() { return this.answer } }
      expect(await new RedisLedger(client).claim('a', 1)).toBe(true)
      const other = { isOpen: true, isReady: true, duplicate() {}, answer: null, async sendCommand() { return this.answer } }
      expect(await new RedisLedger(other).claim('a', 1)).toBe(false)
    })
  })

  describe('with something that is no client', () => {
    const legacy4 = createClient4({ legacyMode: true })
    const plain = createClient()
    const ioredis = new IoRedis({ lazyConnect: true })
    const plain3 = createClient3({})
    plain3.on('error', () => undefined)
    plain3.end(false)
    const OTHERS: [string, unknown][] = [
      ['undefined', undefined],
      ['null', null],
      ['a string', 'redis://localhost'],
      ['an empty object', {}],
      ['an object with get', { get: () => undefined }],
      ['an object with a sendCommand of some kind', { sendCommand: async () => 'OK' }],
      ['an object with a call', { call: async () => 'OK' }],
      ['a function', async () => 'OK'],
      ['a Promise of a client', Promise.resolve(plain)],
      ['a client of node-redis 3', plain3],
      ['a client of node-redis 4 in legacy mode', legacy4],
      ['the legacy client of node-redis 5', createClient5().legacy()],
      ['the legacy client of node-redis 6', plain.legacy()],
      ['a transaction of node-redis', plain.multi()],
      ['a pipeline of ioredis', ioredis.pipeline()],
      ['a transaction of ioredis', ioredis.multi()],
    ]

    it.each(OTHERS)('refuses %s when it is made', (_name, client) => {
      expect(() => new RedisLedger(client as never)).toThrow(new TypeError('RedisLedger: client must be a client, pool, cluster or sentinel of node-redis 4 or newer (not in legacy mode), or a Redis or Cluster of ioredis 4 or newer'))
    })

    it.each<[object, string]>([
      [{ perfix: 'bank:' }, 'unknown option "perfix"'],
      [{ prefix: 5 }, 'prefix must be a string'],
    ])('refuses the options %j when it is made', (options, sentence) => {
      expect(() => new RedisLedger(plain, options)).toThrow(new TypeError(`RedisLedger: ${sentence}`))
    })

    it.each(['slave', 'all', (nodes: unknown[]) => nodes as never] as const)('refuses a Cluster that reads from replicas: scaleReads %s', (scaleReads) => {
      const cluster = new Cluster([], { lazyConnect: true, scaleReads })
      expect(() => new RedisLedger(cluster)).toThrow(new TypeError('RedisLedger: the option scaleReads of the ioredis Cluster must be "master", because a replica can be out of date'))
    })
  })
})
