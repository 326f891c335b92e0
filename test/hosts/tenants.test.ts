/**
 * One app with three Nevis instances, chosen per request as docs/guides/tenants.md shows; a thousand users at once, with the same names in each
 * instance.
 *
 * Nothing of one tenant may reach another: no call, no user, no counted start. Out of scope: two instances in one session (`instances.test.ts`), and
 * one instance with tenants of the app's own (`test/security/tenants.test.ts`).
 */
import type { RequestHandler } from 'express'
import { MemoryLedger, recordSecondFactor, requireSecondFactor, statusEndpoint, waitingPage } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { handleIn, PASSWORD } from '../support/app'
import type { Browser } from '../support/browser'
import { bare, strategyFor } from './express/bare'
import { newest, type Host } from './express/host'

const TENANTS = ['north', 'south', 'west'] as const
type Tenant = (typeof TENANTS)[number]
interface Person {
  readonly username: string
  readonly tenant: string
}
const LOGINS = 1000
/** At the same moment. */
const UNDER_WAY = 40

let clouds: Record<Tenant, NevisSimulator>
let host: Host

beforeEach(async () => {
  const started = await Promise.all(TENANTS.map(async (tenant) => [tenant, await NevisSimulator.start({ instance: tenant, accessKey: `key-of-${tenant}` })] as const))
  clouds = Object.fromEntries(started) as typeof clouds
  // All tenants share one ledger and one store.
  const ledger = new MemoryLedger()
  const all = new Map(TENANTS.map((tenant) => {
    const name = `nevis-${tenant}`
    const subject = ({ user }: { user?: unknown }) => ((user as Person | undefined)?.tenant === tenant ? { username: (user as Person).username } : undefined)
    const nevis = strategyFor(clouds[tenant], { subject, name, sessionKey: name, ledger, waitingURL: `/${tenant}/2fa`, callbackURL: `/${tenant}/2fa/callback`, statusURL: `/${tenant}/2fa/status` },
      ({ username }, done) => done(null, { username: `${username}@${tenant}` }))
    return [tenant, { name, nevis, status: statusEndpoint(nevis), page: waitingPage(nevis) }]
  }))
  host = await bare({ simulator: clouds.north, stack: newest, routes: (app, { passport }) => {
    for (const { nevis } of all.values()) passport.use(nevis)
    type Parts = { name: string; status: RequestHandler; page: RequestHandler }
    const ofTenant = (handler: (tenant: Parts) => RequestHandler): RequestHandler => (req, res, next) => {
      const tenant = all.get(req.params['tenant'] as Tenant)
      if (tenant === undefined) return void res.status(404).end()
      handler(tenant)(req, res, next)
    }
    // The session keeps `anna@north`.
    app.use((req, _res, next) => {
      const [username, tenant] = (req.user as { username: string } | undefined)?.username.split('@') ?? []
      if (tenant !== undefined) req.user = { username, tenant }
      next()
    })
    app.get('/:tenant/2fa/status', ofTenant(({ status }) => status))
    const ofThisTenant: RequestHandler = (req, _res, next) => {
      req.user = { ...(req.user as Person), tenant: req.params['tenant'] as Tenant }
      next()
    }
    app.post('/:tenant/login', passport.authenticate('local', { session: false }), ofThisTenant, ofTenant(({ name }) => passport.authenticate(name)))
    app.get('/:tenant/2fa', ofTenant(({ page }) => page))
    app.post('/:tenant/2fa', ofTenant(({ name }) => passport.authenticate(name)))
    app.all('/:tenant/2fa/callback', ofTenant(({ name }) => passport.authenticate(name)), ofTenant(({ name }) => recordSecondFactor({ sessionKey: name })), (req, res) => void res.json(req.user))
    app.post('/:tenant/transfer', ofTenant(({ name }) => requireSecondFactor({ maxAgeSeconds: 300, sessionKey: name })), (req, res) => void res.json(req.user))
  } })
})

afterEach(async () => {
  await host.close()
  for (const tenant of TENANTS) await clouds[tenant].close()
})

const start = (browser: Browser, tenant: Tenant, username: string) => browser.post(`/${tenant}/login`, { username, password: PASSWORD })
const finish = (browser: Browser, tenant: Tenant, handle: string) => browser.get(`/${tenant}/2fa/callback?transaction=${handle}`)
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
      const page = await finish(browser, tenant, handle)
      results.push(page.json().username === `${username}@${tenant}` ? 'own' : page.text)
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
  expect((await finish(browser, 'south', handle)).status).toBe(403)
  for (const fields of [{ factor: 'sms' }, { cancel: '1' }, { code: '123456' }]) expect((await browser.post('/south/2fa', { transaction: handle, ...fields })).status).toBe(403)
  expect((await browser.get(`/south/2fa?transaction=${handle}`, { accept: 'application/json' })).status).toBe(403)
  expect((await browser.get(`/south/2fa/status?transaction=${handle}`)).json()).toEqual({ status: 'unknown' })
  expect(clouds.south.requests).toEqual([])
  expect((await finish(browser, 'north', handle)).json()).toEqual({ username: 'anna@north' })
  expect((await browser.post('/south/transfer')).status).toBe(401)
})

// Shows: T-browser-8
it('a signed-in user of one tenant can start a second factor there, and none for the user of the same name at another tenant', async () => {
  for (const tenant of TENANTS) clouds[tenant].addUser({ username: 'anna', phone: '+41791234567' })
  const browser = host.browser()
  const handle = handleIn((await start(browser, 'north', 'anna')).location)
  await clouds.north.phone('anna').approve()
  await finish(browser, 'north', handle)
  for (const fields of [{}, { factor: 'sms' }]) expect((await browser.post('/south/2fa', fields)).status).toBe(400)
  expect(clouds.south.requests).toEqual([])
  const stepUp = handleIn((await browser.post('/north/2fa')).location)
  await clouds.north.phone('anna').approve()
  expect((await finish(browser, 'north', stepUp)).json()).toEqual({ username: 'anna@north' })
})

it('a tenant that is none gets 404', async () => {
  for (const tenant of ['east', '__proto__', 'constructor']) expect((await host.browser().post(`/${tenant}/login`, { username: 'anna', password: PASSWORD })).status).toBe(404)
})
