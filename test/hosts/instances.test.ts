/**
 * Two Nevis instances in one app and one session, for example for staff and customers, with the same username in both.
 *
 * Handles, waiting pages, approvals and second factor records of one instance must not be valid for the other.
 */
import { recordSecondFactor, requireSecondFactor, statusEndpoint, waitingPage, type NevisStrategy } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { handleIn, PASSWORD } from '../support/app'
import type { Browser } from '../support/browser'
import { bare, strategyFor } from './express/bare'
import { nameOf, newest, oldest, type Host } from './express/host'

const NAMES = ['staff', 'customers'] as const
type Name = (typeof NAMES)[number]
let clouds: Record<Name, NevisSimulator>
let host: Host
let browser: Browser

/** @param ownKeys true if each instance has its own `sessionKey` (session property). An app must set this; false shows what happens if it does not */
async function serve(stack = newest, ownKeys = true): Promise<void> {
  clouds = { staff: await NevisSimulator.start(), customers: await NevisSimulator.start() }
  for (const name of NAMES) clouds[name].addUser({ username: 'anna', phone: '+41791234567' })
  const strategies = Object.fromEntries(NAMES.map((name) => [name, strategyFor(clouds[name], {
    name: `nevis-${name}`,
    waitingURL: `/${name}/2fa`,
    callbackURL: `/${name}/2fa/callback`,
    statusURL: `/${name}/2fa/status`,
    ...(ownKeys && { sessionKey: `nevis-${name}` }),
  }, ({ username }, done) => done(null, { username: `${username} of ${name}` }))])) as Record<Name, NevisStrategy>
  host = await bare({ simulator: clouds.staff, stack, routes: (app, { passport }) => {
    for (const name of NAMES) {
      const strategy = `nevis-${name}`
      const key = ownKeys ? { sessionKey: strategy } : {}
      const nevis = strategies[name]
      passport.use(nevis)
      app.get(`/${name}/2fa/status`, statusEndpoint(nevis))
      app.post(`/${name}/login`, passport.authenticate('local', { session: false }), passport.authenticate(strategy))
      app.get(`/${name}/2fa`, waitingPage(nevis))
      app.post(`/${name}/2fa`, passport.authenticate(strategy))
      app.all(`/${name}/2fa/callback`, passport.authenticate(strategy, { keepSessionInfo: true }), recordSecondFactor(key), (req, res) => void res.json(req.user))
      app.post(`/${name}/transfer`, requireSecondFactor({ maxAgeSeconds: 300, ...key }), (req, res) => void res.json(req.user))
    }
  } })
  browser = host.browser()
}

const otherOf = (name: Name): Name => (name === 'staff' ? 'customers' : 'staff')
const start = async (name: Name) => handleIn((await browser.post(`/${name}/login`, { username: 'anna', password: PASSWORD })).location)
const callback = (name: Name, handle: string) => browser.get(`/${name}/2fa/callback?transaction=${handle}`)
const asked = (name: Name) => clouds[name].requests.map(({ operation }) => operation)

afterEach(async () => {
  await host.close()
  for (const name of NAMES) await clouds[name].close()
})

describe.each([newest, oldest].map((stack) => [nameOf(stack), stack] as const))('two instances, with %s', (_name, stack) => {
  beforeEach(() => serve(stack))

  it('both wait in one session, and each is finished by its own approval', async () => {
    const [staff, customers] = [await start('staff'), await start('customers')]
    await clouds.staff.phone('anna').approve()
    expect((await browser.get(`/customers/2fa/status?transaction=${customers}`)).json()).toMatchObject({ status: 'pending' })
    expect((await callback('customers', customers)).location).toMatch('/customers/2fa?transaction=')
    expect((await callback('staff', staff)).json()).toEqual({ username: 'anna of staff' })
    await clouds.customers.phone('anna').approve()
    expect((await callback('customers', customers)).json()).toEqual({ username: 'anna of customers' })
  })

  // Shows: ASVS V11.3.3, T-handle-2
  it.each(NAMES)('what was started at %s opens nothing of the other, though it is approved', async (name) => {
    const other = otherOf(name)
    const handle = await start(name)
    await clouds[name].phone('anna').approve()
    expect((await callback(other, handle)).status).toBe(403)
    expect((await browser.get(`/${other}/2fa/status?transaction=${handle}`)).json()).toEqual({ status: 'unknown' })
    expect((await browser.get(`/${other}/2fa?transaction=${handle}`, { accept: 'application/json' })).status).toBe(403)
    for (const field of ['cancel', 'factor']) expect((await browser.post(`/${other}/2fa`, { transaction: handle, [field]: 'sms' })).status).toBe(403)
    expect(asked(other)).toEqual([])
    expect((await callback(name, handle)).json()).toEqual({ username: `anna of ${name}` })
  })

  it.each(NAMES)('a record of %s opens nothing of the other', async (name) => {
    const handle = await start(name)
    await clouds[name].phone('anna').approve()
    await callback(name, handle)
    expect((await browser.post(`/${name}/transfer`)).status).toBe(200)
    expect((await browser.post(`/${otherOf(name)}/transfer`)).status).toBe(401)
  })
})

describe('two instances that share a session key', () => {
  it('leave each other\'s transactions alone, and find their own again', async () => {
    await serve(newest, false)
    const staff = await start('staff')
    await start('customers')
    const customers = await start('customers')
    expect([asked('staff'), asked('customers')]).toEqual([['approve'], ['approve']])
    for (const name of NAMES) await clouds[name].phone('anna').approve()
    expect((await callback('staff', staff)).json()).toEqual({ username: 'anna of staff' })
    expect((await callback('customers', customers)).json()).toEqual({ username: 'anna of customers' })
  })
})
