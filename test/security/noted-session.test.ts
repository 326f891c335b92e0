/**
 * The attack: a banned user who stays signed in.
 *
 * An app such as NodeBB notes `req.sessionID` when a user signs in, so that an administrator can end all sessions of a banned user later. In an earlier version,
 * `recordSecondFactor` gave the session a second new id in the same request. The noted id was then no session of the user, and the ban had no effect.
 */
import session from 'express-session'
import { recordSecondFactor } from '../../src'
import { signIn } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()

describe('a session whose id the app has noted at the sign-in', () => {
  // Shows: ASVS V7.2.4, T-old-session-2
  // `keepSessionInfo` keeps the content of the session when Passport gives it a new id.
  it.each([false, true])('is ended by that id later: the user is out (keepSessionInfo: %s)', async (keepSessionInfo) => {
    const store = new session.MemoryStore()
    const noted: string[] = []
    const app = await world.start({
      session: { store },
      routes: (web, { passport }) => void web.all(
        '/in',
        passport.authenticate('nevis', { keepSessionInfo }),
        (req, _res, next) => {
          noted.push(req.sessionID)
          next()
        },
        recordSecondFactor(),
        (_req, res) => void res.json({ action: 'success' }),
      ),
    })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(`/in?transaction=${handle}`))).toBe('success')
    expect((await browser.get('/me')).json()).toMatchObject({ user: { username: 'anna' } })
    expect(noted).toHaveLength(1)
    await new Promise<void>((resolve, reject) => store.destroy(noted[0] as string, (error: unknown) => (error ? reject(error) : resolve())))
    expect((await browser.get('/me')).json()).toEqual({ user: null })
  })
})
