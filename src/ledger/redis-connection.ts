/**
 * Recognizes the Redis client of the app, and sends it one command at a time.
 *
 * The clients differ in how a command is sent: a cluster needs the key, to find the node; a sentinel needs to know whether a replica may
 * answer. A replica never may: it can be behind, and would report a used approval as unused.
 * Out of scope: the commands and their replies (`redis-ledger.ts`), and opening or closing connections.
 */

/**
 * node-redis 4 or newer: `createClient`, `createClientPool`.
 * @inline
 */
interface NodeRedis {
  readonly isOpen: boolean
  sendCommand(command: string[]): Promise<unknown>
}

/**
 * node-redis 4 or newer: `createCluster`.
 * @inline
 */
interface NodeRedisCluster {
  getSlotRandomNode(slot: number): unknown
  sendCommand(key: string, isReadonly: boolean, command: string[]): Promise<unknown>
}

/**
 * node-redis 5 or newer: `createSentinel`.
 * @inline
 */
interface NodeRedisSentinel {
  getSentinelNode(): unknown
  sendCommand(isReadonly: boolean, command: string[]): Promise<unknown>
}

/**
 * ioredis 5 or newer: `Redis` and `Cluster`.
 * @inline
 */
interface IoRedis {
  readonly status: string
  call(command: string, ...args: string[]): Promise<unknown>
}

/** The clients that {@link RedisLedger} takes: node-redis 4 or newer (client, pool, cluster, sentinel), ioredis 5 or newer (`Redis`, `Cluster`). */
export type RedisConnection = NodeRedis | NodeRedisCluster | NodeRedisSentinel | IoRedis

/**
 * Sends a command. The key is in the command, and given once more, because a cluster finds the node by it.
 * @internal
 */
export type SendCommand = (key: string, command: [name: string, ...args: string[]]) => Promise<unknown>

/**
 * Each kind is told by methods of its public interface that no other kind has: an object that only has a `sendCommand` may be of any kind.
 * @throws TypeError if the client is of no kind that is known
 * @internal
 */
export function commandsOf(client: unknown): SendCommand {
  const methods = Object(client) as Readonly<Record<string, unknown>>
  const has = (...names: string[]) => names.every((name) => typeof methods[name] === 'function')
  if (has('call') && typeof methods['status'] === 'string') return commandsOfIoRedis(client as IoRedis)
  if (has('sendCommand', 'getSlotRandomNode')) {
    return (key, command) => (client as NodeRedisCluster).sendCommand(key, false, command)
  }
  if (has('sendCommand', 'getSentinelNode')) {
    return (_key, command) => (client as NodeRedisSentinel).sendCommand(false, command)
  }
  const isClient = has('sendCommand', 'duplicate') && typeof methods['isReady'] === 'boolean'
  const isPool = has('sendCommand', 'execute') && typeof methods['totalClients'] === 'number'
  if ((isClient || isPool) && !isLegacy(methods)) return (_key, command) => (client as NodeRedis).sendCommand(command)
  throw new TypeError(
    'RedisLedger: client must be a client, pool, cluster or sentinel of node-redis 4 or newer (not in legacy mode), or a Redis or Cluster of ioredis 5 or newer',
  )
}

/** Legacy mode of node-redis 4 replies by callback. */
function isLegacy({ options }: Readonly<Record<string, unknown>>): boolean {
  return Boolean((Object(options) as { legacyMode?: unknown }).legacyMode)
}

function commandsOfIoRedis(client: IoRedis): SendCommand {
  const { isCluster, options } = client as { isCluster?: boolean; options?: { scaleReads?: unknown } }
  if (isCluster === true && options?.scaleReads !== 'master') {
    throw new TypeError('RedisLedger: the option scaleReads of the ioredis Cluster must be "master": a replica can be behind')
  }
  return (_key, command) => client.call(...command)
}
