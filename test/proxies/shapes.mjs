// @ts-check
/** Tests different settings of the proxies, each with a whole sign-in through the proxy. Out of scope: proxies that do harm (`attacks.mjs`). */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { inChromium } from './chromium.mjs'
import { startScene } from './scene.mjs'
import { callbackOf, enterPassword, statusOf, walk } from './walk.mjs'

/** @typedef {import('./servers.mjs').ProxyName} ProxyName */
/** @typedef {() => Promise<string | void>} Shape Runs one test. The result, if any, is printed beside the test's name. */

/** @type {ProxyName[]} */
export const PROXIES = ['nginx', 'HAProxy', 'Apache']

/**
 * Starts the proxy with an app behind it, and runs `act`.
 * @param {ProxyName} proxy
 * @param {import('./scene.mjs').SceneSettings} settings
 * @param {(scene: import('./scene.mjs').Scene) => Promise<string | void>} act
 * @returns {Promise<string | void>}
 */
export async function within(proxy, settings, act) {
  const scene = await startScene(proxy, settings)
  try {
    return await act(scene)
  } finally {
    await scene.close()
  }
}

/** A whole sign-in and step-up. @param {import('./scene.mjs').Scene} scene */
const way = async (scene) => void (await walk(scene, scene.client()))

/** @param {ProxyName} proxy */
export const asInTheGuide = (proxy) =>
  within(proxy, { tls: true }, async (scene) => {
    const client = scene.client()
    await walk(scene, client)
    const { protocol, hostname } = JSON.parse((await client.get('/seen')).text)
    assert.deepEqual([protocol, hostname], ['https', 'localhost'])
  })

/** The row of the guide that says which proxies compress the event stream, in the order of `PROXIES`. */
const COMPRESSES = /whether the proxy compresses the event stream \| (.+) \|$/m.exec(readFileSync(join(import.meta.dirname, '../../docs/guides/reverse-proxies.md'), 'utf8'))?.[1]?.split(' | ')

/** @param {ProxyName} proxy */
const compressing = (proxy) =>
  within(proxy, { gzip: true }, async (scene) => {
    const { isCompressed } = await walk(scene, scene.client(), { headers: { 'accept-encoding': 'gzip' } })
    assert.equal(isCompressed ? 'compressed' : 'not compressed', COMPRESSES?.[PROXIES.indexOf(proxy)], 'as the guide says')
  })

/** @param {ProxyName} proxy */
const inTurn = (proxy) =>
  within(proxy, { processes: 2, tls: true }, async (scene) => {
    const client = scene.client()
    await walk(scene, client)
    const pids = new Set()
    for (let i = 0; i < 4; i++) pids.add(JSON.parse((await client.get('/seen')).text).pid)
    assert.equal(pids.size, 2)
    assert.deepEqual(scene.signedIn(), ['anna', 'anna'], 'once to sign in, once for the step-up')
  })

/** The proxy ends the event stream while the user has not answered yet, and the browser opens it again. @param {ProxyName} proxy */
const impatient = (proxy) =>
  within(proxy, { idleSeconds: 1, tls: true }, async (scene) => {
    const client = scene.client()
    const waiting = await enterPassword(scene, client, 'anna')
    let stream = await client.stream(statusOf(waiting))
    for (let cuts = 0; cuts < 2; cuts++) {
      await stream.ended()
      assert.ok(!stream.text.includes('succeeded'), 'it was cut')
      stream = await client.stream(statusOf(waiting))
    }
    await scene.simulator.phone('anna').approve()
    while (!(await stream.says('"status":"succeeded"'))) stream = await client.stream(statusOf(waiting))
    assert.equal((await client.get(callbackOf(waiting))).location, '/')
  })

/** In a browser, over HTTP/2, the page opens a new event stream each time that the proxy ends one, and the page reports no error. @param {ProxyName} proxy */
const impatientInChromium = (proxy) =>
  within(proxy, { idleSeconds: 1, tls: true }, (scene) =>
    inChromium(async (page) => {
      const streams = []
      page.on('request', (request) => request.resourceType() === 'eventsource' && streams.push(request))
      await page.goto(`${scene.origin}/login`)
      await page.locator('[name=username]').fill('anna')
      await page.locator('[name=password]').fill('secret')
      await page.getByRole('button').click()
      await page.getByRole('heading', { name: 'Check your phone' }).waitFor()
      assert.equal(await page.evaluate('performance.getEntriesByType("navigation")[0].nextHopProtocol'), 'h2')
      await page.evaluate('said = []; new MutationObserver(() => said.push(document.querySelector("[role=status]").textContent)).observe(document.querySelector("[role=status]"), { childList: true })')
      while (streams.length < 3) await page.waitForEvent('request', { predicate: (request) => request.resourceType() === 'eventsource' })
      assert.deepEqual(await page.evaluate('said'), [], 'the page has not said that there is no connection')
      await scene.simulator.phone('anna').approve()
      await page.getByText('Hello anna').waitFor()
    }))

/** The process that serves a user's event stream stops. The browser then opens a stream of the other process. @param {ProxyName} proxy */
const rolling = (proxy) =>
  within(proxy, { processes: 2, tls: true }, async (scene) => {
    const client = scene.client()
    const waiting = await enterPassword(scene, client, 'anna')
    const streams = [await client.stream(statusOf(waiting)), await client.stream(statusOf(waiting))]
    for (const stream of streams) assert.ok(await stream.says('"status":"pending"'))
    const [stopping] = scene.apps
    const stopped = stopping?.stop()
    await Promise.race(streams.map((stream) => stream.ended()))
    const startedAt = Date.now()
    // The proxy may still send some requests to the process that is stopping, which refuses them. The browser then asks again.
    let again = await client.stream(statusOf(waiting))
    let refusals = 0
    while (again.status !== 200 && refusals++ < 50) again = await client.stream(statusOf(waiting))
    assert.ok(await again.says('"status":"pending"'))
    await stopped
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
    await scene.simulator.phone('anna').approve()
    assert.ok(await again.says('"status":"succeeded"'))
    assert.equal((await client.get(callbackOf(waiting))).location, '/')
    return `the process has ended after ${seconds} s, ${refusals} refused`
  })

/** A proxy with an idle time-out of 25 s does not end the event stream, because the app sends a heartbeat every 20 s. */
const patient = async () => {
  await Promise.all(PROXIES.map((proxy) =>
    within(proxy, { idleSeconds: 25, tls: true }, async (scene) => {
      const client = scene.client()
      const waiting = await enterPassword(scene, client, 'anna')
      const stream = await client.stream(statusOf(waiting))
      await Promise.race([pause(65_000), stream.ended()])
      assert.ok(!stream.isOver, `${proxy} keeps the stream`)
      await scene.simulator.phone('anna').approve()
      assert.ok(await stream.says('"status":"succeeded"'))
    })))
}

/** @type {Record<string, Shape>} */
export const quick = Object.fromEntries(PROXIES.map((proxy) => [`${proxy} as in the guide, HTTP/2`, () => asInTheGuide(proxy)]))

/** @type {Record<string, Shape>} */
export const slow = {
  ...Object.fromEntries(
    PROXIES.flatMap((proxy) => [
      [`${proxy} as it comes, HTTP/1.1`, () => within(proxy, { bare: true }, way)],
      [`${proxy}, gzip`, () => compressing(proxy)],
      [`${proxy}, prefix removed`, () => within(proxy, { prefix: '/sub', tls: true }, way)],
      [`${proxy}, two processes in turn`, () => inTurn(proxy)],
      [`${proxy}, one of two processes stops`, () => rolling(proxy)],
      [`${proxy}, idle time-out of 1 s`, () => impatient(proxy)],
      [`${proxy}, idle time-out of 1 s, Chromium`, () => impatientInChromium(proxy)],
    ]),
  ),
  'nginx that buffers streams': () => within('nginx', { buffers: true }, async (scene) => void (await walk(scene, scene.client(), { isBuffered: true }))),
  'all three, idle time-out of 25 s, a minute of waiting': patient,
}
