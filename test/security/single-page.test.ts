/**
 * The attack: a single-page app holds a password, a CSRF token and typed codes, and sends them with `fetch`. The attacker controls an open redirect, an answer
 * of another origin, or one answer of the app's own server (a cache, a proxy, an injected route). The attacker has one of three aims: the browser sends these
 * secrets to another origin, the app mistakes an HTML page for a successful approval, or the user's phone rings.
 *
 * In each test, one answer of the server is malicious. The other origin accepts every request (CORS), and records it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { forgiveComplaints, useChromium } from '../browser/support'
import { library, pageWith } from '../single-page/support'
import { listen } from '../support/app'
import { describeWithChromium } from '../support/chromium'

const NEXT = 'application/vnd.passport-nevis.next+json'
const SECRET = 'correct horse'
const VIEW = { transaction: 'handle', factor: 'push', operation: 'approve', prompt: 'wait', status: 'pending', expiresAt: new Date().toISOString(), factors: ['push'], statusURL: '/2fa/status', callbackURL: '/2fa/callback' }

type Route = (req: IncomingMessage, res: ServerResponse) => void
const json = (value: unknown, status = 200, type = 'application/json'): Route => (_req, res) => void res.writeHead(status, { 'Content-Type': type }).end(JSON.stringify(value))
const next = (to: unknown) => json({ next: to }, 200, NEXT)
const redirect = (status: number, to: string): Route => (_req, res) => void res.writeHead(status, { Location: to }).end()
const html: Route = (_req, res) => void res.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Approved</title>')

describeWithChromium('a single-page app', () => {
  const chromium = useChromium()
  let site: Server
  let other: Server
  let elsewhere: string
  let origin: string
  let routes: Record<string, Route>
  let received: string[]
  let sent: string[]
  let page: Page

  const portOf = (server: Server) => (server.address() as AddressInfo).port

  beforeEach(async () => {
    received = []
    sent = []
    site = createServer((req, res) => {
      const path = (req.url as string).split('?')[0] as string
      if (path === '/') return void res.setHeader('Content-Type', 'text/html').end(pageWith(`${library()}
        window.steps = []
        window.show = (step) => steps.push(step)
        window.ending = (promise) => promise.then((value) => ({ value }), ({ name, code, message }) => ({ name, code, message }))
        window.options = { show, headers: () => ({ 'X-CSRF-Token': '${SECRET}' }) }
        window.signIn = () => ending(nevis.secondFactor('/login', { username: 'anna', password: '${SECRET}' }, options))`))
      sent.push(`${req.method} ${path}`)
      const route = routes[path]
      if (route) route(req, res)
      else res.writeHead(404).end()
    })
    other = createServer((req, res) => {
      let body = ''
      req.on('data', (chunk) => (body += String(chunk)))
      req.on('end', () => {
        received.push(`${req.method} ${req.url} ${JSON.stringify(req.headers)} ${body}`)
        const asked = req.headers['access-control-request-headers'] ?? '*'
        res.writeHead(req.url === '/refused' ? 401 : 200, {
          'Access-Control-Allow-Origin': req.headers.origin ?? '*', 'Access-Control-Allow-Credentials': 'true', 'Access-Control-Allow-Headers': asked, 'Content-Type': 'application/json',
        })
        res.end(JSON.stringify(req.url === '/refused' ? { error: 'insufficient_user_authentication' } : VIEW))
      })
    })
    await Promise.all([listen(site), listen(other)])
    origin = `http://127.0.0.1:${portOf(site)}`
    elsewhere = `http://127.0.0.1:${portOf(other)}`
    routes = { '/login': next('/2fa?transaction=handle'), '/2fa': json(VIEW), '/2fa/status': json({ status: 'succeeded' }), '/2fa/callback': json({ username: 'anna' }) }
    page = await (await chromium.open()).newPage()
    await page.goto(origin)
    forgiveComplaints(/40[0-9]|CORS|redirect|ERR_FAILED/i)
  })
  afterEach(() => {
    for (const server of [site, other]) {
      server.closeAllConnections()
      server.close()
    }
  })

  const signIn = () => page.evaluate<{ value?: unknown; name?: string; code?: string; message?: string }>('signIn()')

  it('whose server is honest signs in: the servers of this test work', async () => {
    expect(await signIn()).toEqual({ value: { username: 'anna' } })
    expect(sent).toEqual(['POST /login', 'GET /2fa', 'GET /2fa/status', 'POST /2fa/callback'])
  })

  describe('led to another origin', () => {
    const places: [string, () => void][] = [
      ['by next', () => (routes['/login'] = next(`${elsewhere}/2fa`))],
      ['by next without a scheme', () => (routes['/login'] = next(`//127.0.0.1:${portOf(other)}/2fa`))],
      ['by next with backslashes', () => (routes['/login'] = next(`\\\\127.0.0.1:${portOf(other)}/2fa`))],
      ['by next that is a script', () => (routes['/login'] = next('javascript:alert(1)'))],
      ['by next that is a file', () => (routes['/login'] = next('file:///etc/passwd'))],
      ['by the view: statusURL', () => (routes['/2fa'] = json({ ...VIEW, statusURL: `${elsewhere}/status` }))],
      ['by the view: callbackURL', () => (routes['/2fa'] = json({ ...VIEW, callbackURL: `${elsewhere}/callback` }))],
      ['by the callback, to a page that the app might open', () => (routes['/2fa/callback'] = next(`${elsewhere}/welcome`))],
    ]
    // Shows: T-csrf-2
    it.each(places)('%s › refuses, and sends nothing there', async (_name, lie) => {
      lie()
      expect(await signIn()).toMatchObject({ name: 'SecondFactorError', code: 'foreign_origin' })
      expect(received).toEqual([])
      expect(await page.evaluate('steps.at(-1)')).toBeUndefined()
    })
  })

  describe('redirected to another origin', () => {
    // Shows: T-csrf-2
    it.each([['/login', 302], ['/login', 307], ['/login', 308], ['/2fa', 302], ['/2fa/status', 307], ['/2fa/callback', 307]])('from %s with %i › follows nothing: neither password nor token gets there', async (path, status) => {
      routes[path] = redirect(status, `${elsewhere}/collect`)
      expect(await signIn()).toMatchObject({ code: 'redirected' })
      expect(received).toEqual([])
    })

    it('to its own sign-in page, because the session has ended › says that, too', async () => {
      routes['/login'] = redirect(302, '/sign-in')
      expect(await signIn()).toMatchObject({ code: 'redirected', message: 'redirected: /login' })
      expect(sent).toEqual(['POST /login'])
    })
  })

  describe('that gets a page with HTTP 200', () => {
    // Shows: T-csrf-2
    it.each(['/login', '/2fa', '/2fa/status', '/2fa/callback'])('from %s › does not take it for an answer', async (path) => {
      routes[path] = html
      expect(await signIn()).toMatchObject({ code: 'unexpected_answer' })
    })

    it.each([['a list', []], ['a text', 'ok'], ['null', null], ['a view without a transaction', { ...VIEW, transaction: undefined }]])('or %s in place of the view › does not take it for an answer', async (_name, view) => {
      routes['/2fa'] = json(view)
      expect(await signIn()).toMatchObject({ code: 'unexpected_answer' })
      expect(sent).not.toContain('POST /2fa/callback')
    })
  })

  describe('that sends a request to another origin', () => {
    it('whose 401 looks like a refusal › starts no step-up, and does not send its token', async () => {
      routes['/step-up'] = next('/2fa?transaction=handle')
      const status = await page.evaluate(`nevis.stepUpFetch('/step-up', options)('${elsewhere}/refused', { method: 'POST', body: 'x' }).then(({ status }) => status)`)
      expect(status).toBe(401)
      expect(sent).toEqual([])
      expect(received.join()).not.toContain(SECRET)
      expect(received).toHaveLength(1)
    })

    // Shows: T-csrf-2
    it.each([302, 307, 308])('by a redirect %i of its own server, with the token in a header › sends it nowhere', async (status) => {
      routes['/report'] = redirect(status, `${elsewhere}/collect`)
      expect(await page.evaluate(`ending(nevis.stepUpFetch('/step-up', options)('/report', { method: 'POST', body: 'x' }))`)).toMatchObject({ name: 'TypeError' })
      expect(sent).toEqual(['POST /report'])
      expect(received).toEqual([])
    })

    it('by a redirect of its own server › starts no step-up either', async () => {
      routes['/step-up'] = next('/2fa?transaction=handle')
      routes['/report'] = redirect(302, `${elsewhere}/refused`)
      const status = await page.evaluate(`nevis.stepUpFetch('/step-up', { show })('/report').then(({ status }) => status)`)
      expect(status).toBe(401)
      expect(sent).toEqual(['GET /report'])
    })
  })

  describe('whose 401 is no refusal of requireSecondFactor', () => {
    it.each<[string, Route]>([
      ['a page', (_req, res) => void res.writeHead(401, { 'Content-Type': 'text/html' }).end('insufficient_user_authentication')],
      ['null', json(null, 401)],
      ['another error', json({ error: 'invalid_token' }, 401)],
    ])('but %s › starts no step-up', async (_name, route) => {
      routes['/pay'] = route
      expect(await page.evaluate(`nevis.stepUpFetch('/step-up', options)('/pay', { method: 'POST' }).then(({ status }) => status)`)).toBe(401)
      expect(sent).toEqual(['POST /pay'])
    })
  })

  it('keeps neither password nor code in an error', async () => {
    routes['/2fa'] = json({ ...VIEW, prompt: 'code' })
    routes['/2fa/status'] = json({ status: 'pending', retryAfterSeconds: 60 })
    routes['/2fa/callback'] = json({ code: 'codes_locked', message: 'Locked.' }, 403)
    await page.evaluate(`void (window.end = nevis.secondFactor('/login', { password: '${SECRET}' }, options).catch((error) => JSON.stringify([error, error.message, error.stack, Object.entries(error)])))`)
    await page.waitForFunction('steps.length === 1')
    await page.evaluate(`steps[0].send({ code: '123456' })`)
    await page.waitForFunction('steps.length === 2')
    expect(await page.evaluate('steps[1].error.code')).toBe('codes_locked')
    routes['/2fa'] = json({ code: 'codes_locked', message: 'Locked.' }, 403)
    await page.evaluate(`steps[1].send({ code: '123456' })`)
    const error = await page.evaluate<string>('end')
    expect(error).toContain('codes_locked')
    expect(error).not.toMatch(/123456|correct horse|handle/)
  })
})
