/**
 * Two callbacks of one session at the same time: no attack, but a fault that lost what an honest user had approved.
 *
 * A signed-in user has two payments open in two tabs, and approves both. The first callback gives the session a new id. In an earlier version, the second
 * callback, which had read the session before, used up its approval and then found no session: the payment was approved, used up and not carried out. If the
 * browser sent this callback again, it was redirected as after a success. Now the second callback uses nothing up, and sends the browser to the callback once
 * more, with the new cookie.
 *
 * An attacker must gain nothing from this: an old cookie stays worthless, a log-out lasts, and each approval counts once.
 */
import { RedisStore } from 'connect-redis'
import type { Request, Response } from 'express'
import session from 'express-session'
import { createClient } from 'redis'
import { MemoryLedger, push, RedisLedger, recordSecondFactor, sms, type Ledger } from '../../src'
import { handleIn, PASSWORD, signIn, type AppOptions, type TestApp } from '../support/app'
import type { Browser, Page } from '../support/browser'
import { describeWithRedis, RedisServer } from '../support/redis'
import { codeOn } from '../support/typed-code'
import { lab, outcomeOf, tally } from './support/lab'
import { SlowStore } from './support/slow-store'

const world = lab()
jest.setTimeout(60_000)

const NEXT = { accept: 'application/vnd.passport-nevis.next+json, application/json' }
const SECRET = 'x7Jm2rT9qLw4Zc8VbN5sKd1Hf6Gy3PaE'

let paid: string[] = []
/** What a payment waits for before it is carried out. */
let bank: () => Promise<void>
let slowVerify: () => Promise<void>
beforeEach(() => {
  paid = []
  bank = slowVerify = async () => undefined
})

const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  const pay = async (req: Request, res: Response) => {
    await bank()
    const { data, operation } = req.authInfo?.nevis ?? {}
    paid.push(typeof data === 'string' ? data : String(operation))
    res.json({ action: 'success' })
  }
  web.post('/password', passport.authenticate('local', { keepSessionInfo: true }), (_req, res) => void res.json({ action: 'success' }))
  web.post('/pay', passport.authorize('nevis', { message: ({ body }) => `Pay ${(body as { data: string }).data}`, data: ({ body }) => (body as { data: string }).data }))
  web.all('/authorized', passport.authorize('nevis', { repeatedCallbackRedirect: '/repeated' }), recordSecondFactor(), pay)
  web.all('/authenticated', passport.authenticate('nevis', { repeatedCallbackRedirect: '/repeated', keepSessionInfo: true }), recordSecondFactor(), pay)
  web.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.end())))
}

/** Options that tests of all session stores share. */
const options = (more: Partial<AppOptions['strategy']> = {}, store: session.Store = new SlowStore(undefined, 1)): Omit<AppOptions, 'simulator'> => ({
  routes,
  session: { store },
  strategy: { waitingURL: '/login/2fa', callbackURL: '/authorized', statusURL: '/login/2fa/status', ...more },
  verify: (profile, done) => void slowVerify().then(() => done(null, { username: profile.username as string })),
})

async function signedIn(app: TestApp): Promise<Browser> {
  const browser = app.browser()
  await browser.post('/password', { username: 'anna', password: PASSWORD })
  return browser
}

/** Starts a payment. `data` says which. */
async function payment(browser: Browser, data: string, fields: Record<string, string> = {}): Promise<string> {
  return handleIn((await browser.post('/pay', { data, ...fields })).location)
}

async function approveAll(): Promise<void> {
  for (const { transactionId } of world.simulator.phone('anna').waiting) await world.simulator.phone('anna').approve(transactionId)
}

/** Two payments in two tabs, both approved. */
async function twoPayments(app: TestApp): Promise<{ browser: Browser; first: string; second: string }> {
  const browser = await signedIn(app)
  const [first, second] = [await payment(browser, 'first'), await payment(browser, 'second')]
  await approveAll()
  return { browser, first, second }
}

/** Holds back Nevis's next answer to this call: `asked` resolves when Nevis has answered, and `release` passes the answer on to the app. */
function held(app: TestApp, method: 'getStatus' | 'introspect' | 'verifyCode' | 'getUser'): { asked: Promise<void>; release: () => void } {
  const { client } = app.nevis.settings
  const real = client[method].bind(client) as (...given: unknown[]) => Promise<never>
  const [gate, asked] = [signal(), signal()]
  jest.spyOn(client, method).mockImplementationOnce(async (...given: unknown[]) => {
    const answer = await real(...given)
    asked.give()
    await gate.given
    return answer
  })
  return { asked: asked.given, release: gate.give }
}

function signal(): { given: Promise<void>; give: () => void } {
  let give = () => {}
  const given = new Promise<void>((resolve) => (give = resolve))
  return { given, give }
}

const isSentBack = ({ status, location = '' }: Page) => status === 303 && /^\/(auth\w+|emptied)\?/.test(location)

/** Follows the redirects with which a callback sends the browser back, with the cookies that the browser has then. */
async function followed(browser: Browser, answer: Page): Promise<Page> {
  let page = answer
  for (let times = 0; isSentBack(page); times++) {
    if (times > 20) throw new Error('the browser is sent back without an end')
    page = await browser.get(page.location as string)
  }
  return page
}

/** Opens the second callback, which waits for Nevis while the first one finishes. */
async function overlapping(app: TestApp, path: string): Promise<{ browser: Browser; old: Browser; first: string; second: string; late: Page }> {
  const { browser, first, second } = await twoPayments(app)
  const old = browser.clone()
  const slow = held(app, 'introspect')
  const late = old.clone().get(`${path}?transaction=${second}`)
  await slow.asked
  expect(outcomeOf(await browser.get(`${path}?transaction=${first}`))).toBe('success')
  slow.release()
  return { browser, old, first, second, late: await late }
}

const stores = (name: string, describeIt: typeof describe, newParts: () => Promise<{ store: session.Store; ledger: Ledger }>) => {
  describeIt(`with ${name}`, () => {
    let parts: { store: session.Store; ledger: Ledger }
    const start = async () => world.start(options({ ledger: parts.ledger, secret: SECRET }, parts.store))
    beforeEach(async () => void (parts = await newParts()))

    // Shows: T-outage-7
    it.each(['/authorized', '/authenticated'])('two payments are carried out, each once, if one callback waits for Nevis while the other finishes: %s', async (path) => {
      const { browser, first, second, late } = await overlapping(await start(), path)
      expect(outcomeOf(late)).toBe(`303 ${path}`)
      expect(paid).toEqual(['first'])
      expect(outcomeOf(await followed(browser, late))).toBe('success')
      expect(paid).toEqual(['first', 'second'])
      for (const handle of [first, second, handleIn(late.location)]) expect(outcomeOf(await browser.get(`${path}?transaction=${handle}`))).toBe('303 /repeated')
      expect(paid).toHaveLength(2)
      expect([world.events.of('suspicious'), world.events.of('failed')]).toEqual([[], []])
      expect((await browser.get('/me')).json()).toEqual({ user: { username: 'anna' } })
    })

    it.each(['/authorized', '/authenticated'])('two payments are carried out if one callback comes while the other one runs verify: %s', async (path) => {
      const { browser, first, second } = await twoPayments(await start())
      const [verifying, gate] = [signal(), signal()]
      slowVerify = async () => {
        slowVerify = async () => undefined
        verifying.give()
        await gate.given
      }
      const early = browser.get(`${path}?transaction=${first}`)
      await verifying.given
      const waiting = signal()
      const real = parts.ledger.claim.bind(parts.ledger)
      jest.spyOn(parts.ledger, 'claim').mockImplementation((key, seconds) => (key.startsWith('turn:') && waiting.give(), real(key, seconds)))
      const late = browser.clone().get(`${path}?transaction=${second}`)
      await waiting.given
      gate.give()
      expect(outcomeOf(await early)).toBe('success')
      expect(outcomeOf(await followed(browser, await late))).toBe('success')
      expect(paid).toEqual(['first', 'second'])
    })

    it('a callback with the old cookie, while the other callback carries out its payment, gets its payment, too', async () => {
      const { browser, first, second } = await twoPayments(await start())
      const old = browser.clone()
      const [paying, gate] = [signal(), signal()]
      bank = async () => {
        bank = async () => undefined
        paying.give()
        await gate.given
      }
      const early = browser.get(`/authorized?transaction=${first}`)
      await paying.given
      const late = await old.get(`/authorized?transaction=${second}`)
      expect([isSentBack(late), late.headers.getSetCookie()]).toEqual([true, []])
      gate.give()
      expect(outcomeOf(await early)).toBe('success')
      expect(outcomeOf(await followed(browser, late))).toBe('success')
      expect(paid).toEqual(['first', 'second'])
    })

    it('the same callback twice over two processes is redirected as a repeated callback, and pays once', async () => {
      const [one, other] = [await start(), await start()]
      const browser = await signedIn(one)
      const handle = await payment(browser, 'first')
      await approveAll()
      const twin = other.browser()
      for (const [name, value] of browser.cookies) twin.cookies.set(name, value)
      const slow = held(other, 'introspect')
      const late = twin.get(`/authorized?transaction=${handle}`)
      await slow.asked
      expect(outcomeOf(await browser.get(`/authorized?transaction=${handle}`))).toBe('success')
      slow.release()
      expect(outcomeOf(await followed(browser, await late))).toBe('303 /repeated')
      expect(paid).toEqual(['first'])
    })

    // Shows: T-old-session-9
    it('the old cookie stays worthless: whoever has it is sent back for ten seconds, and then refused', async () => {
      const { browser, old, late } = await overlapping(await start(), '/authorized')
      const again = await old.get(late.location as string)
      expect(isSentBack(again)).toBe(true)
      world.later(11)
      expect((await old.get(again.location as string)).status).toBe(403)
      expect((await old.get('/me')).json()).toEqual({ user: null })
      expect(paid).toEqual(['first'])
      // The approval is still there for the browser with the new cookie.
      expect(outcomeOf(await browser.get(again.location as string))).toBe('success')
    })

    it('no browser is sent back for longer than ten seconds, even if its session gets a new id again and again', async () => {
      const app = await start()
      const { browser, late } = await overlapping(app, '/authorized')
      const third = await payment(browser, 'third')
      await approveAll()
      world.later(11)
      const slow = held(app, 'introspect')
      const again = browser.clone().get(late.location as string)
      await slow.asked
      expect(outcomeOf(await browser.get(`/authorized?transaction=${third}`))).toBe('success')
      slow.release()
      expect((await again).status).toBe(403)
      expect(paid).toEqual(['first', 'third'])
    })

    it('an approval that was sent back counts once, however often the browser sends it', async () => {
      const { browser, late } = await overlapping(await start(), '/authorized')
      const answers = await Promise.all(Array.from({ length: 20 }, () => browser.clone().get(late.location as string)))
      const { success, '303 /authorized': sentBack = 0, '303 /repeated': repeated = 0 } = tally(answers.map(outcomeOf))
      expect([success, sentBack + repeated]).toEqual([1, 19])
      expect(paid).toEqual(['first', 'second'])
    })
  })
}

stores('sessions and ledger in memory', describe, async () => ({ store: new SlowStore(undefined, 1), ledger: new MemoryLedger() }))

describeWithRedis('Redis', () => {
  let redis: RedisServer
  let client: ReturnType<typeof createClient>
  beforeAll(async () => {
    redis = await RedisServer.start()
    client = createClient({ socket: { path: redis.path, tls: false } })
    await client.connect()
  })
  beforeEach(async () => void (await client.flushAll()))
  afterAll(async () => {
    client.destroy()
    await redis.close()
  })
  stores('sessions and ledger in Redis', describe, async () => ({ store: new RedisStore({ client }), ledger: new RedisLedger(client) }))
})

describe('a code that Nevis has accepted while another callback finished', () => {
  it.each(['sms', 'recovery'])('counts when the browser comes back, and is not sent to Nevis again (%s)', async (factor) => {
    const app = await world.start(options())
    const browser = await signedIn(app)
    const [first, second] = [await payment(browser, 'first'), await payment(browser, 'second', { factor })]
    await approveAll()
    const code = factor === 'recovery' ? 'AAAA-1111' : (/\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string)
    const slow = held(app, 'verifyCode')
    const late = browser.clone().post('/authorized', { transaction: second, code, retry: '1' })
    await slow.asked
    expect(outcomeOf(await browser.get(`/authorized?transaction=${first}`))).toBe('success')
    slow.release()
    const sentBack = await late
    expect(isSentBack(sentBack)).toBe(true)
    expect(sentBack.location).not.toContain(code)
    expect(outcomeOf(await followed(browser, sentBack))).toBe('success')
    expect(paid).toEqual(['first', 'second'])
    expect(world.asked('verifyCode')).toBe(1)
  })

  it('is not in the URL to which the browser is sent, but the other fields of the callback are', async () => {
    const app = await world.start(options())
    const browser = await signedIn(app)
    const [first, second] = [await payment(browser, 'first'), await payment(browser, 'second', { factor: 'sms' })]
    await approveAll()
    const code = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
    const slow = held(app, 'verifyCode')
    const late = browser.clone().get(`/authenticated?order=7&code=${code}&transaction=${second}`)
    await slow.asked
    await browser.get(`/authorized?transaction=${first}`)
    slow.release()
    expect((await late).location).toMatch(/^\/authenticated\?order=7&transaction=[\w-]+$/)
    expect(outcomeOf(await followed(browser, await late))).toBe('success')
  })

  it('counts no more after ten seconds', async () => {
    const app = await world.start(options())
    const browser = await signedIn(app)
    const [first, second] = [await payment(browser, 'first'), await payment(browser, 'second', { factor: 'sms' })]
    await approveAll()
    const slow = held(app, 'verifyCode')
    const late = browser.clone().post('/authorized', { transaction: second, code: /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string })
    await slow.asked
    await browser.get(`/authorized?transaction=${first}`)
    slow.release()
    const { location } = await late
    world.later(11)
    expect((await browser.get(location as string)).status).toBe(400)
    expect(paid).toEqual(['first'])
  })

  it('is taken over by a script that asks for JSON, which sends no code again', async () => {
    const app = await world.start(options())
    const browser = await signedIn(app)
    const [first, second] = [await payment(browser, 'first'), await payment(browser, 'second', { factor: 'sms' })]
    await approveAll()
    const slow = held(app, 'verifyCode')
    const late = browser.clone().post('/authorized', { transaction: second, code: /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string }, NEXT)
    await slow.asked
    await browser.get(`/authorized?transaction=${first}`)
    slow.release()
    const { next } = (await late).json() as { next: string }
    const view = (await browser.get(next, NEXT)).json() as { status: string; transaction: string }
    expect(view.status).toBe('succeeded')
    expect(outcomeOf(await browser.post('/authorized', { transaction: view.transaction }, NEXT))).toBe('success')
    expect(paid).toEqual(['first', 'second'])
  })

  it.each(['a browser', 'a script that asks for JSON'])('is taken over from the code that the phone shows, if the session got a new id before the code was noted: %s', async (who) => {
    const ledger = new MemoryLedger()
    const app = await world.start(options({ factors: [push({ typedCode: true }), sms()], ledger }))
    const browser = await signedIn(app)
    const first = await payment(browser, 'first', { factor: 'sms' })
    const second = await payment(browser, 'second')
    const code = codeOn(world.simulator, 'anna')
    await approveAll()
    const [counting, gate] = [signal(), signal()]
    const count = ledger.count.bind(ledger)
    jest.spyOn(ledger, 'count').mockImplementationOnce(async (...given) => {
      counting.give()
      await gate.given
      return count(...given)
    })
    const headers = who === 'a browser' ? {} : NEXT
    const late = browser.clone().post('/authorized', { transaction: second, code }, headers)
    await counting.given
    const smsCode = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
    expect(outcomeOf(await browser.post('/authorized', { transaction: first, code: smsCode }))).toBe('success')
    gate.give()
    const sentBack = await late
    if (who === 'a browser') expect(outcomeOf(await followed(browser, sentBack))).toBe('success')
    else {
      const view = (await browser.get((sentBack.json() as { next: string }).next, NEXT)).json() as { transaction: string }
      expect(outcomeOf(await browser.post('/authorized', { transaction: view.transaction }, NEXT))).toBe('success')
    }
    expect(paid).toEqual(['first', 'second'])
    expect(app.verified.at(-1)).toMatchObject({ factor: 'push', typedCode: true })
  })

  it('from the phone signs nobody in if the session of a sign-in has ended meanwhile', async () => {
    const [ledger, inner] = [new MemoryLedger(), new session.MemoryStore()]
    const app = await world.start(options({ factors: [push({ typedCode: true })], ledger }, new SlowStore(inner, 1)))
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    const code = codeOn(world.simulator, 'anna')
    await approveAll()
    const count = ledger.count.bind(ledger)
    jest.spyOn(ledger, 'count').mockImplementationOnce(async (...given) => {
      await new Promise<void>((resolve) => inner.clear(() => resolve()))
      return count(...given)
    })
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: handle, code }))).toBe('unknown_transaction')
    expect(app.verified).toEqual([])
  })

  it('is taken over from the code that the phone shows, too', async () => {
    const app = await world.start(options({ factors: [push({ typedCode: true }), sms()] }))
    const browser = await signedIn(app)
    const first = await payment(browser, 'first', { factor: 'sms' })
    const second = await payment(browser, 'second')
    const code = codeOn(world.simulator, 'anna')
    await approveAll()
    const slow = held(app, 'introspect')
    const late = browser.clone().post('/authorized', { transaction: second, code })
    await slow.asked
    const smsCode = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
    expect(outcomeOf(await browser.post('/authorized', { transaction: first, code: smsCode }))).toBe('success')
    slow.release()
    expect(outcomeOf(await followed(browser, await late))).toBe('success')
    expect(paid).toEqual(['first', 'second'])
  })
})

describe('an enrolment whose callback waits for Nevis while another callback finishes', () => {
  it('is finished when the browser comes back, and is not published as failed', async () => {
    const app = await world.start({ ...options(), routes: (web, parts) => {
      routes(web, parts)
      web.post('/enrol', parts.passport.authorize('nevis', { operation: 'enroll', factor: 'app' }))
    } })
    const browser = await signedIn(app)
    const proof = await payment(browser, 'proof')
    await approveAll()
    await browser.get(`/authorized?transaction=${proof}`)
    const enrolment = handleIn((await browser.post('/enrol')).location)
    const first = await payment(browser, 'first')
    const { appLinkUri } = (await browser.get(`/login/2fa?transaction=${enrolment}`, { accept: 'application/json' })).json() as { appLinkUri: string }
    await world.simulator.phone('anna\'s new phone').scan(appLinkUri)
    await approveAll()
    const slow = held(app, 'introspect')
    const late = browser.clone().get(`/authorized?transaction=${enrolment}`)
    await slow.asked
    expect(outcomeOf(await browser.get(`/authorized?transaction=${first}`))).toBe('success')
    slow.release()
    expect(outcomeOf(await followed(browser, await late))).toBe('success')
    expect(paid).toEqual(['proof', 'first', 'enroll'])
    expect(world.events.of('failed')).toEqual([])
  })
})

describe('a script that asks for JSON', () => {
  // Shows: T-outage-7
  it('is sent to the waiting page, which says when to come again, and then that the approval is there', async () => {
    const app = await world.start(options())
    const { browser, first, second } = await twoPayments(app)
    const old = browser.clone()
    const slow = held(app, 'introspect')
    const late = old.clone().post('/authorized', { transaction: second }, NEXT)
    await slow.asked
    expect(outcomeOf(await browser.post('/authorized', { transaction: first }, NEXT))).toBe('success')
    slow.release()
    const { next } = (await late).json() as { next: string }
    expect(next).toMatch(/^\/login\/2fa\?/)
    const tooEarly = await old.get(next, NEXT)
    expect([tooEarly.status, tooEarly.headers.get('retry-after')]).toEqual([503, '1'])
    const view = (await browser.get(next, NEXT)).json() as { status: string; transaction: string }
    expect(view.status).toBe('succeeded')
    expect(outcomeOf(await browser.post('/authorized', { transaction: view.transaction }, NEXT))).toBe('success')
    expect(paid).toEqual(['first', 'second'])
    world.later(11)
    expect((await old.get(next, NEXT)).json()).toMatchObject({ code: 'unknown_transaction' })
  })
})

describe('a script that asks for JSON, with the old cookie, in an app that stores every new session', () => {
  it('is sent to the waiting page, and then finishes its payment', async () => {
    const app = await world.start({ ...options(), session: { saveUninitialized: true } })
    const { browser, first, second } = await twoPayments(app)
    const old = browser.clone()
    expect(outcomeOf(await browser.post('/authorized', { transaction: first }, NEXT))).toBe('success')
    const sentBack = await old.post('/authorized', { transaction: second }, NEXT)
    const { next } = sentBack.json() as { next: string }
    const tooEarly = await old.get(next, NEXT)
    // A cookie in these answers would replace the cookie of the new session.
    expect([tooEarly.status, tooEarly.headers.getSetCookie(), sentBack.headers.getSetCookie()]).toEqual([503, [], []])
    const view = (await browser.get(next, NEXT)).json() as { status: string; transaction: string }
    expect(view.status).toBe('succeeded')
    expect(outcomeOf(await browser.post('/authorized', { transaction: view.transaction }, NEXT))).toBe('success')
    expect(paid).toEqual(['first', 'second'])
  })
})

describe('two callbacks of an app that gives the session no new id', () => {
  it('are both carried out: the second one waits only until the first one is answered', async () => {
    const app = await world.start({ ...options(), routes: (web, parts) => {
      routes(web, parts)
      web.all('/unrecorded', parts.passport.authorize('nevis'), (req, res) => {
        paid.push(String(req.authInfo?.nevis?.data))
        res.json({ action: 'success' })
      })
    } })
    const forget = jest.spyOn(MemoryLedger.prototype, 'forget')
    const { browser, first, second } = await twoPayments(app)
    const answers = await Promise.all([first, second].map((handle) => browser.clone().get(`/unrecorded?transaction=${handle}`)))
    expect(answers.map(outcomeOf)).toEqual(['success', 'success'])
    expect(paid.sort()).toEqual(['first', 'second'])
    // Otherwise the second callback would have waited until the turn of the first one had expired.
    expect(forget.mock.calls.filter(([key]) => key.startsWith('turn:'))).toHaveLength(2)
  })
})

describe('a callback whose browser disconnects while the app still works', () => {
  it('keeps its turn, so that the other callback uses no approval up until the session has its new id', async () => {
    const ledger = new MemoryLedger()
    const [verifying, gate, closed] = [signal(), signal(), signal()]
    const app = await world.start({ ...options({ ledger }), routes: (web, parts) => {
      web.use('/authenticated', (_req, res, next) => void (res.once('close', () => res.writableFinished || closed.give()), next()))
      routes(web, parts)
    } })
    const { browser, first, second } = await twoPayments(app)
    slowVerify = async () => {
      slowVerify = async () => undefined
      verifying.give()
      await gate.given
    }
    const giveUp = new AbortController()
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent = fetch(`${app.origin}/authenticated?transaction=${first}`, { headers: { cookie }, redirect: 'manual', signal: giveUp.signal }).catch(() => 'aborted')
    await verifying.given
    giveUp.abort()
    expect(await sent).toBe('aborted')
    await closed.given
    const refused = signal()
    const real = ledger.claim.bind(ledger)
    jest.spyOn(ledger, 'claim').mockImplementation(async (key, seconds) => {
      const isFirst = await real(key, seconds)
      if (key.startsWith('turn:') && !isFirst) refused.give()
      return isFirst
    })
    const late = browser.get(`/authenticated?transaction=${second}`)
    await refused.given
    gate.give()
    expect(isSentBack(await late)).toBe(true)
    expect(paid).toEqual(['first'])
  })
})

describe('an app that writes into every session', () => {
  it('sends no cookie to a browser that has the old cookie: it could replace the new one', async () => {
    const app = await world.start({ ...options(), routes: (web, parts) => {
      web.use((req, _res, next) => {
        Object.assign(req.session, { visits: 1 })
        next()
      })
      routes(web, parts)
    } })
    const { browser, first, second } = await twoPayments(app)
    const old = browser.clone()
    expect(outcomeOf(await browser.get(`/authorized?transaction=${first}`))).toBe('success')
    const late = await old.get(`/authorized?transaction=${second}`)
    expect([isSentBack(late), late.headers.getSetCookie()]).toEqual([true, []])
    expect(outcomeOf(await followed(browser, late))).toBe('success')
    expect(paid).toEqual(['first', 'second'])
  })
})

describe('a stolen handle that has expired', () => {
  it('does not show that the user has just confirmed something else', async () => {
    const app = await world.start(options())
    const browser = await signedIn(app)
    const stolen = await payment(browser, 'old')
    world.later(1000)
    await overlapping(app, '/authorized')
    const answers = [await app.browser().get(`/authorized?transaction=${stolen}`), await app.browser().get(`/login/2fa?transaction=${stolen}`, NEXT)]
    expect(answers.map(({ status }) => status)).toEqual([403, 403])
  })
})

describe('a route without keepSessionInfo', () => {
  // Shows: T-outage-8
  it('does not say that a payment is done that Passport has removed from the session', async () => {
    const app = await world.start({ ...options(), routes: (web, parts) => {
      routes(web, parts)
      web.all('/emptied', parts.passport.authenticate('nevis', { repeatedCallbackRedirect: '/repeated' }), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
    } })
    const { browser, first, late } = await overlapping(app, '/emptied')
    expect(isSentBack(late)).toBe(true)
    const answers = [await browser.get(late.location as string), await browser.get(`/emptied?transaction=${first}`)]
    expect(answers.map(({ status, location }) => [status, location])).toEqual([[403, undefined], [303, '/repeated']])
  })
})
