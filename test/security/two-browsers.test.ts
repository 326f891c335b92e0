/**
 * The attack: a start in the same session, a moment before the user's own start.
 *
 * The attacker has planted a session in the user's browser, and knows the password. While the user types the password, the attacker posts it in the same
 * session, which starts a push. The user's start comes while the attacker's start still waits for Nevis. In an earlier version, the user's start shared the
 * result of the attacker's start. So the phone showed only one push, which the user expected and accepted, and the attacker was signed in. With a ledger for
 * several processes, that version refused the user's start for two seconds instead, so the phone showed only the attacker's push.
 *
 * In that version, a second attack was possible with a ledger for several processes: a thief with the session cookie of a signed-in user started the same
 * step-up as the user within four seconds, and got the user's transaction.
 *
 * But a double click of one honest browser must still cause only one push, even if a form sends the first request and a script sends the second.
 */
import session from 'express-session'
import { MemoryLedger, recordSecondFactor, type Ledger } from '../../src'
import { callbackOf, handleIn, PASSWORD, type AppOptions, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf, tally } from './support/lab'
import { SlowStore } from './support/slow-store'

const world = lab()
jest.setTimeout(30_000)
const credentials = { username: 'anna', password: PASSWORD }
const [users, attackers] = [{ 'user-agent': 'Firefox', 'accept-language': 'de' }, { 'user-agent': 'Chromium' }]

const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  web.get('/sign-in', (req, res) => {
    Object.assign(req.session as object, { token: 'csrf' })
    res.end()
  })
  web.post('/password', passport.authenticate('local', { keepSessionInfo: true }), (_req, res) => void res.json({ action: 'success' }))
  web.post('/up', passport.authorize('nevis'))
  web.all('/confirmed', passport.authorize('nevis'), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
}

/** Hides a `MemoryLedger` in another object, so that the strategy must assume that other processes use the same ledger. */
function sharedLedger(): Ledger {
  const memory = new MemoryLedger()
  return {
    claim: (key, seconds) => memory.claim(key, seconds), count: (key, seconds) => memory.count(key, seconds), look: (key) => memory.look(key), forget: (key) => memory.forget(key),
  }
}

/** Starts apps that share their sessions and their ledger, as several processes of one app do. */
async function processes(count: number): Promise<TestApp[]> {
  const [store, ledger] = [new SlowStore(new session.MemoryStore(), 10), sharedLedger()]
  const apps: TestApp[] = []
  for (let i = 0; i < count; i++) apps.push(await world.start({ routes, session: { store }, strategy: { ledger, secret: 'x7Jm2rT9qLw4Zc8VbN5sKd1Hf6Gy3PaE' } }))
  return apps
}

const LEDGERS: [string, () => Promise<[TestApp, TestApp]>][] = [
  ['in one process', async () => {
    const app = await world.start({ routes })
    return [app, app]
  }],
  ['in one process, with a ledger that other processes may use', async () => {
    const [app] = await processes(1) as [TestApp]
    return [app, app]
  }],
  ['in two processes', async () => await processes(2) as [TestApp, TestApp]],
]

function at(app: TestApp, { cookies }: Browser): Browser {
  const browser = app.browser()
  for (const [name, value] of cookies) browser.cookies.set(name, value)
  return browser
}

const [pushesOf, idOf] = [() => world.simulator.phone('anna').requests(), (i: number) => world.simulator.phone('anna').requests()[i]?.transactionId as string]

// Shows: T-old-session-7
it.each([[3, 'and'], [5, 'and just after another start of the user']])('in two processes, a thief with the headers of the user\'s browser, who starts the step-up %i seconds after the user, %s gets a request of their own', async (seconds, when) => {
  const [app, other] = await processes(2) as [TestApp, TestApp]
  const user = app.browser()
  await user.post('/password', credentials)
  const thief = at(other, user)
  await user.post('/up', {}, users)
  world.later(seconds)
  if (when !== 'and') await app.browser().post('/login', credentials)
  const pushes = pushesOf().length
  const handle = handleIn((await thief.post('/up', {}, users)).location)
  expect(pushesOf()).toHaveLength(pushes + 1)
  await world.simulator.phone('anna').approve(idOf(0))
  expect(outcomeOf(await thief.get(`/confirmed?transaction=${handle}`))).toBe('303 /login/2fa')
})

describe.each(LEDGERS)('%s', (_name, apps) => {
  async function planted() {
    const [app, other] = await apps()
    const attacker = app.browser()
    await attacker.get('/sign-in')
    return { attacker, user: at(other, attacker) }
  }

  async function stolen() {
    const [app, other] = await apps()
    const user = app.browser()
    await user.post('/password', credentials)
    return { user, thief: at(other, user), sameUser: at(other, user) }
  }

  // Shows: T-planted-3
  it('a user whose sign-in comes while the attacker\'s start in the planted session waits for Nevis gets a request of their own', async () => {
    const { attacker, user } = await planted()
    world.simulator.faults.add({ on: 'approve', delayMs: 300, times: 1 })
    const first = attacker.post('/login', credentials, attackers)
    await world.untilAsked('approve')
    const second = await user.post('/login', credentials, users)
    const [own, theirs] = [handleIn(second.location), handleIn((await first).location)]
    expect(pushesOf()).toHaveLength(2)
    await world.simulator.phone('anna').approve(pushesOf().at(-1)?.transactionId)
    const [a, b] = [outcomeOf(await attacker.get(callbackOf(theirs))), outcomeOf(await user.get(callbackOf(own)))]
    // With two processes, the user's push may be sent before the attacker's. In either order, only the browser that started the approved push is signed in.
    expect(tally([a, b])).toEqual({ '303 /login/2fa': 1, success: 1 })
    expect([second.status, (await attacker.get(callbackOf(own))).status]).toEqual([303, 403])
  })

  // Shows: T-old-session-7
  it('a thief of the session cookie who starts the user\'s step-up a second later gets a request of their own', async () => {
    const { user, thief } = await stolen()
    const handle = handleIn((await user.post('/up', {}, users)).location)
    const other = handleIn((await thief.post('/up', {}, attackers)).location)
    expect(pushesOf()).toHaveLength(2)
    await world.simulator.phone('anna').approve(idOf(0))
    expect(outcomeOf(await thief.get(`/confirmed?transaction=${other}`))).toBe('303 /login/2fa')
    expect(outcomeOf(await user.get(`/confirmed?transaction=${handle}`))).toBe('success')
  })

  it('the user who starts the step-up again, after a thief has started it, gets the first request, without another push', async () => {
    const { user, thief, sameUser } = await stolen()
    await user.post('/up', {}, users)
    await thief.post('/up', {}, attackers)
    for (const [name, value] of user.cookies) sameUser.cookies.set(name, value)
    const handle = handleIn((await sameUser.post('/up', {}, users)).location)
    expect(pushesOf()).toHaveLength(2)
    await world.simulator.phone('anna').approve(idOf(0))
    expect(outcomeOf(await sameUser.get(`/confirmed?transaction=${handle}`))).toBe('success')
  })

  it('five sign-ins of one browser, sent by a form and by a script, are one push', async () => {
    const [app, other] = await apps()
    const browser = app.browser()
    await browser.get('/sign-in')
    world.simulator.faults.add({ on: 'approve', delayMs: 200, times: 1 })
    const pages = await Promise.all([0, 1, 2, 3, 4].map((i) => {
      const kind = i % 2 === 0 ? { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'upgrade-insecure-requests': '1' } : { accept: 'application/json', 'x-request-id': `${i}` }
      return at(i % 2 === 0 ? app : other, browser).post('/login', credentials, { ...users, ...kind })
    }))
    expect(pushesOf()).toHaveLength(1)
    // The first request of a sign-in gives the session a new id, which only the process that answers this request knows. That process can redirect the
    // browser's other requests to the waiting page of the new session. Another process cannot find the new session, so it refuses these requests with
    // `too_many_starts`.
    const { '303 /login/2fa': led = 0, too_many_starts: refused = 0 } = tally(pages.map(outcomeOf))
    expect([led + refused, app === other ? refused : Math.sign(led)]).toEqual([5, app === other ? 0 : 1])
  })

  it('five step-ups of one browser, sent by a form and by a script, are one push and lead to one page', async () => {
    const { user, sameUser } = await stolen()
    world.simulator.faults.add({ on: 'approve', delayMs: 200, times: 1 })
    const pages = await Promise.all([0, 1, 2, 3, 4].map((i) => (i % 2 === 0 ? user : sameUser).clone().post('/up', {}, { ...users, accept: i % 2 === 0 ? 'text/html' : '*/*' })))
    expect(tally(pages.map(outcomeOf))).toEqual({ '303 /login/2fa': 5 })
    expect(pushesOf()).toHaveLength(1)
  })

  it('a user who signs in again after Nevis was down need not wait', async () => {
    const { user } = await planted()
    world.simulator.faults.add({ on: 'approve', status: 503, times: 10 })
    expect((await user.post('/login', credentials, users)).status).toBeGreaterThanOrEqual(500)
    world.simulator.faults.clear()
    const before = performance.now()
    expect(outcomeOf(await user.post('/login', credentials, users))).toBe('303 /login/2fa')
    expect(performance.now() - before).toBeLessThan(1_900)
  })
})
