// @ts-check
/**
 * Starts the programs that a scenario needs: nginx, HAProxy, Apache and Redis. Each program runs on loopback with its own folder, and not as a service of the
 * system.
 *
 * Out of scope: the configuration of the proxies (`configurations.mjs`).
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** @typedef {'nginx' | 'HAProxy' | 'Apache'} ProxyName */
/** @typedef {{ port: number, folder: string, pem: string }} Place where a proxy listens, its folder, and the file with its key and certificate */
/** @typedef {{ close(): Promise<void> }} Closable a server that a test must close */

/** The programs that still run; they end with this process. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()
process.once('exit', () => running.forEach((child) => child.kill('SIGTERM')))

/**
 * Starts a program. When this process ends, also because a scenario has taken too long, the program ends, too.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
export function launch(program, args, env = process.env) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  running.add(child.once('exit', () => running.delete(child)))
  return child
}

/** @type {Record<ProxyName, (file: string, folder: string) => string[]>} The command that starts each proxy in the foreground. */
const COMMANDS = {
  nginx: (file, folder) => ['/usr/sbin/nginx', '-c', file, '-e', join(folder, 'errors')],
  HAProxy: (file) => ['/usr/sbin/haproxy', '-db', '-f', file],
  Apache: (file) => ['/usr/sbin/apache2', '-d', '/usr/lib/apache2', '-f', file, '-DFOREGROUND'],
}

/** @param {ProxyName} name */
export const isInstalled = (name) => existsSync(/** @type {string} */ (COMMANDS[name]('', '')[0]))

/** Creates a key and a certificate for localhost, in one file. @param {string} folder */
export function makeCertificate(folder) {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-days', '2', '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const [pem, ca] = [join(folder, 'site.pem'), readFileSync(cert)]
  writeFileSync(pem, Buffer.concat([readFileSync(key), ca]))
  return { pem, ca }
}

/**
 * Starts a proxy on a free port, and waits until it answers.
 * @param {ProxyName} name
 * @param {(place: Place) => string} configure returns the text of the proxy's configuration file
 * @param {string} pem the file with the key and the certificate
 * @returns {Promise<Closable & { port: number, pid: number }>}
 */
export async function startProxy(name, configure, pem) {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
  const port = await freePort()
  const file = join(folder, 'configuration')
  // If Apache is started by root, it gives up its root rights before it reads and writes in this folder. So give every user access.
  mkdirSync(join(folder, 'cache'))
  chmodSync(folder, 0o755)
  chmodSync(join(folder, 'cache'), 0o777)
  writeFileSync(file, configure({ port, folder, pem }))
  const server = await startServer(COMMANDS[name](file, folder), () => answers(port))
  return { port, pid: server.pid, close: () => server.close().then(() => rmSync(folder, { recursive: true, force: true })) }
}

/** @returns {Promise<Closable & { path: string }>} */
export async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
  const path = join(folder, 'redis.sock')
  const server = await startServer(['redis-server', '--port', '0', '--unixsocket', path, '--dir', folder, '--save', '', '--appendonly', 'no'], async () => existsSync(path))
  return { path, close: () => server.close().then(() => rmSync(folder, { recursive: true, force: true })) }
}

/**
 * Runs a command, and waits until the server that it starts is ready.
 * @param {string[]} command @param {() => Promise<boolean>} isUp true if the server is ready @returns {Promise<Closable & { pid: number }>}
 */
async function startServer([program = '', ...args], isUp) {
  const child = launch(program, args)
  let said = ''
  for (const output of [child.stdout, child.stderr]) output.on('data', (text) => (said += text))
  const gone = once(child, 'exit')
  // SIGTERM, not SIGKILL: the main process of Apache and nginx then ends its workers.
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await gone
  }
  for (let i = 0; i < 500 && child.exitCode === null; i++) {
    if (await isUp()) return { close, pid: Number(child.pid) }
    await pause(20)
  }
  await close()
  throw new Error(`${program} did not start:\n${said.slice(0, 2000)}`)
}

/** @param {number} port @returns {Promise<boolean>} */
export function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true))).once('error', () => resolve(false))
  })
}

/** @returns {Promise<number>} */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  await new Promise((resolve) => server.close(resolve))
  return port
}
