// @ts-check
// Measures ten thousand waiting users in one process: memory for each, CPU, event loop delay, calls to Nevis, calls to the store.
import { Agent, request } from 'node:http'
import { once } from 'node:events'
import { start, stop } from '../processes.mjs'

const PEOPLE = 10_000
const SECONDS = 20
const MAX_CALLS = 200

/** @returns what ten thousand event streams cost: the share of one core, and the memory for each stream */
export async function measure() {
  const cloud = await start('./servers/cloud.mjs')
  const app = await start('./servers/app.mjs', [cloud.address], { flags: ['--expose-gc'], env: { MAX_CALLS: String(MAX_CALLS) } })
  const calls = async () => /** @type {{ status: number }} */ (await (await fetch(`${cloud.address}/calls`)).json())
  // Memory in bytes, CPU as a share of one core, the delay of the event loop in milliseconds, and the calls to the session store.
  const measure = async (query = '') => /** @type {{ rss: number, heap: number, cpuShare: number, delayP99: number, storeCalls: number }} */ (await (await fetch(`${app.address}/measure?${query}`)).json())
  const agent = new Agent({ keepAlive: true, maxSockets: 50 })

  async function handle() {
    const req = request(`${app.address}/login`, { method: 'POST', agent })
    req.end()
    const [res] = await once(req, 'response')
    res.resume()
    await once(res, 'end')
    return new URL(res.headers.location, app.address).searchParams.get('transaction')
  }

  let lost = 0
  /** @type {import('node:http').ClientRequest[]} */
  const streams = []
  /** @param {string} transaction */
  async function wait(transaction) {
    const req = request(`${app.address}/2fa/status?transaction=${transaction}`, { headers: { accept: 'text/event-stream' }, agent: false })
    req.on('error', () => lost++)
    req.end()
    const [res] = await once(req, 'response')
    if (!res.headers['content-type'].startsWith('text/event-stream')) lost++
    res.resume()
    streams.push(req)
  }

  /**
   * Calls `work` with every number below `count`; at most 50 calls run at the same time.
   * @param {number} count
   * @param {(i: number) => Promise<unknown>} work
   */
  async function each(count, work) {
    let next = 0
    await Promise.all(Array.from({ length: 50 }, async () => {
      while (next < count) await work(next++)
    }))
  }

  try {
    /** @type {string[]} */
    const handles = []
    await each(PEOPLE, async () => handles.push(String(await handle())))
    agent.destroy()
    const empty = await measure('gc')
    await each(PEOPLE, (i) => wait(String(handles[i])))
    await measure('reset')
    const before = await calls()
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000))
    const after = await calls()
    const full = await measure()
    const collected = await measure('gc')
    return {
      people: PEOPLE,
      maxStatusCallsPerSecond: MAX_CALLS,
      lost,
      residentKB: (full.rss - empty.rss) / PEOPLE / 1024,
      heapKB: (collected.heap - empty.heap) / PEOPLE / 1024,
      cpuShare: full.cpuShare,
      delayP99Ms: full.delayP99,
      statusCallsPerSecond: (after.status - before.status) / SECONDS,
      storeCalls: full.storeCalls,
    }
  } finally {
    for (const req of streams) req.destroy()
    stop()
  }
}
