/**
 * A ledger in Redis, for several processes.
 *
 * Each call is one atomic command. Out of scope: the connection, which your app opens and closes.
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
  /** Prefix of every key. Default `passport-nevis:`. */
  readonly prefix?: string
}

/** Increments, and sets the expiry at the first count. With two commands, the second could be lost and the key would never expire. */
const COUNT = "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end return n"
/** Replies to PTTL. */
const NO_KEY = -2
const NO_END = -1
const A_YEAR_SECONDS = 365 * 86_400

/**
 * A ledger in Redis, for several processes. Your app opens the connection. Set `disableOfflineQueue: true` in node-redis, or
 * `enableOfflineQueue: false` in ioredis, so that a call fails at once while Redis is down; and listen to the client's `error` events. Keys
 * expire by themselves.
 */
export class RedisLedger implements Ledger {
  private readonly send: (...command: string[]) => Promise<unknown>
  private readonly prefix: string

  /**
   * @param client a connected node-redis (4 or newer) or ioredis client
   * @param options the prefix of its keys
   * @throws TypeError if the client is neither
   */
  constructor(client: NodeRedis | IoRedis, { prefix = 'passport-nevis:' }: RedisLedgerOptions = {}) {
    // ioredis has a `sendCommand` with other parameters, so `call` is checked first.
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
    // The key has no expiry, because it was changed by hand: it stays until it is deleted.
    if (leftMs === NO_END) return A_YEAR_SECONDS
    return Math.max(1, Math.ceil(leftMs / 1000))
  }

  async forget(key: string): Promise<void> {
    await this.send('DEL', this.keyOf(key))
  }

  /**
   * `claim:` is the prefix of version 0.1. It is kept, so that processes of both versions share their claims during a deploy.
   */
  private keyOf(key: string): string {
    return `${this.prefix}claim:${key}`
  }
}

/**
 * node-redis and ioredis reply with numbers, or with digits if the app has configured them so. Any other reply is an error: `Number(true)`
 * would look like a first use.
 */
function wholeNumber(command: string, reply: unknown): number {
  const value = typeof reply === 'string' && /^-?\d+$/.test(reply) ? Number(reply) : reply
  if (Number.isSafeInteger(value)) return value as number
  throw unexpected(command)
}

/** @returns an error without the reply, which may hold personal data */
function unexpected(command: string): TypeError {
  return new TypeError(`RedisLedger: unexpected reply to ${command}: the client must answer as node-redis and ioredis do by default`)
}
