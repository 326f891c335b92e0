/**
 * The attacks: a stolen or planted session, and a second strategy.
 *
 * An app has two strategies with two session keys, for example for two tenants. A thief has copied the cookie of a user who has signed in with a second factor
 * at the first strategy. In an earlier version, a start with one strategy did not notice the second factor record of the other one. The thief entered the
 * password of the thief's own account at the second strategy: the session got a new id, which only the thief's browser had, and the user stayed signed in to
 * this session. So the thief was signed in as the user, and a logout by the user could not end that.
 */
import { MemoryLedger, NevisStrategy, type NevisStrategyOptions, push, recordSecondFactor, requireSecondFactor, waitingPage } from '../../src'
import { handleIn, PASSWORD, signIn, strategyOptions, waitingOf, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from './support/lab'

const world = lab()

/** Starts the app, and signs anna in with a second factor at the first strategy. */
async function signedIn(options: Partial<NevisStrategyOptions> = {}): Promise<{ app: TestApp; user: Browser }> {
  const ledger = new MemoryLedger()
  const app = await world.start({
    strategy: { ledger, ...options },
    routes(web, { passport }) {
      const south = { ...strategyOptions(world.simulator), factors: [push()], ledger, name: 'south', sessionKey: 'south', ...options, passReqToCallback: false as const }
      passport.use(new NevisStrategy(south, async ({ username }) => ({ username })))
      web.all('/in', passport.authenticate('nevis'), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
      web.post('/south/login', passport.authenticate('local', { session: false }), passport.authenticate('south'))
      web.post('/south/step-up', passport.authenticate('south'))
      web.get('/guarded', requireSecondFactor({ maxAgeSeconds: 300 }), (_req, res) => void res.json({ action: 'passed' }))
      web.post('/basket', (req, res) => {
        Object.assign(req.session, { basket: 'full' })
        res.end()
      })
      web.get('/basket', (req, res) => void res.end((req.session as { basket?: string }).basket))
      web.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.end())))
    },
  })
  const user = app.browser()
  const handle = await signIn(user, 'anna')
  await world.simulator.phone('anna').approve()
  expect(outcomeOf(await user.get(`/in?transaction=${handle}`))).toBe('success')
  await user.post('/basket')
  return { app, user }
}

// Shows: T-old-session-7
it('a thief who enters the password of an account of their own at the other strategy › gets neither the login nor the data of the session', async () => {
  const { user } = await signedIn()
  const thief = user.clone()
  expect(outcomeOf(await thief.post('/south/login', { username: 'ben', password: PASSWORD }))).toBe('303 /login/2fa')
  expect([(await thief.get('/me')).json().user, (await thief.get('/basket')).text]).toEqual([null, ''])
  await user.post('/logout')
  expect((await thief.get('/me')).json().user).toBeNull()
})

// Shows: T-old-session-7
it('a thief who starts a step-up at the other strategy, in an app with its own subject › does not get the only session with the new id', async () => {
  const { user } = await signedIn({ subject: ({ user }) => user && { userId: world.simulator.users.find(({ username }) => username === (user as { username: string }).username)?.userId as string } })
  const thief = user.clone()
  expect(outcomeOf(await thief.post('/south/step-up'))).toBe('303 /login/2fa')
  expect((await user.get('/me')).json()).toEqual({ user: { username: 'anna' } })
  expect((await user.get('/guarded')).json()).toEqual({ action: 'passed' })
  await user.post('/logout')
  expect((await thief.get('/me')).json().user).toBeNull()
})

it('the user who enters the own password at the other strategy › stays signed in', async () => {
  const { user } = await signedIn()
  await user.post('/south/login', { username: 'anna', password: PASSWORD })
  expect([(await user.get('/me')).json().user, (await user.get('/basket')).text]).toEqual([{ username: 'anna' }, 'full'])
})

describe('an attacker who has planted a session with transactions of both strategies in it', () => {
  // Shows: T-planted-1
  it.each([[true, 200], [false, 403]])('finishes none of them; after the sign-in, the victim\'s session has none of the same strategy, and with keepSessionInfo: %s the page of the other one answers %i', async (keepSessionInfo, status) => {
    const app = await world.start({
      routes(web, { passport }) {
        const south = new NevisStrategy({ ...strategyOptions(world.simulator), name: 'south', sessionKey: 'south', waitingURL: '/south/2fa', callbackURL: '/south/callback', passReqToCallback: false }, async ({ username }) => ({ username }))
        passport.use(south)
        web.all('/in', passport.authenticate('nevis', { keepSessionInfo }), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
        web.get('/south/2fa', waitingPage(south))
        web.post('/south/login', passport.authenticate('local', { session: false }), passport.authenticate('south'))
        web.all('/south/callback', passport.authenticate('south', { failWithError: true }), (_req, res) => void res.json({ action: 'success' }))
      },
    })
    const attacker = app.browser()
    const own = await signIn(attacker, 'ben')
    const atSouth = handleIn((await attacker.post('/south/login', { username: 'ben', password: PASSWORD })).location)
    const pagesOf = async (browser: Browser) => [(await browser.get(waitingOf(own))).status, (await browser.get(`/south/2fa?transaction=${atSouth}`)).status]
    expect(await pagesOf(attacker)).toEqual([200, 200])
    const victim = attacker.clone()
    const handle = await signIn(victim, 'anna')
    expect([await pagesOf(attacker), await pagesOf(victim)]).toEqual([[403, 403], [403, 200]])
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await victim.get(`/in?transaction=${handle}`))).toBe('success')
    expect(await pagesOf(victim)).toEqual([403, status])
    for (const { transactionId } of world.simulator.phone('ben').requests()) await world.simulator.phone('ben').approve(transactionId)
    const callback = `/south/callback?transaction=${atSouth}`
    expect(outcomeOf(await attacker.get(callback))).toBe('unknown_transaction')
    // The document names this limit: if the session has kept the transaction, a link of the attacker signs the victim in as the attacker.
    expect(outcomeOf(await victim.get(callback))).toBe(keepSessionInfo ? 'success' : 'used_transaction')
    expect((await victim.get('/me')).json()).toEqual({ user: { username: keepSessionInfo ? 'ben' : 'anna' } })
  })
})
