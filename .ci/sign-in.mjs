// @ts-check
// Starts the example app as a newcomer would (`npm start`), signs in with a password and the simulated phone, signs
// out, and checks that SIGTERM ends everything that was started. Uses a list of cookies instead of a browser.
import { spawn } from 'node:child_process'

const child = spawn('npm', ['start'], { env: { ...process.env, PORT: '0', SIMULATOR_PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] })
const exited = new Promise((resolve) => child.once('exit', resolve))
process.once('exit', () => child.kill('SIGTERM'))
let printed = ''
const addresses = await new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`no address after 240 s:\n${printed}`)), 240_000)
  child.once('exit', (code) => reject(new Error(`npm start ended with ${code}:\n${printed}`)))
  child.stdout.on('data', (chunk) => {
    printed += chunk
    const app = /Example app on (http:\S+)/.exec(printed)?.[1]
    const phones = /Phones on (http:\S+)/.exec(printed)?.[1]
    if (app && phones) {
      clearTimeout(timer)
      resolve({ app, phones })
    }
  })
})

for (const line of ['> Building the package (dist/)', '> Building the example app (example-app/dist/)', '> Starting the example app']) {
  if (!printed.includes(line)) throw new Error(`npm start does not say "${line}":\n${printed}`)
}

/** @type {Map<string, string>} */
const jar = new Map()
/**
 * Sends a request to the app, with the cookies of the earlier answers.
 * @param {'GET' | 'POST'} method
 * @param {string | null} path
 * @param {Record<string, string>} [fields] of the form
 */
async function send(method, path, fields) {
  const response = await fetch(new URL(String(path), addresses.app), {
    method,
    redirect: 'manual',
    headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '), accept: 'text/html' },
    ...(fields && { body: new URLSearchParams(fields) }),
  })
  for (const line of response.headers.getSetCookie()) {
    const [name, value] = /** @type {string} */ (line.split(';')[0]).split(/=(.*)/s)
    jar.set(String(name), String(value))
  }
  return { status: response.status, location: response.headers.get('location'), text: await response.text() }
}
const tokenIn = (/** @type {string} */ text) => /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
/**
 * Throws if a value is not as it should be.
 * @param {string} what name of the value, for the error
 * @param {unknown} actual
 * @param {RegExp | string | number} wanted
 */
const expect = (what, actual, wanted) => {
  if (!(wanted instanceof RegExp ? wanted.test(String(actual)) : actual === wanted)) throw new Error(`${what}: ${actual} instead of ${wanted}`)
}

const first = await send('GET', '/')
const [, username = '', password = ''] = /<dt>Username<\/dt><dd><code>([^<]+)<\/code><\/dd>\s*<dt>Password<\/dt><dd><code>([^<]+)<\/code>/.exec(first.text) ?? []
const form = await send('GET', '/login')
const start = await send('POST', '/login', { username, password, _csrf: tokenIn(form.text) })
expect('the password', start.status, 303)
expect('the waiting page', start.location, /^\/login\/2fa\?transaction=/)
const waiting = await send('GET', start.location)
expect('the waiting page', waiting.status, 200)
expect('the account before the tap', String((await send('GET', '/account')).location), /^\/login/)

const phones = await (await fetch(addresses.phones)).text()
const fields = Object.fromEntries(['user', 'transactionId'].map((name) => [name, new RegExp(`name="${name}" value="([^"]+)"`).exec(phones)?.[1] ?? '']))
const tap = await fetch(new URL('/_simulator/decide', addresses.phones), { method: 'POST', body: new URLSearchParams({ ...fields, decision: 'approve' }) })
expect('the tap', tap.status, 200)

const handle = new URL(String(start.location), addresses.app).searchParams.get('transaction')
expect('the callback', (await send('GET', `/login/2fa/callback?transaction=${handle}`)).location, '/account')
const account = await send('GET', '/account')
expect('the account', account.status, 200)
await send('POST', '/logout', { _csrf: tokenIn(account.text) })
expect('the account after signing out', String((await send('GET', '/account')).location), /^\/login/)

child.kill('SIGTERM')
await exited
// Wait for the app, not for npm: npm may end first. If npm's shell does not forward SIGTERM, the app ends as soon as it notices that the shell has ended.
const deadline = Date.now() + 10_000
for (const [name, address] of Object.entries(addresses)) {
  while (await fetch(address).then(() => true, () => false)) {
    if (Date.now() > deadline) throw new Error(`${name} still answers 10 s after SIGTERM`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
