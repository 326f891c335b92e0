/**
 * Compares the guide on several processes with the keys that a sign-in leaves in Redis, and with the number of commands that a sign-in needs. Out of scope:
 * whether the guide names every kind of key (`ledger-keys.test.ts`).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from 'redis'
import { NevisSimulator } from '../../src/simulator'
import { RedisLedger } from '../../src'
import { Budgets } from '../../src/ledger/budgets'
import { callbackOf, signIn, startApp, statusOf, type TestApp } from '../support/app'
import { describeWithRedis, RedisServer } from '../support/redis'
import { nodeRedisLike } from '../support/redis-clients'

const guide = readFileSync(join(__dirname, '../../docs/guides/several-processes.md'), 'utf8')
/** The documented keys, such as `claim:start:<subject>:<n>`, as patterns. */
const documented = [...guide.matchAll(/`(claim:[^`]+)`/g)].map(([, key]) => ({
  key: key as string,
  pattern: new RegExp(`^passport-nevis:${(key as string).replace(/<n>/g, '\\d+').replace(/<\w+>/g, '[\\w-]{22,43}')}$`),
}))

describeWithRedis('the ledger in Redis', () => {
  let redis: RedisServer
  let simulator: NevisSimulator
  let app: TestApp
  let client: ReturnType<typeof createClient>
  const commands: string[] = []

  beforeEach(async () => {
    redis = await RedisServer.start()
    client = createClient({ socket: { path: redis.path, tls: false }, disableOfflineQueue: true })
    client.on('error', () => undefined)
    await client.connect()
    simulator = await NevisSimulator.start()
    simulator.addUser({ username: 'anna', phone: '+41791234567', recoveryCodes: 3 })
    commands.length = 0
    const counting = nodeRedisLike((command) => {
      commands.push(command[0] as string)
      return client.sendCommand(command)
    })
    app = await startApp({ simulator, strategy: { ledger: new RedisLedger(counting) } })
  })

  afterEach(async () => {
    await app.close()
    await simulator.close()
    client.destroy()
    await redis.close()
  })

  it('gets three commands for a push sign-in, and none for a status', async () => {
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    expect(commands).toEqual(['SET'])
    for (let i = 0; i < 3; i++) await browser.get(statusOf(handle))
    expect(commands).toEqual(['SET'])
    await simulator.phone('anna').approve()
    await browser.get(statusOf(handle))
    expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success' })
    expect(commands).toEqual(['SET', 'SET', 'DEL'])
  })

  it('holds the keys that the guide names, each of which ends', async () => {
    const seen = new Map<string, number>()
    const look = async () => {
      for (const key of await client.keys('*')) seen.set(key, await client.pTTL(key))
    }
    for (const decide of ['approve', 'deny', 'deny'] as const) {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna')[decide]()
      await browser.get(callbackOf(handle))
      await look()
    }
    await client.sendCommand(['DEL', ...[...seen.keys()].filter((key) => key.includes(':pause:'))])
    const browser = app.browser()
    const handle = await signIn(browser, 'anna', { factor: 'sms' })
    await browser.post('/login/2fa/callback', { transaction: handle, code: '000000' })
    await look()
    await signIn(browser, 'anna', { factor: 'sms' })
    await look()
    // Write the other documented keys, which a sign-in itself does not write.
    const budgets = new Budgets(app.nevis.settings)
    const name = budgets.keyOf({ username: 'anna' })
    await budgets.enrolments.start(name)
    await budgets.enrolments.start(name)
    await budgets.spendText('+41791234567')
    await budgets.endings.claimToken('token')
    await budgets.signIns.note(name)
    await budgets.codes.noteRight((await app.nevis.settings.keys()).digests.digestOfCode('123456', { id: 'transaction' }))
    const moved = { id: 'transaction-taken-over-once', expiresAt: Date.now() }
    await budgets.endings.claim(moved)
    await budgets.endings.end({ ...moved, moves: 1 }, [name], { wasDenied: true, canGoOn: true })
    for (let i = 0; i < 50; i++) await budgets.codes.noteWrong(name)
    const remembered = { id: 'browser', generation: 1, ...(await budgets.browsers.takeNumber([name], 90, Date.now())) }
    await budgets.browsers.remember(remembered)
    expect(await budgets.browsers.use(remembered)).toBe('used')
    await budgets.browsers.forgetAll(name)
    await look()

    const names = [...seen.keys()]
    expect(names.filter((one) => !documented.some(({ pattern }) => pattern.test(one)))).toEqual([])
    const [day, year, none] = [86_400_000, 365 * 86_400_000, -1]
    const longestOf = (key: string) => {
      if (/:(browsers|browser-ended|browsers-forgotten):/.test(key)) return year + 90 * day
      if (/:browsers-forgotten-today:/.test(key)) return 60 * day
      // A browser is remembered for at most 90 days. The ledger keeps the record of its used cookies for 300 s longer.
      if (/:browser:/.test(key)) return 90 * day + 300_000
      return /:(locked|enrolment):/.test(key) ? year : day
    }
    for (const [one, milliseconds] of seen) {
      expect(`${one} ${milliseconds !== none && milliseconds <= longestOf(one)}`).toBe(`${one} true`)
    }
    expect(names.join('\n')).not.toMatch(/anna|\+41|79123/)
  })
})
