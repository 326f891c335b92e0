/**
 * A deploy while users wait: a new access key, a new secret, a new version of this package.
 *
 * `written/0.1.0.json` contains what version 0.1.0 stored in a browser and a session. Every later version that may run at the same time must be able to read
 * this data. `WRITE=<version> npx jest test/strategy/deploys` writes the file for a new version.
 */
import session from 'express-session'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { NevisClient } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { Browser } from '../support/browser'
import { callbackOf, listen, signIn, startApp, statusOf, waitingOf, type AppOptions, type TestApp } from '../support/app'

const SECRET = 'a secret of thirty-two characters'
const NEWER = 'one more of at least thirty-two characters'

let simulator: NevisSimulator
const apps: TestApp[] = []

/** Connects to this port, whatever port the URL names. */
class AgentTo extends Agent {
  constructor(private readonly port: () => number) {
    super()
  }

  override createConnection(): Socket {
    return connect(this.port(), '127.0.0.1')
  }
}

const start = async (options: Omit<AppOptions, 'simulator'>) => {
  const app = await startApp({ simulator, ...options })
  apps.push(app)
  return app
}
const at = (app: TestApp, browser: Browser) => {
  const there = new Browser(app.origin)
  for (const [name, value] of browser.cookies) there.cookies.set(name, value)
  return there
}

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna' })
})

afterEach(async () => {
  jest.restoreAllMocks()
  await Promise.all(apps.splice(0).map((app) => app.close()))
  await simulator.close()
})

describe('a new access key while a user waits', () => {
  const withKey = (current: () => string, secret?: string) =>
    start({ strategy: { accessKey: async () => current(), ...(secret !== undefined && { secret }) } })

  it('cuts no user off where the secret is set by itself', async () => {
    let key = simulator.accessKey
    const app = await withKey(() => key, SECRET)
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    key = simulator.rotateAccessKey()
    await simulator.phone('anna').approve()
    expect((await browser.get(statusOf(handle))).json()).toMatchObject({ status: 'succeeded' })
    expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success', user: { username: 'anna' } })
  })

  it('sends waiting users back to the start if the secret comes from the access key, and lets none of them in', async () => {
    let key = simulator.accessKey
    const app = await withKey(() => key)
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    key = simulator.rotateAccessKey()
    await simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'fail', code: 'unknown_transaction' })
    const next = await signIn(browser, 'anna')
    await simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(next))).json()).toMatchObject({ action: 'success' })
  })
})

describe('a new secret, by two deploys', () => {
  it('interrupts no user: first all processes accept it, then it encrypts', async () => {
    const store = new session.MemoryStore()
    const deploy = (secret: string[]) => start({ strategy: { secret }, session: { store } })
    const [old, second, third] = [await deploy([SECRET]), await deploy([SECRET, NEWER]), await deploy([NEWER, SECRET])]
    for (const [from, to] of [[old, second], [second, old], [second, third], [third, second]] as const) {
      const browser = from.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').approve()
      expect((await at(to, browser).get(statusOf(handle))).json()).toMatchObject({ status: 'succeeded' })
      expect((await at(to, browser).get(callbackOf(handle))).json()).toMatchObject({ action: 'success' })
    }
  })
})

describe('what an older version wrote', () => {
  interface Written {
    /** The time at which this data was written, in milliseconds since 1970. */
    readonly at: number
    readonly handle: string
    readonly session: string
  }
  const FOLDER = join(__dirname, 'written')
  const SESSION_ID = 'the-session-of-anna'
  const ANSWER = { transactionId: '6b9d6c1e-3a54-4a0a-9f0c-2f1d5e7a8b90', userId: '0d6e2f3a-9c41-4a7e-8f55-1b2c3d4e5f60', username: 'anna' }

  let cloud: Server
  const answers: Record<string, object> = {
    '/api/v1/approval': { ...ANSWER, statusToken: 'status.token.of-anna' },
    '/api/v1/status': { ...ANSWER, status: 'pending' },
    '/api/v1/introspect': { active: true, sub: ANSWER.userId, iss: 'https://nevis.example/', aud: 'anna' },
  }
  const approve = () => (answers['/api/v1/status'] = { ...ANSWER, status: 'succeeded', token: 'transaction.token.of-anna' })
  const asked: string[] = []
  beforeEach(async () => {
    asked.length = 0
    answers['/api/v1/status'] = { ...ANSWER, status: 'pending' }
    cloud = createServer((req: IncomingMessage, res) => {
      asked.push(req.url as string)
      const answer = answers[req.url as string]
      res.writeHead(answer === undefined ? 404 : req.url === '/api/v1/approval' ? 201 : 200, { 'content-type': 'application/json' })
      req.resume().once('end', () => res.end(JSON.stringify(answer ?? {})))
    })
    await listen(cloud)
  })
  afterEach(() => cloud.close())

  const deploy = (store: session.Store) =>
    start({
      session: { store, genid: () => SESSION_ID },
      strategy: {
        baseURL: undefined,
        accessKey: undefined,
        // A handle (encrypted transaction id) is valid only for one base URL of Nevis. So use a fixed base URL. The agent connects to the test server, whose
        // port is different in each test.
        client: new NevisClient({ baseURL: 'http://localhost:4', accessKey: 'key-of-nobody', httpAgent: new AgentTo(() => (cloud.address() as AddressInfo).port) }),
        secret: SECRET,
        issuer: 'https://nevis.example/',
      },
    })

  const sessionsOf = (store: session.MemoryStore) => (store as unknown as { sessions: Record<string, string> }).sessions

  const version = process.env['WRITE']
  if (version !== undefined) {
    it(`is kept for version ${version}`, async () => {
      const store = new session.MemoryStore()
      const now = Date.now()
      const handle = await signIn((await deploy(store)).browser(), 'anna')
      const written: Written = { at: now, handle, session: sessionsOf(store)[SESSION_ID] as string }
      writeFileSync(join(FOLDER, `${version}.json`), `${JSON.stringify(written, null, 2)}\n`)
    })
  }

  it.each(readdirSync(FOLDER))('%s › is waited for, and signs in', async (file) => {
    const written = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Written
    const { now } = Date
    const began = now()
    jest.spyOn(Date, 'now').mockImplementation(() => written.at + 10_000 + now() - began)
    const store = new session.MemoryStore()
    const app = await deploy(store)
    // Sign in, so that the browser has a session cookie. Then replace the content of this session by what the older version has written.
    const browser = app.browser()
    await signIn(browser, 'anna')
    sessionsOf(store)[SESSION_ID] = written.session
    asked.length = 0
    expect((await browser.get(waitingOf(written.handle))).status).toBe(200)
    approve()
    expect((await browser.get(statusOf(written.handle))).json()).toMatchObject({ status: 'succeeded' })
    expect((await browser.get(callbackOf(written.handle))).json()).toMatchObject({ action: 'success', user: { username: 'anna' } })
    expect(asked).not.toContain('/api/v1/approval')
  })
})
