/**
 * The attack: an old copy of a session that is kept in an encrypted cookie (@fastify/secure-session).
 *
 * The attacker has a copy of the cookie from the time when the victim was waiting for the phone: from a shared machine, a proxy's log, a browser extension. The
 * app cannot revoke that cookie. The victim signs in, or cancels, and logs out. In the old cookie, the transaction is still pending. With this cookie, the
 * attacker tries to start another factor without a password, to use the approval a second time, or to finish a cancelled sign-in. So the ledger records that a
 * transaction has ended. An old cookie cannot undo this record.
 */
import { run } from '../hosts/program'
import { callbackOf, handleIn, PASSWORD } from '../support/app'
import type { Browser, Page } from '../support/browser'
import { lab } from './support/lab'

// A long time limit, because each test starts a program, and the machine may be busy.
jest.setTimeout(60_000)

const world = lab()
let browser: Browser

beforeEach(async () => {
  const { userId } = world.simulator.addUser({ username: 'nora', phone: '+41790000001' })
  const program = await run('fastify/secure-session', world.simulator, [{ username: 'nora', userId }])
  world.defer(() => program.close())
  browser = program.browser()
})

const started = async (fields: Record<string, string> = {}) => handleIn((await browser.post('/login', { username: 'nora', password: PASSWORD, ...fields })).location)
const greeting = async (who: Browser) => (await who.get('/')).text
const tap = (handle: string, who = browser) => world.simulator.phone('nora').approve().then(() => who.get(callbackOf(handle)))
const told = () => world.asked('approve')

/** Checks that the page redirects to the login page, that Nevis got no new approval request, and that no user is signed in. */
async function expectRefused(page: Page, who: Browser, before: number): Promise<void> {
  expect([page.status, page.location]).toEqual([302, '/login'])
  expect(told()).toBe(before)
  expect(await greeting(who)).toBe('Hello stranger')
  expect((await who.get('/transfer')).status).toBe(401)
}

describe('a cookie that was kept while the phone was asked', () => {
  // Shows: T-old-session-6
  it.each(['sms', 'push', 'app'])('after the sign-in and the log-out › starts nothing without a password: %s', async (factor) => {
    const handle = await started()
    const kept = browser.clone()
    expect((await tap(handle)).location).toBe('/')
    expect(await greeting(browser)).toBe('Hello nora')
    await browser.post('/logout')
    const before = told()
    await expectRefused(await kept.post('/login/2fa', { transaction: handle, factor }), kept, before)
  })

  // Shows: T-old-session-6
  it('after the sign-in and the log-out › does not let the same approval in again', async () => {
    const handle = await started()
    const kept = browser.clone()
    expect((await tap(handle)).location).toBe('/')
    await browser.post('/logout')
    await expectRefused(await kept.get(callbackOf(handle)), kept, told())
  })

  // Shows: T-old-session-6
  it('after it was cancelled › does not let the approval in, and starts nothing', async () => {
    const handle = await started()
    const kept = browser.clone()
    expect((await browser.post('/login/2fa', { transaction: handle, cancel: '1' })).location).toBe('/login')
    await world.simulator.phone('nora').approve()
    const before = told()
    await expectRefused(await kept.get(callbackOf(handle)), kept, before)
    await expectRefused(await kept.post('/login/2fa', { transaction: handle, factor: 'sms' }), kept, before)
  })

  it('after another factor took its place › does not let the first one in', async () => {
    const handle = await started()
    const kept = browser.clone()
    await browser.post('/login/2fa', { transaction: handle, factor: 'sms' })
    await world.simulator.phone('nora').approve()
    await expectRefused(await kept.get(callbackOf(handle)), kept, told())
  })

  it('after a sign-in in another tab with another factor and the log-out › starts nothing without a password', async () => {
    const push = await started()
    const sms = await started({ factor: 'sms' })
    const kept = browser.clone()
    expect((await tap(push)).location).toBe('/')
    await browser.post('/logout')
    const before = told()
    await expectRefused(await kept.post('/login/2fa', { transaction: sms, factor: 'app' }), kept, before)
  })
})

describe('the honest person', () => {
  it('switches the factor, signs in, logs out and signs in again by password and phone', async () => {
    const first = await started()
    const sms = handleIn((await browser.post('/login/2fa', { transaction: first, factor: 'sms' })).location)
    const code = /\d{6}/.exec(world.simulator.sms('nora').at(-1) as string)?.[0] as string
    expect((await browser.post('/login/2fa/callback', { transaction: sms, code })).location).toBe('/')
    await browser.post('/logout')
    expect(await greeting(browser)).toBe('Hello stranger')
    expect((await tap(await started())).location).toBe('/')
    expect(await greeting(browser)).toBe('Hello nora')
  })
})
