/**
 * The attack: ending the process with a request that is answered twice.
 *
 * An app has a time-out (connect-timeout, or the time-out of a gateway). The vault with the access key, the session store or Nevis is slow. The time-out
 * answers the request. Later the slow call ends, and this package answers as well: `setHeader` throws in a promise that no code awaits, so Node ends the
 * process. All other requests of the process are lost. An anonymous GET of the status route is enough, and the attacker can repeat it after each restart.
 * A URL with characters that a header cannot contain has the same effect without a time-out.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { handleIn } from '../support/app'
import { Browser } from '../support/browser'

const asPage = { accept: 'text/html' }

let server: ChildProcess
let browser: Browser
let output: string

beforeAll(async () => {
  if (!existsSync(join(__dirname, '../../dist/index.js'))) throw new Error('run "npm run build" first')
})

beforeEach(async () => {
  server = spawn(process.execPath, [join(__dirname, 'support/surviving-app.mjs')], { stdio: ['pipe', 'pipe', 'pipe'] })
  output = ''
  server.stderr?.on('data', (text) => (output += String(text)))
  const [line] = (await Promise.race([once(server.stdout as NonNullable<ChildProcess['stdout']>, 'data'), once(server, 'exit')])) as [Buffer]
  browser = new Browser(line.toString().trim())
})

afterEach(async () => {
  if (server.exitCode !== null) return
  const gone = once(server, 'exit')
  server.stdin?.end()
  await gone
})

const shut = (what: string) => browser.get(`/shut?what=${what}`)
const release = async (how: string) => expect((await browser.get(`/release?how=${how}`)).json()).toBe('released')

/** Checks that the same process still runs, has printed no error, and still starts a sign-in. */
async function expectAlive(): Promise<void> {
  expect((await browser.get('/good')).json()).toBe('good')
  const start = await new Browser(browser.origin).post('/login', { username: 'anna', password: 'right' })
  expect([start.status, start.location]).toEqual([303, expect.stringMatching(/^\/2fa\?transaction=/)])
  expect([server.exitCode, output]).toEqual([null, ''])
}

describe('a time-out of the app answers, and then', () => {
  const stories: [string, string, () => ReturnType<Browser['get']>][] = [
    ['the status', 'key', () => browser.get('/2fa/status?transaction=x')],
    ['the status as a stream', 'key', () => browser.get('/2fa/status?transaction=x', { accept: 'text/event-stream' })],
    ['the waiting page', 'key', () => browser.get('/2fa?transaction=x', asPage)],
    ['the start', 'key', () => browser.post('/login', { username: 'anna', password: 'right' })],
    ['the callback', 'key', () => browser.get('/2fa/callback?transaction=x')],
    ['the cancelling', 'key', () => browser.post('/2fa/callback', { transaction: 'x', cancel: '1' })],
    ['the way to the second factor', 'store', () => browser.get('/guarded', asPage)],
  ]

  // Shows: ASVS V16.5.4, T-exhaust-1
  it.each(['succeed', 'fail'])('what all wait for comes late, to %s › the server goes on', async (how) => {
    expect((await browser.post('/sign-in', { username: 'anna', password: 'right' })).json()).toBe('signed in')
    for (const [name, what, ask] of stories) {
      await shut(what)
      const { status, text } = await ask()
      expect([name, status, text]).toEqual([name, 503, '{"code":"ETIMEDOUT"}'])
      await release(how)
    }
    await expectAlive()
  })

  it('Nevis tells the status late › the server goes on', async () => {
    const start = await browser.post('/login', { username: 'anna', password: 'right' })
    await shut('status')
    expect((await browser.get(`/2fa/status?transaction=${handleIn(start.location)}`, { accept: 'application/json' })).status).toBe(503)
    await release('fail')
    await expectAlive()
  })

  it.each(stories)('%s comes late › the server goes on', async (_name, what, ask) => {
    await browser.post('/sign-in', { username: 'anna', password: 'right' })
    await shut(what)
    expect((await ask()).status).toBe(503)
    await release('succeed')
    await expectAlive()
  })
})

describe('an address outside ASCII', () => {
  it('leads where it says, encoded as browsers do it', async () => {
    const page = await browser.get('/guarded', asPage)
    expect([page.status, page.location]).toEqual([303, `${encodeURI('/подтверждение?für=mich')}`])
    await expectAlive()
  })
})

describe('a function among the options that throws', () => {
  // Shows: ASVS V16.5.4, T-exhaust-1
  it('is an error for the host, also while an error is being answered', async () => {
    const page = await browser.get('/outage', asPage)
    expect([page.status, page.text]).toEqual([500, '{"code":"nonce"}'])
    await expectAlive()
  })
})
