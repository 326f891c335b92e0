// Ten thousand people waiting in one process: memory each, CPU, event loop delay, calls to Nevis, store calls.
// node test/bench/waiting.mjs [people, default 10000] [seconds, default 30]
import { Agent, request } from 'node:http'
import { once } from 'node:events'
import { start, stop } from './processes.mjs'

const PEOPLE = Number(process.argv[2] ?? 10_000)
const SECONDS = Number(process.argv[3] ?? 30)

const cloud = await start('./cloud.mjs')
const app = await start('./app.mjs', [cloud.address], { flags: ['--expose-gc'] })
const calls = async () => (await fetch(`${cloud.address}/calls`)).json()
const measure = async (query = '') => (await fetch(`${app.address}/measure?${query}`)).json()
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
const streams = []
async function wait(transaction) {
  const req = request(`${app.address}/2fa/status?transaction=${transaction}`, { headers: { accept: 'text/event-stream' }, agent: false })
  req.on('error', () => lost++)
  req.end()
  const [res] = await once(req, 'response')
  if (!res.headers['content-type'].startsWith('text/event-stream')) lost++
  res.resume()
  streams.push(req)
}

async function each(count, work) {
  let next = 0
  await Promise.all(Array.from({ length: 50 }, async () => {
    while (next < count) await work(next++)
  }))
}

try {
  const handles = []
  await each(PEOPLE, async () => handles.push(await handle()))
  agent.destroy()
  const empty = await measure('gc')
  await each(PEOPLE, (i) => wait(handles[i]))
  await measure('reset')
  const before = await calls()
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000))
  const after = await calls()
  const full = await measure()
  const collected = await measure('gc')
  console.log(`| people | streams lost | resident each | heap each | CPU share | event loop delay p99 | status calls/s | session store calls |
|---|---|---|---|---|---|---|---|
| ${PEOPLE} | ${lost} | ${((full.rss - empty.rss) / PEOPLE / 1024).toFixed(1)} KB | ${((collected.heap - empty.heap) / PEOPLE / 1024).toFixed(1)} KB | ${(full.cpuShare * 100).toFixed(0)} % | ${full.delayP99.toFixed(1)} ms | ${((after.status - before.status) / SECONDS).toFixed(0)} | ${full.storeCalls} |`)
} finally {
  for (const req of streams) req.destroy()
  stop()
}
