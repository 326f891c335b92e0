/**
 * The attack: a request for which a custom callback of the app throws.
 *
 * `passport.authenticate('nevis', callback)` runs the app's callback when the strategy is done. In an earlier version, an error in that callback became a
 * rejected promise without a handler, and so Node ended the process. One request with an odd field stopped every sign-in. An error of a callback must reach the
 * app's error handler once, as with any handler of Express. If the callback throws again, the browser must still get an answer. An `async` callback throws in
 * the same way: its promise rejects. After a success or an error, Passport returns the callback's promise. After a failure, Passport drops the promise, so an
 * app must catch the errors of an `async` callback itself.
 */
import type { ErrorRequestHandler } from 'express'
import { callbackOf, PASSWORD, signIn, type AppOptions } from '../support/app'
import { lab } from './support/lab'

const world = lab()
jest.setTimeout(30_000)

const unhandled: unknown[] = []
const note = (reason: unknown) => void unhandled.push(reason)
beforeAll(() => process.on('unhandledRejection', note).on('uncaughtException', note))
afterAll(() => void process.off('unhandledRejection', note).off('uncaughtException', note))
beforeEach(() => void unhandled.splice(0))

/** The results with which the callback was called. */
let calls: string[]
/**
 * Says at which calls the app's callback throws. If the callback throws at a success or a failure, the strategy calls it again with that error. `once`: it
 * throws only at a success or a failure, and passes an error to `next`. `always`: it throws at every call. `after the answer`: like `always`, but at a success
 * or a failure, it sends a response before it throws.
 */
let throws: 'once' | 'always' | 'after the answer'
/** `async, caught`: the callback catches its errors, as the guide on existing apps shows. */
type Kind = 'sync' | 'async' | 'async, caught'
let kind: Kind
beforeEach(() => void (kind = 'sync'))

const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  calls = []
  web.all('/own/callback', (req, res, next) => {
    const settled = (error: unknown, user: unknown) => {
      calls.push(error ? 'error' : user ? 'success' : 'fail')
      if (throws === 'once' && error) return next(error)
      if (throws === 'after the answer' && !error) return void res.json({ answered: true }), fault()
      throw new TypeError('a fault of the app')
    }
    const later = async (error: unknown, user: unknown) => {
      await Promise.resolve()
      settled(error, user)
    }
    const caught = (error: unknown, user: unknown) => later(error, user).catch(next)
    passport.authenticate('nevis', { sync: settled, async: later, 'async, caught': caught }[kind] as never)(req, res, next)
  })
  const onError: ErrorRequestHandler = (_error, _req, res, next) => (res.headersSent ? next(_error) : void res.status(500).json({ action: 'error' }))
  web.use(onError)
}

function fault(): never {
  throw new TypeError('a fault of the app')
}

/** Waits for two turns of the event loop, in which late errors and rejections of the request appear. */
const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

/** What Passport reports to the app's own callback of `passport.authenticate`. For `error`, Nevis answers the status call with 503. */
type Outcome = 'success' | 'fail' | 'error'

async function ask(what: Outcome): Promise<{ status: number; text: string }> {
  const app = await world.start({ routes })
  const browser = app.browser()
  const handle = await signIn(browser, 'anna')
  if (what === 'fail') await world.simulator.phone('anna').deny()
  else await world.simulator.phone('anna').approve()
  if (what === 'error') world.simulator.faults.add({ on: 'getStatus', status: 503 })
  const page = await browser.get(callbackOf(handle).replace('/login/2fa/callback', '/own/callback'))
  await settled()
  // The server still works.
  expect((await app.browser().get('/me')).status).toBe(200)
  return page
}

describe.each<[string, Outcome, Kind]>([
  ['callback that throws at a success', 'success', 'sync'],
  ['callback that throws at a failure', 'fail', 'sync'],
  ['callback that throws at an error', 'error', 'sync'],
  ['async callback that throws at a success', 'success', 'async'],
  ['async callback that throws at an error', 'error', 'async'],
])('a %s', (_name, what, how) => {
  beforeEach(() => void (kind = how))

  if (what !== 'error') {
    // Shows: T-exhaust-6
    it('has its error handed to the app once', async () => {
      throws = 'once'
      expect((await ask(what)).status).toBe(500)
      expect(calls).toEqual([what, 'error'])
      expect(unhandled).toEqual([])
    })
  }

  // Shows: T-exhaust-6
  it('and at the error, too, still answers the browser, and warns the operator', async () => {
    throws = 'always'
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const page = await ask(what)
    expect([page.status, page.text]).toEqual([500, ''])
    expect(calls).toEqual([what, 'error'])
    expect(warn.mock.calls.map(([, options]) => (options as { code?: string }).code)).toContain('PASSPORT_NEVIS_CALLBACK_THREW')
    expect(unhandled).toEqual([])
  })

  it('after it has answered, changes nothing of the answer', async () => {
    throws = 'after the answer'
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const page = await ask(what)
    if (what === 'error') expect(page.status).toBe(500)
    else expect([page.status, JSON.parse(page.text)]).toEqual([200, { answered: true }])
    expect(unhandled).toEqual([])
  })
})

describe('an async callback at a failure', () => {
  // Shows: T-exhaust-6
  it('that catches its errors, as the guide says, hands them to the app', async () => {
    kind = 'async, caught'
    throws = 'always'
    const page = await ask('fail')
    expect([page.status, JSON.parse(page.text)]).toEqual([500, { action: 'error' }])
    expect([calls, unhandled]).toEqual([['fail'], []])
  })

  it.each(['passport', 'passport06'])('that does not catch them is out of reach: fail of %s returns nothing', (name) => {
    const { Passport } = jest.requireActual<typeof import('passport')>(name)
    const returned = (act: (actions: any) => unknown) => {
      const seen: unknown[] = []
      const strategy = { authenticate: (): void => void seen.push(act(strategy)) }
      new Passport().authenticate(strategy, (() => 'the promise'))({}, {}, () => undefined)
      return seen
    }
    expect(returned((actions) => actions.success({}))).toEqual(['the promise'])
    expect(returned((actions) => actions.error({}))).toEqual(['the promise'])
    expect(returned((actions) => actions.fail({}))).toEqual([undefined])
  })
})

it('a start that is refused says in its header, too, when it is worth trying again', async () => {
  const app = await world.start({ routes, strategy: { startBudget: { starts: 1, perSeconds: 60 } } })
  await signIn(app.browser(), 'anna')
  const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD })
  expect([page.status, page.json().code]).toEqual([429, 'too_many_starts'])
  expect(page.headers.get('retry-after')).toBe(String(page.json().retryAfterSeconds))
  expect(page.json().retryAfterSeconds).toBeGreaterThan(50)
})
