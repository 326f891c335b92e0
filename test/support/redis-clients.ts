/** Fake Redis clients like those of node-redis and of ioredis. Each has only the members that `RedisLedger` reads, and gives the replies that the test sets. */
import type { RedisConnection } from '../../src'

type Send = (command: string[]) => Promise<unknown>

/** A client like that of node-redis's `createClient`. */
export function nodeRedisLike(sendCommand: Send): RedisConnection {
  return { isOpen: true, isReady: true, duplicate: () => undefined, sendCommand } as RedisConnection
}

/** A client like ioredis's. Its `sendCommand` takes no list of strings, unlike that of node-redis. So `RedisLedger` must use `call`. */
export function ioRedisLike(send: Send): RedisConnection {
  return { status: 'ready', isCluster: false, call: (...command: string[]) => send(command), sendCommand: () => Promise.reject(new Error('another')) } as RedisConnection
}
