/**
 * Recognises the app's Redis client, and sends it one command at a time.
 *
 * A cluster client needs the key of the command, to find the node that stores this key. A sentinel client must be told whether a replica may answer. This
 * package never allows that, because a replica can lag behind and report a used approval as unused.
 * Out of scope: the commands and their replies (`redis-ledger.ts`), and opening or closing connections.
 */

/**
 * A client, or a pool of clients, of node-redis 4 or newer: the result of `createClient` or `createClientPool`.
 * @inline
 */
interface NodeRedis {
  /** True after the app has called `connect`. */
  readonly isOpen: boolean
  /** Sends one command with its arguments. */
  sendCommand(command: string[]): Promise<unknown>
}

/**
 * A cluster client of node-redis 4 or newer: the result of `createCluster`.
 * @inline
 */
interface NodeRedisCluster {
  /** Only cluster clients have this method. `RedisLedger` recognises a cluster client by this method, and never calls the method. */
  getSlotRandomNode(slot: number): unknown
  /** Sends one command to the node that has the key. */
  sendCommand(key: string, isReadonly: boolean, command: string[]): Promise<unknown>
}

/**
 * A Sentinel client of node-redis 5 or newer: the result of `createSentinel`.
 * @inline
 */
interface NodeRedisSentinel {
  /** Only sentinel clients have this method. `RedisLedger` recognises a sentinel client by this method, and never calls the method. */
  getSentinelNode(): unknown
  /** Sends one command to the master, unless `isReadonly` allows a replica. */
  sendCommand(isReadonly: boolean, command: string[]): Promise<unknown>
}

/**
 * A client of ioredis 4 or newer: `Redis` or `Cluster`.
 * @inline
 */
interface IoRedis {
  /** State of the connection, such as `ready`. */
  readonly status: string
  /** Sends one command with its arguments. */
  call(command: string, ...args: string[]): Promise<unknown>
}

/** The clients that {@link RedisLedger} accepts: node-redis 4 or newer (client, pool, cluster, sentinel), ioredis 4 or newer (`Redis`, `Cluster`). */
export type RedisConnection = NodeRedis | NodeRedisCluster | NodeRedisSentinel | IoRedis

/**
 * Sends a command. The key is in the command, and is also passed separately, because a cluster client uses the key to find the node.
 * @internal
 */
export type SendCommand = (key: string, command: [name: string, ...args: string[]]) => Promise<unknown>

/**
 * Recognises the kind of client by public methods that only this kind has. Several kinds have `sendCommand`, with different parameters.
 * @throws TypeError if the client is of none of the supported kinds
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
    'RedisLedger: client must be a client, pool, cluster or sentinel of node-redis 4 or newer (not in legacy mode), or a Redis or Cluster of ioredis 4 or newer',
  )
}

/** True for a client of node-redis 4 in legacy mode, which calls a callback instead of returning a promise. */
function isLegacy({ options }: Readonly<Record<string, unknown>>): boolean {
  return Boolean((Object(options) as { legacyMode?: unknown }).legacyMode)
}

function commandsOfIoRedis(client: IoRedis): SendCommand {
  const { isCluster, options } = client as { isCluster?: boolean; options?: { scaleReads?: unknown } }
  if (isCluster === true && options?.scaleReads !== 'master') {
    throw new TypeError('RedisLedger: the option scaleReads of the ioredis Cluster must be "master", because a replica can be out of date')
  }
  return (_key, command) => client.call(...command)
}
