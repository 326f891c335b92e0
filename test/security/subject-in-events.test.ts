/**
 * More of a user than was asked for.
 *
 * `subject: (req) => req.user` is easily written, and gave the whole row of the user, with password hash and phone number, to the session and
 * to every event of the audit log. Only the two names of a subject are kept.
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
