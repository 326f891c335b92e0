// @ts-check
/** Starts a built app in a process of its own, and signs in to it. The simulator stands for Nevis. Out of scope: building the app. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'
import { answers, freePort } from '../proxies/servers.mjs'

/** @type {{ NevisSimulator: any }} */
const { NevisSimulator } = createRequire(import.meta.url)('../../dist/simulator/index.js')
const DEADLINE_MS = 60_000

/**
 * Starts the app, and signs anna in: password, waiting page with its script and style, approval, callback, a page that needs a second factor.
 * @param {import('./shapes.mjs').Start} start
 * @param {string} cwd a folder outside the repository
 */
export async function signInTo({ program, args, env: portIn, base = '' }, cwd) {
  const simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna' })
  const given = portIn && (await freePort())
  const env = {
    PATH: process.env['PATH'], NODE_ENV: 'test', BASE_PATH: base, NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey,
    ...(given && portIn?.(given)),
  }
  const app = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  app.stderr.on('data', (text) => (said += text))
  const timer = setTimeout(() => app.kill('SIGKILL'), DEADLINE_MS)
  const ended = once(app, 'exit').then(() => [undefined])
  try {
    const [port] = await Promise.race([given ? listening(given) : once(app.stdout, 'data'), ended])
    if (port === undefined) throw new Error(`the app has ended:\n${said.slice(0, 2000)}`)
    await walk(`http://127.0.0.1:${String(port).trim()}`, base, simulator)
  } finally {
    clearTimeout(timer)
    if (app.exitCode === null && app.signalCode === null) {
      app.kill('SIGTERM')
      const late = setTimeout(() => app.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(late)
    }
    await simulator.close()
  }
}

/** @param {number} port */
async function listening(port) {
  for (let tries = 0; tries < DEADLINE_MS / 100 && !(await answers(port)); tries++) await pause(100)
  return [port]
}

/** Signs anna in with push, and checks every page. @param {string} origin @param {string} base path prefix of the app @param {any} simulator */
async function walk(origin, base, simulator) {
  let cookie = ''
  /** @param {string} path @param {RequestInit} [request] */
  const ask = async (path, request = {}) => {
    const response = await fetch(new URL(path, origin), { ...request, headers: { cookie, accept: 'text/html' }, redirect: 'manual' })
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    return { status: response.status, location: response.headers.get('location') ?? '', text: await response.text() }
  }
  assert.equal((await ask(`${base}/account`)).status, 401)
  const { location } = await ask(`${base}/login`, { method: 'POST', body: new URLSearchParams({ username: 'anna', password: 'secret' }) })
  assert.ok(location.startsWith(`${base}/login/2fa?transaction=`), location)
  const page = await ask(location)
  assert.equal(page.status, 200)
  const links = [...page.text.matchAll(/(?:src|href)="([^"]*asset=[^"]*)"/g)].map(([, link]) => String(link).replaceAll('&amp;', '&'))
  assert.equal(links.length, 2)
  for (const link of links) assert.ok((await ask(link)).text.length > 1000, 'the script and the style are there')
  const stream = await fetch(new URL(location.replace('/login/2fa', '/login/2fa/status'), origin), { headers: { accept: 'text/event-stream' } })
  assert.match(String(stream.headers.get('content-type')), /^text\/event-stream/)
  await simulator.phone('anna').approve()
  assert.match(await stream.text(), /"status":"succeeded"/)
  const callback = location.replace('/login/2fa', '/login/2fa/callback')
  assert.equal((await ask(callback)).location, `${base}/hello`)
  assert.equal((await ask(`${base}/hello`)).text, 'Hello anna')
  assert.equal((await ask(`${base}/account`)).text, 'Your account')
}
