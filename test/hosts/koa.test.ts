/** The app of docs/guides/hosts/koa.md. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { NevisStrategy, outagePage, push, waitingPage } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { listen, strategyOptions } from '../support/app'
import { Browser } from '../support/browser'
import { messageOn } from '../support/typed-code'
import { hostContract } from './contract'

describe('Koa', () => hostContract({ app: 'koa/app', failure: 'redirect' }))

describe('Koa with koa-session', () => {
  const Koa = jest.requireActual('koa')
  const session = jest.requireActual('koa-session').default
  const { KoaPassport } = jest.requireActual('koa-passport')

  // Shows: T-old-session-5
  it.each<[string, object, number, string | undefined]>([
    ['without a store is refused at the start, before anybody is asked, with the remedy', {}, 500, 'SESSION_IN_COOKIE'],
    ['with a store is not', { store: { get: async () => undefined, set: async () => {}, destroy: async () => {} } }, 303, undefined],
  ])('%s', async (_name, options, status, code) => {
    const simulator = await NevisSimulator.start()
    simulator.addUser({ username: 'anna' })
    const passport = new KoaPassport()
    const nevis = new NevisStrategy({ ...strategyOptions(simulator), passReqToCallback: false, subject: () => ({ username: 'anna' }) }, async () => undefined)
    passport.use(nevis)
    const app = new Koa()
    app.keys = ['a secret']
    const errors: { code?: string; message: string }[] = []
    app.on('error', (error: { message: string }) => errors.push(error))
    app.use(session(options, app)).use(passport.initialize()).use(passport.authenticate('nevis'))
    const server = createServer(app.callback())
    await listen(server)
    try {
      const page = await new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).post('/')
      expect([page.status, errors[0]?.code]).toEqual([status, code])
      expect(simulator.requests.length).toBe(code === undefined ? 1 : 0)
      if (code !== undefined) expect(errors[0]?.message).toContain('the option store of koa-session')
    } finally {
      server.close().closeAllConnections()
      await simulator.close()
    }
  })

  // A Koa app logs its errors in a listener for the event `error`. Koa does not emit this event for an error that a middleware catches.
  it('publishes an outage as its event error, if the middleware of the guide answers the outage', async () => {
    const simulator = await NevisSimulator.start()
    simulator.addUser({ username: 'anna' })
    simulator.faults.add({ on: 'approve', status: 503 })
    const passport = new KoaPassport()
    const nevis = new NevisStrategy({ ...strategyOptions(simulator), passReqToCallback: false, subject: () => ({ username: 'anna' }) }, async () => undefined)
    passport.use(nevis)
    const app = new Koa()
    app.keys = ['a secret']
    const published: unknown[][] = []
    app.on('error', (error: { code?: string }, ctx: { path?: string }) => published.push([error.code, ctx.path]))
    const guide = readFileSync(join(__dirname, 'koa/app.mjs'), 'utf8')
    const lines = [/^function send\([^]*?^\}$/m, /^const outage = [^]*?^\}\)$/m].map((part) => part.exec(guide)?.[0])
    new Function('app', 'nevis', 'outagePage', lines.join('\n'))(app, nevis, outagePage)
    app.use(session({ store: { get: async () => undefined, set: async () => {}, destroy: async () => {} } }, app)).use(passport.initialize()).use(passport.authenticate('nevis'))
    const server = createServer(app.callback())
    await listen(server)
    try {
      const page = await new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).post('/login', {}, { accept: 'text/html' })
      expect([page.status, page.text.includes('<main class="nevis"')]).toEqual([503, true])
      expect(published).toEqual([['NEVIS_UNEXPECTED_RESPONSE', '/login']])
    } finally {
      server.close().closeAllConnections()
      await simulator.close()
    }
  })

  it('gives its context to the function language, for the line with the typed code too', async () => {
    const simulator = await NevisSimulator.start()
    simulator.addUser({ username: 'anna' })
    const passport = new KoaPassport()
    const nevis = new NevisStrategy({ ...strategyOptions(simulator), factors: [push({ typedCode: true })], passReqToCallback: false, subject: () => ({ username: 'anna' }) }, async () => undefined)
    waitingPage(nevis, { language: (ctx) => (ctx as unknown as { request: { get(name: string): string } }).request.get('x-tongue') })
    passport.use(nevis)
    const app = new Koa()
    app.keys = ['a secret']
    app.use(session({ store: { get: async () => undefined, set: async () => {}, destroy: async () => {} } }, app)).use(passport.initialize()).use(passport.authenticate('nevis'))
    const server = createServer(app.callback())
    await listen(server)
    try {
      expect((await new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).post('/', {}, { 'x-tongue': 'it' })).status).toBe(303)
      expect(messageOn(simulator, 'anna')).toMatch(/^Inserisca questo codice nella pagina: \d{6}$/)
    } finally {
      server.close().closeAllConnections()
      await simulator.close()
    }
  })
})
