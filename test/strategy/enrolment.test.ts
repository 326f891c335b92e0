/** Who may enrol a factor, who owns an authenticator, and why Nevis refuses a start. Tested with every form in which Nevis may answer. */
import { app, MemoryLedger, ownAuthenticator, push, recovery, sms, type Factor, type NevisClient, type NevisRequest, type Subject } from '../../src'
import { authenticatorMismatch } from '../../src/strategy/authenticators'
import { Budgets } from '../../src/ledger/budgets'
import { challengeFor } from '../../src/strategy/challenge'
import { NevisError } from '../../src/client/errors'
import { assertMayEnroll, assertMayStillEnroll, firstOperation, isEnrolmentOfEnrolled } from '../../src/strategy/enrolment'
import type { Settings } from '../../src/strategy/settings'
import { loginOf } from '../../src/host/login'
import type { Transaction } from '../../src/factors/transaction'
import { recordEvents } from '../security/support/recorded'

const NOW = 1_700_000_000_000
const USER = '7b2ce5a9-6bd0-4e2f-8d0f-2ac2c4a1d7a1'
const ANNA: Subject = { username: 'anna' }
const NEW = { userId: USER, username: 'anna', status: 'new', authenticators: [], raw: {} }
const PHONE = { authenticatorId: 'a1' }
const refused = (code: string) => expect.objectContaining({ name: 'Refusal', code })
const error = (code: ConstructorParameters<typeof NevisError>[0], nevisStatus?: number) => new NevisError(code, 'enroll', nevisStatus === undefined ? {} : { nevisStatus })

let asked: unknown[]
const clientOf = (user: unknown) => {
  const answer = (name: string) => async (id: unknown) => {
    asked.push([name, id])
    if (user instanceof Error) throw user
    return user
  }
  return { findUserByUsername: answer('findUserByUsername'), getUser: answer('getUser') } as unknown as NevisClient
}
const settingsOf = (user: unknown, more: object = {}) =>
  ({ name: 'nevis', client: clientOf(user), sessionKey: 'nevis', firstFactorLifetimeMs: 600_000, allowEnrollmentOfStrongerFactorAfter: [], ledger: new MemoryLedger(), wording: { typedCodeLine: () => 'Type {code}' }, ...more }) as unknown as Settings
const request = (session: object = {}) => ({ method: 'POST', url: '/', headers: {}, body: {}, session }) as unknown as NevisRequest
const passport = { user: 'anna' }
const record = (change: object = {}) => ({ userId: USER, factor: 'push', transactionId: 't', at: NOW, login: loginOf({ passport }), sessionId: '', ...change })
/** A session in which anna is signed in and has given a second factor. `change`: fields of the second factor record that differ from `record()`. */
const proved = (change: object = {}, sessionKey = 'nevis') => ({ passport, [sessionKey]: { secondFactor: record(change) } })

beforeEach(() => {
  asked = []
  jest.spyOn(Date, 'now').mockReturnValue(NOW)
})

afterEach(() => void jest.restoreAllMocks())

describe('a user who is to be given a factor', () => {
  const admit = (user: unknown, subject = ANNA, session = {}, factor: Factor = app(), more = {}) =>
    assertMayEnroll(settingsOf(user, more), request(session), factor, subject)

  it('is asked for by the id where it is known, else by the name', async () => {
    expect(await admit(NEW)).toStrictEqual({ username: 'anna', userId: USER })
    expect(await admit(NEW, { userId: USER })).toStrictEqual({ userId: USER })
    expect(asked).toEqual([['findUserByUsername', 'anna'], ['getUser', USER]])
  })

  it('may have the first one where Nevis does not know the user, and no fault of Nevis says so', async () => {
    expect(await admit(error('NEVIS_NOT_FOUND'))).toBe(ANNA)
    await expect(admit(error('NEVIS_TIMEOUT'))).rejects.toMatchObject({ code: 'NEVIS_TIMEOUT' })
    await expect(admit(Object.assign(new Error('own'), { code: 'NEVIS_NOT_FOUND' }))).rejects.toThrow('own')
  })

  it('is not the subject where Nevis names another user', async () => {
    expect(await admit({ ...NEW, username: 'ben' })).toBe('username')
    expect(await admit({ ...NEW, userId: 'other' }, { userId: USER })).toBe('userId')
  })

  it.each<object>([
    { status: 'active' },
    { status: undefined },
    { authenticators: [PHONE] },
    { raw: { phones: ['+41'] } },
    { raw: { anything: [0] } },
    { raw: { recoveryCodesLeft: 3 } },
    { raw: { mobileNumber: '+41791234567' } },
    { raw: { SMS: true } },
    { raw: { fido: { a: 1 } } },
    { raw: { lastLoginDateSuccess: '2026-01-01' } },
    { raw: { updatedAt: 'x', deviceName: 'x' } },
  ])('has a factor already, with %j', async (more) => {
    await expect(admit({ ...NEW, ...more })).rejects.toEqual(refused('already_enrolled'))
  })

  it.each<object>([
    {},
    { raw: { userId: USER, username: 'sms', status: 'new', authenticators: [], createdAt: 'x', updatedAt: 'x', lastLoginDateFailure: 'x', exceededRateLimits: ['sms'] } },
    { raw: { authenticators: [{ authenticatorId: 'a1' }] } },
    { raw: { phones: [], phone: '', recoveryCodesLeft: 0, sms: false, device: null, fido: {} } },
    { raw: { language: 'de', tenant: { a: 1 } } },
  ])('has none yet, with %j', async (more) => {
    expect(await admit({ ...NEW, ...more })).toStrictEqual({ username: 'anna', userId: USER })
  })

  it.each<[string, unknown]>([['whom Nevis does not know', error('NEVIS_NOT_FOUND')], ['who has no factor', NEW], ['who has a factor', { ...NEW, status: 'active' }]])(
    'has no recovery codes for a first one: a user %s', async (_who, user) => {
      await expect(admit(user, ANNA, {}, recovery())).rejects.toEqual(refused('already_enrolled'))
    },
  )

  describe('and has one already', () => {
    const active = { ...NEW, status: 'active' }
    const with_ = (change: object = {}, factor: Factor = app()) => admit(active, ANNA, proved(change), factor)

    it.each([[NOW], [NOW - 600_000]])('may have another one after having just given it: at %d', async (at) => {
      expect(await with_({ at })).toStrictEqual({ username: 'anna', userId: USER })
    })

    it('may have another one by the record of this strategy alone', async () => {
      const session = proved({}, 'mfa')
      expect(await admit(active, ANNA, session, app(), { sessionKey: 'mfa' })).toStrictEqual({ username: 'anna', userId: USER })
      await expect(admit(active, ANNA, session)).rejects.toEqual(refused('already_enrolled'))
    })

    it.each([[{ at: NOW - 600_001 }], [{ at: NOW + 1 }], [{ userId: 'other' }], [{ login: 'other' }], [{ sessionId: 'other' }]])('may have none on another record: %j', async (change) => {
      await expect(with_(change)).rejects.toEqual(refused('already_enrolled'))
    })

    it.each<[string, Factor]>([['recovery', sms()], ['recovery', app()], ['sms', app()], ['widget', app()], ['own', app()], ['own', sms()]])(
      'may have none on a weaker one: after %s, %j', async (given, factor) => {
        await expect(with_({ factor: given }, factor)).rejects.toEqual(refused('already_enrolled'))
      },
    )

    it.each<[string, Factor]>([['recovery', recovery()], ['sms', recovery()], ['sms', sms()], ['push', recovery()], ['app', sms()], ['push', app()]])(
      'may have one that is no stronger: after %s, %j', async (given, factor) => {
        expect(await with_({ factor: given }, factor)).toStrictEqual({ username: 'anna', userId: USER })
      },
    )

    it('may have a stronger one after a factor that the app names, and after no other', async () => {
      const more = { allowEnrollmentOfStrongerFactorAfter: ['recovery'] }
      expect(await admit(active, ANNA, proved({ factor: 'recovery' }), app(), more)).toStrictEqual({ username: 'anna', userId: USER })
      await expect(admit(active, ANNA, proved({ factor: 'sms' }), app(), more)).rejects.toEqual(refused('already_enrolled'))
      await expect(admit(active, ANNA, proved({ factor: 'recovery', at: NOW - 600_001 }), app(), more)).rejects.toEqual(refused('already_enrolled'))
      await expect(admit(active, ANNA, {}, app(), more)).rejects.toEqual(refused('already_enrolled'))
    })
  })
})

describe('an enrolment that is about to count', () => {
  const transaction = (change: Partial<Transaction> = {}) =>
    ({ id: 't', factor: 'app', operation: 'enroll', subject: ANNA, userId: USER, startedAt: NOW - 60_000, expiresAt: NOW + 60_000, firstFactorAt: NOW, shown: {}, ...change }) as Transaction
  const finish = (user: unknown, newFactors: number, { session = {}, factor = app(), change = {} } = {}) =>
    assertMayStillEnroll(settingsOf(user), request(session), factor, transaction(change), newFactors, budgets)
  const withPhones = (count: number, status = count > 0 ? 'active' : 'new') => {
    const authenticators = Array(count).fill(PHONE)
    return { ...NEW, status, authenticators, raw: { authenticators } }
  }
  let budgets: Budgets
  beforeEach(() => {
    budgets = new Budgets({ client: { baseURL: 'https://a.example' }, ledger: new MemoryLedger(), firstFactorLifetimeMs: 600_000 } as never)
  })

  it.each<[number, number, boolean]>([[0, 0, true], [1, 0, false], [1, 1, true], [2, 1, false], [0, 1, true]])(
    'of a first factor, with %d authenticators of which %d are its own, counts: %s', async (has, newFactors, counts) => {
      const finished = finish(withPhones(has), newFactors)
      if (counts) await expect(finished).resolves.toBeUndefined()
      else await expect(finished).rejects.toEqual(refused('already_enrolled'))
    },
  )

  it('of a phone number counts before its code is verified, whatever Nevis already shows of this number', async () => {
    await expect(finish({ ...withPhones(0, 'active'), raw: { authenticators: [], phone: '+41790000123' } }, 0)).resolves.toBeUndefined()
  })

  it('of a first factor does not count after another enrolment of the user has succeeded, under each of the user\'s names', async () => {
    await budgets.signIns.note(budgets.keyOf({ userId: USER }))
    await expect(finish(NEW, 0)).rejects.toEqual(refused('already_enrolled'))
    await budgets.signIns.note(budgets.keyOf(ANNA))
    await expect(finish(NEW, 0, { change: { userId: undefined as never, budget: budgets.keyOf(ANNA) } })).rejects.toEqual(refused('already_enrolled'))
    await expect(finish(NEW, 0, { change: { startedAt: NOW + 1001 } })).resolves.toBeUndefined()
    expect(asked).toEqual([['getUser', USER]])
  })

  it('of a first factor does not count where Nevis lists no authenticators of an active user: the package cannot tell how many there are', async () => {
    const unlisted = { ...NEW, status: 'active', authenticators: [], raw: {} }
    await expect(finish(unlisted, 0)).rejects.toEqual(refused('already_enrolled'))
    await expect(finish(unlisted, 1)).rejects.toEqual(refused('already_enrolled'))
    await expect(finish(NEW, 1)).resolves.toBeUndefined()
  })

  it('of a first factor counts where Nevis does not know the user yet, and not where Nevis gives no answer', async () => {
    await expect(finish(error('NEVIS_NOT_FOUND'), 0)).resolves.toBeUndefined()
    await expect(finish(error('NEVIS_TIMEOUT'), 0)).rejects.toMatchObject({ code: 'NEVIS_TIMEOUT' })
  })

  it('asks for the user by the id that Nevis gave, else by the subject\'s own, else by name', async () => {
    await finish(NEW, 0)
    await finish(NEW, 0, { change: { userId: undefined as never, subject: { userId: USER } } })
    await finish(NEW, 0, { change: { userId: undefined as never } })
    expect(asked).toEqual([['getUser', USER], ['getUser', USER], ['findUserByUsername', 'anna']])
  })

  it('counts on a record that was fresh when it was started, and asks Nevis nothing', async () => {
    const session = proved({ at: NOW - 660_000 })
    await expect(finish(withPhones(3), 1, { session })).resolves.toBeUndefined()
    expect(asked).toEqual([])
    await expect(finish(withPhones(3), 1, { session: proved({ at: NOW - 660_001 }) })).rejects.toEqual(refused('already_enrolled'))
    await expect(finish(withPhones(3), 1, { session: proved({ factor: 'recovery' }) })).rejects.toEqual(refused('already_enrolled'))
  })

  it('of recovery codes never counts without such a record', async () => {
    await expect(finish(NEW, 0, { factor: recovery() })).rejects.toEqual(refused('already_enrolled'))
    await expect(finish(NEW, 0, { factor: recovery(), session: proved() })).resolves.toBeUndefined()
  })
})

describe('the answer to an enrolment that names factors', () => {
  const isRefused = (session: object, hasFactor: boolean | undefined, factor: Factor = app()) =>
    isEnrolmentOfEnrolled(settingsOf(NEW), request(session), factor, { userId: USER, ...(hasFactor !== undefined && { hasFactor }) })

  it.each<[string, object, boolean | undefined, boolean]>([
    ['a first factor of a user who has one', {}, true, true],
    ['a first factor of a user who has none', {}, false, false],
    ['a first factor of a user of whom it says nothing', {}, undefined, false],
    ['a further factor after a fresh one', proved(), true, false],
    ['a further factor after a weaker one', proved({ factor: 'sms' }), true, true],
    ['a further factor after one of another user', proved({ userId: 'other' }), true, true],
  ])('is for %s', (_what, session, hasFactor, expected) => {
    expect(isRefused(session, hasFactor)).toBe(expected)
  })
})

describe('the first operation', () => {
  const active = { ...NEW, status: 'active' }
  it.each<[string, string, unknown, unknown]>([
    ['has a factor', 'approve', active, active],
    ['has none', 'enroll', NEW, NEW],
    ['is not known to Nevis', 'enroll', error('NEVIS_NOT_FOUND'), undefined],
  ])('for a user who %s is %s, and the user is not looked up again', async (_who, operation, answer, user) => {
    expect(await firstOperation(clientOf(answer), ANNA)).toStrictEqual({ operation, user })
  })

  it('is none where Nevis gives no answer', async () => {
    await expect(firstOperation(clientOf(error('NEVIS_TIMEOUT')), ANNA)).rejects.toMatchObject({ code: 'NEVIS_TIMEOUT' })
  })
})

describe('an authenticator', () => {
  const user = { ...NEW, authenticators: [{ authenticatorId: 'a0' }, PHONE] }

  it('is the subject\'s own where Nevis lists it with the subject', async () => {
    expect(await ownAuthenticator(clientOf(user), ANNA, 'a1')).toBe(PHONE)
    for (const id of ['A1', 'a2', '', undefined, ['a1']]) expect(await ownAuthenticator(clientOf(user), ANNA, id)).toBeUndefined()
    expect(await ownAuthenticator(clientOf({ ...user, username: 'ben' }), ANNA, 'a1')).toBeUndefined()
  })

  it('is foreign for a reason', async () => {
    expect(await authenticatorMismatch(clientOf(user), ANNA, 'a1')).toBeUndefined()
    expect(await authenticatorMismatch(clientOf(user), ANNA, 'a2')).toBe('authenticatorId')
    expect(await authenticatorMismatch(clientOf({ ...user, username: 'ben' }), ANNA, 'a1')).toBe('username')
    expect(await authenticatorMismatch(clientOf({ ...user, userId: 'other' }), { userId: USER }, 'a1')).toBe('userId')
  })
})

describe('a challenge', () => {
  let budgets: Budgets
  beforeEach(() => {
    budgets = new Budgets({ client: { baseURL: 'https://a.example' }, ledger: new MemoryLedger() } as never)
  })

  const challenge = { server: { id: 't', userId: USER }, browser: {} }
  const start = (user: unknown, factor: Factor, operation: 'approve' | 'enroll', { message, authenticatorId, phone, userId }: Record<string, string> = {}) =>
    challengeFor(settingsOf(user), budgets, request(), factor, { operation, subject: ANNA, ...(message !== undefined && { message }), ...(phone !== undefined && { phone }) }, authenticatorId, userId)
  const factorWith = (answer: unknown): Factor & { requests: unknown[] } => {
    const requests: unknown[] = []
    const answered = async (_nevis: unknown, subject: unknown, asks: unknown) => {
      requests.push([subject, asks])
      if (answer instanceof Error) throw answer
      return answer as never
    }
    return { ...push(), approve: answered, enroll: answered, requests }
  }

  it('is what the factor has started, asked no more than it must be', async () => {
    const factor = factorWith(challenge)
    expect(await start(undefined, factor, 'approve')).toBe(challenge)
    expect(await start(NEW, factor, 'enroll', { message: 'Hello', phone: '+41791234567' })).toBe(challenge)
    expect(await start({ ...NEW, authenticators: [PHONE] }, factor, 'approve', { authenticatorId: 'a1', phone: '+41791234567' })).toBe(challenge)
    expect(factor.requests).toStrictEqual([[ANNA, { typedCodeLine: 'Type {code}' }], [ANNA, { message: 'Hello', phone: '+41791234567' }], [ANNA, { authenticatorId: 'a1', typedCodeLine: 'Type {code}' }]])
    expect(asked).toEqual([['findUserByUsername', 'anna'], ['findUserByUsername', 'anna']])
  })

  it('is none where Nevis names another user, before or after', async () => {
    const factor = factorWith({ ...challenge, server: { id: 't', username: 'ben' } })
    expect(await start(undefined, factor, 'approve')).toBe('username')
    expect(await start({ ...NEW, username: 'ben' }, factor, 'enroll')).toBe('username')
    expect(await start({ ...NEW, username: 'ben' }, factor, 'approve', { authenticatorId: 'a1' })).toBe('username')
    expect(factor.requests).toHaveLength(1)
    // Here the caller passes the userId that an earlier call to Nevis has returned. Nevis's answer to the start contains another userId.
    expect(await start(undefined, factorWith({ ...challenge, server: { id: 't', userId: 'other' } }), 'approve', { userId: USER })).toBe('userId')
    // Here the start of an enrolment itself looks up the user, and so finds the userId. Nevis's answer to the start contains another userId.
    expect(await start(NEW, factorWith({ ...challenge, server: { id: 't', userId: 'other' } }), 'enroll')).toBe('userId')
  })

  it.each<[string, unknown, 'approve' | 'enroll', string]>([
    ['of an unknown user', error('NEVIS_NOT_FOUND', 404), 'approve', 'not_enrolled'],
    ['of an unknown user', error('NEVIS_NOT_FOUND', 404), 'enroll', 'not_enrolled'],
    ['of one device too many', error('NEVIS_REJECTED', 409), 'enroll', 'too_many_authenticators'],
  ])('%s is refused (%#)', async (_name, answer, operation, code) => {
    await expect(start(NEW, factorWith(answer), operation)).rejects.toEqual(refused(code))
  })

  it.each([400, 403, 409, 412, 422, 423, 429])('of a user whom Nevis has blocked is refused for that reason, with any HTTP status of a refusal: %i', async (status) => {
    const code = status === 403 ? 'NEVIS_UNAUTHORIZED' : status === 429 ? 'NEVIS_RATE_LIMITED' : 'NEVIS_REJECTED'
    for (const operation of ['approve', 'enroll'] as const) {
      await expect(start({ ...NEW, exceededRateLimits: ['push'] }, factorWith(error(code, status)), operation)).rejects.toMatchObject({ code: 'user_blocked' })
    }
  })

  it.each<[unknown, 'approve' | 'enroll']>([
    [error('NEVIS_REJECTED', 409), 'approve'],
    [error('NEVIS_REJECTED', 400), 'enroll'],
    [error('NEVIS_TIMEOUT'), 'approve'],
    [Object.assign(new Error('own'), { code: 'NEVIS_NOT_FOUND' }), 'approve'],
    [Object.assign(new Error('own'), { nevisStatus: 409 }), 'enroll'],
  ])('that fails otherwise is that very fault (%#)', async (fault, operation) => {
    await expect(start(NEW, factorWith(fault), operation)).rejects.toBe(fault)
  })

  it('on another user\'s phone is refused, and of a user whom Nevis does not know', async () => {
    const factor = factorWith(challenge)
    await expect(start(NEW, factor, 'approve', { authenticatorId: 'a1' })).rejects.toEqual(refused('unknown_authenticator'))
    await expect(start(error('NEVIS_NOT_FOUND'), factor, 'approve', { authenticatorId: 'a1' })).rejects.toEqual(refused('not_enrolled'))
    expect(factor.requests).toEqual([])
  })

  it('goes by the operation', async () => {
    const nevis = { ...clientOf(NEW), approve: async () => ({ transactionId: 'approved', statusToken: 's', raw: {} }), enroll: async () => ({ transactionId: 'enrolled', userId: USER, raw: {} }) }
    const settings = { ...settingsOf(NEW), client: nevis } as unknown as Settings
    const of = (operation: 'approve' | 'enroll', factor: Factor) => challengeFor(settings, budgets, request(), factor, { operation, subject: ANNA }, undefined, undefined)
    expect(await of('approve', sms())).toMatchObject({ server: { id: 'approved' } })
    expect(await of('enroll', app())).toMatchObject({ server: { id: 'enrolled' } })
  })

  it('is refused where the answer to the enrolment of a first factor says that the user has one', async () => {
    const own = { ...challenge, server: { ...challenge.server, hasFactor: true } }
    expect(await start(NEW, factorWith(own), 'enroll')).toBe('hasFactor')
    expect(await start(NEW, factorWith(own), 'approve')).toBe(own)
  })

  it('sends a number ten texts in a day, whoever asks for them, and then none', async () => {
    const factor = { ...factorWith(challenge), name: 'sms' }
    for (let i = 0; i < 10; i++) expect(await start(NEW, factor, 'enroll', { phone: '+41791234567' })).toBe(challenge)
    const events = recordEvents()
    await expect(start(NEW, factor, 'enroll', { phone: '+41 79 123 45 67' })).rejects.toMatchObject({ code: 'too_many_starts', retryAfterSeconds: 86_400 })
    events.stop()
    expect(events.all).toEqual([{ event: 'budget', strategy: 'nevis', subject: ANNA, factor: 'sms', operation: 'enroll', budget: 'phone', limit: 10 }])
    expect(factor.requests).toHaveLength(10)
    expect(await start(NEW, factor, 'enroll', { phone: '+41790000000' })).toBe(challenge)
  })
})
