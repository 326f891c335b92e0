/** Starts the example app, says where it is, and ends it on a signal. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createApp } from './app.js'
import { ConfigError, readConfig } from './config.js'
import { openDatabase } from './database.js'
import { addDemoAccounts, startSimulator } from './demo.js'
import { Invoices } from './invoices.js'
import { openRedis } from './redis.js'
import { Users } from './users.js'

/** What has been opened, newest last, each with the function that closes it. */
const closers = []

async function start() {
  const config = readConfig()
  // The port first: whether it is free shows at once, a database takes seconds. Who comes early waits for the app.
  let ready
  const app = new Promise((resolve) => (ready = resolve))
  const server = createServer(async (req, res) => (await app)(req, res))
  await listen(server, config.port, config.host)
  closers.push(() => closeServer(server))
  if (config.nevis === undefined) refuseStrangers(server.address().address)

  const simulator = config.nevis === undefined ? await openSimulator(config.simulatorPort) : undefined
  const database = await openDatabase(config.database)
  closers.push(() => database.close())
  const redis = await openRedis(config.redisURL)
  if (redis) closers.push(() => redis.close())
  const users = await Users.open(database)
  const invoices = await Invoices.open(database)
  const demo = simulator && (await addDemoAccounts(simulator, users))
  const cloud = simulator ? { baseURL: simulator.baseURL, accessKey: simulator.accessKey } : config.nevis
  ready(createApp({ config, users, invoices, demo, redis, cloud }))

  console.log(`Example app on ${urlOf(server)}`)
  if (simulator) console.log(`Phones on ${simulator.baseURL}`)
  else console.log(`Nevis at ${config.nevis.instance ?? config.nevis.baseURL}`)
}

/**
 * The demo shows its passwords on the first page. Asked of the address that the server got: a name may resolve to any.
 * Nothing was answered yet, and no account is there.
 */
function refuseStrangers(address) {
  if (address === '::1' || /^(::ffff:)?127\./.test(address)) return
  throw new ConfigError(`The demo shows its passwords to everybody who can reach it, so HOST must be 127.0.0.1, ::1 or localhost, not ${address}: set NEVIS_INSTANCE and NEVIS_ACCESS_KEY to use another address.`)
}

async function openSimulator(port) {
  const simulator = await startSimulator(port).catch((error) => refusePort(error, 'SIMULATOR_PORT', port))
  closers.push(() => simulator.close())
  return simulator
}

async function listen(server, port, host) {
  server.listen(port, host)
  await once(server, 'listening').catch((error) => refusePort(error, 'PORT', port))
}

function refusePort(error, name, port) {
  const reasons = { EADDRINUSE: 'is taken', EACCES: 'is not allowed to this user' }
  if (error.code in reasons) throw new ConfigError(`The port ${port} ${reasons[error.code]}: set ${name} to another one.`)
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') throw new ConfigError('HOST is not an address of this machine.')
  throw error
}

function closeServer(server) {
  return new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })
}

function urlOf(server) {
  const { address, port } = server.address()
  const isAnywhere = address === '0.0.0.0' || address === '::'
  return `http://${isAnywhere ? 'localhost' : address.includes(':') ? `[${address}]` : address}:${port}`
}

async function stop(exitCode) {
  await Promise.allSettled(closers.splice(0).map((close) => close()))
  process.exit(exitCode)
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop(0))

start().catch((error) => {
  console.error(error instanceof ConfigError ? error.message : `The example app could not start: ${error.message || error.code}`)
  return stop(1)
})
