/**
 * Tests remembered browsers in every web framework: in the apps of the guides, with the changes that docs/guides/remembered-browsers.md shows.
 *
 * Out of scope: attacks (`test/security/remembered-browsers.test.ts`).
 */
import type { Express, RequestHandler } from 'express'
import * as passportNevis from '../../src'
import { NevisStrategy, recordSecondFactor, requireSecondFactor } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { callbackOf, handleIn, PASSWORD } from '../support/app'
import type { Browser } from '../support/browser'
import { snippetWith } from '../support/markdown'
import { bare, strategyFor } from './express/bare'
import { newest } from './express/host'
import { run, type Program } from './program'
import { changed, changes, option } from './remembering'

jest.setTimeout(60_000)

describe.each(changes)('%s', (app, change) => {
  let simulator: NevisSimulator
  let program: Program
  let browser: Browser

  beforeAll(async () => {
    simulator = await NevisSimulator.start()
    const users = ['anna', 'ben'].map((username) => ({ username, userId: simulator.addUser({ username }).userId }))
    program = await run(app, simulator, users, { change })
  })

  beforeEach(() => (browser = program.browser()))

  afterAll(async () => {
    await program?.close()
    await simulator.close()
  })

  const approvals = () => simulator.requests.filter(({ operation }) => operation === 'approve').length
  const enter = (username: string, fields: Record<string, string> = {}) => browser.post('/login', { username, password: PASSWORD, ...fields })
  const greeting = async () => (await browser.get('/')).text

  it('signs in with the box, signs out, and signs in with the password alone: no second factor is recorded', async () => {
    const handle = handleIn((await enter('anna', { remember: '1' })).location)
    await simulator.phone('anna').approve()
    expect(await browser.get(callbackOf(handle))).toMatchObject({ status: 303, location: '/' })
    expect((await browser.get('/transfer')).status).toBe(200)
    const before = approvals()
    const cookies = new Set<string | undefined>()
    for (let i = 0; i < 2; i++) {
      await browser.post('/logout')
      expect(await greeting()).toBe('Hello stranger')
      expect(await enter('anna')).toMatchObject({ status: 303, location: '/' })
      expect(await greeting()).toBe('Hello anna')
      expect((await browser.get('/transfer')).status).toBe(401)
      cookies.add(browser.cookies.get('nevis-browser'))
    }
    expect([approvals(), cookies.size, cookies.has(undefined)]).toEqual([before, 2, false])
    // The browser is remembered, but a step-up still needs an approval on the phone. After the approval, the user can open `/transfer`.
    const stepUp = handleIn((await browser.post('/step-up')).location)
    await simulator.phone('anna').approve()
    await browser.get(callbackOf(stepUp))
    expect((await browser.get('/transfer')).status).toBe(200)
  })

  it('asks without the box, and with another user\'s cookie', async () => {
    const handle = handleIn((await enter('ben')).location)
    await simulator.phone('ben').approve()
    await browser.get(callbackOf(handle))
    expect(browser.cookies.has('nevis-browser')).toBe(false)
    await browser.post('/logout')
    expect((await enter('ben')).location).toMatch(/^\/login\/2fa\?/)
  })

  it('sets a cookie of the strictest kind behind a proxy that ends TLS', async () => {
    const proxied = { 'x-forwarded-proto': 'https' }
    const start = await browser.post('/login', { username: 'ben', password: PASSWORD, remember: '1' }, proxied)
    await simulator.phone('ben').approve()
    const lines = (await browser.get(callbackOf(handleIn(start.location)), proxied)).headers.getSetCookie()
    const isTrusting = lines.some((line) => line.startsWith('__Host-'))
    expect(lines.find((line) => line.includes('nevis-browser='))).toMatch(isTrusting ? /^__Host-nevis-browser=[\w-]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/ : /; HttpOnly; SameSite=Lax$/)
    // The app of Koa's guide trusts the header `X-Forwarded-Proto` only in production, so here it takes the request for plain http.
    expect(isTrusting).toBe(app !== 'koa/app')
  })
})

describe('fastify without the hook', () => {
  const hook = "app.addHook('onRequest', async (request, reply) => void Object.assign(request, { reply }))"

  it('remembers nothing, and answers no script with JSON, and says how to mend that', async () => {
    const simulator = await NevisSimulator.start()
    const { userId } = simulator.addUser({ username: 'anna' })
    const program = await run('fastify/app', simulator, [{ username: 'anna', userId }], { change: (text) => changed(option(text), [[hook, '']]) })
    try {
      const browser = program.browser()
      const asked = await browser.post('/login', { username: 'anna', password: PASSWORD }, { accept: 'application/vnd.passport-nevis.next+json' })
      expect([asked.status, asked.location]).toEqual([500, undefined])
      await program.printed('TypeError: NevisStrategy cannot answer with JSON: on Fastify, put the reply on the request')
      const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD, remember: '1' })).location)
      await simulator.phone('anna').approve()
      expect(await browser.get(callbackOf(handle))).toMatchObject({ status: 303, location: '/' })
      expect(browser.cookies.has('nevis-browser')).toBe(false)
      await program.printed('PASSPORT_NEVIS_NO_REPLY')
    } finally {
      await program.close()
      await simulator.close()
    }
  })
})

describe('the code of the guide, in Express', () => {
  const GUIDE = 'docs/guides/remembered-browsers.md'

  /** Runs the guide's code block that contains `text`, with the variables in `given`. Returns the value of the variable `name` of this code. */
  function runSnippet(text: string, given: object, name = 'undefined'): unknown {
    const code = snippetWith(GUIDE, text)
    return new Function('require', ...Object.keys(given), `${code}\nreturn ${name}`)(() => passportNevis, ...Object.values(given))
  }

  it('signs in with the password alone, and asks again after a new password and after a sign-out that clears the cookie', async () => {
    const simulator = await NevisSimulator.start()
    // In the code of the guide, a user's username at Nevis consists of `user-` and the user's id in the app. Here it is `user-anna`.
    simulator.addUser({ username: 'user-anna' })
    const nevis: NevisStrategy = strategyFor(simulator, { rememberBrowser: { days: 30 }, subject: ({ user }) => user && { username: `user-${(user as { username: string }).username}` } },
      ({ username = '' }, done) => done(null, { username: username.replace('user-', '') }))
    const host = await bare({ simulator, stack: newest, routes: (app: Express, { passport }) => {
      passport.use(nevis)
      runSnippet("app.post('/login'", { app, passport, recordSecondFactor })
      app.all('/login/2fa/callback', passport.authenticate('nevis'), recordSecondFactor(), (_req, res) => res.redirect(303, '/'))
      // Over plain http, the cookie's name has no prefix `__Host-`, as docs/guides/remembered-browsers.md says.
      const withoutPrefix: RequestHandler = (_req, res, next) => {
        const { clearCookie } = res
        res.clearCookie = (name, options) => clearCookie.call(res, name.replace('__Host-', ''), { ...options, secure: false })
        next()
      }
      app.use(withoutPrefix)
      runSnippet("app.post('/sign-out'", { app })
      app.post('/transfer', requireSecondFactor({ maxAgeSeconds: 300 }), (_req, res) => void res.end())
    } })
    try {
      const passwordChanged = runSnippet('passwordChanged', { nevis }, 'passwordChanged') as (user: { id: string }) => Promise<void>
      const browser = host.browser()
      const enter = (fields: Record<string, string> = {}) => browser.post('/login', { username: 'anna', password: PASSWORD, ...fields })
      const remember = async () => {
        const handle = handleIn((await enter({ remember: '1' })).location)
        await simulator.phone('user-anna').approve()
        expect(await browser.get(callbackOf(handle))).toMatchObject({ status: 303, location: '/' })
        browser.cookies.delete('connect.sid')
      }
      await remember()
      expect(await enter()).toMatchObject({ status: 303, location: '/' })
      expect((await browser.post('/transfer')).status).toBe(401)
      browser.cookies.delete('connect.sid')
      await passwordChanged({ id: 'anna' })
      expect((await enter()).location).toMatch(/^\/login\/2fa\?/)
      await remember()
      expect(await enter()).toMatchObject({ status: 303, location: '/' })
      expect(await browser.post('/sign-out')).toMatchObject({ status: 303, location: '/' })
      expect((await enter()).location).toMatch(/^\/login\/2fa\?/)
    } finally {
      await host.close()
      await simulator.close()
    }
  })
})
