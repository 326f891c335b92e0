// What a pending login keeps in the session, and what a login asks of Redis.
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import passport from 'passport'
import { app as appFactor, NevisStrategy, push, RedisLedger, statusEndpoint } from 'passport-nevis'
import { NevisSimulator } from 'passport-nevis/simulator'
import { createClient } from 'redis'
import { Browser } from '../browser.mjs'
import { accessKey, nextUser, run, Session } from '../contestants/shared.mjs'
import { startUpstream, stop } from '../processes.mjs'

/** @returns bytes in the session by factor, and Redis commands by who sends them */
export async function measure() {
  return { session: await sessionBytes(), redis: await redisCommands() }
}

/** The simulator's tokens and codes have the size of those in Nevis's documents. */
async function sessionBytes() {
  const simulator = await NevisSimulator.start({ port: 0 })
  const { userId } = simulator.addUser({ username: 'person' })
  try {
    const options = { baseURL: simulator.baseURL, accessKey: simulator.accessKey, waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status', message: 'Sign in to the shop?' }
    const rows = []
    for (const factor of [push(), appFactor()]) {
      const own = new Session()
      const strategy = new NevisStrategy({ ...options, factors: [factor] }, () => {})
      await run(strategy, { method: 'POST', url: '/login', headers: {}, body: {}, query: {}, session: own, user: { nevisUserId: userId } })
      const [{ statusToken, shown }] = Object.values(own.nevis.transactions)
      const qrCode = shown.qrCode?.length ?? 0
      rows.push({ factor: factor.name, bytes: JSON.stringify(own.nevis).length - qrCode, statusToken: statusToken.length, qrCode })
    }
    return rows
  } finally {
    await simulator.close()
  }
}

async function redisCommands() {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-bench-'))
  const path = join(folder, 'redis.sock')
  const redisServer = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', ''], { stdio: 'ignore' })
  const sent = { ledger: 0, store: 0 }
  const clients = []
  const counting = async (name) => {
    const client = await createClient({ socket: { path, tls: false } }).connect()
    clients.push(client)
    const send = client.sendCommand.bind(client)
    client.sendCommand = (...args) => {
      sent[name]++
      return send(...args)
    }
    return client
  }
  try {
    while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 20))
    // Commands of node-redis such as `get` go round `sendCommand`: Redis itself counts all of them.
    const redis = await createClient({ socket: { path, tls: false } }).connect()
    clients.push(redis)
    const total = async () => Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))[1])
    const upstream = await startUpstream()
    const nevis = new NevisStrategy(
      { baseURL: upstream.address, accessKey, factors: [push()], waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status', ledger: new RedisLedger(await counting('ledger')) },
      (profile, done) => done(null, { id: profile.id }),
    )
    const authenticator = new passport.Passport()
    authenticator.use(nevis)
    authenticator.serializeUser((user, done) => done(null, user.id))
    authenticator.deserializeUser((id, done) => done(null, { id }))
    const web = express()
    web.get('/2fa/status', statusEndpoint(nevis))
    web.use(express.urlencoded({ extended: false }), session({ secret: 'benchmark', resave: false, saveUninitialized: false, store: new RedisStore({ client: redis }) }), authenticator.session())
    web.post('/login', (req, _res, next) => {
      req.user = { nevisUserId: req.body.userId }
      next()
    }, authenticator.authenticate('nevis'))
    web.get('/2fa/callback', authenticator.authenticate('nevis', { successRedirect: '/me' }))
    web.get('/me', (req, res) => res.send(req.user.id))
    const server = web.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    try {
      const address = `http://127.0.0.1:${server.address().port}`
      const commandsOf = async (act) => {
        const before = { all: await total(), ledger: sent.ledger }
        await act()
        // Without the two looks at the total itself, of which the second is not yet counted in it.
        const all = (await total()) - before.all - 1
        const ledger = sent.ledger - before.ledger
        return { ledger, store: all - ledger }
      }
      await new Browser(address).login()
      const login = await commandsOf(() => new Browser(address).login())
      const browser = new Browser(address)
      const started = await browser.send('POST', '/login', { body: `userId=${nextUser()}` })
      const { search } = new URL(started.location, address)
      const poll = await commandsOf(() => browser.send('GET', `/2fa/status${search}`, { accept: 'application/json' }))
      return { login, poll }
    } finally {
      server.closeAllConnections()
      server.close()
    }
  } finally {
    for (const client of clients) client.destroy()
    stop()
    redisServer.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
