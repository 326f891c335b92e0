/**
 * The attack: two accounts whose names differ only in upper and lower case.
 *
 * The app has the accounts `Anna` (the attacker's) and `anna` (the victim's). At Nevis, the attacker's user is called `anna`, and the app knows its
 * userId. The attacker signs in as `Anna` with their own password and phone. In an earlier version, an app that finds its user by `profile.username` signed in
 * the victim.
 */
import { callbackOf, handleIn, PASSWORD } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()

// Shows: T-answer-11
it('the profile has the name that the app gave, in the app\'s spelling', async () => {
  const { userId } = world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
  const app = await world.start({ strategy: { subject: () => ({ userId, username: 'Anna' }) } })
  const browser = app.browser()
  const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD })).location)
  await world.simulator.phone('anna').approve()
  expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
  expect(app.verified).toMatchObject([{ id: userId, username: 'Anna' }])
})
