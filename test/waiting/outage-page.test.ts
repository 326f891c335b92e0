/** The outage page: what a user sees, and what a program gets, while the second factor is not available. */
import type { ErrorRequestHandler, Express as App } from 'express'
import session from 'express-session'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { ClientOfflineError } from 'redis'
import { NevisError, outagePage, StorageError, type NevisErrorCode, type OutagePageOptions, type StorageErrorCode } from '../../src'
import { lab } from '../security/support/lab'
import { callbackOf, PASSWORD, signIn, waitingOf, type AppOptions, type TestApp } from '../support/app'
import type { Page } from '../support/browser'
import { ledgerWith } from '../support/ledger-contract'

const world = lab()
const PAGE = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' }
const JSON_ONLY = { accept: 'application/json' }
const credentials = { username: 'anna', password: PASSWORD }

/** The error with which the route `/throw` calls `next`. */
let thrown: unknown
/** The errors that the outage page has passed on to the app's next error handler. */
let passed: unknown[] = []
const start = (options: OutagePageOptions = { signInURL: '/login' }, more: Partial<AppOptions> = {}): Promise<TestApp> =>
  world.start({
    ...more,
    routes: (express: App, { nevis }) => {
      express.all('/throw', (_req, _res, next) => next(thrown))
      express.get('/destroyed', (req, _res, next) => req.session.destroy(() => next(thrown)))
      express.get('/half', (_req, res, next) => {
        res.write('half')
        next(new NevisError('NEVIS_TIMEOUT', 'approve'))
      })
      express.use(outagePage(nevis, options))
      express.use(((error, _req, _res, next) => {
        passed.push(error)
        next(error)
      }) as ErrorRequestHandler)
    },
  })

const throwing = async (app: TestApp, error: unknown, headers: Record<string, string> = PAGE) => {
  thrown = error
  return app.browser().get('/throw', headers)
}

/** The target of the link "Try again". */
const linkOf = ({ text }: Page) => {
  const links = [...text.matchAll(/<a class="nevis-button" href="([^"]*)">Try again<\/a>/g)].map(([, href]) => (href as string).replaceAll('&#38;', '&'))
  expect(links).toHaveLength(1)
  return links[0]
}

describe('an outage', () => {
  describe('of Nevis, at a start', () => {
    // Shows: C-endpoint-3
    it('is told on a page with 503 and Retry-After, with a link to the password, and nothing that goes by itself', async () => {
      const app = await start()
      world.simulator.faults.add({ on: 'approve', reset: true })
      const page = await app.browser().post('/login', credentials, PAGE)
      expect(page.status).toBe(503)
      expect(page.headers.get('retry-after')).toBe('10')
      expect(page.headers.get('cache-control')).toBe('no-store')
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(page.text).toContain('<h1>Not available just now</h1>')
      expect(page.text).toContain('<p class="nevis-error" role="alert">A service that we need does not respond. Please try again in a few minutes. If you were confirming something, first check whether it has been carried out.</p>')
      expect(linkOf(page)).toBe('/login')
      for (const driven of ['<form', 'http-equiv="refresh"', 'data-transaction']) expect(page.text).not.toContain(driven)
    })

    it('found by the health check, is told in the same way, and no start is spent', async () => {
      const app = await start({ signInURL: '/login' }, { strategy: { healthCheck: true, startBudget: { starts: 1, perSeconds: 300 } } })
      const outage = world.simulator.faults.add({ on: 'ping', status: 503 })
      for (const factor of ['push', 'sms', 'recovery']) {
        const page = await app.browser().post('/login', { ...credentials, factor }, PAGE)
        expect([page.status, linkOf(page)]).toEqual([503, '/login'])
      }
      outage.remove()
      world.later(2)
      expect((await app.browser().post('/login', credentials, PAGE)).status).toBe(303)
    })

    it('is told to a program as data', async () => {
      const app = await start()
      world.simulator.faults.add({ on: 'approve', reset: true })
      for (const headers of [JSON_ONLY, { accept: '*/*' }, {}]) {
        const page = await app.browser().post('/login', credentials, headers)
        expect([page.status, page.headers.get('retry-after'), page.headers.get('content-type')]).toEqual([503, '10', 'application/json; charset=utf-8'])
        expect(page.json()).toEqual({ code: 'unavailable', message: expect.stringMatching(/^A service that we need does not respond/) })
      }
    })
  })

  describe('of Nevis, for a transaction that is under way', () => {
    it('is told with a link to its waiting page, where it then goes on', async () => {
      const app = await start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      const outage = world.simulator.faults.add({ reset: true })
      for (const page of [await browser.get(callbackOf(handle), PAGE), await browser.post('/login/2fa', { transaction: handle, factor: 'sms' }, PAGE)]) {
        expect(page.status).toBe(503)
        expect(linkOf(page)).toBe(waitingOf(handle))
      }
      outage.remove()
      const back = await browser.get(waitingOf(handle), PAGE)
      expect(back.location).toBe(callbackOf(handle))
      expect((await browser.get(back.location as string)).json()).toMatchObject({ action: 'success' })
    })

    it('of a signed-in user, who is led back to where the user was', async () => {
      const app = await start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      await browser.get(callbackOf(handle))
      thrown = new NevisError('NEVIS_TIMEOUT', 'getUser')
      expect(linkOf(await browser.get('/throw?a=1', PAGE))).toBe('')
      const startFrom = async (referer?: string) => linkOf(await browser.post('/throw', {}, { ...PAGE, ...(referer !== undefined && { referer }) }))
      expect(await startFrom(`${app.origin}/transfer?to=Ben`)).toBe('/transfer?to=Ben')
      for (const referer of [undefined, 'https://evil.example/transfer', `${app.origin}//evil.example`, '//evil.example']) expect(await startFrom(referer)).toBe('/')
      thrown = new NevisError('NEVIS_UNEXPECTED_RESPONSE', 'getStatus', { nevisStatus: 200 })
      expect(linkOf(await browser.get(`/throw?transaction=${handle}`, PAGE))).toBe('/')
    })

    it('gives no foreign address a link', async () => {
      const app = await start()
      thrown = new NevisError('NEVIS_TIMEOUT', 'getStatus')
      for (const transaction of ['https://evil.example', '"><script>', '//evil']) {
        const page = await app.browser().get(`/throw?transaction=${encodeURIComponent(transaction)}`, PAGE)
        expect(linkOf(page)).toBe(`/login/2fa?${new URLSearchParams({ transaction }).toString()}`)
        expect(page.text).not.toContain('<script>')
      }
      for (const query of ['transaction=', 'transaction=a&transaction=b']) expect(linkOf(await app.browser().get(`/throw?${query}`, PAGE))).toBe('/login')
    })
  })

  describe('of the app\'s own ledger', () => {
    it('is told in the same way', async () => {
      const gone = () => Promise.reject(new Error('gone'))
      const app = await start({}, { strategy: { ledger: ledgerWith({ claim: gone, count: gone, look: gone, forget: gone }) } })
      const page = await app.browser().post('/login', credentials, PAGE)
      expect([page.status, page.headers.get('retry-after'), linkOf(page)]).toEqual([503, '10', '/'])
      expect(world.operations()).toEqual([])
    })
  })

  describe('that says when it ends', () => {
    it.each([[300, '300'], [0, '1'], [undefined, '10'], [999_999_999, '3600']])('is told with its own Retry-After: %s', async (retryAfterSeconds, told) => {
      const page = await throwing(await start(), new NevisError('NEVIS_RATE_LIMITED', 'approve', { nevisStatus: 429, retryAfterSeconds }))
      expect([page.status, page.headers.get('retry-after')]).toEqual([503, told])
    })
  })

  describe('by HEAD', () => {
    it('is told without a body', async () => {
      thrown = new NevisError('NEVIS_TIMEOUT', 'ping')
      const page = await (await start()).browser().send('HEAD', '/throw', PAGE)
      expect([page.status, page.text]).toEqual([503, ''])
    })
  })

  describe('once an answer has begun', () => {
    it('is left to the host', async () => {
      passed = []
      await expect((await start()).browser().get('/half', PAGE)).rejects.toThrow()
      expect(passed).toMatchObject([{ name: 'NevisError', code: 'NEVIS_TIMEOUT' }])
    })
  })
})

describe('an error', () => {
  type Code = NevisErrorCode | StorageErrorCode
  const errorOf = (code: Code, nevisStatus?: number) =>
    code.startsWith('NEVIS') ? new NevisError(code as NevisErrorCode, 'approve', { nevisStatus }) : new StorageError(code as StorageErrorCode)

  it.each<[Code, number | undefined]>([
    ['NEVIS_UNREACHABLE', undefined], ['NEVIS_TIMEOUT', undefined], ['NEVIS_RATE_LIMITED', 429], ['NEVIS_UNEXPECTED_RESPONSE', 500], ['NEVIS_UNEXPECTED_RESPONSE', 503],
    ['SESSION_UNAVAILABLE', undefined], ['LEDGER_UNAVAILABLE', undefined],
  ])('that passes by itself is an outage: %s %s', async (code, nevisStatus) => {
    const page = await throwing(await start(), errorOf(code, nevisStatus), JSON_ONLY)
    expect([page.status, page.json().code]).toEqual([503, 'unavailable'])
    expect(page.text).not.toContain(code)
  })

  it.each<[Code, number | undefined, number]>([
    ['NEVIS_UNAUTHORIZED', 403, 500], ['NEVIS_NOT_FOUND', 404, 500], ['NEVIS_REJECTED', 400, 500], ['NEVIS_UNEXPECTED_RESPONSE', 200, 502],
    ['NEVIS_UNEXPECTED_RESPONSE', 302, 502], ['NEVIS_UNEXPECTED_RESPONSE', undefined, 502], ['SESSION_REQUIRED', undefined, 500],
    ['SESSION_IN_COOKIE', undefined, 500],
  ])('that an operator must mend is passed on: %s %s', async (code, nevisStatus, status) => {
    const page = await throwing(await start(), errorOf(code, nevisStatus))
    expect(page.status).toBe(status)
    expect(page.json()).toMatchObject({ action: 'error', code })
    expect(page.headers.get('retry-after')).toBeNull()
  })

  it.each<[string, unknown]>([
    ['an Error', new Error('x')], ['one that looks like ours', Object.assign(new Error('x'), { status: 503, code: 'NEVIS_TIMEOUT' })],
    ['a word', 'x'], ['an object', { code: 'LEDGER_UNAVAILABLE' }],
  ])('of another program is passed on: %s', async (_what, error) => {
    const page = await throwing(await start(), error)
    expect(page.headers.get('retry-after')).toBeNull()
    expect(page.text).not.toContain('Not available just now')
  })

  it('of a session store that cannot load the session is an outage, and an event says so', async () => {
    const browser = (await start()).browser()
    await browser.post('/login', credentials)
    const get = jest.spyOn(session.MemoryStore.prototype, 'get').mockImplementation((_id, done) => done(new ClientOfflineError()))
    const faults: unknown[] = []
    const note = (event: unknown) => void faults.push(event)
    subscribe('passport-nevis:fault', note)
    const page = await browser.get('/throw', PAGE)
    const data = await browser.get('/throw', JSON_ONLY)
    unsubscribe('passport-nevis:fault', note)
    get.mockRestore()
    expect([page.status, page.headers.get('retry-after'), page.text.includes('Not available just now')]).toEqual([503, '10', true])
    expect([data.status, data.json().code]).toEqual([503, 'unavailable'])
    expect(faults).toEqual(Array(2).fill({ at: 'request', code: 'SESSION_UNAVAILABLE', cause: 'ClientOfflineError' }))
  })

  it.each([[500, 'destroys the session'], [503, 'cannot destroy the session, because the store has failed']])('is answered with %d if middleware before passport.session() %s', async (status, _what) => {
    const store = new session.MemoryStore()
    const app = await world.start({
      session: false,
      routes: (express, { nevis }) => {
        express.use(session({ secret: 'a secret for tests', resave: false, saveUninitialized: false, store }))
        express.get('/fill', (req, res) => {
          Object.assign(req.session, { cart: 1 })
          res.end()
        })
        express.use('/locked', (req, _res, next) => req.session.destroy((error) => next(error ?? new Error('this account is locked'))))
        express.use(outagePage(nevis))
      },
    })
    const browser = app.browser()
    await browser.get('/fill')
    if (status === 503) jest.spyOn(store, 'destroy').mockImplementation((_id, done) => done?.(new ClientOfflineError()))
    const faults: unknown[] = []
    const note = (event: unknown) => void faults.push(event)
    subscribe('passport-nevis:fault', note)
    const page = await browser.get('/locked', PAGE)
    unsubscribe('passport-nevis:fault', note)
    expect([page.status, page.text.includes('Not available just now'), page.text.includes('this account is locked')]).toEqual([status, status === 503, status === 500])
    expect(faults).toHaveLength(status === 503 ? 1 : 0)
  })

  it('of a route that has removed the session is passed on', async () => {
    const browser = (await start()).browser()
    await browser.post('/login', credentials)
    thrown = new Error('x')
    const page = await browser.get('/destroyed', PAGE)
    expect([page.headers.get('retry-after'), page.text.includes('Not available just now')]).toEqual([null, false])
  })
})

describe('the page', () => {
  const shown = async (options: OutagePageOptions, headers: Record<string, string> = {}) => throwing(await start(options), new NevisError('NEVIS_TIMEOUT', 'ping'), { ...PAGE, ...headers })

  it('speaks four languages', async () => {
    for (const [tag, words] of [['en', 'Not available just now'], ['de', 'Zurzeit nicht verfügbar'], ['fr', 'Indisponible pour le moment'], ['it', 'Al momento non disponibile']] as const) {
      const { text } = await shown({}, { 'accept-language': tag })
      expect(text).toContain(`<html lang="${tag}"`)
      expect(text).toContain(`<h1>${words}</h1>`)
    }
  })

  it('takes texts, a stylesheet and a nonce of the app\'s own', async () => {
    const { text } = await shown({ locales: { en: { unavailable: 'Down <for> now' } }, stylesheet: '/brand.css', nonce: () => 'n0nce' })
    expect(text).toContain('<h1>Down &#60;for&#62; now</h1>')
    expect(text).toMatch(/<link rel="stylesheet" href="\/login\/2fa\?asset=style&#38;v=[0-9a-f]{12}" nonce="n0nce">\s*<link rel="stylesheet" href="\/brand.css" nonce="n0nce">/)
  })

  it.each([
    [{ signInUrl: '/login' }, 'outagePage: unknown option "signInUrl"'], [{ signInURL: 7 }, 'outagePage: signInURL must be of type string'],
    [{ nonce: 'x' }, 'outagePage: nonce must be of type function'], [{ locales: null }, 'outagePage: locales must be of type object'],
  ])('refuses a wrong option by name: %j', async (options, message) => {
    const { nevis } = await world.start()
    expect(() => outagePage(nevis, options as never)).toThrow(new TypeError(message))
  })
})
