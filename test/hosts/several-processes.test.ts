/**
 * Runs the guides' code for production, as printed, in one program. The guide "Several processes" provides the Redis client, the session store and the ledger,
 * "Monitoring" the metrics, and "Reverse proxies" the code that ends a process. Redis is real: it is down when the program starts, or gives no answers for a
 * while, and then answers again.
 *
 * Out of scope: Redis Cluster and Redis Sentinel (`test/ledger`).
 */
import { setTimeout as pause } from 'node:timers/promises'
import { NevisSimulator } from '../../src/simulator'
import { callbackOf, handleIn, PASSWORD, statusOf } from '../support/app'
import type { Browser, Page } from '../support/browser'
import { closing } from '../support/closing'
import { COUNTING_TO_EXIT, expectExitWithinASecond } from '../support/exit'
import { snippetWith } from '../support/markdown'
import { describeWithRedis, RedisServer } from '../support/redis'
import { CookieLimits, environment, launch, started, written, type Program } from './program'

jest.setTimeout(60_000)

/** Replaces texts in the code of a guide. Fails if the guide no longer contains one of the texts. */
function replaced(code: string, ...changes: readonly (readonly [from: string, to: string])[]): string {
  for (const [from, to] of changes) {
    if (!code.includes(from)) throw new Error(`the guide does not contain ${from}`)
    code = code.replace(from, () => to)
  }
  return code
}

/** @param redis the name under which this repository has installed node-redis */
function program(redis: string): Record<string, string> {
  const client = replaced(
    snippetWith('docs/guides/several-processes.md', "from 'connect-redis'"),
    ["from 'redis'", `from '${redis}'`],
    ['  url: process.env.REDIS_URL,\n', ''],
    ['  socket: {\n', '  socket: {\n    path: process.env.REDIS_PATH,\n'],
    ['instance: process.env.NEVIS_INSTANCE', 'baseURL: process.env.NEVIS_BASE_URL'],
  )
  const stop = replaced(snippetWith('docs/guides/reverse-proxies.md', "process.once('SIGTERM'"), ['app.listen(3000)', "app.listen(0, '127.0.0.1')"])
  const metrics = replaced(snippetWith('docs/guides/monitoring.md', 'metrics.listen(9464'), ["metrics.listen(9464, '127.0.0.1')", "metrics.listen(0, '127.0.0.1', function () { console.log('metrics', this.address().port) })"])
  const app = `
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
const express = require('express')
const passport = require('passport')
const { Strategy: LocalStrategy } = require('passport-local')
const { statusEndpoint, waitingPage, outagePage, recordSecondFactor } = require('passport-nevis')
const { monitor } = require('./monitoring.cjs')
process.env.NEVIS_SECRET = 'a secret of thirty-two characters'
const vault = { read: async () => process.env.NEVIS_ACCESS_KEY }
const verify = async ({ username }) => ({ username })
const app = express()
app.use(express.urlencoded({ extended: false }))
${client}
monitor([nevis])
passport.use(nevis)
passport.use(new LocalStrategy((username, password, done) => done(null, password === '${PASSWORD}' && { username })))
passport.serializeUser((user, done) => done(null, user.username))
passport.deserializeUser((username, done) => done(null, { username }))
app.use(passport.session())
app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
app.get('/login/2fa', waitingPage(nevis))
app.all('/login/2fa/callback', passport.authenticate('nevis'), recordSecondFactor(), (req, res) => res.redirect('/'))
app.get('/', (req, res) => res.send(\`Hello \${req.user?.username ?? 'stranger'}\`))
{
${metrics}
}
${stop}
app.use((error, req, res, next) => {
  console.error('log:', error.name, error.message)
  next(error)
})
app.use(outagePage(nevis, { signInURL: '/login' }))
server.once('listening', () => console.log(\`http://127.0.0.1:\${server.address().port}\`))
`
  return { 'app.mjs': app, 'monitoring.cjs': snippetWith('docs/guides/monitoring.md', '// monitoring.js\n') }
}

describeWithRedis('the app of the guides for several processes', () => {
  const PAGE = { accept: 'text/html' }
  const CLIENTS = [['node-redis 6', 'redis'], ['node-redis 5', 'redis5']] as const
  let redis: RedisServer
  let simulator: NevisSimulator

  /** Starts Redis and the simulator. Returns the environment of the program. */
  async function prepared(): Promise<Record<string, string>> {
    redis = closing(await RedisServer.start())
    simulator = closing(await NevisSimulator.start())
    const users = ['anna', 'ben'].map((username) => simulator.addUser({ username }))
    return { ...environment(simulator, users), REDIS_PATH: redis.path, NODE_OPTIONS: COUNTING_TO_EXIT }
  }

  async function run(client: string): Promise<Program> {
    const env = await prepared()
    return closing(await started(written(program(client)), env))
  }

  const login = (browser: Browser, username: string) => browser.post('/login', { username, password: PASSWORD }, PAGE)

  async function approve(browser: Browser, username: string, start: Page): Promise<void> {
    await simulator.phone(username).approve()
    expect((await browser.get(callbackOf(handleIn(start.location)))).location).toBe('/')
    expect((await browser.get('/')).text).toBe(`Hello ${username}`)
  }

  it.each(CLIENTS)('listens only when Redis answers, if Redis is down when the app starts, and then signs in: %s', async (_name, client) => {
    const env = await prepared()
    await redis.kill()
    const app = closing(launch(written(program(client)), env))
    const retried = app.printed('Redis ENOENT\n'.repeat(3)).then(() => 'waits for Redis')
    expect(await Promise.race([app.origin, retried])).toBe('waits for Redis')
    await redis.restart()
    const anna = new CookieLimits((await app.origin) as string)
    await approve(anna, 'anna', await login(anna, 'anna'))
  })

  it.each(CLIENTS)('signs in again after Redis was silent, and tells users and operators meanwhile: %s', async (_name, client) => {
    const app = await run(client)
    const anna = app.browser()
    await approve(anna, 'anna', await login(anna, 'anna'))

    redis.pause()
    await app.printed('Redis Socket timeout')
    const failed = [await anna.get('/', PAGE), await login(app.browser(), 'ben')]
    for (const page of failed) expect([page.status, page.headers.get('retry-after'), page.text.includes('Not available just now')]).toEqual([503, '10', true])
    expect((await anna.get('/', { accept: 'application/json' })).json()).toMatchObject({ code: 'unavailable' })
    const log = app.output()
    expect(log).toMatch(/^log: Error The client is (offline|closed)$/m)
    expect(log).toMatch(/^log: StorageError NevisStrategy: the ledger failed or gave no valid answer \(\w+Error\)$/m)
    const port = /^metrics (\d+)$/m.exec(log)?.[1] as string
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    for (const [code, times] of [['SESSION_UNAVAILABLE', 2], ['LEDGER_UNAVAILABLE', 1]]) expect(metrics).toContain(`nevis_faults_total{at="request",code="${code}"} ${times}\n`)

    redis.resume()
    const hello = async () => (await anna.get('/')).text
    for (let i = 0; i < 200 && (await hello()) !== 'Hello anna'; i++) await pause(100)
    expect(await hello()).toBe('Hello anna')
    const ben = app.browser()
    await approve(ben, 'ben', await login(ben, 'ben'))
  })

  it('ends within a second of the last answer at SIGTERM, with connections to Redis and a server for metrics, and while a user waits', async () => {
    const app = await run('redis')
    const browser = app.browser()
    const handle = handleIn((await login(browser, 'anna')).location)
    const stream = await fetch(app.origin + statusOf(handle), { headers: { accept: 'text/event-stream' } })
    expect(stream.status).toBe(200)
    const stopped = app.stop()
    await stream.text()
    await stopped
    expectExitWithinASecond(app.output())
  })
})
