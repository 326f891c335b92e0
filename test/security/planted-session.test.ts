/**
 * The attack: a session that the attacker has prepared (session fixation, CWE-384; OWASP ASVS 5.0, 7.2.4).
 *
 * The attacker knows the victim's password and can write a cookie into the victim's browser: from a subdomain, or on an unlocked computer. The
 * attacker opens a session, plants its cookie, and waits until the victim enters the password in it. Then the attacker enters the password in the
 * same session. In an earlier version, the answer to the attacker was the handle (the reference in the URL) of the victim's transaction, and during an
 * enrolment the victim's QR code. The attacker's callback could then use the victim's approval before the victim's own callback did.
 */
import type { Express } from 'express'
import session from 'express-session'
import { push, recordSecondFactor, waitingPage } from '../../src'
import type { PhoneRequest } from '../../src/simulator'
import type { Browser } from '../support/browser'
import { callbackOf, handleIn, PASSWORD, signIn, waitingOf, type AppOptions } from '../support/app'
import { slowCall } from './support/checkpoint'
import { lab, outcomeOf } from './support/lab'
import { proveSecondFactor } from './support/proved'
import { breakingSerializeUser } from './support/serializers'

const world = lab()
jest.setTimeout(30_000)
const credentials = { username: 'anna', password: PASSWORD }
const cookieOf = (browser: Browser) => browser.cookies.get('connect.sid')

/** Routes of a sign-in page that writes a value into the session before the login, such as a CSRF token. */
const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  web.get('/sign-in', (req, res) => {
    const { session } = req as unknown as { session: { token?: string } }
    session.token = 'csrf'
    res.end()
  })
  web.get('/kept', (req, res) => void res.json((req as unknown as { session: object }).session))
  web.post('/enrol', passport.authenticate('local', { session: false }), passport.authenticate('nevis', { operation: 'enroll', factor: 'app' }))
  web.post('/password', passport.authenticate('local', { keepSessionInfo: true }), (_req, res) => void res.end())
  web.post('/step-up', passport.authenticate('nevis'))
  web.all('/confirmed', passport.authenticate('nevis', { keepSessionInfo: true }), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
}

async function planted(): Promise<{ attacker: Browser; victim: Browser }> {
  const app = await world.start({ routes })
  const attacker = app.browser()
  await attacker.get('/sign-in')
  return { attacker, victim: attacker.clone() }
}

describe('a sign-in that the attacker has started in the planted session, if the victim then signs in by the password alone', () => {
  /** The victim's browser, in which Anna is signed in, and the handle of Bob's sign-in, which Bob has approved or denied. */
  async function poisoned(does: 'approves' | 'denies' = 'approves'): Promise<{ victim: Browser; handle: string }> {
    const app = await world.start({ routes })
    world.simulator.addUser({ username: 'bob' })
    const attacker = app.browser()
    const handle = await signIn(attacker, 'bob')
    if (does === 'denies') {
      await world.simulator.phone('bob').deny()
      expect(outcomeOf(await attacker.get(callbackOf(handle)))).toBe('not_approved')
    }
    const victim = attacker.clone()
    await victim.post('/password', credentials)
    if (does === 'approves') await world.simulator.phone('bob').approve()
    return { victim, handle }
  }

  // Shows: T-planted-7
  it('does not sign the victim in as the attacker', async () => {
    const { victim, handle } = await poisoned()
    expect(outcomeOf(await victim.get(callbackOf(handle)))).toBe('binding_mismatch')
    expect((await victim.get('/me')).json()).toMatchObject({ user: { username: 'anna' } })
    expect(world.events.of('suspicious')).toMatchObject([{ reason: 'binding_mismatch', field: 'login' }])
  })

  it('does not sign the victim in as the attacker after a step-up of the victim either', async () => {
    const { victim, handle } = await poisoned()
    const stepUp = handleIn((await victim.post('/step-up')).location)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await victim.get(`/confirmed?transaction=${stepUp}`))).toBe('success')
    expect(outcomeOf(await victim.get(callbackOf(handle)))).not.toBe('success')
    expect((await victim.get('/me')).json()).toMatchObject({ user: { username: 'anna' } })
  })

  it.each(['approves', 'denies'] as const)('goes on with no other factor, if the attacker %s', async (does) => {
    const { victim, handle } = await poisoned(does)
    const asked = world.operations().length
    expect(outcomeOf(await victim.post('/login/2fa', { transaction: handle, factor: 'sms' }))).toBe('binding_mismatch')
    expect(world.operations()).toHaveLength(asked)
  })

  it('goes on if it is of the user who has signed in', async () => {
    const app = await world.start({ routes })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await browser.post('/password', credentials)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
  })
})

describe('a planted session', () => {
  // Shows: ASVS V6.6.2, T-planted-1
  it('gives the attacker a request of their own, and not the victim\'s: the approval signs in the victim alone', async () => {
    const { attacker, victim } = await planted()
    const handle = await signIn(victim, 'anna')
    const [first] = world.simulator.phone('anna').requests() as [PhoneRequest]
    expect(cookieOf(victim)).not.toBe(cookieOf(attacker))
    const own = await signIn(attacker, 'anna')
    expect(world.asked('approve')).toBe(2)
    await world.simulator.phone('anna').approve(first.transactionId)
    expect(outcomeOf(await attacker.get(callbackOf(own)))).toBe('303 /login/2fa')
    expect(outcomeOf(await attacker.get(callbackOf(handle)))).toBe('unknown_transaction')
    expect(outcomeOf(await victim.get(callbackOf(handle)))).toBe('success')
    expect((await attacker.get('/me')).json()).toEqual({ user: null })
  })

  it('whose cookie is spelled in another way, so that it looks like none, is renewed all the same', async () => {
    const app = await world.start({
      routes: (web) => void web.get('/forget', (req, res) => {
        const { session } = req as unknown as { session: { token?: string } }
        if (session.token === undefined) session.token = 'csrf'
        else delete session.token
        res.end()
      }),
    })
    const attacker = app.browser()
    // The first request stores a session, and the second request deletes the session's content. The store keeps the empty session. Then the victim's cookie
    // gets the session's id in another spelling. If the id is not recognised in this cookie, the empty session looks like the session of a new visitor.
    await attacker.get('/forget')
    await attacker.get('/forget')
    const [, first = '', rest = ''] = /^s%3A(.)(.*)$/.exec(cookieOf(attacker) as string) ?? []
    const spelled = `s%3A%${first.charCodeAt(0).toString(16)}${rest}`
    const victim = attacker.clone()
    victim.cookies.set('connect.sid', spelled)
    const handle = await signIn(victim, 'anna')
    expect(cookieOf(victim)).not.toBe(spelled)
    const own = await signIn(attacker, 'anna')
    const [one] = world.simulator.phone('anna').requests() as [PhoneRequest]
    await world.simulator.phone('anna').approve(one.transactionId)
    expect(outcomeOf(await attacker.get(callbackOf(own)))).toBe('303 /login/2fa')
    expect(outcomeOf(await victim.get(callbackOf(handle)))).toBe('success')
    expect((await attacker.get('/me')).json()).toEqual({ user: null })
  })

  // Shows: ASVS V7.2.4, T-planted-1
  it('shows the attacker no QR code of the victim\'s enrolment', async () => {
    const { attacker, victim } = await planted()
    const start = (browser: Browser) => browser.post('/enrol', { username: 'new', password: PASSWORD }).then(({ location }) => handleIn(location))
    const handle = await start(victim)
    const link = /href="([^"]*dispatchTokenResponse[^"]*)"/.exec((await victim.get(waitingOf(handle))).text)?.[1] as string
    expect(link).toContain('dispatchTokenResponse')
    const own = await start(attacker)
    expect((await attacker.get(waitingOf(own))).text).not.toContain(link)
    expect((await attacker.get(waitingOf(handle))).text).not.toContain(link)
  })

  // Shows: T-planted-2
  it('in which the attacker has started gives the request to the victim\'s new session, and leaves the attacker nothing', async () => {
    const app = await world.start({ routes })
    const attacker = app.browser()
    const own = await signIn(attacker, 'anna')
    const victim = attacker.clone()
    const handle = await signIn(victim, 'anna')
    expect(world.asked('approve')).toBe(1)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await attacker.get(callbackOf(own)))).toBe('unknown_transaction')
    expect(outcomeOf(await victim.get(callbackOf(handle)))).toBe('success')
  })

  it.each([false, true])('of which the attacker has made two, both with the same request, signs in the victim alone (keepSessionInfo: %s)', async (keepSessionInfo) => {
    const app = await world.start({ routes, callback: { keepSessionInfo } })
    const attacker = app.browser()
    await attacker.get('/sign-in')
    const own = await signIn(attacker, 'anna')
    const [kept, plantedOne] = [attacker.clone(), attacker.clone()] as const
    world.simulator.faults.add({ on: 'approve', delayMs: 100 })
    // Both starts find anna's pending approval request. The first start moves this request into a new session; then the second start moves it into another.
    await Promise.all([kept.post('/login', { ...credentials, factor: 'app' }), plantedOne.post('/login', credentials)])
    const victim = plantedOne.clone()
    const handle = await signIn(victim, 'anna')
    for (const { transactionId } of world.simulator.phone('anna').requests()) await world.simulator.phone('anna').approve(transactionId)
    expect(outcomeOf(await kept.get(callbackOf(own)))).toBe('used_transaction')
    expect(outcomeOf(await plantedOne.get(callbackOf(handle)))).toBe('unknown_transaction')
    expect((await kept.get('/me')).json()).toEqual({ user: null })
    expect(outcomeOf(await victim.get(callbackOf(handle)))).toBe('success')
  })

  it('in which a link makes the sign-in look like a callback is renewed all the same, and starts a request of the user\'s own', async () => {
    const { attacker, victim } = await planted()
    const own = await signIn(attacker, 'anna')
    const theirs = attacker.clone()
    // A password form without an `action` posts to the page's own address, which comes from the attacker's link.
    const { status, location } = await theirs.post(`/login?transaction=${own}`, credentials)
    expect(status).toBe(303)
    const handle = handleIn(location)
    expect(cookieOf(theirs)).not.toBe(cookieOf(attacker))
    for (const { transactionId } of world.simulator.phone('anna').requests()) await world.simulator.phone('anna').approve(transactionId)
    expect(outcomeOf(await attacker.get(callbackOf(own)))).toBe('unknown_transaction')
    expect((await attacker.get('/me')).json()).toEqual({ user: null })
    expect(outcomeOf(await theirs.get(callbackOf(handle)))).toBe('success')
    expect(cookieOf(victim)).toBeDefined()
  })

  it('in which the attacker has begun an enrolment gives the victim a QR code that the attacker has not seen', async () => {
    const app = await world.start({ routes })
    const start = (browser: Browser) => browser.post('/enrol', { username: 'new', password: PASSWORD }).then(({ location }) => handleIn(location))
    const linkOf = async (browser: Browser, handle: string) => /href="([^"]*dispatchTokenResponse[^"]*)"/.exec((await browser.get(waitingOf(handle))).text)?.[1] as string
    const attacker = app.browser()
    const seen = await linkOf(attacker, await start(attacker))
    const victim = attacker.clone()
    const handle = await start(victim)
    expect(await linkOf(victim, handle)).not.toBe(seen)
    await world.simulator.phone('new').scan(seen)
    // Nevis has enrolled the attacker's phone: an attacker who knows the password can always do that. But the victim's callback must not accept this phone.
    expect(outcomeOf(await victim.get(callbackOf(handle)))).toBe('303 /login/2fa')
    expect((await victim.get('/me')).json()).toEqual({ user: null })
  })

  it.each([['', {}, 'unknown_transaction'], [', and that is signed in as the attacker, with afterDenial "stop"', { afterDenial: 'stop' }, 'used_transaction']] as const)('with a request of the attacker\'s own account in it%s, does not sign the victim in as the attacker', async (_more, strategy, code) => {
    const app = await world.start({ routes, strategy })
    const attacker = app.browser()
    const bens = await signIn(attacker, 'ben')
    if ('afterDenial' in strategy) await attacker.post('/password', { username: 'ben', password: PASSWORD })
    const victim = attacker.clone()
    const handle = await signIn(victim, 'anna')
    await world.simulator.phone('ben').approve()
    expect(outcomeOf(await victim.get(callbackOf(bens)))).toBe(code)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await victim.get(callbackOf(handle)))).toBe('success')
    expect((await victim.get('/me')).json()).toEqual({ user: { username: 'anna' } })
  })

  it('that is signed in as the attacker is renewed all the same, once the victim gives the password in it', async () => {
    const app = await world.start({ routes })
    const attacker = app.browser()
    const bens = await signIn(attacker, 'ben')
    await world.simulator.phone('ben').approve()
    await attacker.get(callbackOf(bens))
    const victim = attacker.clone()
    const handle = await signIn(victim, 'anna')
    expect(cookieOf(victim)).not.toBe(cookieOf(attacker))
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await attacker.get(callbackOf(handle)))).toBe('unknown_transaction')
    expect(outcomeOf(await victim.get(callbackOf(handle)))).toBe('success')
  })
})

describe('the session of a victim who waits for the own request, whose cookie the attacker has copied', () => {
  // Shows: T-planted-2
  it('gives an attacker with the password a request of their own: the victim\'s approval does not sign the attacker in', async () => {
    const app = await world.start({ routes })
    const victim = app.browser()
    const handle = await signIn(victim, 'anna')
    const [first] = world.simulator.phone('anna').requests() as [PhoneRequest]
    const attacker = app.browser()
    attacker.cookies.set('connect.sid', cookieOf(victim) as string)
    const own = handleIn((await attacker.post('/login', credentials, { 'user-agent': 'another browser' })).location)
    expect(world.asked('approve')).toBe(2)
    await world.simulator.phone('anna').approve(first.transactionId)
    expect(outcomeOf(await attacker.get(callbackOf(own)))).toBe('303 /login/2fa')
    // The attacker's start has given the session a new id, so the victim must start again.
    expect(outcomeOf(await victim.get(callbackOf(handle)))).toBe('unknown_transaction')
    expect((await attacker.get('/me')).json()).toEqual({ user: null })
  })
})

describe('in the victim\'s own browser', () => {
  it('a second sign-in shows the same request again, without a second push, and keeps what the app had in the session', async () => {
    const { victim } = await planted()
    const first = await signIn(victim, 'anna')
    const second = await signIn(victim, 'anna')
    expect(world.asked('approve')).toBe(1)
    expect((await victim.get('/kept')).json()).toMatchObject({ token: 'csrf' })
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await victim.get(callbackOf(second)))).toBe('success')
    expect(first).not.toBe(second)
  })

  it('two tabs of the same user both lead to the waiting page, and whichever comes first signs in', async () => {
    const app = await world.start({ strategy: { factors: [push()] } })
    const browser = app.browser()
    const first = await signIn(browser, 'anna')
    const second = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(first)))).toBe('success')
    expect(outcomeOf(await browser.get(callbackOf(second)))).toBe('used_transaction')
  })
})

describe('a visitor without a session', () => {
  it('gets none by a start that fails', async () => {
    const store = new session.MemoryStore()
    const app = await world.start({ session: { store } })
    world.simulator.faults.add({ on: 'approve', status: 503 })
    const browser = app.browser()
    expect((await browser.post('/login', credentials)).json()).toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE' })
    expect(Object.keys((store as unknown as { sessions: object }).sessions)).toEqual([])
    expect(cookieOf(browser)).toBeUndefined()
  })
})

describe('a planted session that is signed in as the attacker, where the app logs no user in after the password by itself', () => {
  /** A sign-in with a custom callback, as docs/guides/existing-app.md shows it. For a custom callback, Passport does not set `req.authInfo`. */
  const ownLogin: AppOptions['routes'] = (web, { passport }) => {
    web.post('/own-login', (req, res, next) => {
      const settled = (error: unknown, user: unknown) => {
        if (error || !user) return next(error ?? new Error('no user'))
        req.logIn(user, { session: false }, (failed) => (failed ? next(failed) : passport.authenticate('nevis')(req, res, next)))
      }
      passport.authenticate('local', settled as never)(req, res, next)
    })
    web.post('/own-login-during-outage', (req, _res, next) => req.logIn({ username: (req.body as { username: string }).username }, { session: false }, next), breakingSerializeUser(passport), passport.authenticate('nevis'))
    web.all('/step-up', passport.authorize('nevis'))
  }

  it.each(['/own-login', '/own-login-during-outage'])('is renewed all the same, at %s: the attacker is shown nothing of the victim\'s, and the victim signs in', async (path) => {
    const app = await world.start({ routes: ownLogin })
    const attacker = app.browser()
    const bens = await signIn(attacker, 'ben')
    await world.simulator.phone('ben').approve()
    await attacker.get(callbackOf(bens))
    const victim = attacker.clone()
    const handle = handleIn((await victim.post(path, credentials)).location)
    expect(cookieOf(victim)).not.toBe(cookieOf(attacker))
    handleIn((await attacker.post(path, credentials)).location)
    expect(world.asked('approve')).toBe(3)
    const requests = world.simulator.phone('anna').requests() as [PhoneRequest, PhoneRequest]
    const oldest = requests[0].createdAt <= requests[1].createdAt ? requests[0] : requests[1]
    await world.simulator.phone('anna').approve(oldest.transactionId)
    expect(outcomeOf(await attacker.get(callbackOf(handle)))).toBe('unknown_transaction')
    expect(outcomeOf(await victim.get(callbackOf(handle)))).toBe('success')
  })

  it('keeps its id at a step-up of the user who is signed in', async () => {
    const app = await world.start({ routes: ownLogin })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    await browser.get(callbackOf(handle))
    const before = cookieOf(browser)
    expect(outcomeOf(await browser.post('/step-up'))).toBe('303 /login/2fa')
    expect(cookieOf(browser)).toBe(before)
  })
})

describe('a callback of the planted session that is still on its way', () => {
  it('takes nothing of the request that has moved to the victim\'s session, and uses nothing up', async () => {
    const app = await world.start({ routes })
    const attacker = app.browser()
    const own = await signIn(attacker, 'anna')
    const victim = attacker.clone()
    const { reached, release } = slowCall(app, 'getStatus', 'before')
    const late = attacker.get(callbackOf(own))
    await reached
    const handle = await signIn(victim, 'anna')
    expect(world.asked('approve')).toBe(1)
    await world.simulator.phone('anna').approve()
    release()
    expect(outcomeOf(await late)).toBe('unknown_transaction')
    expect((await attacker.get('/me')).json()).toEqual({ user: null })
    expect(outcomeOf(await victim.get(callbackOf(handle)))).toBe('success')
  })
})

/**
 * The attacker sends the victim a link to the sign-in page that contains the handle of the attacker's own transaction. The password form posts to the same URL.
 * An earlier version took that POST for a callback if the route did not log the user in and the request had no `req.user`. Both are true in an API that issues
 * tokens, and in an app that does not store the user in `req.user`. So the planted session kept its id, and the victim saw the attacker's transaction and
 * approved it. The attacker's callback then used this approval.
 */
describe('a planted session, and a link to the sign-in with the attacker\'s transaction in it', () => {
  const isRight = (body: unknown) => (body as { password?: string }).password === PASSWORD
  const named = (body: unknown) => ({ username: (body as { username: string }).username })
  const apps: [string, Omit<AppOptions, 'simulator'>][] = [
    ['of an app that logs in', {}],
    ['of an API that issues tokens', { start: { session: false }, callback: { session: false } }],
    ['of an app whose user only its option subject knows', {
      strategy: { subject: (req) => (req as { passwordUser?: object }).passwordUser },
      routes: (web, { passport }) => void web.post('/sign-in', (req, res, next) => {
        if (!isRight(req.body)) return void res.sendStatus(401)
        Object.assign(req, { passwordUser: named(req.body) })
        next()
      }, passport.authenticate('nevis')),
    }],
    ['of an app with Passport\'s userProperty', {
      strategy: { subject: (req) => (req as { account?: object }).account },
      routes: (web, { passport }) => void web.post('/sign-in', passport.initialize({ userProperty: 'account', compat: true }), passport.authenticate('local', { session: false }), passport.authenticate('nevis')),
    }],
  ]

  // Shows: T-planted-5
  it.each(apps)('%s starts a request of the victim\'s own in a new session', async (_app, options) => {
    const path = options.routes === undefined ? '/login' : '/sign-in'
    const app = await world.start(options)
    const attacker = app.browser()
    const own = handleIn((await attacker.post(path, credentials)).location)
    const victim = attacker.clone()
    const { status, location } = await victim.post(`${path}?transaction=${own}`, credentials)
    expect([status, location?.split('?')[0]]).toEqual([303, '/login/2fa'])
    expect(cookieOf(victim)).not.toBe(cookieOf(attacker))
    for (const { transactionId } of world.simulator.phone('anna').requests()) await world.simulator.phone('anna').approve(transactionId)
    expect(outcomeOf(await attacker.get(callbackOf(own)))).toBe('unknown_transaction')
    expect((await attacker.get('/me')).json()).toEqual({ user: null })
    expect(outcomeOf(await victim.get(callbackOf(handleIn(location))))).toBe('success')
  })

  const signedInApps = apps.flatMap(([name, options]) => [[name, ' has not', options, false], [name, ' has', options, true]] as const)

  /** Adds a route that signs the attacker in, with or without the record of a second factor that the attacker has just given. */
  const attackersLogin = (web: Express, hasConfirmed: boolean) => {
    web.post('/attackers-login', (req, res, next) => req.logIn({ username: 'ben' }, (error) => {
      if (error) return next(error)
      if (hasConfirmed) proveSecondFactor(req, 'ben', world.simulator.users.find(({ username }) => username === 'ben')?.userId as string)
      req.session.save(() => res.end())
    }))
  }

  // Shows: T-planted-6
  it.each(signedInApps)('%s that is signed in as the attacker, who%s given a second factor, gets a new id all the same', async (_app, _not, options, hasConfirmed) => {
    const path = options.routes === undefined ? '/login' : '/sign-in'
    const app = await world.start({
      ...options,
      routes: (web, parts) => {
        options.routes?.(web, parts)
        attackersLogin(web, hasConfirmed)
      },
    })
    const attacker = app.browser()
    await attacker.post('/attackers-login')
    const victim = attacker.clone()
    const { location } = await victim.post(path, credentials)
    expect(cookieOf(victim)).not.toBe(cookieOf(attacker))
    await attacker.post(path, credentials)
    const requests = world.simulator.phone('anna').requests()
    expect(requests).toHaveLength(2)
    for (const { transactionId } of requests) await world.simulator.phone('anna').approve(transactionId)
    expect(outcomeOf(await attacker.get(callbackOf(handleIn(location))))).toBe('unknown_transaction')
    // The session is signed in as ben. With `session: false`, a callback accepts only approvals of the signed-in user, so it refuses anna's approval.
    const own = outcomeOf(await victim.get(callbackOf(handleIn(location))))
    expect(own).toBe(options.callback?.session === false ? 'binding_mismatch' : 'success')
  })

  // Shows: T-planted-6
  it.each(signedInApps)('%s that is signed in as the attacker, who%s given a second factor, gets a new id also where the user does not have the first factor offered', async (_app, _not, options, hasConfirmed) => {
    const path = options.routes === undefined ? '/login' : '/sign-in'
    const app = await world.start({
      ...options,
      strategy: { ...options.strategy, availableFactors: () => ['push', 'sms'] },
      routes: (web, parts) => {
        options.routes?.(web, parts)
        attackersLogin(web, hasConfirmed)
      },
    })
    world.simulator.faults.add({ on: 'approve', status: 404, times: 1 })
    const attacker = app.browser()
    await attacker.post('/attackers-login')
    const victim = attacker.clone()
    const { status } = await victim.post(path, credentials)
    expect([status, world.simulator.phone('anna').requests()]).toEqual([303, []])
    expect(cookieOf(victim)).not.toBe(cookieOf(attacker))
  })

  it('does not stop a step-up either, whose form keeps the address', async () => {
    const app = await world.start({ routes: (web, { passport, nevis }) => {
      web.get('/step-up', waitingPage(nevis))
      web.post('/step-up', passport.authorize('nevis'))
    } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    await browser.get(callbackOf(handle))
    for (const transaction of [handle, 'anything']) expect(outcomeOf(await browser.post(`/step-up?transaction=${transaction}`))).toBe('303 /login/2fa')
  })
})

describe('the address of a callback', () => {
  it('names the transaction for GET and for POST, also where each request brings the password again (HTTP Basic): no second text is sent', async () => {
    const app = await world.start({ strategy: { callbackURL: '/basic/callback' }, routes: (web, { passport }) => {
      web.use('/basic', (req, _res, next) => {
        const [username] = Buffer.from((req.headers.authorization ?? '').slice(6), 'base64').toString().split(':')
        if (username) req.user = { username }
        next()
      })
      web.post('/basic', passport.authenticate('nevis'))
      web.post('/basic/callback', passport.authenticate('nevis'), (_req, res) => void res.json({ action: 'success' }))
    } })
    const browser = app.browser()
    const authorization = `Basic ${Buffer.from('anna:x').toString('base64')}`
    const handle = handleIn((await browser.post('/basic', { factor: 'sms' }, { authorization })).location)
    const code = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
    expect(outcomeOf(await browser.post(`/basic/callback?transaction=${handle}`, { code }, { authorization }))).toBe('success')
    expect(world.asked('approve')).toBe(1)
  })

  const codeFor = () => /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
  /** Starts an app with the URLs in `strategy`, as behind a proxy that removes a prefix such as `/sub`. Starts a sign-in by SMS. */
  const underPrefix = async (strategy: NonNullable<AppOptions['strategy']>) => {
    const app = await world.start({ strategy, routes: (web, { passport }) => void web.post('/callback', passport.authenticate('nevis'), (_req, res) => void res.json({ action: 'success' })) })
    const browser = app.browser()
    const handle = handleIn((await browser.post('/login', { ...credentials, factor: 'sms' })).location)
    return { browser, handle }
  }

  it('names the transaction in a POST also below a prefix that a proxy removes', async () => {
    const { browser, handle } = await underPrefix({ waitingURL: '/sub/login/2fa', callbackURL: '/sub/login/2fa/callback' })
    expect(outcomeOf(await browser.post(callbackOf(handle), { code: codeFor() }))).toBe('success')
    expect(world.asked('approve')).toBe(1)
  })

  it.each([
    ['which is not below the waiting page', { waitingURL: '/2fa/wait', callbackURL: '/2fa/callback' }],
    ['whose waiting page is the prefix', { waitingURL: '/2fa', callbackURL: '/2fa/callback' }],
  ])('%s is not taken for another route whose path is its end: a password route could have this path', async (_place, strategy) => {
    const { browser, handle } = await underPrefix(strategy)
    expect((await browser.post(`/callback?transaction=${handle}`, { code: codeFor() })).text).toBe('Bad Request')
    expect(outcomeOf(await browser.get(`/login/2fa/callback?transaction=${handle}&code=${codeFor()}`))).toBe('success')
  })
})
