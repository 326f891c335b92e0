/**
 * Tests how a sign-in uses the session of the app: how many store calls the sign-in needs, and what happens to the values that the app itself writes.
 *
 * The strategy reads the session again after each wait for Nevis. Values that the app has set in the same request, before the strategy ran, are not
 * in the store yet, and must not be lost.
 */
import type { Request, RequestHandler } from 'express'
import { callbackOf, PASSWORD, signIn } from '../support/app'
import { lab, outcomeOf } from '../security/support/lab'
import { SlowStore } from '../security/support/slow-store'

const world = lab()

const kept = ({ session }: Request) => session as unknown as Record<string, unknown>

describe('a push sign-in', () => {
  it.each([
    ['without a session before', false, { get: 1, set: 5, destroy: 2 }],
    ['in a session that the app has', true, { get: 3, set: 5, destroy: 2 }],
  ])('%s asks the session store so often', async (_name, hasSession, expected) => {
    const store = new SlowStore(undefined, 0)
    const app = await world.start({
      session: { store },
      routes: (web) => void web.get('/visit', (req, res) => {
        kept(req)['visited'] = true
        res.end()
      }),
    })
    const browser = app.browser()
    if (hasSession) await browser.get('/visit')
    const before = { ...store.calls }
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    const calls = Object.entries(store.calls).map(([name, times]) => [name, times - (before[name] ?? 0)])
    expect(Object.fromEntries(calls)).toEqual(expected)
  })
})

describe('what the app has written before the strategy began', () => {
  it.each([
    ['that starts', 'anna', 303],
    ['that is refused after Nevis was asked', 'nobody', 403],
  ])('in a request %s, is still there afterwards', async (_name, username, status) => {
    const app = await world.start({
      session: { store: new SlowStore(undefined, 0) },
      routes: (web, { passport }) => {
        web.get('/visit', (req, res) => {
          kept(req)['visited'] = true
          res.end()
        })
        const remember: RequestHandler = (req, _res, next) => {
          kept(req)['language'] = 'de'
          next()
        }
        web.post('/sign-in', remember, passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
        web.get('/session', (req, res) => void res.json(kept(req)))
      },
    })
    const browser = app.browser()
    await browser.get('/visit')
    expect((await browser.post('/sign-in', { username, password: PASSWORD })).status).toBe(status)
    expect((await browser.get('/session')).json()).toMatchObject({ visited: true, language: 'de' })
  })
})
