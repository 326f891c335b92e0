// @ts-check
/**
 * A user's path through the app: password, waiting page, event stream, callback, and a step-up that returns to its page.
 *
 * Out of scope: the servers between the user and the app (`shapes.mjs`, `attacks.mjs`).
 */
import assert from 'node:assert/strict'

/** @typedef {import('./scene.mjs').Scene} Scene */
/** @typedef {import('./client.mjs').Client} Client */

/**
 * Enters the password.
 * @param {Scene} scene
 * @param {Client} client
 * @param {string} username
 * @returns {Promise<string>} the address of the waiting page
 */
export async function enterPassword({ prefix }, client, username) {
  const { status, location } = await client.post(`${prefix}/login`, { username, password: 'secret' })
  assert.deepEqual([status, location.split('=')[0]], [303, `${prefix}/login/2fa?transaction`])
  return location
}

/** @param {string} waiting the address of the waiting page */
export const statusOf = (waiting) => waiting.replace('/login/2fa?', '/login/2fa/status?')
/** @param {string} waiting */
export const callbackOf = (waiting) => waiting.replace('/login/2fa?', '/login/2fa/callback?')

/**
 * A whole sign-in and step-up. Fails if any answer differs from the answer without a proxy.
 * @param {Scene} scene
 * @param {Client} client
 * @param {{ username?: string, headers?: Record<string, string>, isBuffered?: boolean }} [options] `headers` to send with the request for the event stream.
 * `isBuffered`: true if the proxy holds the event stream back until the stream has ended
 * @returns {Promise<import('./client.mjs').EventStream>} the event stream, which has ended
 */
export async function walk(scene, client, { username = 'anna', headers = {}, isBuffered = false } = {}) {
  const { prefix, simulator } = scene
  const waiting = await enterPassword(scene, client, username)
  const page = await client.get(waiting)
  assert.equal(page.status, 200)
  const links = [...page.text.matchAll(/(?:src|href)="([^"]*asset=[^"]*)"/g)].map(([, link]) => String(link).replaceAll(/&(amp|#38);/g, '&'))
  assert.equal(links.length, 2)
  for (const link of links) {
    assert.ok(link.startsWith(`${prefix}/login/2fa?`), link)
    assert.ok((await client.get(link)).text.length > 1000, 'the script and the style are there')
  }

  const stream = isBuffered ? client.stream(statusOf(waiting), headers) : await client.stream(statusOf(waiting), headers)
  if ('says' in stream) assert.ok(await stream.says('"status":"pending"'), 'the first event comes while the user is asked')
  await simulator.phone(username).approve()
  const opened = await stream
  assert.ok(await opened.says('"status":"succeeded"'), 'the decision comes by the stream')
  await opened.ended()

  const signedIn = await client.get(callbackOf(waiting))
  assert.deepEqual([signedIn.status, signedIn.location], [303, `${prefix}/`])
  assert.match((await client.get(`${prefix}/`)).text, new RegExp(`Hello ${username}$`))

  await stepUp(scene, client, username)
  return opened
}

/**
 * Opens the transfer page, which redirects the user to the step-up with a code by SMS. The callback then redirects the user back to the transfer page.
 * @param {Scene} scene
 * @param {Client} client
 * @param {string} username
 */
async function stepUp({ prefix, simulator }, client, username) {
  const refused = await client.get(`${prefix}/transfer?to=ben`)
  assert.deepEqual([refused.status, refused.location], [303, `${prefix}/step-up`])
  const { status, location } = await client.post(`${prefix}/step-up`)
  assert.equal(status, 303)
  const transaction = new URL(location, 'http://app').searchParams.get('transaction') ?? ''
  const code = /\d{4,}/.exec(simulator.sms(username).at(-1))?.[0] ?? ''
  const back = await client.post(`${prefix}/login/2fa/callback`, { transaction, code })
  assert.deepEqual([back.status, back.location], [303, `${prefix}/transfer?to=ben`])
  assert.equal((await client.get(back.location)).text, 'Whom do you want to pay?')
}
