/** Tests what a request starts: for which user, with which message and factor, and whether an equal transaction is already pending. */
import type { AuthenticateOptions } from 'passport'
import { app, push, recovery, sms, type Factor, type NevisAuthenticateOptions, type NevisRequest, type Transaction } from '../../src'
import type { Settings } from '../../src/strategy/settings'
import { factorFor } from '../../src/strategy/factor-choice'
import { startParametersOf, subjectOfStart, authenticatorFor, isReusable, isForUserOf, isPendingFor, phoneOf, type StartParameters } from '../../src/strategy/start-parameters'

const ANNA = { username: 'anna' }
const USER = '7b2ce5a9-6bd0-4e2f-8d0f-2ac2c4a1d7a1'
const NOW = 1_700_000_000_000
const settingsWith = (more: object = {}) =>
  ({ client: { baseURL: 'https://a.example' }, subject: () => ANNA, operation: 'approve', message: undefined, data: undefined, factors: [push(), app(), sms(), recovery()], ...more }) as unknown as Settings
const request = (fields: object = {}) => ({ method: 'POST', url: '/', headers: {}, ...fields }) as unknown as NevisRequest
const parametersOf = async (req: NevisRequest, options: NevisAuthenticateOptions, settings: Settings) => startParametersOf(req, options, settings, await subjectOfStart(req, settings))
const refused = (code: string) => expect.objectContaining({ name: 'Refusal', code })

describe('what is wanted', () => {
  const wanted = (options: NevisAuthenticateOptions = {}, settings = settingsWith(), req = request()) => parametersOf(req, options, settings)
  const budget = expect.stringMatching(/^[\w-]{22}$/)

  it('is by default what the strategy says, and no more', async () => {
    expect(await wanted()).toStrictEqual({ subject: ANNA, operation: 'approve', budget })
    expect(await wanted({}, settingsWith({ message: 'Hello', data: { a: 1 } }))).toStrictEqual({ subject: ANNA, operation: 'approve', message: 'Hello', data: { a: 1 }, budget })
    expect(await wanted({}, settingsWith({ operation: 'enroll', message: 'Hello', data: { a: 1 } }))).toStrictEqual({ subject: ANNA, operation: 'enroll', message: 'Hello', budget })
  })

  it('is what the route says, where it says something', async () => {
    const settings = settingsWith({ operation: 'approve', message: 'Hello', data: 1 })
    expect(await wanted({ operation: 'enroll', message: 'Pay?', data: 2, factors: ['push'] }, settings)).toStrictEqual({
      subject: ANNA, operation: 'enroll', message: 'Pay?', data: 2, factors: ['push'], budget, purpose: expect.stringMatching(/^[\w-]{22} [\w-]{22}$/),
    })
  })

  it('is what functions make of the request, async or not', async () => {
    const settings = settingsWith({ subject: async ({ body }: { body: object }) => body, operation: async () => 'approve-or-enroll', message: () => 'Hello', data: async () => ({ a: 1 }) })
    expect(await wanted({}, settings, request({ body: { userId: USER } }))).toStrictEqual({ subject: { userId: USER }, operation: 'approve-or-enroll', message: 'Hello', data: { a: 1 }, budget })
    expect(await wanted({ message: ({ url }) => url, data: () => undefined }, settings, request({ body: ANNA }))).toMatchObject({ message: '/' })
  })

  it.each([undefined, null, false, {}, { username: null }, { userId: '' }, { username: '' }, { userId: 'u', username: '' }, { userId: undefined }, { userId: undefined, username: undefined }])(
    'is refused for a subject of %j', async (subject) => {
      await expect(wanted({}, settingsWith({ subject: () => subject }))).rejects.toEqual(refused('no_subject'))
    },
  )

  it.each([7, 0, '', 'anna', true, [], ['anna'], { id: 7 }, { user: { username: 'anna' } }, () => 'anna'])('is a mistake of the developer for a subject of %p', async (subject) => {
    const mistake = new TypeError('NevisStrategy: subject must return { userId } or { username }, or undefined if there is no user')
    await expect(wanted({}, settingsWith({ subject: () => subject }))).rejects.toEqual(mistake)
    await expect(wanted({}, settingsWith({ subject: async () => subject }))).rejects.toEqual(mistake)
    await expect(isForUserOf(request(), { session: false }, settingsWith({ subject: () => subject }), {} as Transaction)).rejects.toEqual(mistake)
  })

  it.each([{ userId: 7 }, { userId: 0 }, { username: 5 }, { username: ['anna'] }, { userId: {}, username: 'anna' }, { userId: false }])('is a mistake of the developer for a subject of %j', async (subject) => {
    const mistake = new TypeError('NevisStrategy: the userId and username of subject must be strings')
    await expect(wanted({}, settingsWith({ subject: () => subject }))).rejects.toEqual(mistake)
    await expect(isForUserOf(request(), { session: false }, settingsWith({ subject: () => subject }), {} as Transaction)).rejects.toEqual(mistake)
  })

  it.each([{ userId: USER }, { username: 'anna' }, { userId: USER, username: 'anna' }, { userId: undefined, username: 'anna' }])('is for a subject of %j', async (subject) => {
    expect((await wanted({}, settingsWith({ subject: () => subject }))).subject).toEqual(subject)
  })

  it.each(['jörg', 'a b', 'o\'neil@x.org', 'joe+tag@x.org'])('is refused for the username %j, which Nevis does not take, with a hint to the option subject', async (username) => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    await expect(wanted({}, settingsWith({ subject: () => ({ username }) }))).rejects.toEqual(refused('invalid_username'))
    expect(warn.mock.calls).toEqual([[expect.stringContaining('option subject'), { code: 'PASSPORT_NEVIS_USERNAME' }]])
    expect(JSON.stringify(warn.mock.calls)).not.toContain(username)
    warn.mockRestore()
  })

  it('is a mistake for a userId that is none of Nevis', async () => {
    await expect(wanted({}, settingsWith({ subject: () => ({ userId: '../u' }) }))).rejects.toThrow(new TypeError('NevisStrategy: the userId of subject must be a userId of Nevis (a UUID)'))
  })

  it('counts under the userId, whatever the username, and under the username only while no userId is known', async () => {
    const budgetOf = async (subject: object) => (await wanted({}, settingsWith({ subject: () => subject }))).budget
    const own = await budgetOf({ userId: USER })
    expect(await budgetOf({ userId: USER, username: 'anna' })).toBe(own)
    expect(await budgetOf({ userId: USER, username: 'ben' })).toBe(own)
    expect(new Set([own, await budgetOf({ username: 'anna' }), await budgetOf({ username: 'ben' })]).size).toBe(3)
  })

  it.each(['', 'Approve', 'register', 7, null])('is a mistake for the operation %j', async (operation) => {
    await expect(wanted({ operation: (() => operation) as never })).rejects.toThrow(new TypeError('NevisStrategy: operation must be "approve", "enroll" or "approve-or-enroll"'))
  })

  it.each<unknown>(['push', [], [''], [7], ['push', ''], {}, null])('is a mistake for the factors %j of a route', async (factors) => {
    await expect(wanted({ factors: factors as string[] })).rejects.toThrow(new TypeError('NevisStrategy: factors of a route must be a list of names'))
  })

  it('does not change with what the application does to its own data later', async () => {
    const data = { amount: 5, at: new Date(NOW) }
    const factors = ['push']
    const { data: kept, factors: allowed } = await wanted({ data: () => data, factors })
    data.amount = 6
    factors.push('sms')
    expect([kept, allowed]).toEqual([{ amount: 5, at: '2023-11-14T22:13:20.000Z' }, ['push']])
  })
})

describe('the factor', () => {
  const named = (...args: [operation?: 'approve' | 'enroll', requested?: string | null, ofRoute?: string, allowed?: string[]]) =>
    factorFor(settingsWith(), { operation: args[0] ?? 'approve', ...(args[3] && { factors: args[3] }) }, args[1], args[2]).name

  it('is the one that the request names, else the route\'s, else the first', () => {
    expect([named(), named('approve', undefined, 'sms'), named('approve', 'app', 'sms')]).toEqual(['push', 'sms', 'app'])
  })

  it('is the first that can enrol, for an enrolment', () => {
    expect(named('enroll')).toBe('app')
    expect(() => named('enroll', 'push')).toThrow(refused('unknown_factor') as never)
  })

  it('is among those that the route allows', () => {
    expect(named('approve', undefined, undefined, ['sms', 'app'])).toBe('app')
    expect(() => named('approve', 'push', undefined, ['sms'])).toThrow(refused('unknown_factor') as never)
  })

  it.each([null, '', 'Push', 'constructor', 'otp'])('is refused where the request names %j', (requested) => {
    expect(() => named('approve', requested)).toThrow(refused('unknown_factor') as never)
    expect(() => named('approve', requested, 'sms')).toThrow(refused('unknown_factor') as never)
  })

  it('of the route must be one of the strategy', () => {
    expect(() => named('approve', undefined, 'otp')).toThrow(new TypeError('NevisStrategy: factor "otp" of this route is not among the strategy\'s factors'))
    expect(() => named('approve', undefined, 'push', ['sms'])).toThrow(new TypeError('NevisStrategy: factor "push" of this route is not among the strategy\'s factors'))
  })

  it.each([undefined, 'push'])('cannot be one of a route that allows none of the strategy\'s, whatever the request names: %j', (requested) => {
    expect(() => named('approve', requested, undefined, ['otp'])).toThrow(new TypeError('NevisStrategy: the strategy has none of the factors of this route'))
  })

  it('is refused where none can do it at all', () => {
    expect(() => factorFor(settingsWith({ factors: [push()] }), { operation: 'enroll' }, undefined)).toThrow(refused('unknown_factor') as never)
  })
})

describe('the authenticator', () => {
  const asked = (fields: object, options: NevisAuthenticateOptions = {}, before?: Partial<Transaction>, factor: Factor = push(), operation: 'approve' | 'enroll' = 'approve') =>
    authenticatorFor(request(fields), options, { subject: ANNA, operation }, factor, before as Transaction | undefined)

  it('is the one that the request names, else the one that was asked before, else the route\'s', async () => {
    const options = { authenticatorId: () => 'of-route' }
    const before = { factor: 'push', authenticatorId: 'before' }
    expect(await asked({ body: { authenticatorId: 'named' } }, options, before)).toBe('named')
    expect(await asked({}, options, before)).toBe('before')
    expect(await asked({}, options)).toBe('of-route')
    expect(await asked({}, { authenticatorId: async () => 'later' })).toBe('later')
    expect(await asked({})).toBeUndefined()
  })

  it('is not that of another factor before', async () => {
    expect(await asked({}, { authenticatorId: 'of-route' }, { factor: 'app', authenticatorId: 'before' })).toBe('of-route')
    expect(await asked({}, {}, { factor: 'app', authenticatorId: 'before' })).toBeUndefined()
    expect(await asked({}, {}, { factor: 'push' })).toBeUndefined()
  })

  it('is none for an enrolment, nor for a factor that takes none', async () => {
    expect(await asked({ body: { authenticatorId: 'named' } }, {}, undefined, app(), 'enroll')).toBeUndefined()
    expect(await asked({ body: { authenticatorId: 'named' } }, {}, undefined, sms())).toBeUndefined()
  })

  it('is none where the route answers null', async () => {
    expect(await asked({}, { authenticatorId: (() => null) as never })).toBeUndefined()
  })

  it.each([[{ body: { authenticatorId: ['a'] } }, {}], [{ body: { authenticatorId: 7 } }, {}], [{}, { authenticatorId: (() => 7) as never }]])('is refused where it is no string: %j', async (fields, options) => {
    await expect(asked(fields, options)).rejects.toEqual(refused('unknown_authenticator'))
  })
})

describe('the phone number', () => {
  it.each<[string, object, { phone?: string }, string | undefined]>([
    ['of the route', { body: { phone: '+41792222222' } }, { phone: '+41 79 111 11 11' }, '+41791111111'],
    ['of the route, which is none', { body: { phone: '+41792222222' } }, { phone: '079 111 11 11' }, undefined],
    ['of the body, without its groups', { body: { phone: '+41 79-123\t45 67' } }, {}, '+41791234567'],
    ['of no query', { query: { phone: '+41792222222' }, url: '/?phone=+41792222222' }, {}, undefined],
    ['of no list', { body: { phone: ['+41792222222'] } }, {}, undefined],
    ['of nobody', {}, {}, undefined],
  ])('%s', (_name, fields, options, expected) => {
    // If the URL has no query, Express's query parser sets an empty object. So the request of this test has an empty `query`, too.
    expect(phoneOf(request({ query: {}, ...fields }), options)).toBe(expected)
  })
})

describe('the phone number that a route makes', () => {
  it('goes with what is started', async () => {
    expect(await parametersOf(request(), { operation: 'enroll', phone: async () => '+41791111111' }, settingsWith())).toMatchObject({ phone: '+41791111111' })
  })
})

describe('what already waits', () => {
  const wanted: StartParameters = { subject: ANNA, operation: 'approve', message: 'Pay?', data: { amount: 5 }, factors: ['push'] }
  const one = {
    id: 't', factor: 'push', operation: 'approve', subject: ANNA, message: 'Pay?', data: { amount: 5 }, factors: ['push'], startedAt: NOW, expiresAt: NOW + 1, firstFactorAt: NOW, shown: {},
  } as Transaction
  const isPending = isPendingFor(wanted, push(), undefined, NOW)

  it('is the same, as long as nothing differs', () => {
    expect(isPending(one)).toBe(true)
    expect(isPending({ ...one, login: 'l', userId: 'u', slots: [2], budget: 'b', attempts: 1, returnTo: '/a' })).toBe(true)
    expect(isPendingFor(wanted, push(), 'a', NOW)({ ...one, authenticatorId: 'a' })).toBe(true)
  })

  it.each<[string, Partial<Transaction>]>([
    ['is closed', { closed: 'cancelled' }],
    ['is over', { expiresAt: NOW }],
    ['is by another factor', { factor: 'app' }],
    ['asks one authenticator', { authenticatorId: 'a' }],
    ['asks another user', { subject: { username: 'ben' } }],
    ['names its subject another way', { subject: { username: 'anna', userId: 'u' } }],
    ['is an enrolment', { operation: 'enroll' }],
    ['shows something else', { message: 'Pay!' }],
    ['has other data', { data: { amount: 6 } }],
    ['may be done by others', { factors: ['push', 'sms'] }],
    ['was started for something else', { purpose: 'p /pay' }],
  ])('is not the same if it %s', (_name, change) => {
    expect(isPending({ ...one, ...change })).toBe(false)
  })
})

describe('an approval', () => {
  const transaction = { subject: ANNA } as Transaction
  const bySession = request({ session: { passport: { user: 'x' } }, user: {} })
  const byBearer = request({ user: {} })
  const byNobody = request({ session: {} })
  const authorized = { assignProperty: 'account' }

  it.each<[string, boolean, NevisRequest, AuthenticateOptions, string | undefined]>([
    ['counts for its subject', true, bySession, authorized, 'anna'],
    ['counts for its subject, who is known by a Bearer token', true, byBearer, authorized, 'anna'],
    ['counts for no other user who is signed in', false, bySession, authorized, 'ben'],
    ['counts for no other user who is known by a Bearer token', false, byBearer, authorized, 'ben'],
    ['counts for no other user where no session is made', false, byBearer, { session: false }, 'ben'],
    ['counts for no other user whom only the option subject knows', false, byNobody, authorized, 'ben'],
    ['counts for no user of whom the app names no subject', false, byBearer, authorized, undefined],
    ['counts where no user is known: after a password without a session', true, byNobody, { session: false }, undefined],
    ['counts where no user is known, nor a session', true, request(), authorized, undefined],
    ['counts for the user whom it signs in', true, byNobody, {}, undefined],
    ['counts for the user whom it signs in, said aloud', true, byNobody, { session: true }, undefined],
    ['counts for the user who has signed in since its start', true, bySession, {}, 'anna'],
    ['counts for no other user who has signed in since its start', false, bySession, {}, 'ben'],
  ])('%s: %s', async (_name, expected, req, options, username) => {
    const subject = async () => (username === undefined ? undefined : { username })
    expect(await isForUserOf(req, options, settingsWith({ subject }), transaction)).toBe(expected)
  })
})

describe('a challenge', () => {
  it.each<[boolean, Pick<Transaction, 'operation' | 'shown'>]>([
    [true, { operation: 'approve', shown: {} }],
    [true, { operation: 'enroll', shown: { appLinkUri: 'x' } }],
    [true, { operation: 'enroll', shown: { intentToken: 'x' } }],
    [false, { operation: 'enroll', shown: {} }],
  ])('can be shown again: %s, for %j', (expected, transaction) => {
    expect(isReusable(transaction as Transaction)).toBe(expected)
  })
})
