// @ts-check
/**
 * Tests process managers that stop an app while a user waits: Node's `cluster`, and PM2, which is installed from npm.
 *
 * Out of scope: web frameworks, which `test/hosts/shutdown.test.ts` stops.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { npmCommand } from '../../scripts/run.mjs'
import { Client, EventStream } from './client.mjs'
import { NevisSimulator } from './scene.mjs'
import { answers, freePort, launch, startRedis } from './servers.mjs'
import { callbackOf, enterPassword, statusOf } from './walk.mjs'

const run = promisify(execFile)

/**
 * Starts a simulator and a Redis. Calls `act` with the environment variables for an app that uses both.
 * @param {(env: Record<string, string>, simulator: any, port: number) => Promise<string>} act
 */
async function prepared(act) {
  const [simulator, redis, port] = [await NevisSimulator.start(), await startRedis(), await freePort()]
  simulator.addUser({ username: 'anna' })
  try {
    const env = { PATH: process.env['PATH'] ?? '', NODE_ENV: 'test', NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey, REDIS: redis.path, PORT: String(port) }
    return await act(env, simulator, port)
  } finally {
    await redis.close()
    await simulator.close()
  }
}

/**
 * Signs a user in up to the waiting page, with an open event stream, in a browser that keeps its connections open.
 * @param {number} port
 */
async function waitingAt(port) {
  const client = new Client(`http://127.0.0.1:${port}`, Buffer.alloc(0))
  const waiting = await enterPassword(/** @type {any} */ ({ prefix: '' }), client, 'anna')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const open = async () => {
    const request = get(new URL(statusOf(waiting), client.origin), { agent, headers: { accept: 'text/event-stream' } })
    const [response] = await once(request, 'response')
    const stream = new EventStream({ status: response.statusCode, headers: response.headers, body: response })
    return Object.assign(stream, { isOnOldConnection: request.reusedSocket })
  }
  const stream = await open()
  assert.ok(await stream.says('"status":"pending"'))
  return { client, waiting, stream, open }
}

/**
 * Call when the last answer has arrived, with its time. The guide's code ends idle connections twice a second, so an app that stops ends its process within a
 * second. An app that hangs waits for a connection or for the user, and so runs longer.
 * @param {number} answeredAt
 */
const assertSoonAfter = (answeredAt) => assert.ok(Date.now() - answeredAt < 1000, `ended only ${secondsSince(answeredAt)} after the last answer`)

/** @param {number} startedAt */
const secondsSince = (startedAt) => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`

const withCluster = () =>
  prepared(async (env, _simulator, port) => {
    const child = launch(process.execPath, [join(import.meta.dirname, 'cluster.mjs')], env)
    child.stderr.pipe(process.stderr)
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text) => (said += text))
    const exited = once(child, 'exit')
    while ((said.match(/^port/gm) ?? []).length < 2) await Promise.race([once(child.stdout, 'data'), exited.then(() => Promise.reject(new Error('the main process has ended')))])
    const { stream, open } = await waitingAt(port)
    const startedAt = Date.now()
    child.kill('SIGTERM')
    await stream.ended()
    // An app that is stopping opens no new event stream: if the browser's connection is still open, the app answers on it with 503, and then closes it.
    const again = await open().catch(() => undefined)
    if (again) assert.deepEqual([again.status, again.headers['connection']], [503, 'close'])
    const answeredAt = Date.now()
    const [code] = await exited
    assertSoonAfter(answeredAt)
    assert.equal(code, 0)
    return `ended after ${secondsSince(startedAt)}, while the user was asked; the stream opened again: ${typeof again === 'object' ? again.status : 'no connection'}`
  })

const withPM2 = () =>
  prepared(async (env, simulator, port) => {
    const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
    const home = join(folder, 'pm2')
    await run(...npmCommand(['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', 'pm2']))
    /** @param {string[]} args */
    const pm2 = (...args) => run(process.execPath, [join(folder, 'node_modules/pm2/bin/pm2'), ...args], { env: { ...env, PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: 'true' }, cwd: folder })
    const log = () => readFileSync(join(home, 'pm2.log'), 'utf8')
    try {
      await pm2('start', join(import.meta.dirname, 'app.mjs'), '--name', 'app', '-i', '2')
      for (let i = 0; i < 500 && !(await answers(port)); i++) await pause(20)
      const { client, waiting, stream, open } = await waitingAt(port)
      const startedAt = Date.now()
      // PM2 replaces one process after the other: it starts a new process, and stops an old process when the new one listens.
      const reloaded = pm2('reload', 'app')
      await stream.ended()
      const ended = secondsSince(startedAt)
      // The old process closes the browser's connection, or answers on it with 503. A new connection reaches a process that runs, so PM2 interrupts nobody.
      const again = await open().catch((/** @type {NodeJS.ErrnoException} */ { code }) => code)
      if (typeof again === 'string' || again === undefined) assert.equal(again, 'ECONNRESET')
      else if (again.isOnOldConnection) assert.deepEqual([again.status, again.headers['connection']], [503, 'close'])
      else assert.ok(again.status === 200 && (await again.says('"status":"pending"')))
      await reloaded
      assert.match(log(), /exited with code \[0\] via signal \[SIGINT\]/)
      // PM2 kills a process with SIGKILL, and says so, if it is still running 1.6 s after SIGINT.
      assert.doesNotMatch(log(), /SIGKILL/)
      const next = await open()
      await simulator.phone('anna').approve()
      assert.ok(await next.says('"status":"succeeded"'))
      assert.equal((await client.get(callbackOf(waiting))).location, '/')
      return `reloaded after ${secondsSince(startedAt)}; the stream ended after ${ended}; opened again: ${typeof again === 'object' ? again.status : 'no connection'}`
    } finally {
      await pm2('kill')
      rmSync(folder, { recursive: true, force: true })
    }
  })

/** @type {Record<string, import('./shapes.mjs').Shape>} */
export const managers = { 'cluster, SIGTERM while a user waits': withCluster, 'PM2, reload while a user waits': withPM2 }
