/**
 * A ledger in Redis, for several processes.
 *
 * One command a call, each atomic by itself. Out of scope: the connection. Make it answer or fail: with node-redis
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

/** Counts, and the first count sets the end: with two commands the second one could be lost. */
const COUNT = "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end return n"
/** Replies to PTTL. */
const NO_KEY = -2
const NO_END = -1
const A_YEAR_SECONDS = 365 * 86_400

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
    const reply = await this.send('SET', this.keyOf(key), '1', 'NX', 'EX', String(ttlSeconds))
    if (reply === 'OK') return true
    if (reply === null) return false
    throw unexpected('SET')
  }

  async count(key: string, ttlSeconds: number): Promise<number> {
    return wholeNumber('EVAL', await this.send('EVAL', COUNT, '1', this.keyOf(key), String(ttlSeconds)))
  }

  async look(key: string): Promise<number> {
    const leftMs = wholeNumber('PTTL', await this.send('PTTL', this.keyOf(key)))
    if (leftMs === NO_KEY) return 0
    // Somebody wrote the key by hand, or took its end away: it holds until somebody deletes it.
    if (leftMs === NO_END) return A_YEAR_SECONDS
    return Math.max(1, Math.ceil(leftMs / 1000))
  }

  async forget(key: string): Promise<void> {
    await this.send('DEL', this.keyOf(key))
  }

  /**
   * `claim:` is what version 0.1 wrote before the keys of its claims: while its processes run beside newer ones, an approval
   * that one of them has claimed is claimed for all.
   */
  private keyOf(key: string): string {
    return `${this.prefix}claim:${key}`
  }
}

/**
 * node-redis and ioredis answer with numbers, and with digits where an app has set them so. No other reply counts:
 * `Number(true)` would be a first use.
 */
function wholeNumber(command: string, reply: unknown): number {
  const value = typeof reply === 'string' && /^-?\d+$/.test(reply) ? Number(reply) : reply
  if (Number.isSafeInteger(value)) return value as number
  throw unexpected(command)
}

/** @returns an error that holds nothing of the reply */
function unexpected(command: string): TypeError {
  return new TypeError(`RedisLedger: unexpected reply to ${command}: the client must answer as node-redis and ioredis do by default`)
}
