/**
 * The waiting page of an enrolment that the user has finished, for example after the button "Back" of the browser.
 *
 * Out of scope: the same in a real browser (`test/browser/back.test.ts`).
 */
import session from 'express-session'
import { MemoryLedger } from '../../src'
import { handleIn, signIn, waitingOf, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from '../security/support/lab'

const world = lab()
const PHONE = '+41790000009'

class CountingStore extends session.MemoryStore {
  writes = 0
  override set(...given: Parameters<session.MemoryStore['set']>): void {
    this.writes++
    super.set(...given)
  }
}

class Ledger extends MemoryLedger {
  isDown = false
  override async look(key: string): Promise<number> {
    if (this.isDown) throw new Error('down')
    return super.look(key)
  }
}

let app: TestApp
let browser: Browser
let store: CountingStore
let ledger: Ledger

beforeEach(async () => {
  ;[store, ledger] = [new CountingStore(), new Ledger()]
  const operation = ({ body }: object & { body?: unknown }) => ((body as { operation?: string } | undefined)?.operation === 'approve' ? 'approve' : 'enroll')
  app = await world.start({ strategy: { operation: operation, ledger }, session: { store } })
  browser = app.browser()
})

const begin = (who = browser, username = 'newcomer') => signIn(who, username, { factor: 'sms', phone: PHONE })
const finish = async (transaction: string, username = 'newcomer') => {
  const code = /\d{6}/.exec(world.simulator.sms(username).at(-1) as string)?.[0] ?? ''
  expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, code }))).toBe('success')
}
async function shown(handle: string, who = browser, language = 'en') {
  const { status, text } = await who.get(waitingOf(handle), { accept: 'text/html', 'accept-language': language })
  return [status, /<h1>([^<]*)</.exec(text)?.[1]]
}
const NOTHING = [403, 'Nothing to confirm here']

describe('the page of an enrolment', () => {
  it('that the user has finished › says so and leads on, in four languages, and writes nothing to the session', async () => {
    const handle = await begin()
    await finish(handle)
    const { writes } = store
    for (const [language, heading] of [['en', 'Already set up'], ['de', 'Bereits eingerichtet'], ['fr', 'Déjà configuré'], ['it', 'Già configurato']] as const) {
      expect(await shown(handle, browser, language)).toEqual([200, heading])
    }
    const { text } = await browser.get(waitingOf(handle), { accept: 'text/html' })
    expect(text).toContain('<p>The set-up is complete. There is nothing more to do here.</p>')
    expect(text).toMatch(/<a class="nevis-button" href="\/">Continue<\/a>/)
    expect(store.writes).toBe(writes)
    expect((await browser.get(waitingOf(handle), { accept: 'application/json' })).json()).toMatchObject({ code: 'used_transaction' })
  })

  it('that the user has finished with another factor › says the same', async () => {
    const first = await signIn(browser, 'newcomer', { factor: 'app' })
    await finish(handleIn((await browser.post('/login/2fa', { transaction: first, factor: 'sms', phone: PHONE })).location))
    expect(await shown(first)).toEqual([200, 'Already set up'])
  })

  it('that the user has finished, before another user has signed in in the same browser › says "Nothing to confirm here" to that other user', async () => {
    const handle = await begin()
    await finish(handle)
    expect(await shown(handle)).toEqual([200, 'Already set up'])
    await browser.post('/prove', { username: 'anna', userId: world.simulator.users[0]?.userId as string })
    expect(await shown(handle)).toEqual(NOTHING)
  })

  it('that a user has finished whom only the option `subject` of the app can name › says so', async () => {
    const subject = ({ user, body }: { user?: { username?: string } | undefined; body?: unknown }) => ({ username: `bank-${user?.username ?? (body as { username: string }).username}` })
    app = await world.start({ strategy: { operation: 'enroll', subject }, verify: ({ username }, done) => done(null, { username: username?.replace('bank-', '') as string }) })
    browser = app.browser()
    const handle = await begin()
    await finish(handle, 'bank-newcomer')
    expect(await shown(handle)).toEqual([200, 'Already set up'])
  })

  it('by which a signed-in user has set up new recovery codes › says the same, also after more time', async () => {
    await browser.post('/prove', { username: 'anna', userId: world.simulator.users[0]?.userId as string })
    const handle = handleIn((await browser.post('/factors', { factor: 'recovery' })).location)
    world.later(500)
    const longer = handleIn((await browser.post('/login/2fa', { transaction: handle, extend: '1' })).location)
    world.later(60)
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: longer }))).toBe('success')
    expect([await shown(handle), await shown(longer)]).toEqual([[200, 'Already set up'], [200, 'Already set up']])
  })

  it('in a browser in which no user is signed in › says nothing of it', async () => {
    const handle = await begin()
    await finish(handle)
    expect(await shown(handle, app.browser())).toEqual([403, 'Invalid link'])
  })

  it.each<[string, (handle: string) => Promise<unknown>]>([
    ['is still pending', async () => undefined],
    ['was cancelled', (handle) => browser.post('/login/2fa', { transaction: handle, cancel: '1' })],
    ['was finished, but the ledger fails', async (handle) => {
      await finish(handle)
      ledger.isDown = true
    }],
    ['was finished by another user', finish],
  ])('that %s › says "Nothing to confirm here" to a user who does not hold it', async (_how, act) => {
    const handle = await begin()
    await act(handle)
    const other = app.browser()
    await other.post('/prove', { username: 'anna', userId: world.simulator.users[0]?.userId as string })
    expect(await shown(handle, other)).toEqual(NOTHING)
  })

  it('that has expired, after which the user has finished another one › says "Nothing to confirm here"', async () => {
    const handle = await begin()
    world.later(601)
    await browser.post('/login/2fa/callback', { transaction: handle, code: '000000' })
    await finish(await begin())
    expect(await shown(handle)).toEqual(NOTHING)
  })
})

it('the page of an approval is not taken for one', async () => {
  const handle = await signIn(browser, 'anna', { operation: 'approve' })
  await world.simulator.phone('anna').approve()
  expect(outcomeOf(await browser.get(`/login/2fa/callback?transaction=${handle}`))).toBe('success')
  expect(await shown(handle)).toEqual(NOTHING)
})
