/**
 * The app of docs/guides/tenants.md: three Nevis instances, chosen per request; a thousand sign-ins, forty at a time, with the same usernames in
 * each instance.
 *
 * Nothing of one tenant may reach another: no call, no user, and no start that counts towards the limits of another tenant. Out of scope: two instances in
 * one session (`instances.test.ts`), and one instance for several tenants of the app (`test/security/tenants.test.ts`).
 */
import express, { type RequestHandler } from 'express'
import session from 'express-session'
import { Passport } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import * as passportNevis from '../../src'
import { MemoryLedger, NevisStrategy, type NevisStrategyOptions, type Verify } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { handleIn, PASSWORD } from '../support/app'
import type { Browser } from '../support/browser'
import { snippetWith } from '../support/markdown'
import { listening, type Host } from './express/host'

const TENANTS = ['north', 'south', 'west'] as const
type Tenant = (typeof TENANTS)[number]
interface Person {
  readonly username: string
  readonly tenant: string
}
const LOGINS = 1000
/** The number of logins that run at the same time. */
const UNDER_WAY = 40
const GUIDE = snippetWith('docs/guides/tenants.md', 'function tenantOf(id)')

let clouds: Record<Tenant, NevisSimulator>
let host: Host
let store: session.MemoryStore

beforeEach(async () => {
  const started = await Promise.all(TENANTS.map(async (tenant) => [tenant, await NevisSimulator.start({ instance: tenant, accessKey: `key-of-${tenant}` })] as const))
  clouds = Object.fromEntries(started) as typeof clouds
  store = new session.MemoryStore()
  host = await listening(appOfGuide())
})

afterEach(async () => {
  await host.close()
  for (const tenant of TENANTS) await clouds[tenant].close()
})

/** The app of docs/guides/tenants.md. In place of its Nevis instances it uses simulators. All tenants share one ledger and one session store. */
function appOfGuide(): express.Express {
  const ledger = new MemoryLedger()
  class OfSimulator extends NevisStrategy {
    constructor({ instance, ...options }: NevisStrategyOptions, verify: Verify) {
      super({ ...options, baseURL: clouds[instance as Tenant].baseURL, ledger }, verify)
    }
  }
  const env = Object.fromEntries(TENANTS.flatMap((tenant) => [[`NEVIS_INSTANCE_${tenant.toUpperCase()}`, tenant], [`NEVIS_ACCESS_KEY_${tenant.toUpperCase()}`, clouds[tenant].accessKey]]))
  const passport = new Passport()
  passport.use(new LocalStrategy({ passReqToCallback: true }, ({ params }, username, password, done) => done(null, password === PASSWORD ? { username, tenant: params['tenant'] } : false)))
  passport.serializeUser<Person>((user, done) => done(null, user as unknown as Person))
  passport.deserializeUser<Person>((user, done) => done(null, user))
  const app = express()
  app.use(express.urlencoded({ extended: false }), session({ secret: 'a secret for tests', resave: false, saveUninitialized: false, store }), passport.session())
  const showUser: RequestHandler = (req, res) => void res.json(req.user ?? null)
  const given = { ...passportNevis, NevisStrategy: OfSimulator, process: { env }, app, passport, transfer: showUser }
  const names = Object.keys(given).filter((name) => name !== 'default')
  new Function(...names, GUIDE)(...names.map((name) => given[name as keyof typeof given]))
  return app
}

const start = (browser: Browser, tenant: Tenant, username: string) => browser.post(`/${tenant}/login`, { username, password: PASSWORD })
const finish = (browser: Browser, tenant: Tenant, handle: string) => browser.get(`/${tenant}/login/2fa/callback?transaction=${handle}`)
/** The user in the session store after the callback, or, if no user is signed in, the page to which the callback leads. */
async function userAfter(browser: Browser, tenant: Tenant, handle: string): Promise<unknown> {
  const { location, text } = await finish(browser, tenant, handle)
  if (location !== `/${tenant}`) return location ?? text
  const [, id = ''] = /^s:(.+)\./.exec(decodeURIComponent(browser.cookies.get('connect.sid') as string)) ?? []
  const { sessions } = store as unknown as { sessions: Record<string, string> }
  return (JSON.parse(sessions[id] as string) as { passport: { user: unknown } }).passport.user
}
const asked = (tenant: Tenant, operation: string) => clouds[tenant].requests.filter((one) => one.operation === operation).length

// Shows: T-handle-2
it('a thousand interleaved logins over HTTP each end at their own tenant, and no instance is asked for another', async () => {
  const people = Array.from({ length: LOGINS }, (_, i) => ({ tenant: TENANTS[i % 3] as Tenant, username: `person-${Math.floor(i / 3)}` }))
  for (const { tenant, username } of people) clouds[tenant].addUser({ username })
  const results: string[] = []
  let next = 0
  const worker = async () => {
    while (next < people.length) {
      const { tenant, username } = people[next++] as (typeof people)[number]
      const browser = host.browser()
      const handle = handleIn((await start(browser, tenant, username)).location)
      await clouds[tenant].phone(username).approve()
      const user = JSON.stringify(await userAfter(browser, tenant, handle))
      results.push(user === JSON.stringify({ username, tenant }) ? 'own' : user)
      if (results.length % 50 === 0) results.push((await browser.post(`/${tenant}/transfer`)).status === 200 ? 'record' : 'no record')
    }
  }
  await Promise.all(Array.from({ length: UNDER_WAY }, worker))
  expect(results.filter((one) => one === 'own')).toHaveLength(LOGINS)
  expect(results.filter((one) => one !== 'own' && one !== 'record')).toEqual([])
  for (const tenant of TENANTS) {
    const own = people.filter((one) => one.tenant === tenant).length
    expect([asked(tenant, 'approve'), asked(tenant, 'introspect')]).toEqual([own, own])
    const keys = clouds[tenant].requests.flatMap(({ headers }) => headers.authorization ?? [])
    expect([...new Set(keys)]).toEqual([`Bearer key-of-${tenant}`])
  }
}, 300_000)

it('budgets are apart: a user who has used up the starts of one tenant can sign in at the others', async () => {
  for (const tenant of TENANTS) clouds[tenant].addUser({ username: 'anna' })
  for (let i = 0; i < 5; i++) expect((await start(host.browser(), 'north', 'anna')).status).toBe(303)
  expect((await start(host.browser(), 'north', 'anna')).status).toBe(429)
  for (const tenant of ['south', 'west'] as const) expect((await start(host.browser(), tenant, 'anna')).status).toBe(303)
})

it('a switch of the tenant in mid-flow is refused at every route, asks neither instance, and the login goes on at its own', async () => {
  for (const tenant of TENANTS) clouds[tenant].addUser({ username: 'anna', phone: '+41791234567' })
  const browser = host.browser()
  const handle = handleIn((await start(browser, 'north', 'anna')).location)
  await clouds.north.phone('anna').approve()
  expect(await userAfter(browser, 'south', handle)).toBe('/south/login')
  for (const fields of [{ factor: 'sms' }, { cancel: '1' }, { code: '123456' }]) expect((await browser.post('/south/login/2fa', { transaction: handle, ...fields })).status).toBe(403)
  expect((await browser.get(`/south/login/2fa?transaction=${handle}`, { accept: 'application/json' })).status).toBe(403)
  expect((await browser.get(`/south/login/2fa/status?transaction=${handle}`)).json()).toEqual({ status: 'unknown' })
  expect(clouds.south.requests).toEqual([])
  expect(await userAfter(browser, 'north', handle)).toEqual({ username: 'anna', tenant: 'north' })
  expect((await browser.post('/south/transfer')).status).toBe(401)
})

// Shows: T-browser-8
it('a signed-in user of one tenant can start a second factor there, and none for the user of the same name at another tenant', async () => {
  for (const tenant of TENANTS) clouds[tenant].addUser({ username: 'anna', phone: '+41791234567' })
  const browser = host.browser()
  const handle = handleIn((await start(browser, 'north', 'anna')).location)
  await clouds.north.phone('anna').approve()
  await finish(browser, 'north', handle)
  for (const fields of [{}, { factor: 'sms' }]) expect((await browser.post('/south/login/2fa', fields)).status).toBe(400)
  expect(clouds.south.requests).toEqual([])
  const stepUp = handleIn((await browser.post('/north/login/2fa')).location)
  await clouds.north.phone('anna').approve()
  expect(await userAfter(browser, 'north', stepUp)).toEqual({ username: 'anna', tenant: 'north' })
})

it('an unknown tenant gets 404', async () => {
  for (const tenant of ['east', '__proto__', 'constructor']) expect((await host.browser().post(`/${tenant}/login`, { username: 'anna', password: PASSWORD })).status).toBe(404)
})
