/**
 * The attack: reading user data from events and sessions.
 *
 * An app easily writes `subject: (req) => req.user`. In an earlier version, this subject put the whole row of the user, with password hash and phone number,
 * into the session and into every audit event. Now only `userId` and `username` of a subject are copied.
 */
import session from 'express-session'
import { callbackOf, signIn } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()

// Shows: T-reader-5
it('a subject with more than its names leaves no more than those in session and events, and signs in', async () => {
  const store = new session.MemoryStore()
  const row = { passwordHash: 'c4n4ry', phone: '+41790000000', since: new Date() }
  const app = await world.start({ session: { store }, strategy: { subject: (req) => ({ ...(req.user as { username: string }), ...row }) } })
  const browser = app.browser()
  const handle = await signIn(browser, 'anna')
  expect(Object.values((store as unknown as { sessions: Record<string, string> }).sessions).join()).not.toMatch(/c4n4ry|\+4179/)
  await world.simulator.phone('anna').approve()
  expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
  expect(JSON.stringify(world.events.all)).not.toMatch(/c4n4ry|\+4179/)
})
