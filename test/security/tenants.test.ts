/**
 * The attack: a login (the value that the app's `serializeUser` stores in the session) that is an object.
 *
 * The attacker has an account at one tenant, with a phone, and the password of a user with the same username at another tenant. The attacker gives the second
 * factor in their own account and then signs in, or switches, to the victim's account in the same session. A second factor record contains the login
 * for which it was made. If only a part of the login were compared, such as the `user` of `{ user, tenant }`, the attacker's own phone would be
 * enough for the victim's step-up.
 *
 * The session store may return an honest user's login with its fields in another order (PostgreSQL's `jsonb` sorts them). The reordered login must still count
 * as the same login: otherwise no second factor would ever count.
 */
import session from 'express-session'
import { Passport } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { recordSecondFactor, requireSecondFactor } from '../../src'
import type { Browser } from '../support/browser'
import { callbackOf, handleIn, PASSWORD } from '../support/app'
import { describeWithPostgres, PostgresServer } from '../support/postgres'
import { strategyFor } from '../hosts/express/bare'
import { listening } from '../hosts/express/host'
import { run } from '../hosts/program'
import { RewritingStore } from '../hosts/express/rewriting-store'
import { JsonbStore, type Queries } from './support/jsonb-store'
import { lab } from './support/lab'

interface Login {
  readonly user: string
  readonly tenant: string
}

// A long time limit, because each test with Fastify starts its app as a process of its own, and the machine may be busy.
jest.setTimeout(60_000)

const world = lab()
let browser: Browser

async function secondFactor(fields: Record<string, string> = {}): Promise<void> {
  const handle = handleIn((await browser.post('/step-up', fields)).location)
  await world.simulator.phone('anna').approve()
  expect((await browser.get(callbackOf(handle))).location).toBe('/in')
}

const signIn = async (tenant: string) => expect((await browser.post('/login', { username: 'anna', password: PASSWORD, tenant })).json()).toEqual({ user: 'anna', tenant })
const transfer = async () => (await browser.post('/transfer')).status

describe('Fastify with a login { user, tenant }', () => {
  describe.each([['@fastify/session', 'memory'], ['@fastify/secure-session', 'cookie']])('and %s', (_name, kind) => {
    beforeEach(async () => {
      const program = await run('tenants/app', world.simulator, [{ username: 'anna', userId: 'anna' }], { env: { SESSION_KIND: kind } })
      world.defer(() => program.close())
      browser = program.browser()
    })

    // Shows: ASVS V7.5.3, T-old-session-1
    it('a second factor of one tenant does not count after a login at the other', async () => {
      await signIn('mine')
      await secondFactor()
      expect(await transfer()).toBe(200)
      await signIn('theirs')
      expect(await transfer()).toBe(401)
    })

    it('a second factor of one tenant does not count after a switch to the other, and counts again after the way back', async () => {
      await signIn('mine')
      await secondFactor()
      await browser.post('/switch', { tenant: 'theirs' })
      expect(await transfer()).toBe(401)
      await browser.post('/switch', { tenant: 'mine' })
      expect(await transfer()).toBe(200)
    })

    it('an approval that was started at one tenant is not finished at the other', async () => {
      await signIn('mine')
      const handle = handleIn((await browser.post('/step-up')).location)
      await world.simulator.phone('anna').approve()
      await browser.post('/switch', { tenant: 'theirs' })
      expect((await browser.get(callbackOf(handle))).status).toBe(403)
      expect(await transfer()).toBe(401)
    })
  })
})

describe('Express with a login { user, tenant }', () => {
  async function serve(store: session.Store): Promise<void> {
    const express = jest.requireActual<typeof import('express')>('express')
    const passport = new Passport()
    passport.use(new LocalStrategy({ passReqToCallback: true }, (req, user, password, done) => {
      const { tenant } = req.body as { tenant: string }
      done(null, password === PASSWORD && { user, tenant })
    }))
    const data = (req: object) => (req as { body: Login }).body.tenant
    const subject = ({ user }: { user?: unknown }) => (user === undefined ? undefined : { username: (user as Login).user })
    passport.use(strategyFor(world.simulator, { subject, data }, ({ username: user, data: tenant }, done) => done(null, { user, tenant })))
    // Serialize the user with a third field, `since`: PostgreSQL's `jsonb` then returns the fields in another order than they were written.
    passport.serializeUser((login, done) => done(null, { ...(login as unknown as Login), since: new Date(0) }))
    passport.deserializeUser(({ user, tenant }: Login, done) => done(null, { user, tenant }))
    const app = express()
    app.use(express.urlencoded({ extended: false }), session({ secret: 'a secret for tests', resave: false, saveUninitialized: false, store }), passport.session())
    app.post('/login', passport.authenticate('local', { keepSessionInfo: true }), (req, res) => void res.json(req.user))
    app.post('/step-up', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
    app.get('/login/2fa/callback', passport.authenticate('nevis'), recordSecondFactor(), (_req, res) => res.redirect('/in'))
    app.post('/transfer', requireSecondFactor({ maxAgeSeconds: 300 }), (_req, res) => void res.json({ transferred: true }))
    const host = await listening(app)
    world.defer(() => host.close())
    browser = host.browser()
  }

  async function liveThrough(): Promise<void> {
    await secondFactor({ username: 'anna', password: PASSWORD, tenant: 'mine' })
    expect(await transfer()).toBe(200)
    await signIn('theirs')
    expect(await transfer()).toBe(401)
  }

  it('a store that gives names back in another order › the second factor counts, at the tenant where it was given', async () => {
    await serve(new RewritingStore())
    await liveThrough()
  })

  describeWithPostgres('a jsonb column of PostgreSQL', () => {
    let postgres: PostgresServer
    let pool: Queries & { end(): Promise<void> }

    beforeAll(async () => {
      postgres = await PostgresServer.start()
      const { Pool } = jest.requireActual('pg')
      pool = new Pool({ connectionString: postgres.url })
      await JsonbStore.createTable(pool)
    })

    afterAll(async () => {
      await pool.end()
      await postgres.close()
    })

    it('the second factor counts, at the tenant where it was given', async () => {
      await serve(new JsonbStore(pool))
      await liveThrough()
    })
  })
})
