/**
 * The attack: a copy of the cookie of a session that is signed in.
 *
 * A thief has copied the session cookie of a user who is signed in, for example from an unlocked computer. A guarded page asks the thief for a second factor.
 * The user starts a step-up at some time, and the thief starts the same step-up a little later. In an earlier version, the strategy sent the thief the handle
 * (the encrypted id) of the user's pending transaction, and sent no second push. Then the user accepted the push of the user's own step-up, and the thief's
 * callback came first: the thief passed `requireSecondFactor`, even with `typedCode`, because the user had typed the digits.
 *
 * A later version had the same fault only in apps with the option `subject`. In such an app, each start gives the session a new id, and the strategy did not
 * check which browser sent the start. The thief had to be fast: to start just after the user's browser had lost its connection, or just before the user.
 *
 * Another version had a different fault: the thief entered the password of the thief's own account in the copied session. The session then got a new id, which
 * only the thief's browser had, but the user stayed signed in to this session. So the thief was signed in as the user, and a logout by the user could not end
 * that. At a step-up, the same version moved the second factor record to the new id even if it could not tell whether the record was of the same user. So
 * guarded pages were open to the thief after the user's logout.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { MemoryLedger, push, recordSecondFactor, requireSecondFactor, type Factor, type Ledger, type NevisStrategyOptions } from '../../src'
import { handleIn, PASSWORD, waitingOf, type AppOptions, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from './support/lab'

const world = lab()

const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  web.post('/password', passport.authenticate('local', { keepSessionInfo: true }), (_req, res) => void res.json({ action: 'success' }))
  web.post('/step-up', passport.authorize('nevis'))
  web.post('/other', passport.authorize('nevis', { message: 'Change the address?' }))
  web.all('/signed-in', passport.authenticate('nevis', { keepSessionInfo: true }), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
  web.all('/confirmed', passport.authorize('nevis'), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
  web.post('/basket', (req, res) => {
    Object.assign(req.session, { basket: 'full' })
    res.end()
  })
  web.get('/basket', (req, res) => void res.end((req.session as { basket?: string }).basket))
  web.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.end())))
  web.get('/guarded', requireSecondFactor({ maxAgeSeconds: 300 }), (_req, res) => void res.json({ action: 'passed' }))
}

/**
 * The two kinds of route that start a step-up: one that also signs users in, and one with `passport.authorize`. Each has the path of its start, and a function
 * that returns the path of its callback.
 */
const WAYS = [['/login/2fa', (handle: string) => `/signed-in?transaction=${handle}`], ['/step-up', (handle: string) => `/confirmed?transaction=${handle}`]] as const

async function stolen(options: Partial<NevisStrategyOptions> = {}): Promise<{ app: TestApp; user: Browser; thief: Browser }> {
  const app = await world.start({ routes, strategy: { startBudget: { starts: 100, perSeconds: 300 }, ...options } })
  const user = app.browser()
  await user.post('/password', { username: 'anna', password: PASSWORD })
  return { app, user, thief: user.clone() }
}

const start = async (browser: Browser, path: string) => handleIn((await browser.post(path)).location)
const [pushesOf, newest] = [() => world.simulator.phone('anna').requests(), () => world.simulator.phone('anna').requests().at(-1)?.transactionId as string]

// Shows: T-old-session-7
it.each([['the default', {}], ['an own', { subject: (req: object) => (req as { user?: { username: string } }).user }]])('a thief who enters the password of an account of their own, with %s option subject › gets neither the login nor the data of the session', async (_name, options) => {
  const { app, user } = await stolen(options)
  const first = handleIn((await user.post('/step-up')).location)
  await world.simulator.phone('anna').approve()
  expect(outcomeOf(await user.get(`/confirmed?transaction=${first}`))).toBe('success')
  await user.post('/basket')
  const thief = user.clone()
  expect((await thief.get('/me')).json().user).toEqual({ username: 'anna' })
  const handle = handleIn((await thief.post('/login', { username: 'ben', password: PASSWORD })).location)
  expect([(await thief.get('/me')).json().user, (await thief.get('/basket')).text, pushesOf()]).toEqual([null, '', []])
  await user.post('/logout')
  expect((await thief.get('/me')).json().user).toBeNull()
  // The sign-in that the thief has started with the account `ben` still works, but only in the thief's new session.
  await world.simulator.phone('ben').approve()
  expect((await thief.get(`/login/2fa/callback?transaction=${handle}`)).json()).toMatchObject({ action: 'success', user: { username: 'ben' } })
  expect((await app.browser().get('/me')).json().user).toBeNull()
})

// Shows: T-old-session-7
it('a thief who signs up for an account of their own, or enters its password at a JSON API › gets neither the login nor the data of the session', async () => {
  const app = await world.start({
    routes(web, own) {
      routes(web, own)
      // As in the guide "Add it to an existing app": after a sign-up, and in a custom callback, Passport does not set `req.authInfo`.
      web.post('/sign-up', (req, _res, next) => req.logIn({ username: 'ben' }, { session: false }, next), own.passport.authenticate('nevis', { keepSessionInfo: true }))
    },
  })
  const user = app.browser()
  await user.post('/password', { username: 'anna', password: PASSWORD })
  const first = handleIn((await user.post('/step-up')).location)
  await world.simulator.phone('anna').approve()
  expect(outcomeOf(await user.get(`/confirmed?transaction=${first}`))).toBe('success')
  await user.post('/basket')
  const thief = user.clone()
  expect(outcomeOf(await thief.post('/sign-up'))).toBe('303 /login/2fa')
  expect([(await thief.get('/me')).json().user, (await thief.get('/basket')).text]).toEqual([null, ''])
  await user.post('/logout')
  expect((await thief.get('/me')).json().user).toBeNull()
})

describe('a thief who starts a step-up, when the strategy cannot see that the session is of the same user', () => {
  /** A factor that the app defines itself. Its answer at the start does not name the user. */
  const call: Factor = {
    name: 'call', prompt: 'code', amr: ['otp'],
    approve: async () => ({ server: { id: randomUUID() }, browser: {} }), check: async () => ({ status: 'pending' }),
  }
  let name: string
  const subject = (req: object) => (req as { user?: object }).user && { username: name }
  beforeEach(() => {
    name = 'anna'
  })

  // Shows: T-old-session-7
  it.each([
    ['the thief has changed the username in the app', { subject }, 'app', () => {
      world.simulator.addUser({ username: 'anna-new' })
      name = 'anna-new'
    }],
    ['a factor of the app does not say who the user is', { subject, factors: [push(), call] }, 'call', () => {}],
  ])('%s › gets no second factor record, so the guarded page stays closed after the logout', async (_name, options, factor, before) => {
    const { user } = await stolen(options)
    const first = handleIn((await user.post('/login/2fa', { factor: 'push' })).location)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await user.get(`/signed-in?transaction=${first}`))).toBe('success')
    expect((await user.get('/guarded')).json()).toEqual({ action: 'passed' })
    const thief = user.clone()
    before()
    await thief.post('/login/2fa', { factor })
    await user.post('/logout')
    expect((await thief.get('/guarded')).status).toBe(401)
  })
})

describe.each(WAYS)('a thief with a copy of the session cookie, at POST %s', (path, callback) => {
  // Shows: T-old-session-7
  it('does not get the step-up of the user, but a request of their own, which the user sees', async () => {
    const { user, thief } = await stolen()
    const handle = await start(user, path)
    const own = newest()
    const other = await start(thief, path)
    expect(pushesOf()).toHaveLength(2)
    await world.simulator.phone('anna').approve(own)
    expect((await thief.get(waitingOf(other))).status).toBe(200)
    expect(outcomeOf(await thief.get(callback(other)))).toBe('303 /login/2fa')
    expect((await thief.get('/guarded')).status).toBe(401)
    expect(outcomeOf(await user.get(callback(handle)))).toBe('success')
    expect((await user.get('/guarded')).json()).toEqual({ action: 'passed' })
  })

  it('who also has the cookie of an earlier step-up › does not get a later one', async () => {
    const { user } = await stolen()
    const first = await start(user, path)
    await world.simulator.phone('anna').deny()
    await user.get(callback(first))
    const thief = user.clone()
    const later = await start(user, path)
    const pushes = pushesOf().length
    const other = await start(thief, path)
    expect(pushesOf()).toHaveLength(pushes + 1)
    await world.simulator.phone('anna').approve(pushesOf().at(-2)?.transactionId)
    expect(outcomeOf(await thief.get(callback(other)))).toBe('303 /login/2fa')
    expect(outcomeOf(await user.get(callback(later)))).toBe('success')
  })

  // Shows: T-old-session-7
  it('who makes a start fail, so that it looks as if another process had started the step-up › gets no older step-up of the user', async () => {
    // Hide the `MemoryLedger` in an object: the strategy must then assume that other processes share this ledger and may have started a step-up.
    const memory = new MemoryLedger()
    const ledger: Ledger = {
      claim: (key, seconds) => memory.claim(key, seconds), count: (key, seconds) => memory.count(key, seconds), look: (key) => memory.look(key), forget: (key) => memory.forget(key),
    }
    const { user, thief } = await stolen({ ledger })
    const handle = await start(user, path)
    world.later(10)
    await thief.post(path, { authenticatorId: 'no-such-phone' })
    const other = await thief.post(path)
    expect(pushesOf()).toHaveLength(2)
    await world.simulator.phone('anna').approve(pushesOf()[0]?.transactionId)
    expect(outcomeOf(await thief.get(callback(handleIn(other.location))))).toBe('303 /login/2fa')
    expect(outcomeOf(await user.get(callback(handle)))).toBe('success')
  })

  // Shows: T-old-session-7
  it('who names a replaced request of their own › gets no newer one of the user', async () => {
    const { user, thief } = await stolen()
    const named = handleIn((await thief.post(path, { factor: 'app' })).location)
    await thief.post('/login/2fa', { transaction: named, factor: 'app' })
    const handle = await start(user, path)
    const own = newest()
    const pushes = pushesOf().length
    const other = await thief.post('/login/2fa', { transaction: named, factor: 'push' })
    expect(pushesOf()).toHaveLength(pushes + 1)
    await world.simulator.phone('anna').approve(own)
    expect(outcomeOf(await thief.get(callback(handleIn(other.location))))).toBe('303 /login/2fa')
    expect((await thief.get('/guarded')).status).toBe(401)
    expect(outcomeOf(await user.get(callback(handle)))).toBe('success')
  })

  // Shows: T-old-session-7
  it('whose request is newer › is not shown to the user who presses "Send again" twice', async () => {
    const { user, thief } = await stolen()
    const named = handleIn((await user.post(path, { factor: 'app' })).location)
    const replacement = handleIn((await user.post('/login/2fa', { transaction: named, factor: 'app' })).location)
    const other = handleIn((await thief.post(path, { factor: 'app' })).location)
    const again = handleIn((await user.post('/login/2fa', { transaction: named, factor: 'app' })).location)
    const linkOn = async (browser: Browser, handle: string) => (await browser.get(waitingOf(handle))).text.match(/href="([^"]+)"[^>]*>Open the Access App/)?.[1]
    expect(await linkOn(user, again)).toBe(await linkOn(user, replacement))
    expect(await linkOn(user, again)).not.toBe(await linkOn(thief, other))
  })

  // Shows: T-old-session-7
  it('who names a replaced request of the user › is not led to the page of the newer one, but the user is', async () => {
    const { user, thief } = await stolen()
    const named = handleIn((await user.post(path, { factor: 'push' })).location)
    await user.post('/login/2fa', { transaction: named, factor: 'app' })
    for (const accept of ['text/html', 'application/json']) {
      const seen = await thief.get(waitingOf(named), { accept })
      expect([seen.status, seen.text]).toEqual([200, expect.not.stringContaining('data:image')])
    }
    const led = await user.get(waitingOf(named), { accept: 'text/html' })
    expect(led.status).toBe(303)
    expect((await user.get(led.location as string)).text).toContain('data:image')
  })

  it('who sends the same start at the same moment, from another browser › gets a request of their own', async () => {
    const { user, thief } = await stolen()
    world.simulator.faults.add({ on: 'approve', delayMs: 100, times: 1 })
    await Promise.all([user.post(path), thief.post(path, {}, { 'user-agent': 'another browser' })])
    expect(pushesOf()).toHaveLength(2)
  })

  it('the user who starts two step-ups in two tabs, and then the first one again › gets the pending one, without another push', async () => {
    const { user } = await stolen()
    await start(user, path)
    await start(user, '/other')
    const pushes = pushesOf().length
    expect(pushes).toBe(2)
    const again = await start(user, path)
    expect(pushesOf()).toHaveLength(pushes)
    await world.simulator.phone('anna').approve(pushesOf()[0]?.transactionId)
    expect(outcomeOf(await user.get(callback(again)))).toBe('success')
  })

  it('the user who starts the same step-up again in the same browser › gets the pending one, without another push', async () => {
    const { user } = await stolen()
    const handle = await start(user, path)
    const again = await start(user, path)
    expect(pushesOf()).toHaveLength(1)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await user.get(callback(again)))).toBe('success')
    expect((await user.get('/guarded')).json()).toEqual({ action: 'passed' })
    expect((await user.get(callback(handle))).status).toBe(403)
  })
})

describe('a thief with a copy of the session cookie between the factors, in an app that keeps its user there', () => {
  // Shows: T-old-session-7
  it('does not get the sign-in of the user, but a request of their own, which the user sees', async () => {
    const app = await world.start({
      strategy: { subject: ({ session }) => ((session as { pending?: string }).pending === undefined ? undefined : { username: (session as { pending?: string }).pending as string }) },
      routes: (web, { passport }) => {
        web.post('/first-factor', (req, res, next) => req.session.regenerate((error) => {
          if (error) return next(error)
          Object.assign(req.session, { pending: 'anna' })
          res.end()
        }))
        web.post('/start', passport.authenticate('nevis'))
        web.all('/signed-in', passport.authenticate('nevis'), (_req, res) => void res.json({ action: 'success' }))
      },
    })
    const user = app.browser()
    await user.post('/first-factor')
    await start(user, '/start')
    // A second start in the same browser continues the pending sign-in, and sends no second push.
    const again = await start(user, '/start')
    expect(pushesOf()).toHaveLength(1)
    const thief = user.clone()
    thief.cookies.forEach((_value, name) => name !== 'connect.sid' && thief.cookies.delete(name))
    const own = newest()
    const other = await start(thief, '/start')
    expect(pushesOf()).toHaveLength(2)
    await world.simulator.phone('anna').approve(own)
    expect(outcomeOf(await thief.get(`/signed-in?transaction=${other}`))).toBe('303 /login/2fa')
    expect(again).not.toBe(other)
  })
})

describe('a thief with a copy of the session cookie, in an app with its own subject', () => {
  const subject: NevisStrategyOptions['subject'] = ({ user }) => user && { username: (user as { username: string }).username }
  const [path, callback] = WAYS[0]
  const thiefs = { 'user-agent': 'another browser' }

  /** The user starts a step-up, and the browser loses its connection before the response. Returns after the strategy has stored the transaction. */
  async function startWithoutAnswer(app: TestApp, user: Browser): Promise<void> {
    const run = jest.spyOn(app.nevis.settings.startQueue, 'run')
    world.simulator.faults.add({ on: 'approve', delayMs: 200, times: 1 })
    const cookie = [...user.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent = request(`${app.origin}${path}`, { method: 'POST', agent: false, headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' } })
    sent.on('error', () => undefined).end()
    await world.untilAsked('approve')
    sent.destroy()
    await Promise.all(run.mock.results.map(({ value }) => value as Promise<unknown>))
    run.mockRestore()
  }

  // Shows: T-old-session-7
  it('does not get the step-up whose start has lost its connection, but a request of their own', async () => {
    const { app, user, thief } = await stolen({ subject })
    await startWithoutAnswer(app, user)
    const own = newest()
    const other = await start(thief, path)
    expect(pushesOf()).toHaveLength(2)
    await world.simulator.phone('anna').approve(own)
    expect(outcomeOf(await thief.get(callback(other)))).toBe('303 /login/2fa')
    expect((await thief.get('/guarded')).status).toBe(401)
  })

  // Shows: T-old-session-7
  it.each([['the default subject', {}], ['its own subject', { subject }]])('who also has the password, in an app with %s › does not get the pending step-up of the user either', async (_name, options) => {
    const { user, thief } = await stolen(options)
    await start(user, '/step-up')
    const own = newest()
    const other = handleIn((await thief.post('/login', { username: 'anna', password: PASSWORD })).location)
    expect(pushesOf()).toHaveLength(2)
    await world.simulator.phone('anna').approve(own)
    expect(outcomeOf(await thief.get(callback(other)))).toBe('303 /login/2fa')
  })

  // Shows: T-old-session-7
  it('whose start comes just before the user\'s start › does not get the user onto the page of the thief\'s request', async () => {
    const { user, thief } = await stolen({ subject })
    world.simulator.faults.add({ on: 'approve', delayMs: 200, times: 1 })
    const first = thief.post(path, {}, thiefs)
    await world.untilAsked('approve')
    // The thief's start has given the session a new id, so the user's own session has ended. The user must sign in again.
    expect(outcomeOf(await user.post(path))).toBe('unknown_transaction')
    expect(outcomeOf(await first)).toBe('303 /login/2fa')
    expect(pushesOf()).toHaveLength(1)
  })

  // Shows: T-old-session-7
  it.each(['before', 'just before', 'just after'])('whose start comes %s the user\'s start › signs no user out: the user gets a request of their own', async (when) => {
    const { app } = await stolen({ subject })
    const user = app.browser()
    await user.post('/prove', { username: 'anna', userId: world.simulator.users.find(({ username }) => username === 'anna')?.userId as string })
    const thief = user.clone()
    const starts = [() => thief.post(path, {}, thiefs), () => user.post(path)]
    if (when === 'just after') starts.reverse()
    if (when !== 'before') world.simulator.faults.add({ on: 'approve', delayMs: 200, times: 1 })
    const first = (starts[0] as () => ReturnType<Browser['post']>)()
    if (when === 'before') await first
    await world.untilAsked('approve')
    const second = await (starts[1] as () => ReturnType<Browser['post']>)()
    const [own, other] = when === 'just after' ? [await first, second] : [second, await first]
    expect([outcomeOf(own), outcomeOf(other), pushesOf().length]).toEqual(['303 /login/2fa', '303 /login/2fa', 2])
    await world.simulator.phone('anna').approve(pushesOf()[when === 'just after' ? 0 : 1]?.transactionId)
    expect(outcomeOf(await thief.get(callback(handleIn(other.location))))).toBe('303 /login/2fa')
    expect(outcomeOf(await user.get(callback(handleIn(own.location))))).toBe('success')
    expect((await user.get('/guarded')).json()).toEqual({ action: 'passed' })
    expect((await thief.get('/guarded')).status).toBe(401)
  })

  // Shows: T-old-session-7
  it.each(['/login/2fa', '/step-up'])('who starts the same step-up twice at POST %s, and closes the first connection › signs no user out', async (from) => {
    const { app } = await stolen({ subject })
    const user = app.browser()
    await user.post('/prove', { username: 'anna', userId: world.simulator.users.find(({ username }) => username === 'anna')?.userId as string })
    const run = jest.spyOn(app.nevis.settings.startQueue, 'run')
    const cookie = [...user.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const send = () => request(`${app.origin}${from}`, { method: 'POST', agent: false, headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' } }).on('error', () => undefined)
    world.simulator.faults.add({ on: 'approve', delayMs: 200, times: 1 })
    const first = send().end()
    await world.untilAsked('approve')
    const second = once(send().end(), 'response')
    while (run.mock.results.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    first.destroy()
    const [{ statusCode, headers }] = (await second) as [IncomingMessage]
    expect([statusCode, (headers['set-cookie'] ?? []).some((one) => one.startsWith('connect.sid='))]).toEqual([303, false])
    run.mockRestore()
    const own = await user.post(from)
    expect([outcomeOf(own), pushesOf().length]).toEqual(['303 /login/2fa', 2])
    await world.simulator.phone('anna').approve(newest())
    expect(outcomeOf(await user.get(from === path ? callback(handleIn(own.location)) : WAYS[1][1](handleIn(own.location))))).toBe('success')
  })

  // Shows: T-old-session-7
  it('who starts a factor that the user does not have › does not get the only session', async () => {
    const { app } = await stolen({ subject, availableFactors: () => ['push', 'sms'] })
    const user = app.browser()
    await user.post('/prove', { username: 'anna', userId: world.simulator.users.find(({ username }) => username === 'anna')?.userId as string })
    const thief = user.clone()
    world.simulator.faults.add({ on: 'approve', status: 404, body: { status: 404, error: 'Not Found', message: 'no phone number' }, times: 1 })
    expect(outcomeOf(await thief.post(path, { factor: 'sms' }))).toBe('303 /login/2fa')
    expect(thief.cookies.get('connect.sid')).toBe(user.cookies.get('connect.sid'))
    expect((await user.get('/guarded')).json()).toEqual({ action: 'passed' })
  })

  it('whose start comes just after the user\'s start › gets nothing', async () => {
    const { user, thief } = await stolen({ subject })
    world.simulator.faults.add({ on: 'approve', delayMs: 200, times: 1 })
    const first = user.post(path)
    await world.untilAsked('approve')
    expect(outcomeOf(await thief.post(path, {}, thiefs))).toBe('unknown_transaction')
    const handle = handleIn((await first).location)
    expect(pushesOf()).toHaveLength(1)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await user.get(callback(handle)))).toBe('success')
    expect((await user.get('/guarded')).json()).toEqual({ action: 'passed' })
  })

  it('the user who starts the same step-up again in the same browser › gets the pending one, without another push', async () => {
    const { user } = await stolen({ subject })
    await start(user, path)
    const again = await start(user, path)
    expect(pushesOf()).toHaveLength(1)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await user.get(callback(again)))).toBe('success')
    expect((await user.get('/guarded')).json()).toEqual({ action: 'passed' })
  })

  it('the user who starts the step-up again after a lost connection › gets a second push, and can continue with it', async () => {
    const { app, user } = await stolen({ subject })
    await startWithoutAnswer(app, user)
    const again = await start(user, path)
    expect(pushesOf()).toHaveLength(2)
    await world.simulator.phone('anna').approve(newest())
    expect(outcomeOf(await user.get(callback(again)))).toBe('success')
    expect((await user.get('/guarded')).json()).toEqual({ action: 'passed' })
  })
})
