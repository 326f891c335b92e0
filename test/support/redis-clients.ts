/** Fake Redis clients of each kind: they have only the members that `RedisLedger` reads, and give the replies of the test. */
import type { RedisConnection } from '../../src'

type Send = (command: string[]) => Promise<unknown>

/** A client like that of node-redis's `createClient`. */
export function nodeRedisLike(sendCommand: Send): RedisConnection {
  return { isOpen: true, isReady: true, duplicate: () => undefined, sendCommand } as RedisConnection
}

/** A client like ioredis's, whose `sendCommand` takes another kind of argument. */
export function ioRedisLike(send: Send): RedisConnection {
  return { status: 'ready', isCluster: false, call: (...command: string[]) => send(command), sendCommand: () => Promise.reject(new Error('another')) } as RedisConnection
}
