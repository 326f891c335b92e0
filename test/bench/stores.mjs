// @ts-check
// Starts the store in which the processes of a benchmark keep sessions and ledger: one Redis, a Redis Cluster, or PostgreSQL. Each runs on this machine,
// with its default settings, in a new folder. Out of scope: how the app connects to the store (`servers/store-of-app.mjs`).
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { answers, freePort } from '../proxies/servers.mjs'
import { microsOf } from './resources.mjs'

/**
 * @typedef {{ address: string, micros(): number, close(): Promise<void> }} Store a running store. `address`: the value of the app's environment variable STORE.
 * `micros`: the CPU time of all its processes, in microseconds
 */

const newFolder = () => mkdtempSync(join(tmpdir(), 'passport-nevis-bench-'))

/**
 * Sends a signal to one process after the other, and waits until each has ended.
 * @param {readonly import('node:child_process').ChildProcess[]} children
 * @param {NodeJS.Signals} signal
 */
async function end(children, signal) {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
}

/** Waits up to 10 s until a condition holds. @param {() => boolean | Promise<boolean>} isSo @param {string} what name of the condition, for the error */
async function until(isSo, what) {
  for (let i = 0; i < 500; i++) {
    if (await isSo()) return
    await pause(20)
  }
  throw new Error(`not after 10 s: ${what}`)
}

/** @returns {Promise<Store>} */
export async function startOneRedis() {
  const folder = newFolder()
  const path = join(folder, 'redis.sock')
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', ''], { stdio: 'ignore' })
  await until(() => existsSync(path), 'redis-server listens')
  const close = async () => {
    await end([server], 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  return { address: `redis:${path}`, micros: () => microsOf(Number(server.pid)), close }
}

/** Starts a Redis Cluster with three masters. @returns {Promise<Store>} */
export async function startRedisCluster() {
  const folder = newFolder()
  const ports = [await freePort(), await freePort(), await freePort()]
  /** @type {import('node:child_process').ChildProcess[]} */
  const servers = []
  for (const port of ports) {
    const dir = join(folder, String(port))
    mkdirSync(dir)
    const bus = await freePort()
    servers.push(spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--cluster-enabled', 'yes', '--cluster-port', String(bus)], { stdio: 'ignore' }))
    await until(() => answers(port), 'redis-server listens')
  }
  const close = async () => {
    await end(servers, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    execFileSync('redis-cli', ['--cluster', 'create', ...ports.map((port) => `127.0.0.1:${port}`), '--cluster-yes'], { stdio: 'ignore', timeout: 60_000 })
    const isUp = (/** @type {number} */ port) => execFileSync('redis-cli', ['-p', String(port), 'CLUSTER', 'INFO'], { encoding: 'utf8' }).includes('cluster_state:ok')
    await until(() => ports.every(isUp), 'the cluster is up')
  } catch (error) {
    await close()
    throw error
  }
  return { address: `cluster:${ports.join(',')}`, micros: () => servers.reduce((sum, { pid }) => sum + microsOf(Number(pid)), 0), close }
}

/** Starts PostgreSQL with its default settings, so each commit is written to disk (`fsync`). @returns {Promise<Store>} */
export async function startPostgres() {
  const folder = newFolder()
  // PostgreSQL refuses to run as root.
  const id = (/** @type {string} */ flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  const owner = process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : {}
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid)
  const packaged = '/usr/lib/postgresql'
  const places = [...(existsSync(packaged) ? readdirSync(packaged).map((version) => join(packaged, version, 'bin')) : []), ...String(process.env['PATH']).split(':')]
  const binaries = places.find((place) => existsSync(join(place, 'initdb')) && existsSync(join(place, 'postgres')))
  if (binaries === undefined) throw new Error('PostgreSQL is not installed')
  const data = join(folder, 'data')
  execFileSync(join(binaries, 'initdb'), ['-D', data, '-U', 'example', '--auth=trust', '--encoding=UTF8'], { ...owner, cwd: folder, stdio: 'ignore' })
  const server = spawn(join(binaries, 'postgres'), ['-D', data, '-k', folder, '-c', 'listen_addresses='], { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  server.stderr.on('data', (text) => (said += text))
  const close = async () => {
    await end([server], 'SIGINT')
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await until(() => said.includes('ready to accept connections'), 'PostgreSQL listens')
  } catch (error) {
    await close()
    throw error
  }
  return { address: `postgres://example@localhost/postgres?host=${encodeURIComponent(folder)}`, micros: () => microsOf(Number(server.pid)), close }
}

/** The stores to measure, each with its name in the tables of docs/performance.md. */
export const STORES = [
  { store: 'one Redis', open: startOneRedis },
  { store: 'a Redis Cluster of three', open: startRedisCluster },
  { store: 'PostgreSQL', open: startPostgres },
]
