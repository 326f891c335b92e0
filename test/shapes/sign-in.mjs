// @ts-check
/** Signs in to an app in a process of its own, in whatever shape it is, with a simulator as its cloud. Out of scope: making the shape. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'

/** @type {{ NevisSimulator: any }} */
const { NevisSimulator } = createRequire(import.meta.url)('../../dist/simulator/index.js')
const DEADLINE_MS = 60_000

/**
 * Starts the app, and signs anna in: password, waiting page with its script and style, approval, callback, a page that wants a second factor.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} cwd a folder outside the repository
 */
export async function signInTo(program, args, cwd) {
  const simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna' })
  const env = { PATH: process.env['PATH'], NODE_ENV: 'test', NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey }
  const app = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  app.stderr.on('data', (text) => (said += text))
  const timer = setTimeout(() => app.kill('SIGKILL'), DEADLINE_MS)
  try {
    const [port] = await Promise.race([once(app.stdout, 'data'), once(app, 'exit').then(() => [])])
    if (port === undefined) throw new Error(`the app has ended:\n${said.slice(0, 2000)}`)
    await walk(`http://127.0.0.1:${String(port).trim()}`, simulator)
  } finally {
    clearTimeout(timer)
    if (app.exitCode === null && app.signalCode === null) {
      const gone = once(app, 'exit')
      app.kill('SIGTERM')
      await gone
    }
    await simulator.close()
  }
}

/** @param {string} origin @param {any} simulator */
async function walk(origin, simulator) {
  let cookie = ''
  /** @param {string} path @param {RequestInit} [request] */
  const ask = async (path, request = {}) => {
    const response = await fetch(new URL(path, origin), { ...request, headers: { cookie, accept: 'text/html' }, redirect: 'manual' })
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    return { status: response.status, location: response.headers.get('location') ?? '', text: await response.text() }
  }
  assert.equal((await ask('/account')).status, 401)
  const { location } = await ask('/login', { method: 'POST', body: new URLSearchParams({ username: 'anna', password: 'secret' }) })
  assert.match(location, /^\/login\/2fa\?transaction=/)
  const page = await ask(location)
  assert.equal(page.status, 200)
  const links = [...page.text.matchAll(/(?:src|href)="([^"]*asset=[^"]*)"/g)].map(([, link]) => String(link).replaceAll('&amp;', '&'))
  assert.equal(links.length, 2)
  for (const link of links) assert.ok((await ask(link)).text.length > 1000, 'the script and the style are there')
  await simulator.phone('anna').approve()
  const callback = location.replace('/login/2fa', '/login/2fa/callback')
  assert.equal((await ask(callback)).location, '/')
  assert.equal((await ask('/')).text, 'Hello anna')
  assert.equal((await ask('/account')).text, 'Your account')
}
