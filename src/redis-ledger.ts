/**
 * A ledger in Redis, for several processes.
 *
 * One command a call, each atomic by itself. Not its job: the connection. Make it answer or fail: with node-redis
 * `disableOfflineQueue: true`, with ioredis `enableOfflineQueue: false`, and listen to its `error` events.
 */
import type { Ledger } from './ledger'

/**
 * node-redis 4 or newer.
 * @inline
 */
interface NodeRedis {
  sendCommand(command: string[]): Promise<unknown>
}

/**
 * ioredis 5 or newer.
 * @inline
 */
interface IoRedis {
  call(command: string, ...args: string[]): Promise<unknown>
}

/** Options of {@link RedisLedger}. */
export interface RedisLedgerOptions {
  /** Before every key. Default `passport-nevis:`. */
  readonly prefix?: string
}

/** Counts, and lets the first count say when it ends: two commands could lose the second one. */
const COUNT = "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end return n"

/**
 * A ledger in Redis, for several processes. The connection is yours: make it answer or fail, with `disableOfflineQueue: true` in
 * node-redis, `enableOfflineQueue: false` in ioredis, and listen to its `error` events. Keys end by themselves.
 */
export class RedisLedger implements Ledger {
  private readonly send: (...command: string[]) => Promise<unknown>
  private readonly prefix: string

  /**
   * @param client a connected node-redis (4 or newer) or ioredis client
   * @param options the prefix of its keys
   * @throws TypeError when it is neither
   */
  constructor(client: NodeRedis | IoRedis, { prefix = 'passport-nevis:' }: RedisLedgerOptions = {}) {
    // ioredis has a sendCommand of another kind, so that `call` is asked for first.
    if (typeof (client as IoRedis)?.call === 'function') {
      this.send = (command, ...args) => (client as IoRedis).call(command, ...args)
    } else if (typeof (client as NodeRedis)?.sendCommand === 'function') {
      this.send = (...command) => (client as NodeRedis).sendCommand(command)
    } else {
      throw new TypeError('RedisLedger: client must be a node-redis or ioredis client')
    }
    this.prefix = prefix
  }

  async claim(key: string, ttlSeconds: number): Promise<boolean> {
    return (await this.send('SET', `${this.prefix}claim:${key}`, '1', 'NX', 'PX', milliseconds(ttlSeconds))) !== null
  }

  async count(key: string, ttlSeconds: number): Promise<number> {
    return Number(await this.send('EVAL', COUNT, '1', `${this.prefix}count:${key}`, milliseconds(ttlSeconds)))
  }
}

function milliseconds(seconds: number): string {
  return String(Math.max(1, Math.ceil(seconds * 1000)))
}
