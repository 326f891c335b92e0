/** The table of keys in the guide "Several processes" must have a row for every kind of ledger key that this package writes, and no other row. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { forgetBrowsers, MemoryLedger, type NevisStrategyOptions } from '../../src'
import { Budgets } from '../../src/ledger/budgets'
import { callbackOf, PASSWORD, signIn } from '../support/app'
import type { Browser } from '../support/browser'
import { read, ROOT } from '../support/markdown'
import { lab } from '../security/support/lab'

const world = lab()
jest.setTimeout(30_000)

const DAY = 86_400
const [, table = ''] = /\n\| key, after the prefix .*\n([^]*?)\n\n/.exec(read('docs/guides/several-processes.md')) ?? []
const rows = table.split('\n').slice(1).flatMap((row) => [...row.split('|')[1]?.matchAll(/`claim:([^`]+)`/g) ?? []].map(([, key = '']) => ({ key, expires: row.split('|')[3] ?? '' })))
const patternOf = (key: string) => new RegExp(`^${key.replace(/<n>/g, '\\d+').replace(/<\w+>/g, '[\\w-]{22,43}')}$`)
const kindOf = (key: string) => key.split(/:(?=[<$]|[\w-]{22})/)[0] as string

/** The keys that the strategy has written to the ledger, each with the lifetimes that it had, in seconds. */
const written = new Map<string, number[]>()

class Recording extends MemoryLedger {
  override claim(key: string, ttlSeconds: number) {
    return this.note(key, ttlSeconds), super.claim(key, ttlSeconds)
  }

  override count(key: string, ttlSeconds: number) {
    return this.note(key, ttlSeconds), super.count(key, ttlSeconds)
  }

  private note(key: string, ttlSeconds: number): void {
    written.set(key, [...(written.get(key) ?? []), ttlSeconds])
  }
}

const start = (strategy: Partial<NevisStrategyOptions> = {}) => world.start({ strategy: { ledger: new Recording(), ...strategy } })

/** Starts a sign-in, approves or denies it, and opens the callback. */
async function decided(browser: Browser, decide: 'approve' | 'deny', fields: Record<string, string> = {}): Promise<string> {
  const handle = await signIn(browser, 'anna', fields)
  await world.simulator.phone('anna')[decide]()
  await browser.get(callbackOf(handle))
  return handle
}

/** Sign-ins with every possible end. */
async function driveSignIns(): Promise<void> {
  const app = await start({ startBudget: { starts: 2, perSeconds: 300 } })
  await decided(app.browser(), 'approve')
  await decided(app.browser(), 'deny')
  const cancelling = app.browser()
  const handle = await decided(cancelling, 'deny')
  await cancelling.post('/login/2fa', { transaction: handle, cancel: '1' })
}

/** A sign-in in which the user has a push sent again. */
async function driveResend(): Promise<void> {
  const app = await start()
  const browser = app.browser()
  const handle = await signIn(browser, 'anna')
  world.later(16)
  await browser.post('/login/2fa', { transaction: handle, factor: 'push' })
}

/** Sends a wrong code, and a code to which a gateway answers in place of Nevis. */
async function driveCodes(): Promise<void> {
  const app = await start()
  for (const isUnclear of [false, true]) {
    const browser = app.browser()
    const handle = await signIn(browser, 'anna', { factor: 'sms' })
    if (isUnclear) world.simulator.faults.add({ on: 'verifyCode', status: 200, body: '<html>Maintenance</html>', headers: { 'content-type': 'text/html' } })
    await browser.post('/login/2fa/callback', { transaction: handle, code: '000000' })
  }
}

async function driveEnrolments(): Promise<void> {
  const app = await start({ operation: 'enroll' })
  for (const phone of ['+41790000008', '+41790000009']) await app.browser().post('/login', { username: 'carl', password: PASSWORD, factor: 'sms', phone })
}

async function driveBrowsers(): Promise<void> {
  const app = await start({ rememberBrowser: { days: 90 } })
  const browser = app.browser()
  await decided(browser, 'approve', { remember: '1' })
  browser.cookies.delete('connect.sid')
  expect((await browser.post('/login', { username: 'anna', password: PASSWORD })).status).toBe(200)
  await forgetBrowsers(app.nevis, { username: 'anna' })
}

/** Writes the remaining kinds of ledger keys directly. Requests would need a widget, a session in a cookie, fifty codes, two tabs and two processes. */
async function driveRest(): Promise<void> {
  const { nevis } = await start()
  const budgets = new Budgets(nevis.settings)
  const name = budgets.keyOf({ username: 'anna' })
  await budgets.endings.claimToken('token')
  await budgets.signIns.note(name)
  await budgets.codes.noteRight((await nevis.settings.keys()).digests.digestOfCode('123456', { id: 'transaction' }))
  await budgets.endings.takeTurn('digest-of-the-session-id')
  await budgets.endings.noteFinishing(name)
  await budgets.parallelStarts.note([name, 'session', 'origin'], 2)
  const moved = { id: 'transaction-taken-over-once', expiresAt: Date.now() }
  await budgets.endings.claim(moved)
  await budgets.endings.end({ ...moved, moves: 1 }, [name], { wasDenied: true, canGoOn: true })
  for (const user of ['wrong', 'unclear'] as const) {
    const key = budgets.keyOf({ username: user })
    for (let i = 0; i < 50; i++) await (user === 'wrong' ? budgets.codes.noteWrong(key) : budgets.codes.noteUnclear(key))
  }
}

beforeEach(async () => {
  written.clear()
  for (const drive of [driveSignIns, driveResend, driveCodes, driveEnrolments, driveBrowsers, driveRest]) await drive()
})

it('has a row for every key that is written, and no row for a key that is not', () => {
  const keys = [...written.keys()]
  expect(rows.length).toBeGreaterThan(25)
  expect(keys.filter((key) => !rows.some((row) => patternOf(row.key).test(key)))).toEqual([])
  expect(rows.filter((row) => !keys.some((key) => patternOf(row.key).test(key))).map(({ key }) => key)).toEqual([])
})

it('is compared with every kind of key that the source of the ledger makes', () => {
  const source = readdirSync(join(ROOT, 'src/ledger')).map((file) => read(join('src/ledger', file))).join('\n')
  const made = [...source.matchAll(/`([a-z]+(?:-[a-z]+)*):\$\{/g)].map(([, kind = '']) => kind).filter((kind) => !['username', 'userId'].includes(kind))
  const kinds = new Set([...written.keys()].map(kindOf).flatMap((kind) => kind.split(':')))
  expect(made.length).toBeGreaterThan(20)
  expect(made.filter((kind) => !kinds.has(kind))).toEqual([])
})

it('says the lifetime of each lock and of each new row', () => {
  const secondsOf = (kind: string) => [...new Set([...written].filter(([key]) => kindOf(key) === kind).flatMap(([, seconds]) => seconds))].sort((a, b) => a - b)
  const said = (kind: string) => rows.filter(({ key }) => kindOf(key) === kind).map(({ expires }) => expires.trim())
  expect([secondsOf('locked'), said('locked')]).toEqual([[365 * DAY], ['after a year, or at `liftLimits`']])
  expect([secondsOf('paused'), said('paused')]).toEqual([[DAY], ['after 86 400 s, or at `liftLimits`']])
  expect([secondsOf('unconfirmed'), said('unconfirmed')]).toEqual([[DAY], ['after 86 400 s, or at `liftLimits`']])
  expect([secondsOf('resend'), said('resend')]).toEqual([[15], ['after 15 s']])
  expect([secondsOf('right-code'), said('right-code')]).toEqual([[5], ['after 5 s']])
  expect(said('cancelled')).toEqual(said('goes-on'))
})
