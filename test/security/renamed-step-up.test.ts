/**
 * The attack: making the app forget a denied step-up, by another name of the same user.
 *
 * With `afterDenial: 'stop'`, no other factor may follow a denied step-up. The app has the option `subject`, so each start of a step-up gives the session a new
 * id, and keeps only the user's own transactions in it. In an earlier version, a transaction was the user's own only if userId and username were exactly
 * the same. So if the username had changed, or the app named the user by username only, the next start removed the open step-up from the session. Another
 * process then did not learn that the user had denied this step-up, and accepted a stolen recovery code.
 */
import { MemoryStore } from 'express-session'
import { MemoryLedger, type NevisStrategyOptions } from '../../src'
import { callbackOf, handleIn, PASSWORD, type AppOptions } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()

interface Account {
  username: string
  nevisUserId?: string
}

let account: Account

const idOf = (username: string) => world.simulator.users.find((user) => user.username === username)?.userId as string
const newestPush = () => world.simulator.phone('anna').requests().at(-1)?.transactionId

beforeEach(() => {
  account = { username: 'anna', nevisUserId: idOf('anna') }
})

describe('a step-up that is open, with afterDenial "stop", in a second process that shares sessions and ledger', () => {
  const named = ({ username, nevisUserId: userId }: Account) => ({ username, ...(userId !== undefined && { userId }) })

  /** Signs in and starts a step-up in the first process. `toOther` returns the same browser at the second process. */
  async function opened() {
    const shared = { ledger: new MemoryLedger(), afterDenial: 'stop', subject: ({ user }) => user && named(account) } as const satisfies Partial<NevisStrategyOptions>
    const store = new MemoryStore()
    const routes: AppOptions['routes'] = (web, { passport }) => void web.post('/password', passport.authenticate('local'), (_req, res) => void res.end())
    const [one, two] = [await world.start({ strategy: shared, session: { store }, routes }), await world.start({ strategy: shared, session: { store }, routes })]
    const browser = one.browser()
    await browser.post('/password', { username: 'anna', password: PASSWORD })
    const handle = handleIn((await browser.post('/start')).location)
    const toOther = () => {
      const other = two.browser()
      for (const [name, value] of browser.cookies) other.cookies.set(name, value)
      return other
    }
    return { browser, handle, push: newestPush(), toOther }
  }

  /** Changes how the app names the user, and starts another step-up in the first process. */
  async function startedTwice(change: () => void) {
    const { browser, toOther, ...first } = await opened()
    change()
    expect(outcomeOf(await browser.post('/start'))).toBe('303 /login/2fa')
    return { ...first, other: toOther() }
  }

  // Shows: T-bomber-14
  it.each<[string, () => void]>([
    ['the user has changed the username', () => void (account.username = 'renamed')],
    ['the app has stored the userId in other letters', () => void (account.nevisUserId = idOf('anna').toUpperCase())],
  ])('stops every other factor if it is denied after %s', async (_name, change) => {
    const { other, push } = await startedTwice(change)
    await world.simulator.phone('anna').deny(push)
    expect(outcomeOf(await other.post('/start', { factor: 'recovery' }))).toBe('not_approved')
  })

  // Shows: T-bomber-14
  it('stops every other factor if it is denied after the app has stored the userId', async () => {
    const { nevisUserId } = account
    delete account.nevisUserId
    const { other, push } = await startedTwice(() => void Object.assign(account, { nevisUserId }))
    await world.simulator.phone('anna').deny(push)
    expect(outcomeOf(await other.post('/start', { factor: 'recovery' }))).toBe('not_approved')
  })

  // Shows: T-bomber-14
  it.each(['recovery', 'sms'])('is denied, and the code of another factor is refused, although the app then names the user by username only: %s', async (factor) => {
    const { push, toOther } = await opened()
    await world.simulator.phone('anna').deny(push)
    delete account.nevisUserId
    const other = toOther()
    const transaction = handleIn((await other.post('/start', { factor })).location)
    const code = factor === 'recovery' ? 'AAAA-1111' : /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
    expect(outcomeOf(await other.post('/login/2fa/callback', { transaction, code }))).toBe('not_approved')
    expect(world.asked('verifyCode')).toBe(0)
  })

  // Shows: T-bomber-15
  it('leaves the session if another user with the same username, but another userId, starts one in it', async () => {
    const { other, handle } = await startedTwice(() => void (account.nevisUserId = idOf('ben')))
    expect(outcomeOf(await other.get(callbackOf(handle)))).toBe('used_transaction')
  })
})
