/**
 * A real Redis Cluster, and a real Sentinel with a master and a replica, as processes on loopback. The processes end with the test.
 *
 * Out of scope: a single Redis (`redis.ts`).
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Waits until the condition is true, for at most forty seconds: on a busy machine, a Redis client may need more than twenty seconds to connect again. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 800; i++) {
    if (await isSo()) return
    await pause(50)
  }
  throw new Error(`still not so after 40 s: ${what}`)
}

class Processes {
  readonly folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
  private readonly children = new Map<number, ChildProcess>()
  private readonly options = new Map<number, string[]>()

  async start(port: number, ...options: string[]): Promise<void> {
    this.options.set(port, options)
    const dir = join(this.folder, String(port))
    mkdirSync(dir, { recursive: true })
    this.children.set(port, spawn('redis-server', [...options, '--port', String(port), '--bind', '127.0.0.1', '--dir', dir], { stdio: 'ignore' }))
    await until(() => answers(port), `redis-server answers on port ${port}`)
  }

  async kill(port: number): Promise<void> {
    const child = this.children.get(port)
    this.children.delete(port)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  /** Kills the Redis server on this port and starts it again at once. Data that the server has not written to its disk is lost. */
  async restart(port: number): Promise<void> {
    await this.kill(port)
    await this.start(port, ...(this.options.get(port) as string[]))
  }

  async close(): Promise<void> {
    await Promise.all([...this.children.keys()].map((port) => this.kill(port)))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Runs a command with redis-cli, and returns what it prints. */
async function cli(port: number, ...command: string[]): Promise<string> {
  return (await run('redis-cli', ['-h', '127.0.0.1', '-p', String(port), ...command], { timeout: 10_000 })).stdout.trim()
}

/** Without `CLIENT SETINFO`, which Redis knows from 7.2 on, and whose refusal the clients ignore. */
async function refusedBy(ports: readonly number[]): Promise<string[]> {
  const logs = await Promise.all(ports.map((port) => cli(port, 'ACL', 'LOG').catch(() => '')))
  return [...new Set(logs.flatMap((log) => [...log.matchAll(/^object\n(.+)$/gm)].map(([, command]) => command as string)))].filter((command) => command !== 'client|setinfo').sort()
}

/** A Redis Cluster of three masters, each with a replica. */
export class RedisCluster {
  private constructor(
    readonly ports: readonly number[],
    private readonly processes: Processes,
  ) {}

  /** @param options further options of redis-server for each node */
  static async start(...options: string[]): Promise<RedisCluster> {
    const ports = await freePorts(12)
    const processes = new Processes()
    const [nodes, buses] = [ports.slice(0, 6), ports.slice(6)]
    const cluster = new RedisCluster(nodes, processes)
    try {
      await Promise.all(nodes.map((port, i) => processes.start(port, ...options, '--save', '', '--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', '--cluster-port', String(buses[i]))))
      await run('redis-cli', ['--cluster', 'create', ...nodes.map((port) => `127.0.0.1:${port}`), '--cluster-replicas', '1', '--cluster-yes'], { timeout: 30_000 })
      await until(async () => (await Promise.all(nodes.map((port) => cli(port, 'CLUSTER', 'INFO')))).every((info) => info.includes('cluster_state:ok')), 'the cluster is up')
      await until(async () => (await cluster.masters()).length === 3, 'it has three masters')
    } catch (error) {
      await processes.close()
      throw error
    }
    return cluster
  }

  async masters(): Promise<number[]> {
    const roles = await Promise.all(this.ports.map(async (port) => [port, await cli(port, 'ROLE').catch(() => '')] as const))
    return roles.filter(([, role]) => role.startsWith('master')).map(([port]) => port)
  }

  /** The commands that the nodes have refused because a Redis user had no right to use them. */
  refused(): Promise<string[]> {
    return refusedBy(this.ports)
  }

  async flush(): Promise<void> {
    for (const port of await this.masters()) await cli(port, 'FLUSHALL')
  }

  /** The port of the master that has this key. */
  async masterOf(key: string): Promise<number> {
    for (const port of await this.masters()) {
      if (!(await cli(port, 'EXISTS', key)).startsWith('MOVED')) return port
    }
    throw new Error('no master has the key')
  }

  /**
   * Kills a master, and waits until its replica has become the master. Writes that the replica has not received are lost. To keep all writes, call `replicate`
   * first.
   */
  async failOver(port: number): Promise<void> {
    const before = await this.masters()
    await this.processes.kill(port)
    await until(async () => (await this.masters()).some((one) => !before.includes(one)), 'a replica has become the master')
  }

  /** Waits until the replica of this master has received all writes. */
  async replicate(port: number): Promise<void> {
    await cli(port, 'WAIT', '1', '5000')
  }

  /** Kills a master, and starts it again, empty. If that takes longer than a second, its replica takes over. */
  async restart(port: number): Promise<void> {
    await this.processes.restart(port)
  }

  close(): Promise<void> {
    return this.processes.close()
  }
}

/** A master, a replica, and one sentinel that monitors them. */
export class RedisSentinel {
  /** The master's name in the sentinel. */
  static readonly NAME = 'ledger'

  private constructor(
    readonly sentinelPort: number,
    private readonly redisPorts: readonly number[],
    private readonly processes: Processes,
  ) {}

  /** @param options further options of redis-server for the master and the replica */
  static async start(...options: string[]): Promise<RedisSentinel> {
    const [master, replica, sentinel] = (await freePorts(3)) as [number, number, number]
    const processes = new Processes()
    try {
      await processes.start(master, ...options, '--save', '')
      await processes.start(replica, ...options, '--save', '', '--replicaof', `127.0.0.1 ${master}`)
      const file = join(processes.folder, 'sentinel.conf')
      const { NAME } = RedisSentinel
      writeFileSync(file, [`sentinel monitor ${NAME} 127.0.0.1 ${master} 1`, `sentinel down-after-milliseconds ${NAME} 500`, `sentinel failover-timeout ${NAME} 2000`, ''].join('\n'))
      await processes.start(sentinel, file, '--sentinel')
      await until(async () => (await cli(sentinel, 'SENTINEL', 'REPLICAS', NAME)).includes(String(replica)), 'the sentinel knows the replica')
    } catch (error) {
      await processes.close()
      throw error
    }
    return new RedisSentinel(sentinel, [master, replica], processes)
  }

  async masterPort(): Promise<number> {
    const [, port] = (await cli(this.sentinelPort, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', RedisSentinel.NAME)).split('\n')
    return Number(port)
  }

  /** The commands that the master and the replica have refused because a Redis user had no right to use them. */
  refused(): Promise<string[]> {
    return refusedBy(this.redisPorts)
  }

  /** Kills the master, and waits until the replica has become the master. */
  async failOver(): Promise<void> {
    const before = await this.masterPort()
    await cli(before, 'WAIT', '1', '5000')
    await this.processes.kill(before)
    const next = this.redisPorts.find((port) => port !== before) as number
    await until(async () => (await this.masterPort()) === next && (await cli(next, 'ROLE')).startsWith('master'), 'the replica is the master')
  }

  /** Kills the master, and starts it again, empty. If that takes longer than half a second, the replica takes over. */
  async restart(): Promise<void> {
    await this.processes.restart(await this.masterPort())
  }

  /** Waits until the master has its replica again. */
  async settle(): Promise<void> {
    await until(async () => /^slave0:.*state=online/m.test(await cli(await this.masterPort(), 'INFO', 'replication').catch(() => '')), 'the master has its replica')
  }

  close(): Promise<void> {
    return this.processes.close()
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true))).once('error', () => resolve(false))
  })
}

/** Keeps each port in use until all are found, so that no port is found twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
