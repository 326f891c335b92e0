// @ts-check
// Measures ten thousand waiting users behind nginx, with two processes of the app and one Redis: how much memory and processor time nginx and the app use, how
// long it takes until a user's waiting page learns of the user's approval, and what happens when one of the two processes stops. Run this benchmark on a
// machine that does nothing else.
import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { configurations } from '../../proxies/configurations.mjs'
import { startProxy } from '../../proxies/servers.mjs'
import { Browser } from '../browser.mjs'
import { nextUser } from '../contestants/shared.mjs'
import { quantile, start, stop, tried } from '../processes.mjs'
import { microsOf, openFilesLimit, residentOf } from '../resources.mjs'
import { startOneRedis } from '../stores.mjs'

const PEOPLE = tried(10_000)
const PROCESSES = 2
const SECONDS = 30
/** The number of users who approve while the others wait. After one of the processes has stopped, a fifth of this number approve. */
const APPROVING = tried(500)
/** Chromium opens an event stream again this long after the stream has ended. */
const REOPENS_AFTER_MS = 3000
/** The longest time that the benchmark waits for something to happen. */
const PATIENCE_MS = 90_000

/** One user: signs in with the password, waits with an event stream, and goes to the callback when the stream reports the decision. */
export class Person {
  userId = nextUser()
  search = ''
  /** How often the stream has ended without a decision. */
  cuts = 0
  isOpen = false
  isDecided = false
  #request = /** @type {import('node:http').ClientRequest | undefined} */ (undefined)
  #decide = () => {}
  decided = new Promise((resolve) => (this.#decide = () => resolve(undefined)))

  /** Called when the page learns that the user has approved. */
  learn() {
    this.isDecided = true
    this.#decide()
  }

  /** @param {string} origin */
  constructor(origin) {
    this.origin = origin
    this.browser = new Browser(origin)
  }

  async enterPassword() {
    const { location } = await this.browser.send('POST', '/login', { body: `userId=${this.userId}` })
    this.search = new URL(String(location), this.origin).search
  }

  /** Opens the event stream. If `reopens` is true, opens another stream when the stream ends, as a browser does. */
  async wait(reopens = true) {
    const asking = get(`${this.origin}/2fa/status${this.search}`, { headers: { accept: 'text/event-stream' }, agent: false })
    this.#request = asking
    try {
      const [response] = /** @type {[import('node:http').IncomingMessage]} */ (await once(asking, 'response'))
      this.isOpen = response.statusCode === 200
      response.on('data', (text) => String(text).includes('"status":"succeeded"') && this.learn())
      response.on('error', () => {}).once('close', () => this.#over(reopens))
    } catch {
      this.#over(reopens)
    }
    asking.on('error', () => {})
  }

  /** @param {boolean} reopens */
  #over(reopens) {
    this.isOpen = false
    if (this.isDecided || this.#request === undefined) return
    this.cuts++
    if (reopens) setTimeout(() => this.#request !== undefined && this.wait(), REOPENS_AFTER_MS)
  }

  close() {
    const asking = this.#request
    this.#request = undefined
    asking?.destroy()
  }

  /** @returns whether the callback has signed the user in */
  async finish() {
    await this.browser.send('GET', `/2fa/callback${this.search}`)
    return (await this.browser.send('GET', '/me')).text === this.userId
  }
}

/**
 * Calls `work` for each element, for `atOnce` elements at a time.
 * @template T
 * @param {readonly T[]} all
 * @param {number} atOnce
 * @param {(one: T) => Promise<unknown>} work
 */
export async function each(all, atOnce, work) {
  let next = 0
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < all.length) await work(/** @type {T} */ (all[next++]))
  }))
}

/** @param {{ log: (line: string) => void }} tools */
export async function measure({ log }) {
  // Each connection needs an open file. This process opens one connection to nginx for each user. Each of nginx's two workers has the connections of half of
  // the users, and as many again to the app.
  const needed = PEOPLE * 1.2 + 500
  if (openFilesLimit() < needed) throw new Error(`${needed} open files are needed, and ${openFilesLimit()} are allowed: see ulimit -Hn`)
  const redis = await startOneRedis()
  /** @type {Person[]} */
  let people = []
  /** @type {Awaited<ReturnType<typeof startProxy>> | undefined} */
  let proxy
  try {
    const cloud = await start('./servers/cloud.mjs')
    /** @type {{ address: string, pid: number, child: import('node:child_process').ChildProcess }[]} */
    const apps = []
    for (let i = 0; i < PROCESSES; i++) apps.push(await start('./servers/scale-app.mjs', [cloud.address], { flags: ['--expose-gc'], env: { STORE: redis.address } }))
    const ports = apps.map(({ address }) => Number(new URL(address).port))
    const { pid, port } = (proxy = await startProxy('nginx', (place) => configurations.nginx({ apps: ports, connections: Math.ceil(needed) }, place), ''))
    const origin = `http://127.0.0.1:${port}`
    const calls = async () => /** @type {{ status: number }} */ (await (await fetch(`${cloud.address}/calls`)).json()).status
    const ask = async (query = '') => /** @type {{ rss: number, heap: number, delayP99Ms: number }[]} */ (await Promise.all(apps.map(async ({ address }) => (await fetch(`${address}/measure?${query}`)).json())))
    const sum = (/** @type {readonly number[]} */ values) => values.reduce((total, value) => total + value, 0)
    const micros = () => ({ app: sum(apps.map((app) => microsOf(app.pid))), nginx: microsOf(pid), at: performance.now() })

    people = Array.from({ length: PEOPLE }, () => new Person(origin))
    await each(people, 40, (one) => one.enterPassword())
    log(`${PEOPLE} users have given their password`)
    const empty = { app: sum((await ask('gc')).map(({ rss }) => rss)), nginx: residentOf(pid) }
    await each(people, 40, (one) => one.wait())
    const opened = people.filter(({ isOpen }) => isOpen).length
    log(`${opened} streams are open`)

    await ask('reset')
    const before = { ...micros(), calls: await calls() }
    /** @type {number[]} */
    const seconds = []
    let signedIn = 0
    /** @param {Person} one */
    const approve = async (one) => {
      const at = performance.now()
      await fetch(`${cloud.address}/decide?user=${one.userId}`)
      await Promise.race([one.decided, pause(PATIENCE_MS, undefined, { ref: false })])
      if (!one.isDecided) return
      seconds.push((performance.now() - at) / 1000)
      if (await one.finish()) signedIn++
    }
    const approving = people.slice(0, APPROVING)
    const approvals = approving.map(async (one, i) => {
      await pause((SECONDS * 1000 * i) / APPROVING)
      await approve(one)
    })
    await pause(SECONDS * 1000)
    const after = { ...micros(), calls: await calls() }
    const full = await ask()
    const nginxBytes = residentOf(pid)
    await Promise.all(approvals)
    const elapsed = (after.at - before.at) / 1000
    const share = (/** @type {'app' | 'nginx'} */ who) => (after[who] - before[who]) / 1e6 / elapsed
    const cut = people.filter(({ cuts }) => cuts > 0).length
    log(`${signedIn} of ${APPROVING} who approved are signed in`)

    const stopping = /** @type {typeof apps[number]} */ (apps.shift())
    const moved = people.filter(({ isOpen }) => isOpen)
    const stoppedAt = performance.now()
    const gone = once(stopping.child, 'exit').then(() => (performance.now() - stoppedAt) / 1000)
    process.kill(stopping.pid, 'SIGTERM')
    const stopSeconds = await Promise.race([gone, pause(PATIENCE_MS, Infinity, { ref: false })])
    while (moved.some(({ isOpen }) => !isOpen) && performance.now() - stoppedAt < PATIENCE_MS) await pause(50)
    const moveSeconds = (performance.now() - stoppedAt) / 1000
    const reopened = moved.filter(({ cuts }) => cuts > 0).length
    log(`one process has ended after ${stopSeconds.toFixed(1)} s, and ${reopened} streams are open again after ${moveSeconds.toFixed(1)} s`)
    const late = people.slice(APPROVING, APPROVING + Math.ceil(APPROVING / 5))
    const earlier = signedIn
    await Promise.all(late.map(approve))
    log(`${signedIn - earlier} of ${late.length} who approved after it are signed in`)
    return {
      people: PEOPLE, processes: PROCESSES, opened, cut,
      appKB: (sum(full.map(({ rss }) => rss)) - empty.app) / PEOPLE / 1024,
      nginxKB: (nginxBytes - empty.nginx) / PEOPLE / 1024,
      appCpu: share('app'), nginxCpu: share('nginx'),
      delayP99Ms: Math.max(...full.map(({ delayP99Ms }) => delayP99Ms)),
      statusCallsPerSecond: (after.calls - before.calls) / elapsed,
      approving: APPROVING, signedIn: earlier,
      eventSeconds: { median: quantile(seconds.slice(0, earlier), 0.5), p95: quantile(seconds.slice(0, earlier), 0.95) },
      stop: { seconds: stopSeconds, streams: reopened, openAgainSeconds: moveSeconds, stillClosed: moved.filter(({ isOpen, isDecided }) => !isOpen && !isDecided).length, approving: late.length, signedIn: signedIn - earlier },
      openFilesLimit: openFilesLimit(),
    }
  } finally {
    for (const one of people) one.close()
    await proxy?.close()
    stop()
    await redis.close()
  }
}
