// @ts-check
// Measures how many bytes a pending login takes in the session, and which commands a login sends to Redis.
import { app as appFactor, NevisStrategy, push } from 'passport-nevis'
import { NevisSimulator } from 'passport-nevis/simulator'
import { Browser } from '../browser.mjs'
import { nextUser, run, Session } from '../contestants/shared.mjs'
import { start, startUpstream, stop } from '../processes.mjs'
import { startRedis } from '../redis.mjs'

/** @returns the bytes in the session for each factor, and the numbers of Redis commands that the ledger and the session store send */
export async function measure() {
  return { session: await sessionBytes(), redis: await redisCommands() }
}

/**
 * What the strategy has stored in a session.
 * @param {Session} session
 */
const stateOf = (session) => /** @type {Session & { nevis: { transactions: Record<string, object> } }} */ (session).nevis

/** The simulator's tokens and codes are as long as those in Nevis's documents, so the measured session is about as large as with Nevis. */
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
      const [{ statusToken, encryptedShown = '' } = { statusToken: '' }] = /** @type {{ statusToken: string, encryptedShown?: string }[]} */ (Object.values(stateOf(own).transactions))
      rows.push({ factor: factor.name, bytes: JSON.stringify(stateOf(own)).length - encryptedShown.length, statusToken: statusToken.length, shown: encryptedShown.length })
    }
    return rows
  } finally {
    await simulator.close()
  }
}

async function redisCommands() {
  const [sessions, ledger] = [await startRedis(), await startRedis()]
  try {
    const upstream = await startUpstream()
    const { address } = await start('./servers/login-nevis.mjs', [upstream.address], { env: { SESSIONS: sessions.path, LEDGER: ledger.path } })
    const commands = async () => ({ ledger: await ledger.commands(), store: await sessions.commands() })
    const commandsOf = async (/** @type {() => Promise<unknown>} */ act) => {
      const before = await commands()
      await act()
      const after = await commands()
      return { ledger: after.ledger - before.ledger, store: after.store - before.store }
    }
    await new Browser(address).login()
    const login = await commandsOf(() => new Browser(address).login())
    const browser = new Browser(address)
    const started = await browser.send('POST', '/login', { body: `userId=${nextUser()}` })
    const { search } = new URL(String(started.location), address)
    const poll = await commandsOf(() => browser.send('GET', `/2fa/status${search}`, { accept: 'application/json' }))
    return { login, poll }
  } finally {
    stop()
    sessions.close()
    ledger.close()
  }
}
