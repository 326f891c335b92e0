// Starts the example app as a newcomer would (`npm start`), signs in with a password, a cookie jar and the simulated
// phone, signs out, and sees SIGTERM end everything that was started.
import { spawn } from 'node:child_process'

const child = spawn('npm', ['start'], { env: { ...process.env, PORT: '0', SIMULATOR_PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] })
const exited = new Promise((resolve) => child.once('exit', resolve))
let printed = ''
const addresses = await new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`no address after 120 s:\n${printed}`)), 120_000)
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

const jar = new Map()
async function send(method, path, fields) {
  const response = await fetch(new URL(path, addresses.app), {
    method,
    redirect: 'manual',
    headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '), accept: 'text/html' },
    ...(fields && { body: new URLSearchParams(fields) }),
  })
  for (const line of response.headers.getSetCookie()) {
    const [name, value] = line.split(';')[0].split(/=(.*)/s)
    jar.set(name, value)
  }
  return { status: response.status, location: response.headers.get('location'), text: await response.text() }
}
const tokenIn = (text) => /name="_csrf" value="([^"]+)"/.exec(text)?.[1]
const expect = (what, actual, wanted) => {
  if (!(wanted instanceof RegExp ? wanted.test(actual) : actual === wanted)) throw new Error(`${what}: ${actual} instead of ${wanted}`)
}

try {
  const form = await send('GET', '/login')
  const start = await send('POST', '/login', { username: 'anna', password: process.env.DEMO_PASSWORD ?? /<code>([^<]+)<\/code>/.exec((await send('GET', '/')).text.split('anna')[1])[1], _csrf: tokenIn(form.text) })
  expect('start', start.status, 303)
  expect('waiting page', start.location, /^\/login\/2fa\?transaction=/)
  expect('account before the tap', (await send('GET', '/account')).status, 302)

  const state = await (await fetch(new URL('/_simulator/state', addresses.phones))).json()
  console.log(JSON.stringify(state).slice(0, 300))
} finally {
  child.kill('SIGTERM')
}
await exited
