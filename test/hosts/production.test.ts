/** Tests the apps of the guides under production conditions: behind a proxy that terminates TLS, and with errors that users must not see. */
import { NevisSimulator } from '../../src/simulator'
import { callbackOf, handleIn, PASSWORD } from '../support/app'
import { folderOf, start as startStranger, submit } from '../stranger/support'
import { Browser, type Page } from '../support/browser'
import { closing } from '../support/closing'
import { guideApps, type GuideApp } from './apps'

// A long time limit, because each app starts as a process of its own, and the machine may be busy.
jest.setTimeout(60_000)

let simulator: NevisSimulator
let app: GuideApp
const overTLS = { 'x-forwarded-proto': 'https' }

describe.each(guideApps)('%s', (_name, start) => {
  beforeAll(async () => {
    simulator = await NevisSimulator.start()
    const { userId } = simulator.addUser({ username: 'anna' })
    app = await start(simulator, [{ username: 'anna', userId }], { NODE_ENV: 'production' })
  })

  afterEach(() => simulator.faults.clear())

  afterAll(async () => {
    await app.close()
    await simulator.close()
    jest.restoreAllMocks()
  })

  describe('behind a proxy that ends TLS', () => {
    const cookiesOf = ({ headers }: Page) => headers.getSetCookie().filter((line) => !/expires=thu, 01 jan 1970/i.test(line))

    it('every cookie is Secure, HttpOnly and SameSite=Lax, before and after the sign-in', async () => {
      const browser = app.browser()
      const started = await browser.post('/login', { username: 'anna', password: PASSWORD }, overTLS)
      await simulator.phone('anna').approve()
      const signedIn = await browser.get(callbackOf(handleIn(started.location)), overTLS)
      expect([signedIn.status, signedIn.location]).toEqual([303, '/'])
      for (const page of [started, signedIn]) {
        expect(cookiesOf(page).length).toBeGreaterThan(0)
        for (const line of cookiesOf(page)) {
          for (const attribute of [/; *secure(;|$)/i, /; *httponly(;|$)/i, /; *samesite=lax(;|$)/i]) expect(line).toMatch(attribute)
        }
      }
      expect((await browser.get('/', overTLS)).text).toContain('anna')
    })
  })
})

describe.each(guideApps)('%s', (_name, start) => {
  beforeAll(async () => {
    simulator = await NevisSimulator.start()
    const { userId } = simulator.addUser({ username: 'anna' })
    // Start the app without NODE_ENV. Some web frameworks then show the stack of an error to the user, unless the app prevents it.
    app = await start(simulator, [{ username: 'anna', userId }])
  })

  afterAll(async () => {
    await app.close()
    await simulator.close()
    jest.restoreAllMocks()
  })

  describe('an error', () => {
    const internals = /Nevis|NEVIS|access key|approve|Error:|node_modules|^ +at /im

    it.each(['text/html', 'application/json'])('of ours is in the log, and a browser that wants %s is told nothing of it', async (accept) => {
      simulator.faults.add({ on: 'approve', status: 401, times: 1 })
      const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD }, { accept })
      expect(page.status).toBe(500)
      expect(page.text).not.toMatch(internals)
      expect(page.text).not.toBe('')
      await app.printed('NEVIS_UNAUTHORIZED')
    })

    it('of an outage is in the log, and a browser gets the page for it', async () => {
      simulator.faults.add({ on: 'approve', status: 503, times: 1 })
      const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD }, { accept: 'text/html' })
      expect(page.status).toBe(503)
      expect(page.text).toContain('<main class="nevis"')
      expect(page.text).not.toMatch(/NEVIS_|Error:|node_modules|^ +at /im)
      await app.printed('NEVIS_UNEXPECTED_RESPONSE')
    })

    it('of the host shows no stack: a form that is too large', async () => {
      const page = await app.browser().post('/login', { username: 'a'.repeat(2_000_000), password: PASSWORD })
      expect(page.status).toBe(413)
      expect(page.text).not.toMatch(/node_modules|^ +at /im)
    })
  })
})

describe('the app of the guide on existing apps', () => {
  it('an error of ours is in the log, and the error page has a sentence without it', async () => {
    simulator = closing(await NevisSimulator.start())
    simulator.faults.add({ on: ['approve', 'enroll', 'findUserByUsername', 'getUser'], status: 401 })
    const folder = folderOf('after')
    closing({ close: () => folder.remove() })
    const running = await startStranger(folder, { NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey })
    closing({ close: () => running.stop() })
    const page = await submit(new Browser(running.origin), '/signup', '/signup', { username: 'anna', password: PASSWORD })
    expect(page.status).toBe(500)
    expect(page.text).toContain('Something went wrong. Please try again.')
    expect(page.text).not.toMatch(/Nevis|NEVIS|access key|node_modules/)
    expect(running.stderr()).toContain('NEVIS_UNAUTHORIZED')
  })
})
