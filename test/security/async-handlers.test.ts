/**
 * The attack: a request at which an `async` handler of the app rejects. Express 4 does not handle a rejected promise, so Node ends the process, and with it all
 * sign-ins under way. Three quick clicks on "remove this phone" are enough: Nevis removes the phone at the first request, and answers 404 to the other two. The
 * handlers that our guides show must pass every error to `next`, also in Express 4. Jest fails a test in which a promise rejects without a handler.
 */
import type { ErrorRequestHandler, Express as App, RequestHandler } from 'express'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NevisClient, atLeast, ownAuthenticator, type RequireSecondFactorOptions } from '../../src'
import { listen } from '../support/app'
import { Browser, type Page } from '../support/browser'
import { guides, snippetsOf, snippetWith } from '../support/markdown'
import { lab } from './support/lab'

const express4 = require('express4') as typeof import('express')
const world = lab()
jest.setTimeout(10_000)

const fault = async (): Promise<never> => {
  await Promise.resolve()
  throw new Error('the dependency is down')
}
/** Signs the request in as anna, so that the handlers find a user. */
const signedIn = (nevisUserId: string): RequestHandler => (req, _res, next) => {
  req.user = { username: 'anna', nevisUserId }
  Object.assign(req, { session: { passport: { user: 'anna' } }, sessionStore: { all: (done: (error: null, all: object) => void) => done(null, {}) } })
  next()
}

/** Adds an error handler after all routes, and starts the app. */
async function serve(app: App): Promise<Browser> {
  const onError: ErrorRequestHandler = (error: Error, _req, res, _next) => void res.status(500).send(`error handler: ${error.message}`)
  app.use(onError)
  const server = createServer(app)
  await listen(server)
  world.defer(() => (server.closeAllConnections(), server.close()))
  return new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

/** Takes the handler of a route from the code of a guide, and serves it with Express 4. */
function shown(guide: string, path: string, names: Record<string, unknown>, modules: Record<string, unknown> = {}, code = snippetWith(guide, `('${path}'`)): Promise<Browser> {
  const app = express4()
  app.use(express4.urlencoded({ extended: false }))
  // If the code of the guide calls `express()`, it gets this app, which `serve` starts later.
  app.listen = (() => undefined) as never
  const load = (name: string) => ({ express: () => app, 'node:diagnostics_channel': { subscribe: () => undefined }, 'node:util': require('node:util'), ...modules })[name]
  const all = { ...names, app, require: load }
  new Function(...Object.keys(all), code)(...Object.values(all))
  return serve(app)
}

const ANSWER = [500, 'error handler: the dependency is down']
const answerOf = ({ status, text }: Page) => [status, text]

/** A test for every handler of the guides that waits for a promise: the test makes this promise reject. */
const stories: Readonly<Record<string, () => Promise<void>>> = {
  'docs/guides/existing-app.md /login': async () => {
    const guide = 'docs/guides/existing-app.md'
    const login = (authenticate: (done: (error: unknown) => void) => unknown) =>
      shown(guide, '/login', { passport: { authenticate: (_name: string, done: (error: unknown) => void) => () => authenticate(done) }, secondFactor: signedIn('any') }, {}, snippetWith(guide, 'function checkPassword'))
    expect(answerOf(await (await login((done) => void fault().catch(done))).post('/login'))).toEqual(ANSWER)
    expect((await (await login((done) => done(null))).post('/login')).location).toBe('/login')
  },
  'docs/guides/factors.md /phones/remove': async () => {
    const { userId = '', authenticatorIds = [] } = world.simulator.addUser({ username: 'clara', authenticators: 2 })
    const client = new NevisClient({ baseURL: world.simulator.baseURL, accessKey: world.simulator.accessKey })
    // A stolen recovery code must not be enough to remove the phone. Otherwise a thief could then enrol another phone with the password alone.
    const onlyAfterPush = ({ factors }: RequireSecondFactorOptions) => { expect(factors).toEqual(atLeast('push')); return signedIn(userId) }
    const browser = await shown('docs/guides/factors.md', '/phones/remove', { client, ownAuthenticator, atLeast, onlySignedIn: signedIn(userId), requireSecondFactor: onlyAfterPush })
    const remove = (authenticatorId = '') => browser.post('/phones/remove', { authenticatorId })
    const { status, text } = await (world.simulator.faults.add({ on: 'deleteAuthenticator', status: 503, times: 1 }), remove(authenticatorIds[0]))
    expect([status, text]).toEqual([500, expect.stringContaining('error handler: ')])
    expect((await remove('of nobody')).status).toBe(404)
    const atOnce = await Promise.all([remove(authenticatorIds[0]), remove(authenticatorIds[0]), remove(authenticatorIds[0])])
    expect(atOnce.map((page) => page.status)).toContain(303)
    expect((await remove(authenticatorIds[1])).location).toBe('/phones')
  },
  'docs/guides/monitoring.md /not-me': async () => {
    const names = (mail: object) => ({ onlySignedIn: signedIn('any'), nevis: {}, forgetBrowsers: () => undefined, users: { forgetDenial: () => undefined }, mail, log: {} })
    const browser = await shown('docs/guides/monitoring.md', '/not-me', names({ send: fault }))
    expect(answerOf(await browser.post('/not-me'))).toEqual(ANSWER)
    expect((await (await shown('docs/guides/monitoring.md', '/not-me', names({ send: () => undefined }))).post('/not-me')).location).toBe('/change-password')
  },
  'docs/guides/monitoring.md /metrics': async () => {
    const metrics = (read: () => Promise<string>) => shown('docs/guides/monitoring.md', '/metrics', {}, { 'prom-client': { register: { metrics: read, contentType: 'text/plain' } } })
    expect(answerOf(await (await metrics(fault)).get('/metrics'))).toEqual(ANSWER)
    expect(answerOf(await (await metrics(async () => 'nevis_up 1')).get('/metrics'))).toEqual([200, 'nevis_up 1'])
  },
}

/** The async handlers in the guides, such as `app.post('/path', … async (`. Leaves out Fastify, Koa and NestJS, which handle a rejected promise themselves. */
const found = guides.filter((guide) => !/hosts\/(fastify|koa|nestjs)/.test(guide)).flatMap((guide) =>
  snippetsOf(guide).flatMap(({ code }) => [...code.matchAll(/^ *\w+\.(?:get|post|put|patch|delete|all|use)\('([^']+)',(.*)$/gm)].filter(([, , rest = '']) => /\basync\b|\.then\(/.test(rest)).map(([, path]) => `${guide} ${path}`)),
)

describe('a handler of a guide whose promise rejects, in Express 4', () => {
  // Shows: T-exhaust-7
  it.each(Object.entries(stories))('%s › the error handler answers, and the process goes on', (_name, story) => story())

  it('is tried for every guide', () => {
    expect(found.sort()).toEqual(Object.keys(stories).sort())
  })
})
