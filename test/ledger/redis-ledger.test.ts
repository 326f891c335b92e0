/** The ledger in a real Redis, by both clients that people use. */
import IoRedis from 'ioredis'
import { createClient } from 'redis'
import { RedisLedger } from '../../src'
import { failClosed } from '../../src/ledger/ledger'
import { ledgerContract } from '../support/ledger-contract'
import { describeWithRedis, RedisServer } from '../support/redis'

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

    it('claims an approval that a process of version 0.1 has claimed for nobody else', async () => {
      await admin.flushAll()
      await admin.sendCommand(['SET', 'passport-nevis:claim:transaction:t1', '1', 'NX', 'PX', '60000'])
      expect(await new RedisLedger(admin).claim('transaction:t1', 60)).toBe(false)
    })

    it('takes a key without an end, which somebody wrote by hand, as one that holds for a year', async () => {
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

    it('costs one command a call', async () => {
      const commands = async () => Number(/total_commands_processed:(\d+)/.exec(await admin.info('stats'))?.[1])
      const ledger = new RedisLedger(admin)
      const before = await commands()
      await ledger.claim('x', 60)
      await ledger.count('y', 60)
      await ledger.look('x')
      await ledger.forget('x')
      // EVAL runs INCR and EXPIRE inside; one of the commands is the first INFO itself.
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
      ['node-redis', () => new RedisLedger({ sendCommand: answers(...REPLIES) })],
      ['ioredis, which has a sendCommand of another kind', () => new RedisLedger({ call: answers(...REPLIES), sendCommand: () => Promise.reject(new Error('another')) })],
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

    describe('with a reply to SET that is neither OK nor null', () => {
      // A Buffer comes of a node-redis that is told to map strings to buffers. It is refused like the others: one spelling is a yes.
      it.each([[true], [false], [1], [0], ['1'], ['ok'], ['OK '], [''], ['QUEUED'], [undefined], [['OK']], [Buffer.from('OK')], [{}]])('takes %p for no answer', async (reply) => {
        const ledger = new RedisLedger({ sendCommand: async () => reply })
        await expect(ledger.claim('a', 60)).rejects.toThrow(new TypeError('RedisLedger: unexpected reply to SET: the client must answer as node-redis and ioredis do by default'))
        await expect(failClosed(ledger).claim('a', 60)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE', status: 503 })
      })
    })

    describe.each(['count', 'look'] as const)('with a reply that is no whole number, to %s', (call) => {
      it.each([[true], [false], [null], [undefined], [''], [' 1'], ['1.5'], [1.5], [NaN], ['OK'], [['1']], [Buffer.from('1')], [{}]])('takes %p for no answer', async (reply) => {
        const ledger = new RedisLedger({ sendCommand: async () => reply })
        await expect(ledger[call]('a', 60)).rejects.toThrow(TypeError)
        await expect(failClosed(ledger)[call]('a', 60)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' })
      })
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
