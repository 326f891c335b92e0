/** The ledger in a real Redis, by both clients that people use. */
import IoRedis from 'ioredis'
import { createClient } from 'redis'
import { RedisLedger } from '../src'
import { ledgerContract } from './support/ledger-contract'
import { describeWithRedis, RedisServer } from './support/redis'

describeWithRedis('RedisLedger', () => {
  let server: RedisServer
  const nodeRedis = () => createClient({ socket: { path: server.path, tls: false }, disableOfflineQueue: true })
  let admin: ReturnType<typeof nodeRedis>

  beforeAll(async () => {
    server = await RedisServer.start()
    admin = nodeRedis()
    admin.on('error', () => undefined)
    await admin.connect()
  })

  afterAll(async () => {
    admin.destroy()
    await server.close()
  })

  /** Redis has no clock to move: every key gets that much less to live. */
  async function advance(ms: number): Promise<void> {
    for (const key of await admin.keys('*')) await admin.pExpire(key, (await admin.pTTL(key)) - ms)
  }

  ledgerContract('RedisLedger on node-redis', async () => {
    await admin.flushAll()
    const client = nodeRedis()
    client.on('error', () => undefined)
    await client.connect()
    return { ledger: new RedisLedger(client), advance, close: () => client.destroy() }
  })

  ledgerContract('RedisLedger on ioredis', async () => {
    await admin.flushAll()
    const client = new IoRedis(server.path, { enableOfflineQueue: true })
    return { ledger: new RedisLedger(client), advance, close: () => client.disconnect() }
  })

  describe('in Redis', () => {
    it('leaves only keys that end, all under its prefix', async () => {
      await admin.flushAll()
      const ledger = new RedisLedger(admin, { prefix: 'bank:' })
      await ledger.claim('a', 60)
      await ledger.count('b', 60)
      await ledger.count('b', 60)
      const keys = (await admin.keys('*')).sort()
      expect(keys).toEqual(['bank:claim:a', 'bank:count:b'])
      for (const key of keys) expect(await admin.pTTL(key)).toBeGreaterThan(0)
    })

    it('costs one command a call', async () => {
      const commands = async () => Number(/total_commands_processed:(\d+)/.exec(await admin.info('stats'))?.[1])
      const ledger = new RedisLedger(admin)
      const before = await commands()
      await ledger.claim('x', 60)
      await ledger.count('x', 60)
      // EVAL runs INCR and PEXPIRE inside; one of the commands is the first INFO itself.
      expect((await commands()) - before).toBeLessThanOrEqual(1 + 2 + 2)
    })
  })

  describe('while Redis is down', () => {
    it('rejects rather than waits', async () => {
      const client = nodeRedis()
      client.on('error', () => undefined)
      const ledger = new RedisLedger(client)
      await expect(ledger.claim('a', 1)).rejects.toThrow()
      await expect(ledger.count('a', 1)).rejects.toThrow()
    })
  })
})

describe('RedisLedger', () => {
  describe('by what it sends', () => {
    const COUNT = "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end return n"
    const sent: unknown[] = []
    const answers = (...all: unknown[]) => async (...command: unknown[]) => (sent.push(command.flat()), all.shift())
    beforeEach(() => void sent.splice(0))

    it.each<[string, () => RedisLedger]>([
      ['node-redis', () => new RedisLedger({ sendCommand: answers('OK', null, '3') })],
      ['ioredis, which has a sendCommand of another kind', () => new RedisLedger({ call: answers('OK', null, '3'), sendCommand: () => Promise.reject(new Error('another')) })],
    ])('asks in whole milliseconds, never for none, under its own prefix: %s', async (_name, make) => {
      const ledger = make()
      expect([await ledger.claim('a', 0.0001), await ledger.claim('a', 1.0001), await ledger.count('a', 60)]).toEqual([true, false, 3])
      expect(sent).toEqual([
        ['SET', 'passport-nevis:claim:a', '1', 'NX', 'PX', '1'],
        ['SET', 'passport-nevis:claim:a', '1', 'NX', 'PX', '1001'],
        ['EVAL', COUNT, '1', 'passport-nevis:count:a', '60000'],
      ])
    })

    it('calls the client\'s own method', async () => {
      const client = { answer: 'OK', async call() { return this.answer } }
      expect(await new RedisLedger(client).claim('a', 1)).toBe(true)
      const other = { answer: null, async sendCommand() { return this.answer } }
      expect(await new RedisLedger(other).claim('a', 1)).toBe(false)
    })
  })

  it.each([[undefined], [null], [{}], [{ get: () => undefined }]])('refuses %j as a client', (client) => {
    expect(() => new RedisLedger(client as never)).toThrow(new TypeError('RedisLedger: client must be a node-redis or ioredis client'))
  })
})
