/** Tests the checks that decide whether a reported success is genuine. The test sets the answers of a fake Nevis client. */
import { push, recovery, sms, widget } from '../../src'
import type { Introspection, Succeeded, Transaction } from '../../src'
import type { Factor } from '../../src/factors/factor'
import type { Settings } from '../../src/strategy/settings'
import { mismatchOf } from '../../src/trust/proof'
import { SharedCache } from '../../src/strategy/shared-cache'

const USER = '7b2ce5a9-6bd0-4e2f-8d0f-2ac2c4a1d7a1'
const ISSUER = 'https://a.mauth.nevis.cloud'
const TOKEN = 'eyJhIjoxfQ.eyJhIjoxfQ.c2lnbmF0dXJl'
const STATUS_TOKEN = 'c3RhdHVz.dG9rZW4.c3RhdHVz'
const INTENT_TOKEN = 'aW50ZW50.e30.aW50ZW50'
const LONG_TOKEN = `eyJhIjoxfQ.e30.${'A'.repeat(8192)}`
const ACCESS_KEY = 'YWNjZXNz.a2V5.YWNjZXNz'
const proof: Introspection = { active: true, sub: USER, iss: ISSUER, iat: Date.now() / 1000, raw: {} }
const transaction: Transaction = {
  id: 't1', factor: 'push', operation: 'approve', subject: { username: 'anna' }, userId: USER, statusToken: STATUS_TOKEN,
  startedAt: Date.now(), expiresAt: Date.now() + 60_000, firstFactorAt: 0, shown: { intentToken: INTENT_TOKEN },
}
const outcome: Succeeded = { status: 'succeeded', userId: USER, transactionId: 't1', token: TOKEN }
const { token: _token, ...tokenless } = outcome

let introspect: jest.Mock<Promise<Introspection>, [string]>
let isStatusToken: jest.Mock<Promise<boolean>, [string]>
let introspections: SharedCache<Introspection>
const settings = () =>
  ({ client: { introspect, isStatusToken, holdsAccessKey: async (token: string) => token === ACCESS_KEY }, introspections, issuers: [ISSUER] }) as unknown as Settings
const fieldOf = (factor: Factor, change: Partial<Succeeded> = {}, started: Transaction = transaction) =>
  mismatchOf(settings(), started, factor, { ...outcome, ...change })

beforeEach(() => {
  introspections = new SharedCache<Introspection>(5000, 0)
  introspect = jest.fn<Promise<Introspection>, [string]>(async () => proof)
  isStatusToken = jest.fn<Promise<boolean>, [string]>(async () => false)
})

describe('a success with the token that Nevis gave', () => {
  it('is proven by its introspection', async () => {
    expect(await fieldOf(push())).toBeUndefined()
    expect(introspect.mock.calls).toEqual([[TOKEN]])
    expect(isStatusToken).not.toHaveBeenCalled()
  })

  it.each<[string, Partial<Succeeded>]>([
    ['userId', { userId: 'other' }],
    ['transactionId', { transactionId: 't2' }],
    ['username', { username: 'ben' }],
    ['token', { token: STATUS_TOKEN }],
    ['token', { token: ACCESS_KEY }],
  ])('is not proven, for its %s, where it is %j; and no user is asked', async (field, change) => {
    expect(await fieldOf(push(), change)).toBe(field)
    expect(introspect).not.toHaveBeenCalled()
  })

  it('is not proven where it names no user, though the start named no user either', async () => {
    const { userId: _userId, ...nameless } = transaction
    expect(await mismatchOf(settings(), nameless, push(), { status: 'succeeded', transactionId: 't1', token: TOKEN })).toBe('userId')
  })

  it('is not proven by an introspection that does not fit', async () => {
    introspect.mockResolvedValue({ ...proof, sub: 'other' })
    expect(await fieldOf(push())).toBe('sub')
  })

  it('is not held to tell when it was issued', async () => {
    const { iat: _iat, ...timeless } = proof
    introspect.mockResolvedValue(timeless)
    expect(await fieldOf(push())).toBeUndefined()
    expect(await fieldOf(widget())).toBe('iat')
  })
})

describe('a success whose token this process has just introspected', () => {
  it('is proven without asking once more, because Nevis may introspect a token only once', async () => {
    expect(await fieldOf(push())).toBeUndefined()
    introspect.mockResolvedValue({ active: false, raw: {} })
    expect(await fieldOf(push())).toBeUndefined()
    expect(introspect.mock.calls).toEqual([[TOKEN]])
  })

  it('is not proven by an introspection that does not fit', async () => {
    introspect.mockResolvedValueOnce({ active: false, raw: {} })
    for (let i = 0; i < 2; i++) expect(await fieldOf(push())).toBe('active')
  })

  it('is asked about where it is another token, or where the first introspection failed', async () => {
    introspect.mockRejectedValueOnce(new Error('no answer'))
    await expect(fieldOf(push())).rejects.toThrow('no answer')
    expect(await fieldOf(push())).toBeUndefined()
    expect(await fieldOf(push(), { token: 'eyJhIjoxfQ.eyJhIjoyfQ.c2lnbmF0dXJl' })).toBeUndefined()
    expect(introspect).toHaveBeenCalledTimes(3)
  })
})

describe('a success without a token', () => {
  it.each<[string, 'token' | undefined, Factor, Transaction]>([
    ['of a verified code', undefined, sms(), transaction],
    ['of recovery codes that were made', undefined, recovery(), { ...transaction, operation: 'enroll' }],
    ['of a push', 'token', push(), transaction],
    ['of a widget', 'token', widget(), transaction],
  ])('%s: what does not fit is %s', async (_name, expected, factor, started) => {
    expect(await mismatchOf(settings(), started, factor, tokenless)).toBe(expected)
    expect(introspect).not.toHaveBeenCalled()
  })
})

describe('a token that a browser brought', () => {
  it('proves a success while it has no status of its own', async () => {
    expect(await fieldOf(widget())).toBeUndefined()
    expect(isStatusToken.mock.calls).toEqual([[TOKEN]])
  })

  it.each<[string, string]>([
    ['it is the intent token', INTENT_TOKEN],
    ['it is too long for a token', LONG_TOKEN],
    ['it is no token', 'eyJhIjoxfQ'],
    ['it says that nothing is decided', `eyJhIjoxfQ.${Buffer.from('{"status":"pending"}').toString('base64url')}.c2lnbmF0dXJl`],
    ['it is the access key', ACCESS_KEY],
  ])('proves nothing where %s, and Nevis is asked nothing', async (_name, token) => {
    expect(await fieldOf(widget(), { token })).toBe('token')
    expect(isStatusToken).not.toHaveBeenCalled()
    expect(introspect).not.toHaveBeenCalled()
  })

  it('proves nothing where it is a status token', async () => {
    isStatusToken.mockResolvedValue(true)
    expect(await fieldOf(widget())).toBe('token')
    expect(introspect).not.toHaveBeenCalled()
  })
})
