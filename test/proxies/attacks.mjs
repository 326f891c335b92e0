// @ts-check
/**
 * Proxies that do harm, and clients that send false headers.
 *
 * - A client sends false `X-Forwarded-*` headers: another protocol, another host, another address. If a proxy passes these headers on, the app believes them:
 *   it builds links to the attacker's host, and rate-limits the wrong address.
 * - A proxy with a shared cache stores a user's page, redirect or cookie, and gives it to the attacker, who asks for the same URL later.
 * - The first process answers slowly, so the proxy sends the request again to the next process, also a POST: a start would send two pushes to the phone, and a
 *   callback would sign in twice with one approval.
 */
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { within, PROXIES } from './shapes.mjs'
import { callbackOf, enterPassword, walk } from './walk.mjs'

/** @typedef {import('./servers.mjs').ProxyName} ProxyName */

const LIES = {
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-port': '8443',
  'x-forwarded-prefix': '/evil',
  forwarded: 'for=203.0.113.9;host=evil.example;proto=https',
}

/** @param {ProxyName} proxy */
async function lies(proxy) {
  // First check that the attack works: a proxy without the configuration of `reverse-proxies.md` passes the false headers (`LIES`) on, and the app believes
  // them. Otherwise, the checks below would prove nothing.
  await within(proxy, { bare: true }, async (scene) => {
    assert.equal(JSON.parse((await scene.client(LIES).get('/seen')).text).hostname, 'evil.example')
  })
  await within(proxy, {}, async (scene) => {
    const liar = scene.client(LIES)
    const { protocol, hostname, ip } = JSON.parse((await liar.get('/seen')).text)
    assert.deepEqual([protocol, hostname, ip], ['http', '127.0.0.1', '127.0.0.1'])
    await walk(scene, liar)
    const { headers } = await scene.client(LIES).post('/login', { username: 'ben', password: 'secret' })
    assert.doesNotMatch(String(headers['set-cookie']), /secure/i)
    // A form on another site posts to the app, from a browser that sends no `Sec-Fetch-Site`.
    const foreign = await scene.client(LIES).post('/login', { username: 'ben', password: 'secret' }, { origin: 'https://evil.example' })
    assert.equal(foreign.location, '/login')
    const own = await scene.client().post('/login', { username: 'ben', password: 'secret' }, { origin: scene.origin })
    assert.match(own.location, /^\/login\/2fa\?transaction=/)
  })
}

/** True if the proxy took the answer from its cache. @param {import('./client.mjs').Answer | import('./client.mjs').EventStream} answer */
const isHit = ({ headers }) => String(headers['x-cache'] ?? '').startsWith('HIT')

/**
 * The attacker requests every URL that users have requested before, and must not get a response that the proxy has stored.
 * @param {import('./scene.mjs').Scene} scene
 * @param {string[]} paths
 */
async function comeSecond(scene, paths) {
  for (const path of new Set(paths)) {
    const answer = await scene.client().get(path)
    assert.ok(!isHit(answer), `${path} was kept: ${answer.status}`)
  }
}

/**
 * If the app sends its session cookie with every response (`rolling`), the script and the style of the waiting page are sent with the cookie too. So a shared
 * cache must not store these two responses.
 * @param {ProxyName} proxy
 */
const cookies = (proxy) =>
  within(proxy, { caches: true, env: { ROLLING: '1' } }, async (scene) => {
    const stranger = scene.client()
    await stranger.get('/public')
    assert.ok(isHit(await stranger.get('/public')), 'the cache keeps what is public')
    const ben = scene.client()
    await walk(scene, ben, { username: 'ben' })
    const cookie = `${ben.cookies.get('connect.sid')}`
    const files = ben.paths.filter((path) => path.includes('asset='))
    assert.equal(files.length, 2, 'the script and the style')
    for (const path of files) {
      const file = await ben.get(path)
      assert.equal(file.status, 200)
      assert.match(String(file.headers['set-cookie']), /connect\.sid=/, 'with the cookie of a signed-in user')
      assert.ok(!isHit(file))
    }
    await comeSecond(scene, ben.paths.filter((path) => path.startsWith('/login/2fa')))

    // The app itself serves `/public-file` with `Cache-Control: public` and the session cookie. HAProxy and Apache store this response, so the next client gets
    // ben's cookie. This shows that the test would notice such a leak.
    await ben.get('/public-file')
    const taken = await scene.client().get('/public-file')
    const isTaken = String(taken.headers['set-cookie']).includes(cookie)
    assert.equal(isHit(taken) && isTaken, proxy !== 'nginx')
    return isTaken ? 'a file with "public" brings a stranger the cookie of a signed-in user' : undefined
  })

/** @param {ProxyName} proxy */
async function cache(proxy) {
  // `reverse-proxies.md` says that the app must send `Cache-Control: no-store`. Here, the app does not send it. So a proxy may give a stored page of the app to
  // another user, but never an answer of this package.
  await within(proxy, { caches: true }, async (scene) => {
    const anna = scene.client()
    const waiting = await enterPassword(scene, anna, 'anna')
    // Before the approval, the callback redirects back to the waiting page. If a cache stored this redirect, anna could not sign in.
    for (let tries = 0; tries < 2; tries++) {
      const early = await anna.get(callbackOf(waiting))
      assert.match(early.location, /^\/login\/2fa\?/)
      assert.ok(!isHit(early))
    }
    await scene.simulator.phone('anna').approve()
    assert.equal((await anna.get(callbackOf(waiting))).location, '/')
    // Here, nginx also caches the app's own pages, which differ for each user, so a sign-in of ben could fail. Skip this sign-in.
    if (proxy === 'nginx') return
    await walk(scene, scene.client(), { username: 'ben' })
    assert.equal(isHit(await scene.client().get('/transfer?to=ben')), proxy === 'HAProxy')
  })

  // If the app sends `Cache-Control: no-store` as `reverse-proxies.md` says, no proxy may store any response of the app.
  await within(proxy, { caches: true, env: { NO_STORE: '1' } }, async (scene) => {
    const anna = scene.client()
    const waiting = await enterPassword(scene, anna, 'anna')
    await anna.get(callbackOf(waiting))
    await scene.simulator.phone('anna').approve()
    assert.equal((await anna.get(callbackOf(waiting))).location, '/')
    const ben = scene.client()
    await walk(scene, ben, { username: 'ben' })
    await comeSecond(scene, [...anna.paths, ...ben.paths])
  })
}

/**
 * One answer of the cloud is so slow that the app's process responds only after the proxy's time limit (`idleSeconds`). So the proxy sends the browser's
 * request again, to the other process.
 * @param {ProxyName} proxy
 */
const retries = (proxy) =>
  within(proxy, { processes: 2, retries: true, idleSeconds: 1 }, async (scene) => {
    const { simulator } = scene
    const asked = () => simulator.requests.filter((/** @type {{ operation: string }} */ { operation }) => operation === 'approve').length
    const anna = scene.client()
    await anna.get('/login')
    simulator.faults.add({ on: 'approve', delayMs: 2500, times: 1 })
    const start = await anna.post('/login', { username: 'anna', password: 'secret' })
    await pause(2000)
    assert.ok(scene.received('POST /login') > 1, 'the start came again')
    assert.equal(asked(), 1, 'one push')
    const waiting = start.location.startsWith('/login/2fa') ? start.location : await enterPassword(scene, anna, 'anna')
    const pushes = simulator.phone('anna').requests()
    let led = 0
    for (const { transactionId } of pushes) {
      await simulator.phone('anna').approve(transactionId)
      if ((await anna.get(callbackOf(waiting))).location === '/') led++
    }
    assert.equal(led, 1, 'one of the approvals signs in')

    const ben = scene.client()
    const page = await enterPassword(scene, ben, 'ben')
    await simulator.phone('ben').approve()
    simulator.faults.add({ on: 'introspect', delayMs: 2500, times: 1 })
    const back = await ben.get(callbackOf(page))
    while (!scene.signedIn().includes('ben')) await pause(50)
    await pause(3000)
    assert.ok(scene.received('GET /login/2fa/callback') > pushes.length + 1, 'the callback came again')
    assert.deepEqual(scene.signedIn(), ['anna', 'ben'], 'each once')
    return `start: ${start.status} ${start.location.split('?')[0]}, one push; callback: ${back.status} ${back.location}`
  })

/**
 * The attacks that the test suite runs (`run.mjs --quick`). The `attacks` below run only without `--quick`.
 * @type {Record<string, import('./shapes.mjs').Shape>}
 */
export const quickAttacks = Object.fromEntries(PROXIES.map((proxy) => [`${proxy} as a shared cache, a cookie with every answer`, () => cookies(proxy)]))

/** @type {Record<string, import('./shapes.mjs').Shape>} */
export const attacks = {
  ...Object.fromEntries(
    PROXIES.flatMap((proxy) => [
      [`${proxy}, a client that lies in X-Forwarded-*`, () => lies(proxy)],
      [`${proxy} as a shared cache`, () => cache(proxy)],
    ]),
  ),
  'nginx, sends requests again': () => retries('nginx'),
  'HAProxy, sends requests again': () => retries('HAProxy'),
}
