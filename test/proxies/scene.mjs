// @ts-check
/**
 * Starts a simulated cloud, one or more processes of the app, and a proxy in front of these processes.
 *
 * Out of scope: what users and attackers do with the app.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from './client.mjs'
import { configurations } from './configurations.mjs'
import { launch, makeCertificate, startProxy, startRedis } from './servers.mjs'

/** @type {{ NevisSimulator: any }} */
export const { NevisSimulator } = createRequire(import.meta.url)('../../dist/simulator/index.js')

/** @typedef {Awaited<ReturnType<typeof startScene>>} Scene */
/**
 * The settings of the proxy and of the app's processes.
 * @typedef {Omit<import('./configurations.mjs').Settings, 'apps'> & { processes?: number, env?: Record<string, string> }} SceneSettings
 */

/**
 * Starts the simulated cloud, the processes of the app, and the proxy with this name.
 * @param {import('./servers.mjs').ProxyName} name
 * @param {SceneSettings} settings
 */
export async function startScene(name, { processes = 1, env = {}, ...settings }) {
  /** @type {(() => unknown)[]} */
  const closers = []
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one()
  }
  try {
    const simulator = await NevisSimulator.start()
    closers.push(() => simulator.close())
    for (const username of ['anna', 'ben']) simulator.addUser({ username, phone: username === 'anna' ? '+41791234567' : '+41797654321' })
    const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
    closers.push(() => rmSync(folder, { recursive: true, force: true }))
    const { pem, ca } = makeCertificate(folder)
    const redis = processes > 1 ? await startRedis() : undefined
    if (redis) closers.push(redis.close)
    const forApp = { NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey, PREFIX: settings.prefix ?? '', REDIS: redis?.path ?? '', ...env }
    const apps = await Promise.all(Array.from({ length: processes }, () => startApp(forApp)))
    closers.push(() => Promise.all(apps.map((app) => app.stop())))
    const proxy = await startProxy(name, (place) => configurations[name]({ apps: apps.map(({ port }) => port), ...settings }, place), pem)
    closers.push(proxy.close)
    const origin = settings.tls ? `https://localhost:${proxy.port}` : `http://127.0.0.1:${proxy.port}`
    /** @param {Record<string, string>} [headers] */
    const client = (headers) => {
      const made = new Client(origin, ca, headers)
      closers.push(() => made.close())
      return made
    }
    return { simulator, apps, origin, prefix: settings.prefix ?? '', client, signedIn: () => apps.flatMap((app) => app.signedIn()), received: (/** @type {string} */ request) => apps.flatMap((app) => app.lines()).filter((line) => line === request).length, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** @param {Record<string, string>} env */
async function startApp(env) {
  const child = launch(process.execPath, [join(import.meta.dirname, 'app.mjs')], { PATH: process.env['PATH'], NODE_ENV: 'test', ...env })
  let said = ''
  for (const output of [child.stdout, child.stderr]) output.setEncoding('utf8').on('data', (text) => (said += text))
  const gone = once(child, 'exit')
  const isGone = () => child.exitCode !== null || child.signalCode !== null
  while (!/^port \d+$/m.test(said)) {
    await Promise.race([once(child.stdout, 'data'), gone])
    if (isGone()) throw new Error(`the app has ended:\n${said.slice(0, 2000)}`)
  }
  return {
    port: Number(/^port (\d+)$/m.exec(said)?.[1]),
    lines: () => said.split('\n'),
    signedIn: () => [...said.matchAll(/^signed in (\w+)$/gm)].map(([, username]) => username),
    async stop() {
      if (!isGone()) child.kill('SIGTERM')
      await gone
    },
  }
}
