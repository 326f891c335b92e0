// @ts-check
// Measures ten thousand waiting users whose pages poll, because the app opens no event streams (`maxStreams: 0`). nginx distributes the requests to two
// processes of the app, which share one Redis. Measured are the CPU time and memory of nginx and the app, the time until a page learns of a decision, and what
// happens when one process stops. Needs a quiet machine.
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { configurations } from '../../proxies/configurations.mjs'
import { startProxy } from '../../proxies/servers.mjs'
import { quantile, start, stop, tried } from '../processes.mjs'
import { microsOf, openFilesLimit, residentOf } from '../resources.mjs'
import { startOneRedis } from '../stores.mjs'
import { each, Person } from './crowd.mjs'

const PEOPLE = tried(10_000)
const PROCESSES = 2
const SECONDS = 30
/** How many users approve while both processes run. A fifth as many approve after one process has stopped. */
const APPROVING = tried(500)
/** How long the benchmark waits at most until a page learns that its user has approved, and until a process has stopped. */
const PATIENCE_MS = 90_000

/** Counts of all pages together. */
const seen = { polls: 0, failed: 0, ms: /** @type {number[]} */ ([]) }

/** One user. The page polls over a keep-alive connection, and waits between polls as many seconds as the last answer says. */
class Poller extends Person {
  agent = new Agent({ keepAlive: true, maxSockets: 1 })
  isOver = false
  /** Whether the page has got an answer to a poll. */
  isAnswered = false

  async poll() {
    let seconds = 2
    while (!this.isOver && !this.isDecided) {
      const at = performance.now()
      seen.polls++
      try {
        const [response] = /** @type {[import('node:http').IncomingMessage]} */ (await once(get(`${this.origin}/2fa/status${this.search}`, { agent: this.agent, headers: { accept: 'application/json' } }), 'response'))
        let text = ''
        for await (const part of response) text += part
        if (response.statusCode !== 200) throw new Error(String(response.statusCode))
        const { status, retryAfterSeconds } = JSON.parse(text)
        seconds = retryAfterSeconds
        this.isAnswered = true
        if (status === 'succeeded') this.learn()
        seen.ms.push(performance.now() - at)
      } catch {
        if (!this.isOver) seen.failed++
      }
      if (!this.isDecided) await pause(seconds * 1000, undefined, { ref: false })
    }
    this.agent.destroy()
  }

  /** @override */
  close() {
    this.isOver = true
    this.agent.destroy()
  }
}

/** @param {{ log: (line: string) => void }} tools */
export async function measure({ log }) {
  const needed = PEOPLE * 1.2 + 500
  if (openFilesLimit() < needed) throw new Error(`${needed} open files are needed, and ${openFilesLimit()} are allowed: see ulimit -Hn`)
  const redis = await startOneRedis()
  /** @type {Poller[]} */
  let people = []
  /** @type {Awaited<ReturnType<typeof startProxy>> | undefined} */
  let proxy
  try {
    const cloud = await start('./servers/cloud.mjs')
    /** @type {{ address: string, pid: number, child: import('node:child_process').ChildProcess }[]} */
    const apps = []
    for (let i = 0; i < PROCESSES; i++) apps.push(await start('./servers/scale-app.mjs', [cloud.address], { flags: ['--expose-gc'], env: { STORE: redis.address, MAX_STREAMS: '0' } }))
    const ports = apps.map(({ address }) => Number(new URL(address).port))
    const { pid, port } = (proxy = await startProxy('nginx', (place) => configurations.nginx({ apps: ports, connections: Math.ceil(needed) }, place), ''))
    const origin = `http://127.0.0.1:${port}`
    const calls = async () => /** @type {{ status: number }} */ (await (await fetch(`${cloud.address}/calls`)).json()).status
    const ask = async (query = '') => /** @type {{ rss: number, delayP99Ms: number }[]} */ (await Promise.all(apps.map(async ({ address }) => (await fetch(`${address}/measure?${query}`)).json())))
    const sum = (/** @type {readonly number[]} */ values) => values.reduce((total, value) => total + value, 0)
    const micros = () => ({ app: sum(apps.map((app) => microsOf(app.pid))), nginx: microsOf(pid), at: performance.now() })

    people = Array.from({ length: PEOPLE }, () => new Poller(origin))
    await each(people, 40, (one) => one.enterPassword())
    log(`${PEOPLE} users have given their password`)
    const empty = { app: sum((await ask('gc')).map(({ rss }) => rss)), nginx: residentOf(pid) }
    for (const one of people) void one.poll()
    // All pages began to poll at the same moment. Wait until their polls are spread over time, as with users who come one after another.
    while (people.some(({ isAnswered }) => !isAnswered)) await pause(200)
    await pause(10_000)
    log('each page has got an answer')

    await ask('reset')
    Object.assign(seen, { polls: 0, failed: 0, ms: [] })
    const before = { ...micros(), calls: await calls() }
    /** @type {number[]} */
    const seconds = []
    let signedIn = 0
    /** @param {Poller} one */
    const approve = async (one) => {
      const at = performance.now()
      await fetch(`${cloud.address}/decide?user=${one.userId}`)
      await Promise.race([one.decided, pause(PATIENCE_MS, undefined, { ref: false })])
      if (!one.isDecided) return
      seconds.push((performance.now() - at) / 1000)
      if (await one.finish()) signedIn++
    }
    const approvals = people.slice(0, APPROVING).map(async (one, i) => {
      await pause((SECONDS * 1000 * i) / APPROVING)
      await approve(one)
    })
    await pause(SECONDS * 1000)
    const after = { ...micros(), calls: await calls() }
    const elapsed = (after.at - before.at) / 1000
    const polls = { perSecond: seen.polls / elapsed, failed: seen.failed, median: quantile(seen.ms, 0.5), p95: quantile(seen.ms, 0.95) }
    const full = await ask()
    const nginxBytes = residentOf(pid)
    await Promise.all(approvals)
    const share = (/** @type {'app' | 'nginx'} */ who) => (after[who] - before[who]) / 1e6 / elapsed
    log(`${signedIn} of ${APPROVING} who approved are signed in; ${polls.perSecond.toFixed(0)} polls a second, ${polls.failed} of them without an answer`)

    const stopping = /** @type {typeof apps[number]} */ (apps.shift())
    seen.failed = 0
    const stoppedAt = performance.now()
    const gone = once(stopping.child, 'exit').then(() => (performance.now() - stoppedAt) / 1000)
    process.kill(stopping.pid, 'SIGTERM')
    const stopSeconds = await Promise.race([gone, pause(PATIENCE_MS, Infinity, { ref: false })])
    const late = people.slice(APPROVING, APPROVING + Math.ceil(APPROVING / 5))
    const earlier = signedIn
    await Promise.all(late.map(approve))
    log(`one process has ended after ${stopSeconds.toFixed(1)} s; ${signedIn - earlier} of ${late.length} who approved after it are signed in`)
    return {
      people: PEOPLE, processes: PROCESSES,
      appKB: (sum(full.map(({ rss }) => rss)) - empty.app) / PEOPLE / 1024,
      nginxKB: (nginxBytes - empty.nginx) / PEOPLE / 1024,
      appCpu: share('app'), nginxCpu: share('nginx'),
      delayP99Ms: Math.max(...full.map(({ delayP99Ms }) => delayP99Ms)),
      polls,
      statusCallsPerSecond: (after.calls - before.calls) / elapsed,
      approving: APPROVING, signedIn: earlier,
      pageSeconds: { median: quantile(seconds.slice(0, earlier), 0.5), p95: quantile(seconds.slice(0, earlier), 0.95) },
      stop: { seconds: stopSeconds, failed: seen.failed, approving: late.length, signedIn: signedIn - earlier },
    }
  } finally {
    for (const one of people) one.close()
    await proxy?.close()
    stop()
    await redis.close()
  }
}
