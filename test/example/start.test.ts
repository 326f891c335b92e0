/** Tests that the example app starts and stops, and that it refuses to start with a wrong configuration. */
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listen } from '../support/app'
import { enterPassword, hiddenField, refusals, runToEnd, signIn, startExample, statusOf } from './support'

const SECRET = 'a secret of thirty-two characters'
const CLOUD = { NEVIS_INSTANCE: 'somewhere', NEVIS_ACCESS_KEY: 'key-of-nobody' }

const CASES: [string, Record<string, string>, string][] = [
  ['an instance without a key', { NEVIS_INSTANCE: 'somewhere' }, 'NEVIS_ACCESS_KEY is missing, and NEVIS_INSTANCE needs it. For the demo, set neither.'],
  ['a key without an instance', { NEVIS_ACCESS_KEY: 'key-of-nobody' }, 'NEVIS_INSTANCE is missing, and NEVIS_ACCESS_KEY needs it. For the demo, set neither.'],
  ['a cloud in two places', { ...CLOUD, NEVIS_BASE_URL: 'http://127.0.0.1:1' }, 'Set NEVIS_INSTANCE or NEVIS_BASE_URL, not both.'],
  ['an address without a key', { NEVIS_BASE_URL: 'http://127.0.0.1:1' }, 'NEVIS_ACCESS_KEY is missing, and NEVIS_BASE_URL needs it. For the demo, set neither.'],
  ['a Redis for the demo', { REDIS_URL: 'redis://a' }, 'REDIS_URL is for several processes, and the demo is one: set NEVIS_INSTANCE too.'],
  ['a Redis of another kind', { ...CLOUD, SESSION_SECRET: SECRET, REDIS_URL: 'http://a' }, 'REDIS_URL must start with redis://, rediss:// or unix://.'],
  ['the cloud without a session secret', CLOUD, 'SESSION_SECRET is missing: only the demo generates its own.'],
  ['a short session secret', { SESSION_SECRET: 'short' }, 'SESSION_SECRET must have at least 32 characters.'],
  ['a port that is none', { PORT: '80a' }, 'PORT must be a whole number from 0 to 65535.'],
  ['a limit of nothing', { LOGIN_LIMIT: '0' }, 'LOGIN_LIMIT must be a whole number from 1 to 1000000.'],
  ['an account limit of nothing', { ACCOUNT_LIMIT: '0' }, 'ACCOUNT_LIMIT must be a whole number from 1 to 1000000.'],
  ['a flag that is none', { COOKIE_SECURE: 'yes' }, 'COOKIE_SECURE must be true or false.'],
  ['a widget that is neither there nor not', { WIDGET: 'yes' }, 'WIDGET must be true or false.'],
  ['a widget that is neither there nor not', { WIDGET: '1' }, 'WIDGET must be true or false.'],
  ['a link to the App Store that is none', { APP_STORE_URL: 'apps.apple.com' }, 'APP_STORE_URL must start with https://.'],
  ['a link to Google Play that is none', { GOOGLE_PLAY_URL: 'http://play.google.com' }, 'GOOGLE_PLAY_URL must start with https://.'],
  ['secure cookies without a proxy', { COOKIE_SECURE: 'true' }, 'COOKIE_SECURE needs TRUST_PROXY, the number of TLS proxies in front: this app itself speaks plain http.'],
  ['two databases', { DATABASE_URL: 'postgres://a/b', DATA_DIR: 'c' }, 'Set DATABASE_URL or DATA_DIR, not both.'],
  ['a database of another kind', { DATABASE_URL: 'mysql://a/b' }, 'DATABASE_URL must start with postgres://.'],
  ['a demo in production', { NODE_ENV: 'production' }, 'NODE_ENV=production needs NEVIS_INSTANCE and NEVIS_ACCESS_KEY: the demo shows its passwords to every visitor.'],
]

describe('a setting', () => {
  let said: string[]
  beforeAll(async () => {
    said = await refusals(CASES.map(([, settings]) => settings))
  })

  it.each(CASES)('%s › is refused with one sentence', (name, _, sentence) => {
    expect(said[CASES.findIndex(([each]) => each === name)]).toBe(sentence)
  })
})

/** The error if a demo would listen on a public address. The demo's home page shows passwords, and anyone can approve on its simulated phones. */
function demoRefusal(address: string): string {
  return `The demo shows its passwords to every visitor, so HOST must be 127.0.0.1, ::1 or localhost, not ${address}: set NEVIS_INSTANCE and NEVIS_ACCESS_KEY to use another address.`
}

describe('starting', () => {
  it.each<[string, Record<string, string>, string]>([
    ['an instance without a key', { NEVIS_INSTANCE: 'somewhere' }, 'NEVIS_ACCESS_KEY is missing, and NEVIS_INSTANCE needs it. For the demo, set neither.'],
    ['a host of another machine', { HOST: '192.0.2.1' }, 'HOST is not an address of this machine.'],
    ['the demo on every address', { HOST: '0.0.0.0' }, demoRefusal('0.0.0.0')],
    ['the demo on every address, by IPv6', { HOST: '::' }, demoRefusal('::')],
  ])('with %s › ends with one sentence and exit code 1', async (_, settings, sentence) => {
    expect(await runToEnd(settings)).toEqual({ exitCode: 1, stdout: '', stderr: `${sentence}\n` })
  })

  it('with a Redis that is not there › ends with one sentence', async () => {
    const { exitCode, stderr } = await runToEnd({ ...CLOUD, SESSION_SECRET: SECRET, DATA_DIR: 'memory://', REDIS_URL: 'redis://127.0.0.1:1' })
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'Redis does not answer at REDIS_URL.\n' })
  })

  it('with an instance that is none › ends with one sentence that does not tell the key', async () => {
    const { exitCode, stderr } = await runToEnd({ ...CLOUD, NEVIS_INSTANCE: 'some.where/', SESSION_SECRET: SECRET, DATA_DIR: 'memory://' })
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^.*instance.*\n$/)
    expect(stderr).not.toContain('key-of-nobody')
  })

  describe('with a port that is taken', () => {
    let server: Server
    let port: string
    beforeAll(async () => {
      server = createServer()
      await listen(server)
      port = String((server.address() as AddressInfo).port)
    })
    afterAll(() => new Promise((done) => server.close(done)))

    it.each(['PORT', 'SIMULATOR_PORT'])('%s › ends with one sentence that names it', async (name) => {
      const sentence = `The port ${port} is taken: set ${name} to another one.\n`
      expect(await runToEnd({ [name]: port })).toEqual({ exitCode: 1, stdout: '', stderr: sentence })
    })
  })
})

describe('the demo', () => {
  it.each(['localhost', '::1'])('with HOST=%s › starts, because no other machine can reach it', async (host) => {
    const app = await startExample({ HOST: host })
    await signIn(app, 'anna')
    expect(await app.stop()).toMatchObject({ exitCode: 0, stderr: '' })
  })
})

describe('the tour', () => {
  it('has the same steps in the terminal and on the home page', async () => {
    const app = await startExample()
    const { text } = await app.browser().get('/')
    const { stdout } = await app.stop()
    const steps = [...stdout.matchAll(/^ {2}\d+\. (.*)$/gm)].map(([, step]) => step)
    expect(steps.length).toBeGreaterThan(1)
    expect([...(/<ol class="tour">([^]*?)<\/ol>/.exec(text)?.[1] as string).matchAll(/<li>([^<]*)</g)].map(([, step]) => step)).toEqual(steps)
  })
})

describe('with DATA_DIR', () => {
  it('a second start › keeps the database, and renews the demo accounts in it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'example-data-'))
    try {
      const passwords: string[] = []
      for (let round = 0; round < 2; round++) {
        const app = await startExample({ DATA_DIR: join(folder, 'users') })
        await signIn(app, 'anna')
        passwords.push(app.account('anna').password)
        expect(await app.stop()).toMatchObject({ exitCode: 0, stderr: '' })
      }
      expect(passwords[0]).not.toBe(passwords[1])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('ending', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s › ends the process with 0, open connections or not', async (signal) => {
    const app = await startExample()
    await app.browser().get('/login')
    expect(await app.stop(signal)).toMatchObject({ exitCode: 0, stderr: '' })
    await expect(fetch(app.origin)).rejects.toThrow()
    await expect(fetch(app.phonesOrigin)).rejects.toThrow()
  })

  it('while a request is running › answers it, with everything that the answer needs', async () => {
    const app = await startExample()
    const browser = app.browser()
    const _csrf = hiddenField((await browser.get('/login')).text, '_csrf')
    const { username, password } = app.account('anna')
    const headers = {
      'Content-Type': 'application/x-www-form-urlencoded',
      Cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      Expect: '100-continue',
    }
    const running = request(`${app.origin}/login`, { method: 'POST', headers })
    running.flushHeaders()
    await once(running, 'continue')
    const ended = app.stop()
    while (await fetch(app.origin).then(() => true, () => false));
    running.end(new URLSearchParams({ _csrf, username, password }).toString())
    const [answer] = (await once(running, 'response')) as [IncomingMessage]
    expect([answer.statusCode, answer.headers.location]).toEqual([303, expect.stringMatching(/^\/login\/2fa\?transaction=/)])
    answer.resume()
    expect(await ended).toMatchObject({ exitCode: 0, stderr: '' })
  })

  it('while a waiting page is open › ends its event stream', async () => {
    const app = await startExample()
    const stream = await fetch(app.origin + statusOf(await enterPassword(app.browser(), app.account('anna'))), { headers: { accept: 'text/event-stream' } })
    const ended = app.stop()
    // If the server had cut the connection, `text()` would reject.
    expect(await stream.text()).toContain('"status":"pending"')
    expect(await ended).toMatchObject({ exitCode: 0, stderr: '' })
  })
})
