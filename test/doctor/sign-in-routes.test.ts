/** What the command `doctor` finds out about the routes that check a password: a redirect before the second factor, and a password check inside a promise. */
import express, { type Express, type Request, type RequestHandler, type Response } from 'express'
import type { Passport } from 'passport'
import { appFindings } from '../../src/doctor/app-checks'
import { NevisSimulator } from '../../src/simulator'
import { appWith, closeServers, originOf, remediesIn, textsIn, troublesIn, watchedParts } from './support'

let simulator: NevisSimulator
beforeAll(async () => void (simulator = await NevisSimulator.start()))
afterEach(closeServers)
afterAll(() => simulator.close())

type Instance = InstanceType<typeof Passport>

async function findingsFor(login: (app: Express, passport: Instance) => void, callback?: (app: Express, passport: Instance) => void) {
  const parts = watchedParts(simulator)
  const { observer, passport, session } = parts
  const checked = jest.fn()
  const app = express()
  appWith(parts, { session: () => app.use(session(), passport.session()), login: () => login(app, passport), ...(callback && { callback: () => callback(app, passport) }) }, app, checked)
  return { found: await appFindings({ origin: await originOf(app), observer }, false), checked }
}

const AT = String.raw`at test/doctor/sign-in-routes\.test\.ts:\d+`

describe('a redirect of Passport in front of the second factor', () => {
  it.each(['successRedirect', 'successReturnToOrRedirect'])('by %s › is an error with the line, because no user can sign in', async (option) => {
    const { found } = await findingsFor((app, passport) => app.post('/login', passport.authenticate('local', { session: false, [option]: '/', failureRedirect: '/login' }), passport.authenticate('nevis')))
    expect(troublesIn(found)).toEqual({
      'routes.start': expect.stringMatching(new RegExp(String.raw`^error: passport\.authenticate\('local'\) ${AT} has successRedirect, so Passport redirects before the second factor, and no user can sign in at POST /login$`)) as string,
      'routes.session': expect.stringMatching(/^unchecked: the callback keeps its session/) as string,
    })
    expect(remediesIn(found)['routes.start']).toBe('remove successRedirect (or successReturnToOrRedirect) there, and redirect in the last handler of the callback')
  })

  it('inside a handler › is an error, too', async () => {
    const { found } = await findingsFor((app, passport) => {
      const check: RequestHandler = (req, res, next) => void (passport.authenticate('local', { session: false, successRedirect: '/' }) as RequestHandler)(req, res, next)
      app.post('/login', check, passport.authenticate('nevis'))
    })
    expect(troublesIn(found)['routes.start']).toMatch(/^error: .* has successRedirect, so Passport redirects before the second factor/)
  })

  it('on one of two password routes › is an error, although the other route is right', async () => {
    const { found } = await findingsFor((app, passport) => {
      app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
      app.post('/api/login', passport.authenticate('local', { session: false, successRedirect: '/' }), passport.authenticate('nevis'))
    })
    expect(troublesIn(found)).toEqual({ 'routes.start': expect.stringMatching(/^error: .* no user can sign in at POST \/api\/login$/) as string })
  })

  it('at a path that the doctor does not try › is named as not checked', async () => {
    const { found } = await findingsFor((app, passport) => {
      app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
      app.post('/an/unusual/path', passport.authenticate('local', { session: false, successRedirect: '/' }), passport.authenticate('nevis'))
    })
    expect(troublesIn(found)).toEqual({ 'routes.password': expect.stringMatching(new RegExp(String.raw`^unchecked: passport\.authenticate\('local'\) ${AT} has successRedirect, so Passport redirects before a second factor behind it starts$`)) as string })
  })

  it('with assignProperty, with which Passport does not redirect › is no error', async () => {
    const { found } = await findingsFor((app, passport) => app.post('/login', passport.authenticate('local', { session: false, assignProperty: 'account', successRedirect: '/' }), passport.authenticate('nevis')))
    expect(textsIn(found)['routes.start']).toMatch(/^POST \/login starts the second factor after the password/)
  })
})

describe('a password check inside a promise, without next', () => {
  const inPromise = (passport: Instance, strategy: string) => (req: Request, res: Response) => new Promise<Express.User>((resolve, reject) => {
    const check = passport.authenticate(strategy, (err: unknown, user: Express.User | false) => (err || !user ? reject(new Error('refused')) : resolve(user))) as (req: Request, res: Response) => void
    check(req, res)
  })

  it('› looks up no user, and does not count as a check in front of all pages', async () => {
    const { found, checked } = await findingsFor((app, passport) => {
      const check = inPromise(passport, 'local')
      app.post('/login', (req, res, next) => void check(req, res).then((user) => req.login(user, { session: false }, next), next), passport.authenticate('nevis'))
    })
    expect(checked).not.toHaveBeenCalled()
    expect(troublesIn(found)['routes.password']).toMatch(new RegExp(String.raw`^unchecked: passport\.authenticate\('local'\) ${AT} has a callback of its own, which the doctor does not call$`))
  })

  it('› of the second factor at the callback › is reached like any other', async () => {
    const { found } = await findingsFor(
      (app, passport) => app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis')),
      (app, passport) => {
        const check = inPromise(passport, 'nevis')
        app.all('/2fa/callback', (req, res, next) => void check(req, res).then((user) => req.login(user, next), next))
      },
    )
    expect(troublesIn(found)['routes.sign-in']).toMatch(new RegExp(String.raw`^unchecked: passport\.authenticate\('nevis'\) ${AT} has a callback of its own`))
  })
})

describe('a password route with a callback of the app', () => {
  it('› is named as the reason why the doctor does not see the start', async () => {
    const { found } = await findingsFor((app, passport) => {
      const run = (strategy: string, options: { session: boolean }): RequestHandler => (req, res, next) => {
        const call = passport.authenticate(strategy, (err: unknown, user: Express.User | false) => (err || !user ? next(err ?? new Error('refused')) : req.logIn(user, options, next))) as RequestHandler
        void call(req, res, next)
      }
      app.post('/login', run('local', { session: false }), run('nevis', { session: true }))
    })
    expect(troublesIn(found)['routes.start']).toMatch(new RegExp(String.raw`^unchecked: POST /login ends in a callback of your own, passport\.authenticate\('local'\) ${AT}, which the doctor does not call$`))
  })
})

describe('a rate limiter in front of the callback', () => {
  it('that refuses all later requests › is named, with where to mount it', async () => {
    let count = 0
    const limiter: RequestHandler = (_req, res, next) => void (++count > 2 ? res.status(429).end() : next())
    const { found } = await findingsFor(
      (app, passport) => app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis')),
      (app, passport) => app.all('/2fa/callback', limiter, passport.authenticate('nevis'), (_req, res) => res.redirect('/')),
    )
    expect(troublesIn(found)['routes.sign-in']).toBe('warning: a rate limiter refuses GET /2fa/callback (HTTP 429) after the few requests of the doctor')
    expect(remediesIn(found)['routes.sign-in']).toContain("mount the rate limiter in front of the password route alone, as in app.post('/login', limiter, …)")
  })

  it('that refuses every request › is an error', async () => {
    const { found } = await findingsFor(
      (app, passport) => app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis')),
      (app) => app.all('/2fa/callback', (_req, res) => void res.status(429).end()),
    )
    expect(troublesIn(found)['routes.callback']).toBe('error: GET /2fa/callback is refused by a rate limiter (HTTP 429)')
  })
})

describe('an app without passport.session()', () => {
  it('whose callback signs no user in with Passport › does not need it', async () => {
    const parts = watchedParts(simulator)
    const { observer, passport, session } = parts
    const app = appWith(parts, {
      session: (on) => on.use(session()),
      login: (on) => on.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis')),
      callback: (on) => on.all('/2fa/callback', passport.authenticate('nevis', { session: false }), (_req, res) => res.redirect('/')),
    })
    const found = await appFindings({ origin: await originOf(app), observer }, false)
    expect(textsIn(found)['routes.session']).toBe('the session that POST /login stores still exists at GET /2fa/callback')
    expect(Object.keys(troublesIn(found))).toEqual(['routes.sign-in'])
  })
})
