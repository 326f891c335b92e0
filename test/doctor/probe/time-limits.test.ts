/**
 * The commands `probe` and `doctor` and the package's browser script end a request to a server that never completes its response, even if garbage is collected
 * meanwhile. In Node.js 20, garbage collection removes the time limit from `AbortSignal.any([signal, AbortSignal.timeout(ms)])`.
 */
import { execFile } from 'node:child_process'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { ask } from '../../../src/doctor/probe'
import { Caller } from '../../../src/doctor/probe/caller'
import { closeServers, originOf } from '../support'

/** The requests end by their own time limits. If one does not, this limit fails the test. */
jest.setTimeout(30_000)
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

let collecting: NodeJS.Timeout
beforeEach(() => void (collecting = setInterval(collectGarbage, 50)))
afterEach(async () => {
  clearInterval(collecting)
  jest.restoreAllMocks()
  await closeServers()
})

const COMPRESSED = gzipSync(JSON.stringify({ text: 'x'.repeat(100) }))
const HEADERS = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
const silent: RequestListener = () => undefined
const drip: RequestListener = (_req, res) => {
  res.writeHead(200, { 'content-type': 'application/json' })
  const dripping = setInterval(() => res.write(' '), 20)
  res.once('close', () => clearInterval(dripping))
}
const halted: RequestListener = (_req, res) => void res.writeHead(200, HEADERS).write(COMPRESSED.subarray(0, 20))
const cut: RequestListener = (_req, res) => {
  res.writeHead(200, { ...HEADERS, 'content-length': COMPRESSED.length }).write(COMPRESSED.subarray(0, 20), () => setTimeout(() => res.destroy(), 20))
}

const PING = { method: 'GET', path: '/ping' } as const

describe('the probe', () => {
  it.each<[string, RequestListener, string]>([
    ['never answers', silent, 'TimeoutError'],
    ['sends its answer for ever', drip, 'TimeoutError'],
    ['stops in the middle of a compressed answer', halted, 'TimeoutError'],
    ['cuts a compressed answer off', cut, 'ECONNRESET'],
  ])('of a server that %s › goes on', async (_name, listener, word) => {
    const caller = new Caller(await originOf(listener), 'key', 10, new AbortController().signal, 500)
    expect(await caller.call('ping', PING)).toEqual({ status: 0, json: undefined, text: '' })
    expect(caller.facts).toEqual({ 'ping.http': `no answer (${word})` })
    expect(await caller.cleanUp(PING)).toEqual({ status: 0, json: undefined, text: '' })
  })

  it.each([['never answers', silent], ['stops in the middle of a compressed answer', halted]])('interrupted while a server %s › ends', async (_name, listener) => {
    const interrupted = new AbortController()
    const caller = new Caller(await originOf(listener), 'key', 10, interrupted.signal, 60_000)
    setTimeout(() => interrupted.abort(), 200)
    await expect(caller.call('ping', PING)).rejects.toThrow('interrupted')
  })
})

it.each([['never answers', silent], ['sends its answer for ever', drip]])('the doctor › of an app that %s › goes on', async (_name, listener) => {
  const origin = await originOf(listener)
  const start = globalThis.setTimeout
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(((task: () => void, ms: number, ...more: []) => start(task, ms === 5000 ? 500 : ms, ...more)) as typeof setTimeout)
  expect(await ask(origin, 'GET', '/2fa', {})).toBeUndefined()
})

// The browser script is an ES module in `dist`, so this test needs a build. `npm test` builds first.
it('the browser script › of a server that never answers › ends with a TimeoutError', async () => {
  const script = `
    const { timeout } = AbortSignal
    AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms / 100)
    const { secondFactor } = await import(${JSON.stringify(join(__dirname, '../../../dist/waiting/browser/index.mjs'))})
    setInterval(gc, 50)
    setTimeout(() => process.exit(2), 8000)
    secondFactor(${JSON.stringify(await originOf(silent))}, {}, { show() {} }).catch(({ name }) => { console.log(name); process.exit(0) })`
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--input-type=module', '--eval', script])
  expect(stdout).toBe('TimeoutError\n')
})
