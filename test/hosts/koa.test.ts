/** The app of docs/guides/hosts/koa.md. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NevisStrategy, push, waitingPage } from '../../src'
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
