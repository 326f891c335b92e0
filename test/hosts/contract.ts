/**
 * The scenarios that must pass in every host (web framework). The tests send HTTP requests with cookies to an app in a process of its own.
 *
 * Out of scope: mounting this package in a host. The apps do that, with the code of the guides.
 */
import { get } from 'node:http'
import { failures, type FailureCode } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { callbackOf, handleIn, PASSWORD, statusOf, waitingOf } from '../support/app'
import type { Browser, Page } from '../support/browser'
import { run, type Program } from './program'

export interface Host {
  /** The folder and the file of the app's program. */
  readonly app: string
  /** How the app answers a failure: it redirects to the password page, which shows the reason, or returns `{ code }`. */
  readonly failure: 'redirect' | 'json'
  /** True if the session is in a cookie, and not on the server. */
  readonly isSessionInCookie?: boolean
}

// A long time limit, because each test file starts its app as a process of its own, and the machine may be busy.
jest.setTimeout(60_000)

const asPage = { accept: 'text/html' }

export function hostContract({ app, failure, isSessionInCookie = false }: Host): void {
  let simulator: NevisSimulator
  let program: Program
  let browser: Browser
  /** Each scenario has its own user. */
  let username: string
  const people = Array.from({ length: 32 }, (_, i) => ({ username: `person${i}`, phone: `+417900000${10 + i}` }))
  let next = 0

  const start = (fields: Record<string, string> = {}) => browser.post('/login', { username, password: PASSWORD, ...fields })
  const started = async (fields: Record<string, string> = {}) => handleIn((await start(fields)).location)
  const greeting = async (who = browser) => (await who.get('/')).text
  const codeOf = () => /\d{6}/.exec(simulator.sms(username).at(-1) ?? '')?.[0] as string
  const calls = (operation: string) => simulator.requests.filter((one) => one.operation === operation).length
  const answer = (handle: string, code: string, fields: Record<string, string> = {}) => browser.post('/login/2fa/callback', { transaction: handle, code, ...fields })

  async function signInBySms(): Promise<void> {
    const handle = await started({ factor: 'sms' })
    expect(await answer(handle, codeOf())).toMatchObject({ status: 303, location: '/' })
  }

  async function expectFailure(page: Page, code: FailureCode): Promise<void> {
    if (failure === 'json') {
      expect(page.status).toBe(failures[code].status)
      expect(page.json()).toMatchObject({ code })
    } else {
      expect([page.status, page.location]).toEqual([302, '/login'])
      expect((await browser.get('/login')).text).toContain(failures[code].message)
    }
    expect(await greeting()).toBe('Hello stranger')
  }

  beforeAll(async () => {
    simulator = await NevisSimulator.start()
    const users = people.map((one) => ({ ...one, userId: simulator.addUser(one).userId }))
    program = await run(app, simulator, users)
  })

  beforeEach(() => {
    username = people[next++]?.username as string
    browser = program.browser()
  })

  afterEach(() => simulator.faults.clear())

  // A session in a cookie cannot be ended: its copy stays valid.
  if (!isSessionInCookie) it('another user\'s password ends the login in a copy of the session', async () => {
    await signInBySms()
    const thief = browser.clone()
    expect(await greeting(thief)).toBe(`Hello ${username}`)
    username = people[next++]?.username as string
    expect((await thief.post('/login', { username, password: PASSWORD, factor: 'sms' })).status).toBe(303)
    expect([await greeting(), await greeting(thief)]).toEqual(['Hello stranger', 'Hello stranger'])
  })

  afterAll(async () => {
    await program?.close()
    await simulator.close()
  })

  describe('a sign-in by push', () => {
    it('goes by the waiting page to the home page', async () => {
      const page = await start()
      expect([page.status, page.location?.split('?')[0]]).toEqual([303, '/login/2fa'])
      const handle = handleIn(page.location)
      expect((await browser.get(callbackOf(handle))).location).toMatch(/^\/login\/2fa\?transaction=/)
      expect(await greeting()).toBe('Hello stranger')
      await simulator.phone(username).approve()
      expect(await browser.get(callbackOf(handle))).toMatchObject({ status: 303, location: '/' })
      expect(await greeting()).toBe(`Hello ${username}`)
    })

    it('by a script that asks for next › gets the waiting URL as JSON, in place of a redirect', async () => {
      const type = 'application/vnd.passport-nevis.next+json'
      const asked = { accept: `${type}, application/json` }
      const nextIn = ({ status, text, headers }: Page) => {
        expect([status, headers.get('content-type')?.split(';')[0], headers.get('cache-control'), headers.get('location')]).toEqual([200, type, 'no-store', null])
        return (JSON.parse(text) as { next: string }).next
      }
      const next = nextIn(await browser.post('/login', { username, password: PASSWORD }, asked))
      expect(next).toMatch(/^\/login\/2fa\?transaction=/)
      const handle = handleIn(next)
      expect(nextIn(await browser.get(callbackOf(handle), asked))).toMatch(/^\/login\/2fa\?transaction=/)
      expect(await greeting()).toBe('Hello stranger')
      await simulator.phone(username).approve()
      expect(await browser.get(callbackOf(handle), asked)).toMatchObject({ status: 303, location: '/' })
      expect(await greeting()).toBe(`Hello ${username}`)
    })

    it('is done: a reload of the callback leads to the home page, and asks Nevis nothing', async () => {
      const handle = await started()
      await simulator.phone(username).approve()
      await browser.get(callbackOf(handle))
      const asked = simulator.requests.length
      const again = await browser.get(callbackOf(handle))
      expect([again.status, again.location]).toEqual([303, '/'])
      expect(simulator.requests).toHaveLength(asked)
      expect(await greeting()).toBe(`Hello ${username}`)
    })

    it('counts once: nothing that the browser kept lets the approval in again', async () => {
      const handle = await started()
      const kept = browser.clone()
      await simulator.phone(username).approve()
      expect((await browser.get(callbackOf(handle))).location).toBe('/')
      const again = await kept.get(callbackOf(handle))
      expect(again.location ?? '').not.toBe('/')
      expect(again.status).toBe(failure === 'json' ? 403 : 302)
      expect(await greeting(kept)).toBe('Hello stranger')
    })
  })

  describe('the waiting page', () => {
    it('comes with its policy and its headers, in the language of the browser', async () => {
      const page = await browser.get(waitingOf(await started()), { ...asPage, 'accept-language': 'de-CH,de;q=0.9' })
      expect(page.status).toBe(200)
      expect(page.text).toContain('<html lang="de"')
      expect(Object.fromEntries(page.headers)).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'content-language': 'de',
        'content-security-policy': expect.stringContaining("default-src 'none'; script-src 'self'"),
        'cache-control': 'no-store',
        'referrer-policy': 'strict-origin',
        'x-content-type-options': 'nosniff',
      })
    })

    it('loads its script and its style', async () => {
      const { text } = await browser.get(waitingOf(await started()), asPage)
      const [script, style] = [/<script src="([^"]+)"/, /<link rel="stylesheet" href="([^"]+)"/].map((link) => link.exec(text)?.[1]?.replaceAll('&#38;', '&') as string)
      const [js, css] = await Promise.all([browser.get(script as string), browser.get(style as string)])
      expect([js?.status, js?.headers.get('content-type'), js?.headers.get('cache-control')]).toEqual([200, 'text/javascript; charset=utf-8', 'private, max-age=31536000, immutable'])
      expect([css?.status, css?.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8'])
      expect(js?.text).toContain('EventSource')
      expect(css?.text).toContain('--nevis-accent')
    })

    it('is data for programs, and lists the phones of the user', async () => {
      const handle = await started()
      const view = (await browser.get(waitingOf(handle), { accept: 'application/json' })).json()
      expect(view).toMatchObject({ transaction: handle, factor: 'push', prompt: 'wait', status: 'pending', factors: ['push', 'app', 'sms'] })
      const list = (await browser.get(view.authenticatorsURL, { accept: 'application/json' })).json()
      expect(list.authenticators).toMatchObject([{ id: expect.any(String) }])
    })

    it('answers HEAD without a body, and explains to a stranger', async () => {
      const handle = await started()
      expect(await browser.send('HEAD', waitingOf(handle), asPage)).toMatchObject({ status: 200, text: '' })
      const stranger = await program.browser().get(waitingOf(handle), asPage)
      expect(stranger.status).toBe(failures.unknown_transaction.status)
      expect(stranger.text).toContain('<main class="nevis"')
    })

    it('sends another factor, and cancels', async () => {
      const sms = await browser.post('/login/2fa', { transaction: await started(), factor: 'sms' })
      expect([sms.status, sms.location?.split('?')[0]]).toEqual([303, '/login/2fa'])
      await expectFailure(await browser.post('/login/2fa', { transaction: handleIn(sms.location), cancel: '1' }), 'cancelled')
    })
  })

  describe('the status', () => {
    it('is told without a cookie, and leaves none', async () => {
      const handle = await started()
      const page = await program.browser().get(statusOf(handle))
      expect(page.json()).toMatchObject({ status: 'pending', prompt: 'wait' })
      expect([page.status, page.headers.get('cache-control'), page.headers.getSetCookie()]).toEqual([200, 'no-store', []])
      expect((await browser.get(statusOf(handle))).headers.getSetCookie()).toEqual([])
      const unknown = await browser.get(statusOf('nothing'))
      expect([unknown.status, unknown.json()]).toEqual([404, { status: 'unknown' }])
    })

    it('is told as events, at once and when it is decided, and the stream ends', async () => {
      const stream = await Events.open(program.origin + statusOf(await started()))
      expect(stream.type).toBe('text/event-stream; charset=utf-8')
      await stream.until('"status":"pending"')
      await simulator.phone(username).approve()
      await stream.until('"status":"succeeded"')
      await stream.over
    })

    it('is watched no longer once the browser has left', async () => {
      const handle = await started()
      const stream = await Events.open(program.origin + statusOf(handle))
      await stream.until('"status":"pending"')
      stream.leave()
      // While a stream is open, a status request causes no call to Nevis, because the app itself polls Nevis for the stream. After the stream has ended, a
      // status request causes a call.
      const before = calls('getStatus') + 1
      for (let looks = 0; looks < 50 && calls('getStatus') <= before; looks++) await browser.get(statusOf(handle))
      expect(calls('getStatus')).toBeGreaterThan(before)
    })
  })

  describe('a sign-in by SMS', () => {
    it('takes the code; the page\'s own form may be wrong before', async () => {
      const handle = await started({ factor: 'sms' })
      expect((await browser.get(waitingOf(handle), asPage)).text).toContain('name="code"')
      const wrong = await answer(handle, '000000', { retry: '1' })
      expect([wrong.status, wrong.location?.split('?')[0]]).toEqual([303, '/login/2fa'])
      expect(await greeting()).toBe('Hello stranger')
      expect(await answer(handle, codeOf())).toMatchObject({ status: 303, location: '/' })
      expect(await greeting()).toBe(`Hello ${username}`)
    })
  })

  describe('a failure', () => {
    it('of the password asks Nevis nothing', async () => {
      const before = calls('approve')
      const page = await start({ password: 'wrong' })
      expect([page.status, page.location]).toEqual(failure === 'json' ? [401, undefined] : [302, '/login'])
      expect(calls('approve')).toBe(before)
      expect(await greeting()).toBe('Hello stranger')
    })

    it('of the phone: a push that is denied', async () => {
      const handle = await started()
      await simulator.phone(username).deny()
      await expectFailure(await browser.get(callbackOf(handle)), 'not_approved')
    })

    it('of the code: one that is wrong', async () => {
      await expectFailure(await answer(await started({ factor: 'sms' }), '000000'), 'wrong_code')
    })

    it('of the request: a factor that is not offered', async () => {
      await expectFailure(await start({ factor: 'recovery' }), 'unknown_factor')
    })

    it('of the method: a start by GET', async () => {
      await started()
      await expectFailure(await browser.get('/login/2fa/callback'), 'start_requires_post')
    })
  })

  describe('an outage', () => {
    it('of Nevis is answered with its page, and what is under way goes on after it', async () => {
      const handle = await started()
      await simulator.phone(username).approve()
      simulator.faults.add({ on: 'getStatus', status: 503 })
      const page = await browser.get(callbackOf(handle), asPage)
      expect([page.status, page.headers.get('content-type'), page.headers.get('retry-after')]).toEqual([503, 'text/html; charset=utf-8', '10'])
      expect(page.text).toContain(`href="${waitingOf(handle)}"`)
      simulator.faults.clear()
      expect((await browser.get(callbackOf(handle))).location).toBe('/')
    })

    it('of Nevis at a callback that was posted leads back to its page too', async () => {
      const handle = await started({ factor: 'sms' })
      simulator.faults.add({ on: 'verifyCode', status: 503 })
      const page = await browser.post('/login/2fa/callback', { transaction: handle, code: codeOf() }, asPage)
      expect(page.status).toBe(503)
      expect(page.text).toContain(`href="${waitingOf(handle)}"`)
    })
  })

  describe('a step-up', () => {
    it('of somebody who is not signed in, also between the password and the second factor › leads to the sign-in, and asks Nevis nothing', async () => {
      const stranger = program.browser()
      const handle = await started()
      const asked = simulator.requests.length
      for (const [who, fields] of [[stranger, {}], [browser, {}], [browser, { transaction: handle, factor: 'sms' }]] as const) {
        expect(await who.get('/step-up', asPage)).toMatchObject({ status: 302, location: '/login' })
        // A browser that goes back after the sign-in must not repeat a stored redirect to the sign-in.
        expect((await who.get('/step-up', asPage)).headers.get('cache-control')).toBe('no-store')
        expect(await who.post('/step-up', fields, asPage)).toMatchObject({ status: 302, location: '/login' })
      }
      expect(simulator.requests).toHaveLength(asked)
      // A redirect to the sign-in is no failure, so the sign-in page shows no message.
      expect((await stranger.get('/login', asPage)).text).toContain('<p role="alert"></p>')
    })

    it('refuses a factor that is too weak, then lets in and back to the page', async () => {
      await signInBySms()
      const refused = await browser.get('/transfer')
      expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('error="insufficient_user_authentication"')])
      expect(refused.json()).toMatchObject({ error: 'insufficient_user_authentication', max_age: 300 })
      expect(await browser.get('/transfer?to=ben', asPage)).toMatchObject({ status: 303, location: '/step-up' })
      expect((await browser.get('/step-up', asPage)).text).toContain('<form method="post">')
      const page = await browser.post('/step-up')
      expect([page.status, page.location?.split('?')[0]]).toEqual([303, '/login/2fa'])
      expect(await browser.get('/transfer', asPage)).toMatchObject({ status: 303, location: '/step-up' })
      await simulator.phone(username).approve()
      expect(await browser.get(callbackOf(handleIn(page.location)))).toMatchObject({ status: 303, location: '/transfer?to=ben' })
      expect((await browser.get('/transfer', asPage)).text).toBe('Whom do you want to pay?')
      expect(await greeting()).toBe(`Hello ${username}`)
    })

    it.each<[how: string, reason: FailureCode, end: (handle: string) => Promise<Page>]>([
      ['denied', 'not_approved', async (handle) => {
        await simulator.phone(username).deny()
        return browser.get(callbackOf(handle))
      }],
      ['cancelled', 'cancelled', (handle) => browser.post('/login/2fa', { transaction: handle, cancel: '1' })],
    ])('that is %s opens nothing, and leads back to the page that asked for it, signed in as before, with the reason', async (_how, reason, end) => {
      await signInBySms()
      expect((await browser.get('/transfer?to=ben', asPage)).location).toBe('/step-up')
      const ended = await end(handleIn((await browser.post('/step-up')).location))
      if (failure === 'json') expect([ended.status, ended.location]).toEqual([failures[reason].status, undefined])
      else {
        expect([ended.status, ended.location]).toEqual([302, '/transfer?to=ben'])
        expect((await browser.get('/transfer?to=ben', asPage)).location).toBe('/step-up')
        expect((await browser.get('/step-up', asPage)).text).toContain(failures[reason].message)
      }
      expect((await browser.get('/transfer')).status).toBe(401)
      expect(await greeting()).toBe(`Hello ${username}`)
    })

    it('is not asked for after a push', async () => {
      const handle = await started()
      await simulator.phone(username).approve()
      await browser.get(callbackOf(handle))
      expect((await browser.get('/transfer')).text).toBe('Whom do you want to pay?')
    })
  })

  describe('the session', () => {
    it('changes its cookie at the sign-in, and the old one opens nothing', async () => {
      const handle = await started()
      const before = browser.clone()
      await simulator.phone(username).approve()
      await browser.get(callbackOf(handle))
      expect([...browser.cookies]).not.toEqual([...before.cookies])
      expect(await greeting(before)).toBe('Hello stranger')
      expect((await before.get('/transfer')).status).toBe(401)
    })

    it('ends at the log-out, with its second factor', async () => {
      const handle = await started()
      await simulator.phone(username).approve()
      await browser.get(callbackOf(handle))
      const before = browser.clone()
      expect((await browser.post('/logout')).status).toBe(303)
      expect(await greeting()).toBe('Hello stranger')
      expect((await browser.get('/transfer')).status).toBe(401)
      // A cookie that contains the session itself is valid until it expires, even after a logout and in the hands of a thief.
      expect(await greeting(before)).toBe(`Hello ${isSessionInCookie ? username : 'stranger'}`)
      expect((await before.get('/transfer')).status).toBe(isSessionInCookie ? 200 : 401)
    })

    it('holds a QR code', async () => {
      const { location } = await start({ factor: 'app' })
      const { appLinkUri } = (await browser.get(waitingOf(handleIn(location)), { accept: 'application/json' })).json()
      await simulator.phone(username).scan(appLinkUri)
      expect((await browser.get(callbackOf(handleIn(location)))).location).toBe('/')
    })

    it(isSessionInCookie ? 'refuses a larger QR code than a cookie can carry, and says what to do' : 'holds a large QR code', async () => {
      const dataUri = `data:image/png;base64,${'iVBORw0KGgoA'.repeat(400)}`
      simulator.faults.add({ on: 'approve', patch: { qrCode: { type: 'image/png', size: 300, dataUri } } })
      const page = await start({ factor: 'app' })
      if (isSessionInCookie) {
        expect([page.status, page.text]).toEqual([500, 'Something went wrong. Please try again.'])
        for (const text of ['SESSION_TOO_LARGE', 'use a session store on the server']) await program.printed(text)
        simulator.faults.clear()
        expect((await start()).status).toBe(303)
      } else expect((await browser.get(waitingOf(handleIn(page.location)), asPage)).text).toContain(dataUri)
    })

    it('holds several requests at once, in several tabs', async () => {
      const handles = [await started(), await started({ factor: 'sms' })]
      expect((await browser.get(waitingOf(handles[0] as string), { accept: 'application/json' })).json()).toMatchObject({ status: 'pending' })
      expect(await answer(handles[1] as string, codeOf())).toMatchObject({ status: 303, location: '/' })
      // The login in the second tab has created a new session, which must still contain the transaction of the first tab.
      await simulator.phone(username).approve()
      expect(await browser.get(callbackOf(handles[0] as string))).toMatchObject({ status: 303, location: '/' })
    })
  })
}

/** A minimal EventSource, which sends the same requests as the EventSource of a browser. */
class Events {
  private text = ''
  private news = () => {}
  readonly over: Promise<void>

  private constructor(
    private readonly response: import('node:http').IncomingMessage,
    readonly leave: () => void,
  ) {
    response.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk
      this.news()
    })
    response.on('error', () => {})
    this.over = new Promise((resolve) => response.once('close', () => resolve()))
  }

  static open(url: string): Promise<Events> {
    return new Promise((resolve, reject) => {
      const request = get(url, { agent: false, headers: { accept: 'text/event-stream' } })
      request.on('response', (response) => resolve(new Events(response, () => request.destroy()))).on('error', reject)
    })
  }

  get type(): string | undefined {
    return this.response.headers['content-type']
  }

  async until(text: string): Promise<void> {
    while (!this.text.includes(text)) await new Promise<void>((resolve) => (this.news = resolve))
  }
}
