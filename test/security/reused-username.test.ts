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
it('the password of the account `anna`, and an approval of the account that is now called `anna.k` › no user is signed in, and an event tells of it', async () => {
  expect(await signIn(({ id }) => ({ username: 'anna.k', nevisUserId: id }))).toBe('binding_mismatch')
  expect(world.events.of('suspicious').map(({ reason, field }) => [reason, field])).toEqual([['binding_mismatch', 'username']])
})

it.each<[string, (profile: NevisProfile) => object, Parameters<typeof world.start>[0]]>([
  ['the same account', ({ id }) => ({ username: 'anna', nevisUserId: id }), {}],
  ['the same account in other letters', () => ({ username: 'Anna' }), {}],
  ['an account without a username', ({ id }) => ({ id, login: 'anna' }), {}],
  ['an account that the app names by its option subject', () => ({ username: 'anna.k' }), { strategy: { subject: () => ({ username: 'anna' }) } }],
])('%s › is signed in', async (_name, found, options) => {
  expect(await signIn(found, options)).toBe('success')
  expect(world.events.of('suspicious')).toEqual([])
})
