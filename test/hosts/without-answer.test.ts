/** Tests a mistake of an app on Koa or Fastify: it mounts this package's middleware for Express, instead of calling its method `answer`. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { outagePage, recordSecondFactor, requireSecondFactor, statusEndpoint, waitingPage, type NevisStrategy } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { listen, startApp, type TestApp } from '../support/app'
import { Browser } from '../support/browser'

type Mounted = (...args: unknown[]) => unknown

const MIDDLEWARE: [string, (nevis: NevisStrategy) => Mounted][] = [
  ['waitingPage', (nevis) => waitingPage(nevis) as Mounted],
  ['statusEndpoint', (nevis) => statusEndpoint(nevis) as unknown as Mounted],
  ['recordSecondFactor', () => recordSecondFactor() as Mounted],
  ['requireSecondFactor', () => requireSecondFactor({ maxAgeSeconds: 300 }) as Mounted],
  ['outagePage', (nevis) => outagePage(nevis) as Mounted],
]
const REMEDY = /Call its method answer there.*docs\/guides\/hosts\/koa\.md and docs\/guides\/hosts\/fastify\.md/

let simulator: NevisSimulator
let app: TestApp
beforeAll(async () => {
  simulator = await NevisSimulator.start()
  app = await startApp({ simulator })
})
afterAll(async () => {
  await app.close()
  await simulator.close()
})

describe.each(MIDDLEWARE)('%s', (_name, make) => {
  it('on Koa, answers 500 with the remedy in the log, and does not let the request continue', async () => {
    const Koa = jest.requireActual('koa')
    const koa = new Koa()
    const errors: Error[] = []
    const reached = jest.fn()
    koa.on('error', (error: Error) => errors.push(error)).use(make(app.nevis)).use(reached)
    const server = createServer(koa.callback())
    await listen(server)
    try {
      expect((await new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).get('/')).status).toBe(500)
      expect(errors.map(String)).toEqual([expect.stringMatching(REMEDY)])
      expect(reached).not.toHaveBeenCalled()
    } finally {
      server.close().closeAllConnections()
    }
  })

  it.each<[string, (middleware: Mounted, reached: () => object) => object]>([
    ['as a handler', (middleware) => ({ handler: middleware })],
    ['as a preHandler', (middleware, reached) => ({ preHandler: middleware, handler: reached })],
    ['as an error handler', (middleware) => ({ errorHandler: middleware, handler: () => { throw new Error('mine') } })],
  ])('on Fastify %s, answers 500 with the remedy, and does not let the request continue', async (_place, routeOf) => {
    const fastify = jest.requireActual('fastify')()
    const reached = jest.fn(() => ({ secret: true }))
    fastify.route({ method: 'GET', url: '/', ...routeOf(make(app.nevis), reached) })
    const origin = await fastify.listen({ port: 0, host: '127.0.0.1' })
    try {
      const { status, text } = await new Browser(origin).get('/')
      expect([status, JSON.parse(text).message]).toEqual([500, expect.stringMatching(REMEDY)])
      expect(reached).not.toHaveBeenCalled()
    } finally {
      await fastify.close()
    }
  })
})
