/**
 * Status answers of Nevis that contain no status. The waiting page must not wait until the request expires. The app gets the error and the event `fault`, and
 * the user gets a page that says what to do. The transaction stays open, so that an approval counts as soon as Nevis answers again.
 */
import { outagePage } from '../../src'
import { NevisSimulator, type Fault } from '../../src/simulator'
import { recordEvents, type Recorded } from '../security/support/recorded'
import { callbackOf, signIn, startApp, statusOf, waitingOf, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'

let simulator: NevisSimulator
let app: TestApp
let events: Recorded
let browser: Browser
let handle: string

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna' })
  app = await startApp({
    simulator,
    strategy: { pollSchedule: [{ untilSeconds: Infinity, everySeconds: 0.5 }] },
    routes: (express, { nevis }) => express.use(outagePage(nevis, { signInURL: '/login' })),
  })
  browser = app.browser()
  events = recordEvents()
  handle = await signIn(browser, 'anna')
})

afterEach(async () => {
  events.stop()
  await app.close()
  await simulator.close()
})

const asked = () => simulator.requests.filter(({ operation }) => operation === 'getStatus').length

/** Reads the status stream until the transaction is decided, for at most ten seconds. */
async function decided(): Promise<string | undefined> {
  const response = await fetch(new URL(statusOf(handle), app.origin), { headers: { accept: 'text/event-stream' }, signal: AbortSignal.timeout(10_000) })
  let text = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    const last = [...text.matchAll(/"status":"(\w+)"/g)].at(-1)?.[1]
    if (last !== 'pending') return last
  }
  return undefined
}

/** Asks for the status in JSON, as a page without a stream does, until the transaction is decided, for at most ten seconds. */
async function decidedInJson(): Promise<string | undefined> {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    const response = await fetch(new URL(statusOf(handle), app.origin), { headers: { accept: 'application/json' } })
    const { status } = (await response.json()) as { status?: string }
    if (status !== 'pending') return status
  }
  return undefined
}

const UNREADABLE: [string, Omit<Fault, 'on'>][] = [
  ['an unknown word that may be an approval', { patch: { status: 'approved' } }],
  ['an unknown word that may be a denial', { patch: { status: 'user_declined' } }],
  ['an unknown word for another transaction', { patch: { status: 'processing', transactionId: '00000000-0000-4000-8000-000000000000' } }],
  ['an unknown word without a transaction', { body: { status: 'processing' } }],
  ['an unknown word with an HTTP status for denials', { status: 412, body: { status: 'pending' } }],
  ['JSON without a status', { body: {} }],
  ['a page, with HTTP 200', { body: '<html>', headers: { 'content-type': 'text/html' } }],
  ['an error that is not one of its servers', { status: 400 }],
  ['an error that it does not know the token', { status: 404, body: { status: 404, error: 'Not Found' } }],
]

it.each(UNREADABLE)('after three unreadable answers, the page goes to the callback, and the app gets the error: %s', async (_what, fault) => {
  simulator.faults.add({ on: 'getStatus', ...fault })
  expect(await decided()).toBe('unreadable')
  expect(asked()).toBe(3)
  expect(events.of('fault')).toMatchObject([{ at: 'watch', factor: 'push', code: expect.stringMatching(/^NEVIS_/) as string }])
  const page = await browser.get(waitingOf(handle), { accept: 'text/html' })
  expect([page.status, page.location?.split('?')[0]]).toEqual([303, '/login/2fa/callback'])
  expect((await browser.get(callbackOf(handle), { accept: 'application/json' })).status).toBeGreaterThanOrEqual(500)
  expect(events.of('fault')).toHaveLength(2)
  expect(app.verified).toEqual([])
})

it('a page that asks in JSON learns of unreadable answers, too, and the app gets the error', async () => {
  simulator.faults.add({ on: 'getStatus', body: {} })
  expect(await decidedInJson()).toBe('unreadable')
  expect(asked()).toBe(3)
  expect(events.of('fault')).toMatchObject([{ at: 'watch', factor: 'push', code: expect.stringMatching(/^NEVIS_/) as string }])
  expect((await browser.get(callbackOf(handle), { accept: 'application/json' })).status).toBeGreaterThanOrEqual(500)
})

it('the user gets a page that leads to a new sign-in, because the waiting page would lead back here', async () => {
  simulator.faults.add({ on: 'getStatus', body: {} })
  await decided()
  const page = await browser.get(callbackOf(handle), { accept: 'text/html' })
  expect(page.status).toBe(503)
  expect(page.text).toMatch(/<a [^>]*href="\/login"/)
  expect(page.text).not.toContain('href="/login/2fa?transaction')
})

it('nothing is spent: once Nevis answers again, the approval counts', async () => {
  const fault = simulator.faults.add({ on: 'getStatus', body: {} })
  await decided()
  await browser.get(callbackOf(handle))
  await simulator.phone('anna').approve()
  fault.remove()
  expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success' })
})

it('a user may still answer after many answers with an unknown word that is neither an approval nor a denial', async () => {
  const fault = simulator.faults.add({ on: 'getStatus', patch: { status: 'processing' } })
  const page = decided()
  for (const until = Date.now() + 8000; asked() < 5 && Date.now() < until; ) await new Promise((resolve) => setTimeout(resolve, 50))
  await simulator.phone('anna').approve()
  fault.remove()
  expect(await page).toBe('succeeded')
  expect(events.of('fault')).toHaveLength(1)
  expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success' })
}, 20_000)

it('two unreadable answers are not yet enough', async () => {
  simulator.faults.add({ on: 'getStatus', body: {}, times: 2 })
  await simulator.phone('anna').approve()
  expect(await decided()).toBe('succeeded')
})
