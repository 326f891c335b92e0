// @ts-check
// Runs whole sign-ins through nginx over three processes with the simulator, while the processes are restarted one after the other, without a pause, as if
// a deploy never ended. Runs with one Redis, a Redis Cluster and PostgreSQL. Fails if a user who approved is not signed in exactly once, or if any other
// user is signed in.
import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { configurations } from '../../proxies/configurations.mjs'
import { startProxy } from '../../proxies/servers.mjs'
import { quantile, seeded, start, stop, tried } from '../processes.mjs'
import { STORES } from '../stores.mjs'

const PEOPLE = tried(500)
const AT_ONCE = 60
const PROCESSES = 3
/** A tenth of the users deny, a tenth never answer, and the others approve. */
const DENYING = 0.1
const SILENT = 0.1
/** The pause between two requests of a page that has lost its connection. */
const AGAIN_AFTER_MS = 500
const MAX_TRIES = 60

/** @typedef {{ status: number, location: string, text: string }} Reply `status` 0: the connection was cut off */

/** A browser that keeps its cookies, and never repeats a request by itself. */
class Person {
  /** @type {Map<string, string>} */
  #cookies = new Map()

  /** @param {string} origin */
  constructor(origin) {
    this.origin = origin
  }

  /** Sends one request: a POST if there are `fields`. @param {string} path @param {Record<string, string>} [fields] @returns {Promise<Reply>} */
  async send(path, fields) {
    try {
      const response = await fetch(new URL(path, this.origin), {
        redirect: 'manual',
        headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        ...(fields && { method: 'POST', body: new URLSearchParams(fields) }),
      })
      for (const line of response.headers.getSetCookie()) {
        const [name = '', value = ''] = String(line.split(';')[0]).split(/=(.*)/s)
        this.#cookies.set(name, value)
      }
      return { status: response.status, location: response.headers.get('location') ?? '', text: await response.text() }
    } catch {
      return { status: 0, location: '', text: '' }
    }
  }

  /** Reads one event stream to its end. @param {string} path @returns {Promise<string>} */
  async follow(path) {
    try {
      const [response] = await once(get(new URL(path, this.origin), { agent: false, headers: { accept: 'text/event-stream' } }), 'response')
      let said = ''
      for await (const part of response) said += part
      return said
    } catch {
      return ''
    }
  }
}

/** @param {{ log: (line: string) => void }} tools @returns the results: one row for each store of `STORES` */
export async function measure({ log }) {
  const rows = []
  for (const { store, open } of STORES) {
    const row = await rowOf(open)
    log(`${store}: ${JSON.stringify(row.tally)}`)
    rows.push({ store, ...row })
  }
  return { people: PEOPLE, processes: PROCESSES, atOnce: AT_ONCE, rows }
}

/** Measures one store, which `open` opens. @param {() => Promise<import('../stores.mjs').Store>} open */
async function rowOf(open) {
  const random = seeded(20)
  const store = await open()
  /** @type {Awaited<ReturnType<typeof startProxy>> | undefined} */
  let proxy
  /** @type {string[]} */
  const wrong = []
  /** How often `verify` has run for each approval. @type {Map<string, number>} */
  const verified = new Map()
  const tally = { approved: 0, signedIn: 0, denied: 0, silent: 0, 'stream opened again': 0, 'request sent again': 0 }
  try {
    const [baseURL = '', accessKey = '', taps = ''] = (await start('./servers/load-cloud.mjs', [PEOPLE, 0])).address.split(' ')
    const startApp = async (port = 0) => {
      const app = await start('./servers/scale-app.mjs', [baseURL, accessKey], { env: { STORE: store.address, PORT: String(port), PRINTS_VERIFIED: '1' } })
      app.child.stdout?.on('data', (text) => {
        for (const [, id = ''] of String(text).matchAll(/^verified (\S+)$/gm)) verified.set(id, (verified.get(id) ?? 0) + 1)
      })
      return app
    }
    const apps = [await startApp()]
    while (apps.length < PROCESSES) apps.push(await startApp())
    const ports = apps.map(({ address }) => Number(new URL(address).port))
    proxy = await startProxy('nginx', (place) => configurations.nginx({ apps: ports, isTried: true }, place), '')
    const origin = `http://127.0.0.1:${proxy.port}`

    /**
     * Sends a request until it is answered, like a user who reloads the page.
     * @param {() => Promise<Reply[]>} send
     */
    async function answered(send) {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        if (tries > 0) {
          tally['request sent again']++
          await pause(AGAIN_AFTER_MS)
        }
        const replies = await send()
        const good = replies.filter(({ status }) => status > 0 && status < 500)
        if (good.length > 0) return good
      }
      return []
    }

    /** @param {number} i which of the people */
    async function signIn(i) {
      const person = new Person(origin)
      const username = `u${i}`
      const dice = random()
      const intent = dice < DENYING ? 'deny' : dice < DENYING + SILENT ? 'silent' : 'approve'
      const thinksMs = 500 + random() * 4000
      const [started] = await answered(async () => [await person.send('/login', { username })])
      if (started?.status !== 303) return void wrong.push(`${username}: no start: ${started?.status} ${started?.text}`)
      const { search } = new URL(started.location, origin)
      const callback = async () => answered(async () => Promise.all([person.send(`/2fa/callback${search}`), person.send(`/2fa/callback${search}`)]))
      const isIn = (/** @type {Reply[]} */ replies) => replies.filter(({ status, location }) => status === 303 && location === '/me').length
      if (intent === 'silent') {
        await pause(thinksMs)
        if (isIn(await callback()) > 0) wrong.push(`${username}: in without an answer`)
        return void tally.silent++
      }
      void pause(thinksMs).then(() => fetch(`${taps}/?user=${username}&as=${intent}`))
      let said = ''
      for (let tries = 0; tries < MAX_TRIES && !/"status":"(succeeded|failed)"/.test(said); tries++) {
        if (tries > 0) {
          tally['stream opened again']++
          await pause(AGAIN_AFTER_MS)
        }
        said = await person.follow(`/2fa/status${search}`)
      }
      // Send the callback twice, as after a double click.
      const ways = isIn(await callback())
      const { text } = (await answered(async () => [await person.send('/me')]))[0] ?? { text: 'no answer' }
      if (intent === 'deny') {
        tally.denied++
        if (ways > 0 || text !== 'nobody') wrong.push(`${username}: in after a denial`)
        return
      }
      tally.approved++
      if (text === username) tally.signedIn++
      else wrong.push(`${username}: approved, and is ${text} after ${ways} answers`)
      if (ways > 1) wrong.push(`${username}: two answers signed in`)
    }

    let next = 0
    let isOver = false
    /** @type {number[]} */
    const stops = []
    const restarts = (async () => {
      for (let turn = 0; !isOver; turn = (turn + 1) % PROCESSES) {
        const app = /** @type {typeof apps[number]} */ (apps[turn])
        const at = performance.now()
        const gone = once(app.child, 'exit')
        process.kill(app.pid, 'SIGTERM')
        await Promise.race([gone, pause(20_000, undefined, { ref: false })])
        if (app.child.exitCode !== 0) wrong.push('a process has not ended in 20 s')
        stops.push((performance.now() - at) / 1000)
        apps[turn] = await startApp(ports[turn])
      }
    })()
    const began = performance.now()
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (next < PEOPLE) await signIn(next++)
    }))
    const seconds = (performance.now() - began) / 1000
    isOver = true
    await restarts
    for (const [id, times] of verified) if (times !== 1) wrong.push(`${id}: verify ran ${times} times`)
    if (verified.size !== tally.signedIn) wrong.push(`verify ran for ${verified.size} approvals`)
    if (wrong.length > 0) throw new Error(`${wrong.length} wrong: ${wrong.slice(0, 10).join('; ')}`)
    return { seconds, restarts: stops.length, stopSeconds: { median: quantile(stops, 0.5), longest: Math.max(...stops) }, tally }
  } finally {
    await proxy?.close()
    stop()
    await store.close()
  }
}
