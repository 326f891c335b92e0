/**
 * The attack: using the approval of a harmless request to carry out a payment.
 *
 * A route with `passport.authorize('nevis', { message, data, factors })` starts an approval, and also accepts a callback and then runs its handler.
 * The attacker gets an approval that must not count for a payment: for something harmless, with a weaker factor, or of the attacker's own account. Then the
 * attacker posts this approval to the route that moves the money. In an earlier version, a recovery code ran the handler of a route that required a push. And
 * if a Basic or Bearer header, and not the session, identified the user, an approval of one account could pay from another account.
 */
import type { Request, RequestHandler } from 'express'
import { BasicStrategy } from './support/basic'
import { atLeast, MemoryLedger, push, recovery, recordSecondFactor, requireSecondFactor, sms, widget } from '../../src'
import type { Browser } from '../support/browser'
import { callbackOf, handleIn, PASSWORD, signIn, type AppOptions, type TestApp } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()
jest.setTimeout(30_000)

/** Each option that is a part of the purpose (what an approval may be used for), alone at a route. Each of these routes starts an approval. */
const ALONE = {
  factors: { factors: ['push'] },
  factor: { factor: 'push' },
  operation: { operation: 'approve' },
  operations: { operation: () => 'approve' },
  message: { message: 'Pay 5' },
  data: { data: { amount: 5 } },
  phone: { phone: '+41790000001' },
  authenticatorId: { authenticatorId: () => undefined },
}

/** What the handlers of the routes have done. */
let ran: string[]
beforeEach(() => (ran = []))

const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  passport.use(new BasicStrategy(PASSWORD) as never)
  const answered = (name: string, options: object): RequestHandler => (req, res, next) => {
    const settled = (error: unknown, user: unknown, info: unknown, status: unknown) => {
      if (error) return next(error)
      if (!user) return void res.status(status as number).json({ action: 'fail', ...(info as object) })
      req.authInfo = info as Express.AuthInfo
      ran.push(name)
      next()
    }
    passport.authorize('nevis', options, settled as never)(req, res, next)
  }
  const done: RequestHandler = (_req, res) => void res.json({ action: 'success' })
  const amountOf = (req: unknown) => ({ amount: (req as Request).body?.amount as string })
  const paying = { factors: atLeast('push'), message: (req: unknown) => `Pay ${amountOf(req).amount}`, data: amountOf }
  web.all('/pay', answered('pay', paying), done)
  web.all('/sell', answered('sell', paying), done)
  web.all('/harmless', answered('harmless', {}), done)
  web.all('/shared', answered('shared', {}), done)
  web.all('/strong', answered('strong', { factors: atLeast('push') }), done)
  web.all('/other-strong', answered('other-strong', { factors: atLeast('push') }), done)
  for (const [name, options] of Object.entries(ALONE)) web.all(`/only-${name}`, answered(name, options), done)
  web.all('/weak', answered('weak', { factors: atLeast('recovery') }), done)
  web.all('/add', answered('add', { operation: 'enroll' }), done)
  web.all('/basic', passport.authenticate('basic', { session: false }), answered('basic', {}), done)
  web.all('/confirm', passport.authenticate('basic', { session: false }), answered('confirm', {}), recordSecondFactor(), done)
  web.all('/confirm-own', answered('confirm-own', {}), recordSecondFactor(), done)
  web.post('/guarded', requireSecondFactor({ maxAgeSeconds: 300 }), done)
  web.post('/password-only', passport.authenticate('local'), done)
  web.all('/in', passport.authenticate('nevis'), recordSecondFactor(), done)
}

const start = () => world.start({ routes, strategy: { factors: [push(), sms(), recovery()], startBudget: { starts: 50, perSeconds: 300 } } })

async function signedIn(app: TestApp): Promise<Browser> {
  const browser = app.browser()
  const handle = await signIn(browser, 'anna')
  await world.simulator.phone('anna').approve()
  await browser.get(`/in?transaction=${handle}`)
  return browser
}

async function approved(browser: Browser, path: string, fields: Record<string, string> = {}): Promise<string> {
  const handle = handleIn((await browser.post(path, fields)).location)
  await world.simulator.phone('anna').approve()
  return handle
}

describe('a route with a message and data', () => {
  // Shows: ASVS V6.6.2, T-purpose-3
  it.each(['/harmless', '/sell'])('does not run for an approval that another route has started: %s', async (other) => {
    const browser = await signedIn(await start())
    const handle = await approved(browser, other, { amount: '1' })
    expect(outcomeOf(await browser.post('/pay', { transaction: handle, amount: '1000' }))).toBe('binding_mismatch')
    expect(outcomeOf(await browser.get(`/pay?transaction=${handle}`))).toBe('binding_mismatch')
    expect(ran).toEqual([])
    expect(world.events.of('suspicious')).toMatchObject([{ field: expect.stringMatching(/purpose|factors/) }, {}])
    // At the route that has started it, the approval is still valid.
    expect(outcomeOf(await browser.get(`${other}?transaction=${handle}`))).toBe('success')
  })

  it('runs for what it started itself, and so does a shared callback', async () => {
    const browser = await signedIn(await start())
    expect(outcomeOf(await browser.post('/pay', { transaction: await approved(browser, '/pay', { amount: '1' }) }))).toBe('success')
    expect(outcomeOf(await browser.get(`/shared?transaction=${await approved(browser, '/pay', { amount: '2' })}`))).toBe('success')
    expect(ran).toEqual(['pay', 'shared'])
  })

  it('runs after another factor was chosen for the same payment', async () => {
    const browser = await signedIn(await start())
    const first = handleIn((await browser.post('/pay', { amount: '1' })).location)
    world.later(15)
    const second = handleIn((await browser.post('/login/2fa', { transaction: first, factor: 'push' })).location)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(`/pay?transaction=${second}`))).toBe('success')
  })
})

describe.each(Object.keys(ALONE))('a route with the option %s alone', (name) => {
  // Shows: ASVS V6.6.2, T-purpose-3
  it('runs for what it started itself, and not for an approval that another route has started', async () => {
    const browser = await signedIn(await start())
    const handle = await approved(browser, '/harmless')
    expect(outcomeOf(await browser.post(`/only-${name}`, { transaction: handle }))).toBe('binding_mismatch')
    expect(ran).toEqual([])
    // A route without options accepts the approval of any other route.
    expect(outcomeOf(await browser.get(`/harmless?transaction=${await approved(browser, `/only-${name}`)}`))).toBe('success')
    expect(outcomeOf(await browser.post(`/only-${name}`, { transaction: await approved(browser, `/only-${name}`) }))).toBe('success')
    expect(ran).toEqual(['harmless', name])
  })
})

describe('the factors of a route', () => {
  // Shows: ASVS V6.3.4, T-purpose-3
  it('hold at its callback: a recovery code or an SMS runs nothing where a push is asked for', async () => {
    const browser = await signedIn(await start())
    for (const [factor, code] of [['recovery', 'AAAA-1111'], ['sms', undefined]] as const) {
      const handle = handleIn((await browser.post('/harmless', { factor })).location)
      const typed = code ?? (/\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string)
      expect(outcomeOf(await browser.post('/strong', { transaction: handle, code: typed }))).toBe('binding_mismatch')
    }
    expect(ran).toEqual([])
    expect(world.asked('verifyCode')).toBe(0)
    expect(outcomeOf(await browser.get(`/strong?transaction=${await approved(browser, '/strong')}`))).toBe('success')
  })

  // Shows: ASVS V6.6.2, T-purpose-3
  it('do not make two routes one: a push for another route with the same factors runs nothing', async () => {
    const browser = await signedIn(await start())
    expect(outcomeOf(await browser.post('/strong', { transaction: await approved(browser, '/other-strong') }))).toBe('binding_mismatch')
    expect(ran).toEqual([])
  })

  it('at the callback route allow each transaction with one of these factors, whichever route has started it', async () => {
    const browser = await signedIn(await world.start({ routes, callback: { factors: atLeast('push') }, strategy: { factors: [push(), recovery()] } }))
    expect(outcomeOf(await browser.get(callbackOf(await approved(browser, '/harmless'))))).toBe('success')
    const handle = handleIn((await browser.post('/harmless', { factor: 'recovery' })).location)
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: handle, code: 'AAAA-1111' }))).toBe('binding_mismatch')
  })

  it('are those of an approval: to have confirmed new recovery codes is none', async () => {
    const browser = await signedIn(await start())
    const handle = handleIn((await browser.post('/add', { factor: 'recovery' })).location)
    expect(outcomeOf(await browser.post('/weak', { transaction: handle }))).toBe('binding_mismatch')
    expect(ran).toEqual([])
    expect(outcomeOf(await browser.post('/add', { transaction: handle }))).toBe('success')
  })

  it('and a message or data, are for an approval: a user without a factor enrols none by them, also where a sign-in would', async () => {
    const app = await world.start({ routes, strategy: { factors: [push(), sms(), recovery()], operation: 'approve-or-enroll' } })
    const browser = app.browser()
    await browser.post('/password-only', { username: 'newcomer', password: PASSWORD })
    expect(outcomeOf(await browser.post('/pay', { amount: '1000', phone: '+41790000123' }))).toBe('not_enrolled')
    expect(world.asked('enroll')).toBe(0)
    expect(ran).toEqual([])
  })

  it('and its operation, too: an approval is no enrolment', async () => {
    const browser = await signedIn(await start())
    expect(outcomeOf(await browser.get(`/add?transaction=${await approved(browser, '/harmless')}`))).toBe('binding_mismatch')
    expect(ran).toEqual([])
  })
})

describe('a route that knows its user by Basic', () => {
  const basic = (username: string) => ({ authorization: `Basic ${Buffer.from(`${username}:${PASSWORD}`).toString('base64')}` })

  // Shows: ASVS V6.6.2, T-password-5
  it('does not run for the approval of another account', async () => {
    const app = await start()
    const attacker = app.browser()
    const handle = handleIn((await attacker.post('/basic', {}, basic('anna'))).location)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await attacker.get(`/basic?transaction=${handle}`, basic('ben')))).toBe('binding_mismatch')
    expect(ran).toEqual([])
    expect(outcomeOf(await attacker.get(`/basic?transaction=${handle}`, basic('anna')))).toBe('success')
  })
})

describe('a route that knows its user by Basic, in the session of another user', () => {
  // Shows: T-password-5
  it('runs for the approval of its own user, and gives the session no record', async () => {
    const basic = { authorization: `Basic ${Buffer.from(`ben:${PASSWORD}`).toString('base64')}` }
    const browser = (await start()).browser()
    await browser.post('/password-only', { username: 'anna', password: PASSWORD })
    const handle = handleIn((await browser.send('POST', '/confirm', basic)).location)
    await world.simulator.phone('ben').approve()
    expect(outcomeOf(await browser.send('GET', `/confirm?transaction=${handle}`, basic))).toBe('success')
    expect((await browser.get('/me')).json()).toEqual({ user: { username: 'anna' } })
    expect((await browser.post('/guarded')).status).toBe(401)
    // In a request without the Basic header, anna approves in her own session. So the strategy writes the second factor record.
    const own = handleIn((await browser.post('/confirm-own')).location)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(`/confirm-own?transaction=${own}`))).toBe('success')
    expect((await browser.post('/guarded')).status).toBe(200)
  })
})

describe('a token that has proved a push', () => {
  // Shows: ASVS V6.5.1, T-widget-4, CD-unique-1
  it('is claimed: it does not count again through the widget', async () => {
    const claimed: string[] = []
    class Recording extends MemoryLedger {
      override claim(key: string, seconds: number) {
        claimed.push(key.split(':')[0] as string)
        return super.claim(key, seconds)
      }
    }
    const app = await world.start({ routes, strategy: { factors: [push(), widget()], ledger: new Recording() } })
    await signedIn(app)
    expect(claimed.filter((kind) => kind === 'token')).toHaveLength(1)
  })
})

describe('methods', () => {
  // Shows: T-browser-3
  it.each(['OPTIONS', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'GET'])('%s starts nothing', async (method) => {
    const browser = await signedIn(await start())
    const asked = world.simulator.requests.length
    const page = await browser.send(method, '/harmless?factor=push', { 'content-type': 'application/x-www-form-urlencoded' }, ['HEAD', 'GET'].includes(method) ? undefined : 'factor=push')
    expect(page.status).toBe(405)
    expect(world.simulator.requests).toHaveLength(asked)
  })

  it.each(['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH'])('%s finishes nothing, and GET still does', async (method) => {
    const browser = await signedIn(await start())
    const handle = await approved(browser, '/harmless')
    expect((await browser.send(method, `/harmless?transaction=${handle}`, {})).status).toBe(405)
    expect(ran).toEqual([])
    expect(outcomeOf(await browser.get(`/harmless?transaction=${handle}`))).toBe('success')
  })

  // Shows: ASVS V15.3.3, T-browser-3
  it('a start reads its fields only from the body: a link that a user was sent chooses nothing', async () => {
    const browser = await signedIn(await start())
    const { location } = await browser.post('/harmless?factor=sms&authenticatorId=x&cancel=1')
    expect(location).toContain('/login/2fa?transaction=')
    expect(world.simulator.sms('anna')).toEqual([])
    expect(world.simulator.phone('anna').requests()).toHaveLength(1)
  })
})
