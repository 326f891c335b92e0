/** Which failure code a user gets if Nevis refuses a start, and only the user's record at Nevis shows the reason. */
import { MemoryStore } from 'express-session'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { MemoryLedger } from '../../src'
import { NevisSimulator, type NevisSimulatorOptions } from '../../src/simulator'
import { startDialectApp } from '../dialects/app'

const PHONE = '+41791234567'
const LONG = 'a'.repeat(51)
const close: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const each of close.splice(0).reverse()) await each()
})

async function start(dialect: NonNullable<NevisSimulatorOptions['dialect']>) {
  const simulator = await NevisSimulator.start({ dialect })
  close.push(() => simulator.close())
  const app = await startDialectApp(simulator, {}, { store: new MemoryStore(), ledger: new MemoryLedger() })
  close.push(() => app.close())
  const login = async (username: string, factor: string) => {
    const page = await app.browser().post('/login', { username, password: 'x', factor, phone: PHONE })
    return page.status === 303 ? 'started' : (page.json() as { code: string }).code
  }
  return { simulator, app, login }
}

describe('a start for a user who has only a passkey', () => {
  const passkey = { authenticatorId: '7a1c2f60-0000-4000-8000-000000000001', name: 'Passkey', state: 'active' }

  it.each([400, 404, 409, 412, 422])('is refused as a factor that the user does not have: HTTP %i', async (status) => {
    const { simulator, login } = await start(`nothing-to-ask-${status}`)
    simulator.addUser({ username: 'anna', authenticators: 0 })
    for (const authenticatorType of ['fido2', 'FIDO2']) {
      simulator.faults.clear()
      simulator.faults.add({ on: ['findUserByUsername', 'getUser'], patch: { status: 'active', authenticators: [{ ...passkey, authenticatorType }] } })
      expect([await login('anna', 'push'), await login('anna', 'app')]).toEqual(['not_enrolled', 'not_enrolled'])
    }
  })

  it.each([['a phone as well', [{ ...passkey, authenticatorType: 'fido2' }, { ...passkey, authenticatorType: 'app' }]], ['an authenticator of an unknown type', [passkey]]])('is an error for a user with %s', async (_what, authenticators) => {
    const { simulator, login } = await start('nothing-to-ask-400')
    simulator.addUser({ username: 'anna', authenticators: 0 })
    simulator.faults.add({ on: ['findUserByUsername', 'getUser'], patch: { status: 'active', authenticators } })
    expect(await login('anna', 'push')).toBe('NEVIS_REJECTED')
  })
})

describe('a start by SMS that Nevis refuses for a user who is not blocked', () => {
  const faults: unknown[] = []
  const note = (fault: unknown) => void faults.push(fault)
  beforeEach(() => {
    faults.length = 0
    subscribe('passport-nevis:fault', note)
  })
  afterEach(() => void unsubscribe('passport-nevis:fault', note))

  it.each([400, 409, 412, 422])('is refused as a factor that the user does not have, and the operators are told: HTTP %i', async (status) => {
    const { simulator, login } = await start(`nothing-to-ask-${status}`)
    simulator.addUser({ username: 'anna' })
    expect(await login('anna', 'sms')).toBe('not_enrolled')
    expect(faults).toEqual([{ strategy: 'nevis', subject: expect.objectContaining({ username: 'anna' }) as unknown, operation: 'approve', factor: 'sms', at: 'request', code: 'NEVIS_REJECTED', call: 'approve', nevisStatus: status }])
  })

  it.each([[403, 'NEVIS_UNAUTHORIZED'], [423, 'NEVIS_REJECTED'], [500, 'NEVIS_UNEXPECTED_RESPONSE']])('is an error if the status says nothing about the request: HTTP %i', async (status, code) => {
    const { simulator, login } = await start(`nothing-to-ask-${status}`)
    simulator.addUser({ username: 'anna' })
    expect(await login('anna', 'sms')).toBe(code)
  })
})

describe('a push that Nevis answers with 500', () => {
  it('is refused as a factor that the user does not have, if the user has no phone', async () => {
    const { simulator, login } = await start('nothing-to-ask-500')
    simulator.addUser({ username: 'anna', authenticators: 0, phone: PHONE })
    expect(await login('anna', 'push')).toBe('not_enrolled')
  })

  it('is an error, if the user has a phone', async () => {
    const { simulator, login } = await start([])
    simulator.addUser({ username: 'anna' })
    simulator.faults.add({ on: 'approve', status: 500 })
    expect(await login('anna', 'push')).toBe('NEVIS_UNEXPECTED_RESPONSE')
  })
})

describe('an enrolment that Nevis refuses with 400', () => {
  it.each([
    ['a new user with a username of 51 characters, by SMS, where the phone number may be wrong as well', LONG, 'sms', 'phone_refused'],
    ['a new user with a username of 51 characters, by the Access App', LONG, 'app', 'invalid_username'],
    ['a new user with a username of 50 characters, by SMS', LONG.slice(1), 'sms', 'phone_refused'],
    ['a new user with a username of 50 characters, by the Access App', LONG.slice(1), 'app', 'NEVIS_REJECTED'],
  ])('of %s', async (_what, username, factor, code) => {
    const { simulator, login } = await start([])
    simulator.faults.add({ on: 'enroll', status: 400 })
    expect(await login(username, factor)).toBe(code)
  })

  it('of a user whom Nevis knows by a long username is about the phone number', async () => {
    const { simulator, login } = await start([])
    simulator.addUser({ username: LONG, authenticators: 0 })
    simulator.faults.add({ on: 'enroll', status: 400 })
    expect(await login(LONG, 'sms')).toBe('phone_refused')
  })
})

describe('a sign-in by SMS with the right code', () => {
  /** Signs in with the right code. Nevis answers the status call after the code with this fault. */
  async function signInBySms(fault: object) {
    const { simulator, app } = await start([])
    simulator.addUser({ username: 'anna', phone: PHONE })
    const browser = app.browser()
    const { location } = await browser.post('/login', { username: 'anna', password: 'x', factor: 'sms' })
    simulator.faults.add({ on: 'getStatus', ...fault })
    const code = /\d{6}/.exec(simulator.sms('anna').at(-1) ?? '')?.[0] as string
    const transaction = new URL(String(location), 'http://x').searchParams.get('transaction') as string
    return (await browser.post('/login/2fa/callback', { transaction, code })).json()
  }

  it.each([{ status: 502, body: '<html>' }, { status: 503 }, { reset: true as const }])('succeeds, although the status that follows is not answered by Nevis: %j', async (fault) => {
    expect(await signInBySms(fault)).toMatchObject({ action: 'success' })
  }, 20_000)

  it.each([[200, 'failed'], [202, 'FAILED'], [200, 'user_denied'], [400, 'failed'], [404, 'failed'], [409, 'rejected'], [412, 'expired']])('fails if the status that follows says so: HTTP %i, %s', async (status, word) => {
    expect(await signInBySms({ status, body: JSON.stringify({ status: word }) })).toMatchObject({ action: 'fail', code: 'not_approved' })
  })

  it.each([[200, 'processing'], [404, 'unknown'], [503, 'failed']])('succeeds if the status that follows does not come from Nevis or says nothing: HTTP %i, %s', async (status, word) => {
    expect(await signInBySms({ status, body: JSON.stringify({ status: word }) })).toMatchObject({ action: 'success' })
  }, 20_000)
})
