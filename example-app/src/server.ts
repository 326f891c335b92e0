/** Starts the example app, prints its addresses, and stops it on a signal. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { StatusEndpoint } from 'passport-nevis'
import type { NevisSimulator } from 'passport-nevis/simulator'
import { createApp } from './app.js'
import { ConfigError, readConfig, type Cloud } from './config.js'
import { openDatabase } from './database.js'
import { addDemoAccounts, startSimulator } from './demo.js'
import { Invoices } from './invoices.js'
import { openRedis } from './redis.js'
import { TOUR } from './tour.js'
import { Users } from './users.js'

/** How long running requests may take after a signal to stop. */
const GRACE_MS = 5000

/** Functions that close the open resources, in the order in which to call them. The server comes before the resources that its running requests need. */
const closers: (() => unknown)[] = []

async function start(): Promise<void> {
  const config = readConfig()
  // Bind the port before opening the database, which takes seconds: then a port that is in use is reported at once. Requests that arrive in these seconds wait
  // for the app.
  let ready: (app: RequestListener) => void = () => undefined
  const app = new Promise<RequestListener>((resolve) => (ready = resolve))
  const server = createServer((req, res) => void app.then((listener) => listener(req, res)))
  await listen(server, config.port, config.host)
  closers.push(() => closeServer(server))
  if (config.nevis === undefined) requireLoopback(addressOf(server).address)

  const simulator = config.nevis === undefined ? await openSimulator(config.simulatorPort) : undefined
  const database = await openDatabase(config.database)
  closers.push(() => database.close())
  const redis = await openRedis(config.redisURL)
  if (redis) closers.push(() => redis.close())
  const users = await Users.open(database)
  const invoices = await Invoices.open(database)
  const demo = simulator && (await addDemoAccounts(simulator, users))
  const cloud = simulator ? { baseURL: simulator.baseURL, accessKey: simulator.accessKey } : (config.nevis as Cloud)
  const example = createApp({ config, users, invoices, demo, redis, cloud })
  closers.unshift(() => (example.locals['status'] as StatusEndpoint | undefined)?.closeStreams()) // an open event stream would keep the server open
  ready(example)

  console.log(`Example app on ${urlOf(server)}`)
  if (simulator) console.log(`Phones on ${simulator.baseURL}\n\nWhat to try:\n${TOUR.map((step, i) => `  ${i + 1}. ${step}`).join('\n')}\nCtrl+C ends both.`)
  else console.log(`Nevis at ${cloud.instance ?? cloud.baseURL}`)
}

/**
 * The demo shows passwords on its home page, so only this machine may reach it. Throws if the server is not bound to a loopback address. Checks the bound
 * address, because a host name can resolve to any address. Call this function before the server answers requests and before accounts exist.
 */
function requireLoopback(address: string): void {
  if (address === '::1' || /^(::ffff:)?127\./.test(address)) return
  throw new ConfigError(`The demo shows its passwords to every visitor, so HOST must be 127.0.0.1, ::1 or localhost, not ${address}: set NEVIS_INSTANCE and NEVIS_ACCESS_KEY to use another address.`)
}

async function openSimulator(port: number | undefined): Promise<NevisSimulator> {
  const simulator = await startSimulator(port).catch((error: unknown) => refusePort(error, 'SIMULATOR_PORT', port))
  closers.push(() => simulator.close())
  return simulator
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host)
  await once(server, 'listening').catch((error: unknown) => refusePort(error, 'PORT', port))
}

function refusePort(error: unknown, name: string, port: number | undefined): never {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') throw new ConfigError(`The port ${port} is taken: set ${name} to another one.`)
  if (code === 'EACCES') throw new ConfigError(`The port ${port} is not allowed to this user: set ${name} to another one.`)
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') throw new ConfigError('HOST is not an address of this machine.')
  throw error
}

/** Accepts no more connections, lets the running requests end, and closes what is still open after `GRACE_MS`. */
async function closeServer(server: Server): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  await new Promise((resolve) => server.close(resolve))
  clearTimeout(timer)
}

function addressOf(server: Server): AddressInfo {
  return server.address() as AddressInfo
}

function urlOf(server: Server): string {
  const { address, port } = addressOf(server)
  const isAnywhere = address === '0.0.0.0' || address === '::'
  return `http://${isAnywhere ? 'localhost' : address.includes(':') ? `[${address}]` : address}:${port}`
}

async function stop(exitCode: number): Promise<never> {
  for (const close of closers.splice(0)) await Promise.resolve().then(close).catch(() => undefined)
  process.exit(exitCode)
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop(0))

start().catch((error: NodeJS.ErrnoException) => {
  console.error(error instanceof ConfigError ? error.message : `The example app could not start: ${error.message || error.code}`)
  return stop(1)
})
