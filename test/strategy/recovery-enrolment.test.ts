/**
 * The enrolment of recovery codes for a signed-in user whom the app knows by userId. Nevis accepts only a username for this enrolment, so the strategy must not
 * create codes for another user who has this username.
 */
import { MemoryStore } from 'express-session'
import { MemoryLedger } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { startDialectApp, type DialectApp } from '../dialects/app'
import { recordEvents } from '../security/support/recorded'

const OLD = ['OLD1-1111-bbbb-2222']
const close: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const each of close.splice(0).reverse()) await each()
})

/** Starts a simulator that writes all usernames in lower case, and an app in which Anna has just given a second factor. */
async function startFolded(): Promise<{ simulator: NevisSimulator; app: DialectApp; enrol: () => Promise<unknown> }> {
  const simulator = await NevisSimulator.start({ dialect: 'usernames-folded' })
  close.push(() => simulator.close())
  const app = await startDialectApp(simulator, {}, { store: new MemoryStore(), ledger: new MemoryLedger() })
  close.push(() => app.close())
  simulator.addUser({ username: 'Anna' })
  const enrol = async () => {
    const browser = app.browser()
    await browser.post('/prove', { username: 'Anna', userId: simulator.users[0]?.userId as string })
    return (await browser.post('/factors', { factor: 'recovery' })).json()
  }
  return { simulator, app, enrol }
}

it.each([['belongs to another user', ['anna']], ['belongs to nobody', []]])('is refused if the username %s, and the event names the field', async (_what, others) => {
  const { simulator, enrol } = await startFolded()
  for (const username of others) simulator.addUser({ username, recoveryCodes: OLD })
  const events = recordEvents()
  expect(await enrol()).toMatchObject({ action: 'fail', code: 'binding_mismatch' })
  events.stop()
  expect(events.of('suspicious')).toMatchObject([{ reason: 'binding_mismatch', field: 'username', factor: 'recovery' }])
  expect(simulator.users.map(({ username, recoveryCodes }) => [username, recoveryCodes])).toEqual([['Anna', []], ...others.map((name) => [name, OLD])])
  expect(simulator.requests.filter(({ operation }) => operation === 'enroll')).toEqual([])
})
