/** Tests `liftLimits`, with which a support desk resets the limits of one user. The limits of other users and of other Nevis instances must not change. */
import { liftLimits, MemoryLedger, NevisStrategy, push, sms, StorageError, type Ledger, type Subject } from '../../src'
import { Budgets } from '../../src/ledger/budgets'
import { NevisSimulator } from '../../src/simulator'

/** `spend`, which counts a start, calls this function to learn whether the user has answered an earlier approval request: no. */
const NOTHING_NEW = () => Promise.resolve(false)

const strategyOn = (ledger: Ledger, instance = 'bank') =>
  new NevisStrategy(
    { instance, accessKey: 'key', factors: [push(), sms()], waitingURL: '/a', callbackURL: '/b', statusURL: '/c', ledger },
    async () => ({ id: 1 }),
  )

/** Uses up the starts and the wrong codes that this user's limits allow. Returns a function that tries another start and another code. */
async function lockedOut(strategy: NevisStrategy, subject: Subject): Promise<() => Promise<[slot: number, over: string | undefined]>> {
  const budgets = new Budgets(strategy.settings)
  const key = budgets.keyOf(subject)
  for (let i = 0; i < 5; i++) await budgets.starts.spend(key, NOTHING_NEW)
  for (let i = 0; i < 50; i++) await budgets.codes.noteWrong(key)
  return async () => {
    const { slot } = await budgets.starts.spend(key, NOTHING_NEW)
    return [slot, (await budgets.codes.spend({ id: `${Math.random()}`, expiresAt: Date.now() + 1000 }, key)).over]
  }
}

const OUT = [0, 'locked']
const FREE = [1, undefined]

describe('liftLimits', () => {
  describe('for a user whose other name only Nevis knows', () => {
    let simulator: NevisSimulator
    let strategy: NevisStrategy
    const names = () => ({ username: 'anna', userId: simulator.addUser({ username: 'anna' }).userId })

    beforeEach(async () => {
      simulator = await NevisSimulator.start()
      const { baseURL, accessKey } = simulator
      strategy = new NevisStrategy({ baseURL, accessKey, factors: [push(), sms()], waitingURL: '/a', callbackURL: '/b', statusURL: '/c' }, async () => ({ id: 1 }))
    })
    afterEach(() => simulator.close())

    it.each(['username', 'userId'] as const)('given the %s alone, lifts what is held under both', async (given) => {
      const { username, userId } = names()
      const [byName, byId] = [await lockedOut(strategy, { username }), await lockedOut(strategy, { userId })]
      const ben = await lockedOut(strategy, { username: 'ben' })
      expect(await liftLimits(strategy, { [given]: { username, userId }[given] })).toEqual({ username, userId })
      expect([await byName(), await byId(), await ben()]).toEqual([FREE, FREE, OUT])
    })

    it('lifts what is held under the name that was given, where Nevis does not know it', async () => {
      const byName = await lockedOut(strategy, { username: 'new' })
      expect(await liftLimits(strategy, { username: 'New' })).toEqual({ username: 'New' })
      expect(await byName()).toEqual(FREE)
    })

    it.each(['starts', 'codes'])('says whose limits it lifted, where Nevis does not know the name and only %s were counted under it', async (what) => {
      const budgets = new Budgets(strategy.settings)
      const key = budgets.keyOf({ username: 'new' })
      if (what === 'starts') await budgets.starts.spend(key, NOTHING_NEW)
      else await budgets.codes.spend({ id: 'x', expiresAt: Date.now() + 1000 }, key)
      expect(await liftLimits(strategy, { username: 'new' })).toEqual({ username: 'new' })
      expect(await liftLimits(strategy, { username: 'new' })).toEqual({})
    })

    it('says that it found no user, where nothing is held under the name and Nevis does not know it', async () => {
      const byName = await lockedOut(strategy, { username: 'anna' })
      expect(await liftLimits(strategy, { username: 'id-of-anna' })).toEqual({})
      expect(await byName()).toEqual(OUT)
    })

    it('says so where Nevis cannot be asked, and lifts what is held under the name that was given', async () => {
      const byName = await lockedOut(strategy, { username: 'anna' })
      simulator.faults.add({ status: 503 })
      await expect(liftLimits(strategy, { username: 'anna' })).rejects.toMatchObject({ name: 'NevisError' })
      expect(await byName()).toEqual(FREE)
    })

    it('lifts the limits of no other user where Nevis answers with another user', async () => {
      names()
      const { userId } = simulator.addUser({ username: 'ben' })
      const ben = await lockedOut(strategy, { userId })
      simulator.faults.add({ on: 'findUserByUsername', body: JSON.stringify({ userId, username: 'ben', status: 'active', authenticators: [] }) })
      await liftLimits(strategy, { username: 'anna' })
      expect(await ben()).toEqual(OUT)
    })
  })

  describe('for a user who is locked out', () => {
    // Shows: ASVS V6.6.3, T-password-2
    it('lets them start and try codes again, and no other user', async () => {
      const strategy = strategyOn(new MemoryLedger())
      const [anna, ben] = [await lockedOut(strategy, { username: 'anna' }), await lockedOut(strategy, { username: 'ben' })]
      expect([await anna(), await ben()]).toEqual([OUT, OUT])
      await liftLimits(strategy, { username: 'Anna', userId: 'u-1' })
      expect([await anna(), await ben()]).toEqual([FREE, OUT])
    })

    it('lifts what is held under either name, where both are given', async () => {
      const strategy = strategyOn(new MemoryLedger())
      const [byName, byId] = [await lockedOut(strategy, { username: 'anna' }), await lockedOut(strategy, { userId: 'u-1' })]
      await liftLimits(strategy, { username: 'anna', userId: 'u-1' })
      expect([await byName(), await byId()]).toEqual([FREE, FREE])
    })

    it('leaves the other instance on the same ledger alone', async () => {
      const ledger = new MemoryLedger()
      const there = await lockedOut(strategyOn(ledger, 'shop'), { username: 'anna' })
      await liftLimits(strategyOn(ledger), { username: 'anna', userId: 'u-1' })
      expect(await there()).toEqual(OUT)
    })
  })

  describe('for a subject without a name', () => {
    it.each<[Subject]>([[{}], [{ username: '' }], [{ userId: undefined, username: undefined }], [{ username: 7 as never }]])('throws a TypeError: %j', async (subject) => {
      await expect(liftLimits(strategyOn(new MemoryLedger()), subject)).rejects.toThrow(new TypeError('liftLimits: subject must have a userId or a username'))
    })
  })

  describe('with a ledger that is down', () => {
    it('throws a StorageError, so that the desk learns of it', async () => {
      const ledger = Object.assign(new MemoryLedger(), { forget: () => Promise.reject(new Error('gone')) })
      const error: unknown = await liftLimits(strategyOn(ledger), { username: 'anna' }).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(StorageError)
      expect(error).toMatchObject({ code: 'LEDGER_UNAVAILABLE' })
    })
  })
})
