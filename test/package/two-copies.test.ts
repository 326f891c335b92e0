/**
 * Two copies of the package in one app: npm installs a second one if the app and one of its packages ask for different versions. The pages and functions of one
 * copy must recognise the errors of the other copy.
 */
import express from 'express'
import session from 'express-session'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Passport } from 'passport'
import type * as Package from '../../src'
import { handleIn, listen } from '../support/app'
import { Browser } from '../support/browser'

const { NevisSimulator } = jest.requireActual<typeof import('../../src/simulator')>('../../src/simulator')

function copy(): typeof Package {
  let loaded: typeof Package | undefined
  jest.isolateModules(() => void (loaded = jest.requireActual<typeof Package>('../../src')))
  return loaded as typeof Package
}

const [one, other] = [copy(), copy()]

describe('two copies in one process', () => {
  it('are two', () => {
    expect(one.NevisError).not.toBe(other.NevisError)
  })

  it('know each other\'s errors, and nothing else that has a code', () => {
    const error = new one.NevisError('NEVIS_NOT_FOUND', 'getUser')
    expect(error instanceof other.NevisError).toBe(true)
    expect(Object.assign(new Error('no'), { name: 'NevisError', code: 'NEVIS_NOT_FOUND' }) instanceof other.NevisError).toBe(false)
    expect([undefined, null, 'NevisError', {}].filter((value: unknown) => value instanceof other.NevisError)).toEqual([])
  })

  it('do not take an error for a subclass of the app', () => {
    class AppError extends other.NevisError {}
    expect(new one.NevisError('NEVIS_TIMEOUT', 'ping') instanceof AppError).toBe(false)
    expect(new AppError('NEVIS_TIMEOUT', 'ping') instanceof AppError).toBe(true)
    expect(new AppError('NEVIS_TIMEOUT', 'ping') instanceof one.NevisError).toBe(true)
  })

  it('take each other\'s client, and read its errors', async () => {
    const simulator = await NevisSimulator.start()
    try {
      const client = new one.NevisClient({ baseURL: simulator.baseURL, accessKey: simulator.accessKey })
      expect(new other.NevisStrategy({ client, factors: [other.push()], waitingURL: '/2fa' }, (_profile, done) => done(null, false)).name).toBe('nevis')
      expect(await other.ownAuthenticator(client, { username: 'nobody' }, randomUUID()).then(() => 'answered', (error: unknown) => error instanceof other.NevisError && error.code)).toBe('NEVIS_NOT_FOUND')
    } finally {
      await simulator.close()
    }
  })

  it('answer with the outage page for an error of the other', async () => {
    const strategy = new one.NevisStrategy({ instance: 'demo', accessKey: 'key', factors: [one.push()], waitingURL: '/2fa' }, (_profile, done) => done(null, false))
    const outage = other.outagePage(strategy)
    const answer = await outage.answer(new one.NevisError('NEVIS_UNREACHABLE', 'approve'), { headers: {}, url: '/', method: 'GET' })
    expect(answer?.status).toBe(503)
    const stores = await outage.answer(new one.StorageError('LEDGER_UNAVAILABLE'), { headers: {}, url: '/', method: 'GET' })
    expect(stores?.status).toBe(503)
  })

  it('know each other\'s StorageError', () => {
    expect(one.StorageError).not.toBe(other.StorageError)
    expect(new one.StorageError('SESSION_UNAVAILABLE') instanceof other.StorageError).toBe(true)
    expect(new one.StorageError('SESSION_UNAVAILABLE') instanceof other.NevisError).toBe(false)
  })

  it('show the waiting page of the other\'s strategy, tell its status, and read its gauges', async () => {
    const simulator = await NevisSimulator.start()
    simulator.addUser({ username: 'anna' })
    const { baseURL, accessKey } = simulator
    const strategy = new one.NevisStrategy({ baseURL, accessKey, factors: [one.push()], waitingURL: '/2fa' }, (_profile, done) => done(null, false))
    const passport = new Passport()
    passport.use(strategy)
    const app = express()
    const status = other.statusEndpoint(strategy)
    app.get('/2fa/status', status)
    app.use(session({ secret: 'a secret', resave: false, saveUninitialized: false }))
    app.get('/2fa', other.waitingPage(strategy))
    app.post('/login', (req, _res, next) => next(void (req.user = { username: 'anna' } as Express.User)), passport.authenticate('nevis'))
    const server = createServer(app)
    await listen(server)
    try {
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const browser = new Browser(origin)
      const handle = handleIn((await browser.post('/login', {})).location)
      expect((await browser.get(`/2fa?transaction=${handle}`)).text).toContain('Check your phone')
      const stream = await fetch(`${origin}/2fa/status?transaction=${handle}`, { headers: { accept: 'text/event-stream' } })
      const gauges = { openStreams: 1, waiting: 1, health: 'up' }
      expect([one.metricsOf(strategy), other.metricsOf(strategy)]).toMatchObject([gauges, gauges])
      await simulator.phone('anna').approve()
      expect(await stream.text()).toContain('"status":"succeeded"')
    } finally {
      status.closeStreams()
      server.closeAllConnections()
      server.close()
      await simulator.close()
    }
  })
})
