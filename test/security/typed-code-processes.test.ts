/**
 * The attack: guessing typed codes at several processes.
 *
 * Behind a load balancer, one process makes the code, another one gets the typed code, and the waiting page asks a third one for the status. An
 * attacker sends guesses to all of them at once. So all processes must know the code's digest, whether the code was typed, and how many codes were
 * tried. Here three processes share sessions and ledger in one Redis, and each request goes to the next process.
 */
import { createClient } from 'redis'
import { callbackOf, handleIn, signIn, statusOf, waitingOf } from '../support/app'
import { Browser } from '../support/browser'
import { describeWithRedis, RedisServer } from '../support/redis'
import { RoundRobin } from '../support/round-robin'
import { codeOn, otherCode } from '../support/typed-code'
import { lab, outcomeOf, tally } from './support/lab'
import { startWorkers } from './support/workers'

const world = lab()
jest.setTimeout(60_000)
const WAITING = '303 /login/2fa'

describeWithRedis('a typed code over three processes', () => {
  let redis: RedisServer
  let client: ReturnType<typeof createClient>
  let balancer: RoundRobin
  let browser: Browser

  beforeAll(async () => {
    redis = await RedisServer.start()
    client = createClient({ socket: { path: redis.path, tls: false } })
    await client.connect()
  })
  afterAll(async () => {
    client.destroy()
    await redis.close()
  })
  beforeEach(async () => {
    await client.flushAll()
    const { origins, end } = await startWorkers(3, { simulator: world.simulator, redisPath: redis.path, latencyMs: 5, typedCode: true })
    world.defer(end)
    balancer = await RoundRobin.start(origins)
    world.defer(() => balancer.close())
    browser = new Browser(balancer.origin)
  })

  const code = () => codeOn(world.simulator, 'anna')
  const send = (transaction: string, typed: string, who = browser) => who.post('/login/2fa/callback', { transaction, code: typed })
  const verified = () => client.get('verified')

  // Shows: T-blind-1
  it('signs in after the approval, and an approval alone does not, at any of them', async () => {
    const handle = await signIn(browser, 'anna')
    const typed = code()
    await world.simulator.phone('anna').approve()
    for (let i = 0; i < 3; i++) expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe(WAITING)
    expect(outcomeOf(await send(handle, otherCode(typed)))).toBe('wrong_code')
    expect(outcomeOf(await send(handle, typed))).toBe('success')
    expect(await verified()).toBe('1')
    expect([...balancer.sent.values()].every((count) => count > 0)).toBe(true)
    expect(balancer.sent.size).toBe(3)
  })

  it('is typed once for all of them, and the page goes on by itself at whichever it asks', async () => {
    const handle = await signIn(browser, 'anna')
    const next = handleIn((await send(handle, code())).location)
    for (let i = 0; i < 3; i++) {
      expect((await browser.get(statusOf(next))).json()).toMatchObject({ prompt: 'wait', status: 'pending' })
      expect((await browser.get(waitingOf(handle), { accept: 'application/json' })).json()).toMatchObject({ prompt: 'wait' })
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe(WAITING)
    }
    await world.simulator.phone('anna').approve()
    // Repeat the status request: perhaps the process that answers has last asked Nevis before the approval.
    let status = 'pending'
    for (let looks = 0; looks < 500 && status === 'pending'; looks++) ({ status } = (await browser.get(statusOf(next))).json() as { status: string })
    expect(status).toBe('succeeded')
    expect(outcomeOf(await browser.get(callbackOf(next)))).toBe('success')
  })

  it('is sent five times at once, right: one signs in', async () => {
    const handle = await signIn(browser, 'anna')
    const typed = code()
    await world.simulator.phone('anna').approve()
    const outcomes = tally((await Promise.all(Array.from({ length: 5 }, () => send(handle, typed, browser.clone())))).map(outcomeOf))
    expect(outcomes['success']).toBe(1)
    expect(await verified()).toBe('1')
  })

  // Shows: T-blind-1
  it('is guessed forty times at once: five are tried, and the right one comes too late at each of them', async () => {
    const handle = await signIn(browser, 'anna')
    const shown = code()
    await world.simulator.phone('anna').approve()
    const outcomes = tally((await Promise.all(Array.from({ length: 40 }, (_, i) => send(handle, otherCode(shown, i + 1), browser.clone())))).map(outcomeOf))
    expect(outcomes).toEqual({ wrong_code: 5, too_many_attempts: 35 })
    for (let i = 0; i < 3; i++) expect(outcomeOf(await send(handle, shown))).toBe('too_many_attempts')
    expect(await verified()).toBeNull()
  })
})
