/** Tests two mistakes of an app: it mounts a function without calling it, as in `app.get(url, statusEndpoint)`, or calls a function without a strategy. */
import express, { type RequestHandler } from 'express'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as nevis from '../../src'
import { listen } from '../support/app'
import { Browser } from '../support/browser'

const { waitingPage, statusEndpoint, outagePage, recordSecondFactor, requireSecondFactor, metricsOf, liftLimits, forgetBrowsers, watchTransaction } = nevis

describe('mounted on Express without being called', () => {
  it.each<[string, unknown, string]>([
    ['waitingPage', waitingPage, 'waitingPage: the first argument must be a NevisStrategy. Call it: waitingPage(nevis)'],
    ['statusEndpoint', statusEndpoint, 'statusEndpoint: the first argument must be a NevisStrategy. Call it: statusEndpoint(nevis)'],
    ['outagePage', outagePage, 'outagePage: the first argument must be a NevisStrategy. Call it: outagePage(nevis)'],
    ['recordSecondFactor', recordSecondFactor, 'recordSecondFactor: the options are an HTTP request. Call it: recordSecondFactor(…)'],
    ['requireSecondFactor', requireSecondFactor, 'requireSecondFactor: the options are an HTTP request. Call it: requireSecondFactor(…)'],
  ])('%s › answers 500 and says how to call it, and does not let the request continue', async (_name, uncalled, message) => {
    const reached = jest.fn()
    const errors: unknown[] = []
    const app = express().get('/', uncalled as RequestHandler, reached as RequestHandler)
    app.use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
      errors.push(error)
      res.sendStatus(500)
    })
    const server = createServer(app)
    await listen(server)
    try {
      expect((await new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).get('/')).status).toBe(500)
      expect(errors).toEqual([new TypeError(message)])
      expect(reached).not.toHaveBeenCalled()
    } finally {
      server.close().closeAllConnections()
    }
  })
})

describe('called with another value than a strategy', () => {
  const calls: [string, (value: never) => unknown][] = [
    ['waitingPage', (value) => waitingPage(value)], ['statusEndpoint', (value) => statusEndpoint(value)], ['outagePage', (value) => outagePage(value)],
    ['metricsOf', (value) => metricsOf(value)], ['liftLimits', (value) => liftLimits(value, { username: 'anna' })],
    ['forgetBrowsers', (value) => forgetBrowsers(value, { username: 'anna' })], ['watchTransaction', (value) => watchTransaction(value, 'handle').next()],
  ]

  it.each(calls)('%s › throws a TypeError that says how to call it', async (name, call) => {
    for (const value of [undefined, null, 'nevis', {}, { settings: {} }, { signInURL: '/login' }]) {
      await expect((async () => call(value as never))()).rejects.toEqual(new TypeError(`${name}: the first argument must be a NevisStrategy. Call it: ${name}(nevis)`))
    }
  })

  it('is every function of the package that takes a strategy', () => {
    const withoutStrategy = ['app', 'push', 'recovery', 'sms', 'widget', 'atLeast', 'failureText', 'htmlMessage', 'ownAuthenticator', 'recordSecondFactor', 'requireSecondFactor', 'secondFactorOf']
    const functions = Object.entries(nevis).filter(([, value]) => typeof value === 'function' && !/^class /.test(String(value))).map(([name]) => name)
    expect(functions.filter((name) => !withoutStrategy.includes(name)).sort()).toEqual(calls.map(([name]) => name).sort())
  })
})
