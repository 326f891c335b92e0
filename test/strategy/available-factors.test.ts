/**
 * Tests the option `availableFactors`: the app offers only factors that the user has. Also tests a start with a factor that the user does not have at Nevis.
 *
 * Out of scope: who may enrol (`enrolment.test.ts`).
 */
import { NevisStrategy, type NevisStrategyOptions } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, statusOf, strategyOptions, waitingOf, type AppOptions, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from '../security/support/lab'

const world = lab()
const JSON_VIEW = { accept: 'application/json' }

let app: TestApp
let browser: Browser

async function start(availableFactors: unknown, options: Omit<AppOptions, 'simulator'> = {}): Promise<void> {
  const strategy = { ...options.strategy, ...(availableFactors !== undefined && { availableFactors: typeof availableFactors === 'function' ? availableFactors : () => availableFactors }) } as Partial<NevisStrategyOptions>
  app = await world.start({ ...options, strategy })
  browser = app.browser()
}

const password = (fields: Record<string, string> = {}, username = 'anna') => browser.post('/login', { username, password: PASSWORD, ...fields })
const view = async (handle: string) => (await browser.get(waitingOf(handle), JSON_VIEW)).json()
const switchTo = (handle: string, factor: string) => browser.post('/login/2fa', { transaction: handle, factor })
const codeOf = (username: string) => /\d{6}/.exec(world.simulator.sms(username).at(-1) as string)?.[0] as string

describe('availableFactors', () => {
  it.each([['a list', ['sms', 'recovery']], ['a promise', async () => ['sms', 'recovery']]])('makes its first the default and offers nothing else, in its order: %s', async (_name, available) => {
    await start(available)
    const handle = await signIn(browser, 'anna')
    expect(await view(handle)).toMatchObject({ factor: 'sms', factors: ['sms', 'recovery'] })
    const { text } = await browser.get(waitingOf(handle))
    expect([...text.matchAll(/name="factor" value="(\w+)"/g)].map(([, name]) => name)).toEqual(['sms', 'recovery'])
  })

  it('offers the factor used last first, where the app says it first', async () => {
    const last = new Map([['anna', 'recovery']])
    await start((_req: object, { username }: { username: string }) => [last.get(username), 'push', 'sms'].filter((name) => name !== undefined))
    expect(await view(await signIn(browser, 'anna'))).toMatchObject({ factor: 'recovery', factors: ['recovery', 'push', 'sms'] })
    browser = app.browser()
    expect(await view(await signIn(browser, 'ben'))).toMatchObject({ factor: 'push', factors: ['push', 'sms'] })
  })

  it('is asked once, with the request and the subject, and the page needs no user', async () => {
    const asked: unknown[] = []
    await start((req: { body: { username: string } }, subject: object) => {
      asked.push([req.body.username, subject])
      return ['push', 'sms']
    })
    const handle = await signIn(browser, 'anna')
    const other = handleIn((await switchTo(handle, 'sms')).location)
    expect(await view(other)).toMatchObject({ factors: ['push', 'sms'] })
    expect(asked).toEqual([['anna', { username: 'anna' }]])
  })

  it.each([['at the start', async () => password({ factor: 'app' })], ['at a switch', async () => switchTo(await signIn(browser, 'anna'), 'app')]])('takes nothing else: %s', async (_name, ask) => {
    await start(['push', 'sms'])
    const page = await ask()
    expect([page.status, page.json()]).toEqual([400, expect.objectContaining({ code: 'unknown_factor' })])
    expect(world.simulator.requests.filter(({ operation }) => operation === 'approve').length).toBeLessThanOrEqual(1)
  })

  // Shows: CD-select-1
  it.each([
    ['its default, where the user has it', { factor: 'recovery' }, 'recovery'],
    ['its default no longer, where the user does not have it', { factor: 'app' }, 'push'],
    ['its limits', { factors: ['sms', 'app'] }, 'sms'],
  ])('leaves a route %s', async (_name, route, factor) => {
    await start(['push', 'sms', 'recovery'], { start: route })
    expect((await view(await signIn(browser, 'anna'))).factor).toBe(factor)
  })

  it.each([['nothing', [], {}], ['nothing that the route accepts', ['sms'], { factors: ['push'] }]])('fails with not_enrolled for a user who has %s, and Nevis is not asked', async (_name, available, route) => {
    await start(available, { start: route })
    expect(outcomeOf(await password())).toBe('not_enrolled')
    expect(world.operations()).toEqual([])
  })

  it.each([undefined, null, 'push', { push: true }, 7, ['push', 'fax'], [7], [['push']]])('is a mistake of the developer where it returns %p', async (value) => {
    await start(() => value)
    const page = await password()
    expect([page.status, page.json()]).toEqual([500, { action: 'error', name: 'TypeError', message: 'NevisStrategy: availableFactors must return a list of names out of push, app, sms, recovery' }])
    expect(world.operations()).toEqual([])
  })

  it('must be a function', () => {
    expect(() => new NevisStrategy({ ...strategyOptions(world.simulator), availableFactors: ['push'] } as never, () => undefined)).toThrow(new TypeError('NevisStrategy: availableFactors must be a function'))
  })

  it('is not weakened by a session that was changed: what is available is part of the digest', async () => {
    await start(['push', 'sms'], { routes: (routes) => void routes.post('/tamper', (req, res) => {
      const state = (req.session as unknown as Record<string, { transactions: Record<string, object> }>)['nevis'] as { transactions: Record<string, object> }
      for (const one of Object.values(state.transactions)) Object.assign(one, { available: ['push', 'recovery'] })
      res.end()
    }) })
    const handle = await signIn(browser, 'anna')
    await browser.post('/tamper')
    expect(outcomeOf(await switchTo(handle, 'recovery'))).toBe('binding_mismatch')
  })

  describe('with approve-or-enroll', () => {
    it('makes no user count as new: Nevis says who has a factor, and a user who has one enrols no other', async () => {
      await start([], { strategy: { operation: 'approve-or-enroll' } })
      expect(outcomeOf(await password())).toBe('not_enrolled')
      expect(world.operations()).not.toContain('enroll')
    })

    it('limits no enrolment: a user without a factor sets up any', async () => {
      await start([], { strategy: { operation: 'approve-or-enroll' } })
      expect(await view(handleIn((await password({}, 'nina')).location))).toMatchObject({ operation: 'enroll', factor: 'app' })
    })
  })
})

describe('a factor that turns out not to be set up', () => {
  const notFound = { on: 'approve' as const, status: 404, body: { error: 'Not Found', status: 404, timestamp: 1 }, times: 1 }

  it('at a switch › the page says so and offers the others, the first request goes on, and what was to be confirmed is kept', async () => {
    await start(undefined, { start: { message: 'Pay 5?', data: { kind: 'payment' } } })
    const handle = await signIn(browser, 'anna')
    world.simulator.faults.add(notFound)
    const page = await switchTo(handle, 'sms')
    expect(page.status).toBe(303)
    const kept = handleIn(page.location)
    expect(await view(kept)).toMatchObject({ factor: 'push', status: 'pending', failure: 'not_enrolled', missingFactor: 'sms', message: 'Pay 5?', factors: ['push', 'app', 'recovery'] })
    expect((await browser.get(waitingOf(kept))).text).toContain('“Code by SMS” is not set up for your account.')
    expect(outcomeOf(await switchTo(kept, 'sms'))).toBe('unknown_factor')
    expect(world.events.of('failed')).toMatchObject([{ code: 'not_enrolled', factor: 'sms' }, { code: 'unknown_factor' }])
    await world.simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(kept))).json()).toMatchObject({ action: 'success', info: { nevis: { factor: 'push', message: 'Pay 5?', data: { kind: 'payment' } } } })
  })

  it('at a switch › another way then confirms the same', async () => {
    await start(undefined, { start: { data: 7 } })
    const handle = await signIn(browser, 'anna')
    world.simulator.faults.add(notFound)
    const kept = handleIn((await switchTo(handle, 'app')).location)
    const sms = handleIn((await switchTo(kept, 'sms')).location)
    expect((await browser.post('/login/2fa/callback', { transaction: sms, code: codeOf('anna') })).json()).toMatchObject({ action: 'success', info: { nevis: { factor: 'sms', data: 7 } } })
  })

  describe.each([
    ['was denied, as only the ledger knows', 'Request not approved', async (handle: string) => {
      await world.simulator.phone('anna').deny()
      await browser.get(statusOf(handle))
    }],
    ['was denied', 'Request not approved', async (handle: string) => {
      await world.simulator.phone('anna').deny()
      await browser.get(callbackOf(handle))
    }],
    ['has expired', 'Request expired', async () => world.later(121)],
  ] as const)('at a switch after the request %s', (_name, heading, end) => {
    it.each([
      ['not_enrolled', '“Code by SMS” is not set up for your account.', { on: 'approve', status: 404 }],
      ['user_blocked', '“Code by SMS” is blocked for your account for a while, because of many requests.', { on: 'approve', status: 403 }],
    ] as const)('the page says why, names the factor and offers the others: %s', async (code, words, fault) => {
      await start(undefined)
      const handle = await signIn(browser, 'anna')
      await end(handle)
      world.simulator.faults.add({ ...fault, times: 1 })
      if (code === 'user_blocked') world.simulator.faults.add({ on: 'findUserByUsername', patch: { exceededRateLimits: ['sms'] } })
      const { location } = await browser.post('/login/2fa', { transaction: handle, factor: 'sms', retry: '1' })
      const { text } = await browser.get(location as string)
      expect([text.includes(`<h1>${heading}</h1>`), [...text.matchAll(/role="alert">([^<]*)</g)].map(([, alert]) => alert)]).toEqual([true, [words]])
      expect([...text.matchAll(/name="factor" value="(\w+)"/g)].map(([, name]) => name)).toEqual(['push', 'app', 'recovery'])
      expect(world.events.of('failed').at(-1)).toMatchObject({ code, factor: 'sms' })
      // When the next switch is refused for another reason (an unknown factor), the page shows only this reason.
      const again = await browser.post('/login/2fa', { transaction: handleIn(location), factor: 'fax', retry: '1' })
      expect((await browser.get(again.location as string)).text).toContain('role="alert">This way to confirm is not available here. Please choose another one.</p>')
    })
  })

  it.each(['offer', 'stop'] as const)('at the first start, with afterDenial %j › each factor that the page offers signs the user in: the user has not denied', async (afterDenial) => {
    await start(['push', 'sms', 'recovery'], { strategy: { afterDenial } })
    world.simulator.addUser({ username: 'carl', authenticators: 0, phone: '+41791112233', recoveryCodes: ['DDDD-4444'] })
    for (const [factor, code] of [['sms', () => codeOf('carl')], ['recovery', () => 'DDDD-4444']] as const) {
      browser = app.browser()
      const handle = handleIn((await password({}, 'carl')).location)
      expect(await view(handle)).toMatchObject({ failure: 'not_enrolled' })
      const other = handleIn((await switchTo(handle, factor)).location)
      expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: other, code: code() }))).toBe('success')
    }
    // The user is signed in now. A step-up also starts with push, which this user does not have, and can be finished by SMS.
    const handle = handleIn((await browser.post('/start', {})).location)
    const other = handleIn((await switchTo(handle, 'sms')).location)
    expect(outcomeOf(await browser.post('/start', { factor: 'sms' }))).toBe('303 /login/2fa')
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: other, code: codeOf('carl') }))).toBe('success')
  })

  it('at the first start, where the app says what else the user has › the page offers that, and returnTo is kept', async () => {
    await start(['push', 'sms'], { start: { data: 7 }, routes: (routes) => void routes.get('/wanted', (req, res) => {
      Object.assign(req.session, { returnTo: `${app.origin}/wanted?a=1` })
      res.end()
    }) })
    await browser.get('/wanted')
    world.simulator.faults.add(notFound)
    const page = await password()
    expect(page.status).toBe(303)
    const handle = handleIn(page.location)
    expect(await view(handle)).toMatchObject({ status: 'failed', failure: 'not_enrolled', missingFactor: 'push', factors: ['sms'] })
    const { text } = await browser.get(waitingOf(handle))
    expect([...text.matchAll(/name="factor" value="(\w+)"/g)].map(([, name]) => name)).toEqual(['sms'])
    expect(text).toContain('<h1>Choose another way</h1>')
    expect(text).toContain('“Request on your phone” is not set up for your account.')
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('not_enrolled')
    const sms = handleIn((await switchTo(handle, 'sms')).location)
    const done = await browser.post('/login/2fa/callback', { transaction: sms, code: codeOf('anna') })
    expect(done.json()).toMatchObject({ action: 'success', info: { returnTo: '/wanted?a=1', nevis: { factor: 'sms', data: 7 } } })
  })

  it.each([['the app does not say what the user has', undefined], ['the user has nothing else', ['push']]])('at the first start, where %s › fails with not_enrolled', async (_name, available) => {
    await start(available)
    world.simulator.faults.add(notFound)
    expect(outcomeOf(await password())).toBe('not_enrolled')
  })
})

describe('a factor for which Nevis has blocked the user', () => {
  beforeEach(() => {
    world.simulator.faults.add({ on: 'findUserByUsername', patch: { exceededRateLimits: ['push'] } })
  })
  const block = () => world.simulator.faults.add({ on: 'approve', status: 403, times: 1 })

  it('at the first start, where the app says what else the user has › the page says so and offers that, and it signs the user in', async () => {
    await start(['push', 'sms'])
    block()
    const handle = handleIn((await password()).location)
    expect(await view(handle)).toMatchObject({ status: 'failed', failure: 'user_blocked', missingFactor: 'push', factors: ['sms'] })
    const { text } = await browser.get(waitingOf(handle))
    expect([...text.matchAll(/name="factor" value="(\w+)"/g)].map(([, name]) => name)).toEqual(['sms'])
    expect(text).toContain('<h1>This way is blocked</h1>')
    expect(text).toContain('“Request on your phone” is blocked for your account for a while, because of many requests.')
    expect(world.events.of('failed')).toMatchObject([{ code: 'user_blocked', factor: 'push' }])
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('user_blocked')
    const sms = handleIn((await switchTo(handle, 'sms')).location)
    expect((await browser.post('/login/2fa/callback', { transaction: sms, code: codeOf('anna') })).json()).toMatchObject({ action: 'success', info: { nevis: { factor: 'sms' } } })
  })

  it('at a switch › the page says so and offers the others, and the first request goes on', async () => {
    await start(undefined)
    const handle = await signIn(browser, 'anna')
    block()
    const kept = handleIn((await switchTo(handle, 'sms')).location)
    expect(await view(kept)).toMatchObject({ factor: 'push', status: 'pending', failure: 'user_blocked', missingFactor: 'sms', factors: ['push', 'app', 'recovery'] })
    expect((await browser.get(waitingOf(kept))).text).toContain('“Code by SMS” is blocked for your account')
    await world.simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(kept))).json()).toMatchObject({ action: 'success', info: { nevis: { factor: 'push' } } })
  })

  it.each([['the app does not say what the user has', undefined], ['the user has nothing else', ['push']]])('at the first start, where %s › fails with user_blocked', async (_name, available) => {
    await start(available)
    block()
    expect(outcomeOf(await password())).toBe('user_blocked')
  })
})
