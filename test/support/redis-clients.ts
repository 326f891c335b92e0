/** Fake Redis clients of each kind: only the members that `RedisLedger` reads, with the replies of the test. */
import type { RedisConnection } from '../../src'

type Send = (command: string[]) => Promise<unknown>

/** A client of node-redis, as `createClient` gives it. */
export function nodeRedisLike(sendCommand: Send): RedisConnection {
  return { isOpen: true, isReady: true, duplicate: () => undefined, sendCommand } as RedisConnection
}

/** A client of ioredis. Its `sendCommand` takes something else. */
export function ioRedisLike(send: Send): RedisConnection {
  return { status: 'ready', isCluster: false, call: (...command: string[]) => send(command), sendCommand: () => Promise.reject(new Error('another')) } as RedisConnection
}
