/**
 * The attack: registering a username that the victim has given up.
 *
 * The app keeps the userId that Nevis has given each user, so the victim can rename the account from `anna` to `anna.k`. Nevis still knows the victim as `anna`.
 * The attacker creates an account with the free name `anna`, and enters its password. The app names this account to Nevis by its username, because it has no
 * userId yet. So the victim gets the push. If the victim accepted it, `verify` found the victim's account by the userId, and an earlier version signed the
 * attacker in to it.
 */
import type { NevisProfile } from '../../src'
import { handleIn, PASSWORD } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()

/** Signs in with the password of the account `anna`. `verify` returns this user for anna's approval. */
async function signIn(found: (profile: NevisProfile) => object, options: Parameters<typeof world.start>[0] = {}): Promise<string> {
  const app = await world.start({ ...options, verify: (profile, done) => done(null, found(profile)) })
  const browser = app.browser()
  const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD })).location)
  await world.simulator.phone('anna').approve()
  return outcomeOf(await browser.get(`/login/2fa/callback?transaction=${handle}`))
}

// Shows: T-password-11
it.each([
  ['signs no user in to the session', { callback: { session: false } }],
  ['is a step-up', { callback: { assignProperty: 'account' } }],
])('the same at a callback that %s › is refused, too', async (_name, options) => {
  expect(await signIn(({ id }) => ({ username: 'anna.k', nevisUserId: id }), options)).toBe('binding_mismatch')
})

// Shows: T-password-11
it('the password of the account `anna`, and an approval of the account that is now called `anna.k` › no user is signed in, and an event tells of it', async () => {
  expect(await signIn(({ id }) => ({ username: 'anna.k', nevisUserId: id }))).toBe('binding_mismatch')
  expect(world.events.of('suspicious').map(({ reason, field }) => [reason, field])).toEqual([['binding_mismatch', 'username']])
})

/**
 * The other direction: the attacker's account has a userId and is renamed, the victim registers the free name, and `verify` finds the user by the name at Nevis
 * instead of by the userId. The attacker then needs neither the victim's password nor the victim's approval.
 */
// Shows: T-password-11
it('an account with another userId than the one that has approved › is not signed in', async () => {
  expect(await signIn(() => ({ username: 'anna', nevisUserId: '3d5a5f2c-8a3b-4c1e-9f00-1c2d3e4f5a6b' }))).toBe('binding_mismatch')
  expect(world.events.of('suspicious').map(({ field }) => field)).toEqual(['userId'])
})

it.each<[string, (profile: NevisProfile) => object, Parameters<typeof world.start>[0]]>([
  ['the same account', ({ id }) => ({ username: 'anna', nevisUserId: id }), {}],
  ['the same account in other letters', ({ id }) => ({ username: 'Anna', nevisUserId: id }), {}],
  ['an account of an app that has another name for its users than Nevis', () => ({ username: 'Anna Muster' }), {}],
  ['an account without a username', ({ id }) => ({ id, login: 'anna' }), {}],
  ['an account that the app names by its option subject', () => ({ username: 'anna.k' }), { strategy: { subject: () => ({ username: 'anna' }) } }],
])('%s › is signed in', async (_name, found, options) => {
  expect(await signIn(found, options)).toBe('success')
  expect(world.events.of('suspicious')).toEqual([])
})

// Shows: T-password-11
it.each<[string, string, (userId: string) => { username: string; nevisUserId?: string }, string]>([
  ['its user, who has been renamed since then', 'is signed in without the second factor', (nevisUserId) => ({ username: 'anna.k', nevisUserId }), 'success'],
  ['a new account with the name that its user has given up', 'is not signed in to the account of that user', () => ({ username: 'anna' }), 'binding_mismatch'],
])('a remembered browser, and the password of %s › %s', async (_who, _ends, later, outcome) => {
  const { userId } = world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
  let names: { username: string; nevisUserId?: string } = { username: 'anna' }
  let account = 'anna'
  const app = await world.start({
    strategy: { rememberBrowser: { days: 30 }, secret: 'kJ8s0b2LqZr4XvN7yTfW1mCeUdHgPaQi' },
    verify: ({ id }, done) => done(null, { username: account, nevisUserId: id }),
    routes: (web, { passport }) => {
      web.post('/sign-in', (req, _res, next) => { req.user = names; next() }, passport.authenticate('nevis', { failWithError: true }), (_req, res) => void res.json({ action: 'success' }))
    },
  })
  const browser = app.browser()
  const handle = handleIn((await browser.post('/sign-in', { remember: '1' })).location)
  await world.simulator.phone('anna').approve()
  expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: handle, remember: '1' }))).toBe('success')
  browser.cookies.delete('connect.sid')
  account = 'anna.k'
  names = later(userId)
  expect(outcomeOf(await browser.post('/sign-in'))).toBe(outcome)
  expect(world.events.of('suspicious')).toHaveLength(outcome === 'success' ? 0 : 1)
})
