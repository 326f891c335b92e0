/**
 * A ledger in Redis, for several processes.
 *
 * Each call is one atomic command with one key. Out of scope: the connection, which your app opens and closes (`redis-connection.ts`).
 */
import { refuseUnknown } from '../client/option-names'
import type { Ledger } from './ledger'
import { checkedSeconds } from './lifetimes'
import { commandsOf, type RedisConnection, type SendCommand } from './redis-connection'

/** Options of {@link RedisLedger}. */
export interface RedisLedgerOptions {
  /** Prefix of every key that the ledger stores in Redis. Default `passport-nevis:`. */
  readonly prefix?: string | undefined
}

/** A script that increments the key and sets its expiry at the first count. With two commands, a crash between them would leave a key that never expires. */
const COUNT = "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end return n"
/** Special replies to the command PTTL: the key does not exist, or it has no expiry. */
const NO_KEY = -2
const NO_END = -1
const A_YEAR_SECONDS = 365 * 86_400

/**
 * A ledger in Redis, for several processes. Your app opens the connection. Set `disableOfflineQueue: true` in node-redis, or `enableOfflineQueue: false` in
 * ioredis, so that a call fails at once while Redis is down. Listen to the client's `error` events: in Node, an `error` event without a listener
 * ends the process. The ledger needs the commands `SET`, `EVAL`, `PTTL` and `DEL`.
 */
export class RedisLedger implements Ledger {
  private readonly send: SendCommand
  private readonly prefix: string

  /**
   * @param client a client, pool, cluster or sentinel of node-redis 4 or newer; or a `Redis` or `Cluster` of ioredis 4 or newer. The
   * client may connect later
   * @param options the prefix of the ledger's keys in Redis
   * @throws TypeError for a wrong or unknown option, any other client, a client in legacy mode, and a Cluster that reads from replicas (`scaleReads`)
   */
  constructor(client: RedisConnection, options: RedisLedgerOptions = {}) {
    refuseUnknown('RedisLedger', options, ['prefix'])
    const { prefix = 'passport-nevis:' } = options
    if (typeof prefix !== 'string') throw new TypeError('RedisLedger: prefix must be a string')
    const send = commandsOf(client)
    this.send = async (key, command) => {
      try {
        return await send(key, command)
      } catch (error) {
        throw withCommand(error, command[0])
      }
    }
    this.prefix = prefix
  }

  async claim(key: string, ttlSeconds: number): Promise<boolean> {
    const name = this.nameOf(key)
    const reply = await this.send(name, ['SET', name, '1', 'NX', 'EX', String(checkedSeconds('RedisLedger', ttlSeconds))])
    if (reply === 'OK') return true
    if (reply === null) return false
    throw unexpected('SET')
  }

  async count(key: string, ttlSeconds: number): Promise<number> {
    const name = this.nameOf(key)
    return wholeNumber('EVAL', await this.send(name, ['EVAL', COUNT, '1', name, String(checkedSeconds('RedisLedger', ttlSeconds))]))
  }

  async look(key: string): Promise<number> {
    const name = this.nameOf(key)
    const leftMs = wholeNumber('PTTL', await this.send(name, ['PTTL', name]))
    if (leftMs === NO_KEY) return 0
    // This ledger gives every key an expiry, so another program has changed a key that has none. Such a key never expires, but the caller needs a number:
    // return a year.
    if (leftMs === NO_END) return A_YEAR_SECONDS
    return Math.max(1, Math.ceil(leftMs / 1000))
  }

  async forget(key: string): Promise<void> {
    const name = this.nameOf(key)
    await this.send(name, ['DEL', name])
  }

  /** The name of a key in Redis. Includes `claim:` as in version 0.1, because during a deploy, processes of both versions must use the same keys. */
  private nameOf(key: string): string {
    return `${this.prefix}claim:${key}`
  }
}

/**
 * The number in a reply. An app can configure its client to reply with a string of digits. Any other reply is an error, and is not converted: `Number(true)`
 * is 1, which would look like a first use.
 */
function wholeNumber(command: string, reply: unknown): number {
  const value = typeof reply === 'string' && /^-?\d+$/.test(reply) ? Number(reply) : reply
  if (Number.isSafeInteger(value)) return value as number
  throw unexpected(command)
}

/**
 * Adds the name of the command to an error that Redis has answered, because a Redis can forbid some commands and allow the others. Redis's answer begins with a
 * code word, such as `NOPERM`. The arguments of the command are not added, because they can contain personal data.
 */
function withCommand(error: unknown, command: string): unknown {
  return error instanceof Error && /^[A-Z]+ /.test(error.message) ? Object.assign(error, { command }) : error
}

/** The error for an unexpected reply of Redis. It does not contain the reply, because the reply can contain personal data. */
function unexpected(command: string): TypeError {
  return new TypeError(`RedisLedger: unexpected reply to ${command}: the client must answer as node-redis and ioredis do by default`)
}
