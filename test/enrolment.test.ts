/** Who may be given a factor, whose an authenticator is, and what Nevis's refusals mean: by answers in every form. */
import { app, ownAuthenticator, push, sms, type Factor, type NevisClient, type NevisRequest, type Subject } from '../src'
import { foreignIn } from '../src/authenticators'
import { challengeFor } from '../src/challenge'
import { NevisError } from '../src/client/errors'
import { admitted } from '../src/enrolment'
import type { Settings } from '../src/options'
import { loginOf } from '../src/request'

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
const settingsOf = (user: unknown, sessionKey = 'nevis') => ({ client: clientOf(user), sessionKey, firstFactorLifetimeMs: 600_000 }) as unknown as Settings
const request = (session: object = {}) => ({ method: 'POST', url: '/', headers: {}, body: {}, session }) as unknown as NevisRequest

beforeEach(() => {
  asked = []
  jest.spyOn(Date, 'now').mockReturnValue(NOW)
})

afterEach(() => void jest.restoreAllMocks())

describe('whoever enrols', () => {
  const admit = (user: unknown, subject = ANNA, session = {}) => admitted(settingsOf(user), request(session), subject)

  it('is asked for by the id where it is known, else by the name', async () => {
    expect(await admit(NEW)).toStrictEqual({ username: 'anna', userId: USER })
    expect(await admit(NEW, { userId: USER })).toStrictEqual({ userId: USER })
    expect(asked).toEqual([['findUserByUsername', 'anna'], ['getUser', USER]])
  })

  it('is let in where Nevis knows nobody, and only then', async () => {
    expect(await admit(error('NEVIS_NOT_FOUND'))).toBe(ANNA)
    await expect(admit(error('NEVIS_TIMEOUT'))).rejects.toMatchObject({ code: 'NEVIS_TIMEOUT' })
    await expect(admit(Object.assign(new Error('own'), { code: 'NEVIS_NOT_FOUND' }))).rejects.toThrow('own')
  })

  it('is not let in where Nevis names somebody else', async () => {
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

  describe('and has one already', () => {
    const passport = { user: 'anna' }
    const record = (change: object = {}) => ({ userId: USER, factor: 'push', transactionId: 't', at: NOW, login: loginOf({ passport }), sessionId: '', ...change })
    const with_ = (change: object = {}) => admit({ ...NEW, status: 'active' }, ANNA, { passport, nevis: { secondFactor: record(change) } })

    it.each([[NOW], [NOW - 600_000]])('is let in who has just given it: at %d', async (at) => {
      expect(await with_({ at })).toStrictEqual({ username: 'anna', userId: USER })
    })

    it('is let in by the record of this strategy alone', async () => {
      const session = { passport, mfa: { secondFactor: record() } }
      const active = { ...NEW, status: 'active' }
      expect(await admitted(settingsOf(active, 'mfa'), request(session), ANNA)).toStrictEqual({ username: 'anna', userId: USER })
      await expect(admitted(settingsOf(active), request(session), ANNA)).rejects.toEqual(refused('already_enrolled'))
    })

    it.each([[{ at: NOW - 600_001 }], [{ at: NOW + 1 }], [{ userId: 'other' }], [{ login: 'other' }], [{ sessionId: 'other' }]])('is not let in on another record: %j', async (change) => {
      await expect(with_(change)).rejects.toEqual(refused('already_enrolled'))
    })
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
    expect(await foreignIn(clientOf(user), ANNA, 'a1')).toBeUndefined()
    expect(await foreignIn(clientOf(user), ANNA, 'a2')).toBe('authenticatorId')
    expect(await foreignIn(clientOf({ ...user, username: 'ben' }), ANNA, 'a1')).toBe('username')
    expect(await foreignIn(clientOf({ ...user, userId: 'other' }), { userId: USER }, 'a1')).toBe('userId')
  })
})

describe('a challenge', () => {
  const challenge = { server: { id: 't', userId: USER }, browser: {} }
  const start = (user: unknown, factor: Factor, operation: 'approve' | 'enroll', { message, authenticatorId, phone }: Record<string, string> = {}) =>
    challengeFor(settingsOf(user), request(), phone === undefined ? {} : { phone }, factor, { operation, subject: ANNA, ...(message !== undefined && { message }) }, authenticatorId)
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
    expect(factor.requests).toStrictEqual([[ANNA, {}], [ANNA, { message: 'Hello', phone: '+41791234567' }], [ANNA, { authenticatorId: 'a1' }]])
    expect(asked).toEqual([['findUserByUsername', 'anna'], ['findUserByUsername', 'anna']])
  })

  it('is none where Nevis names somebody else, before or after', async () => {
    const factor = factorWith({ ...challenge, server: { id: 't', username: 'ben' } })
    expect(await start(undefined, factor, 'approve')).toBe('username')
    expect(await start({ ...NEW, username: 'ben' }, factor, 'enroll')).toBe('username')
    expect(await start({ ...NEW, username: 'ben' }, factor, 'approve', { authenticatorId: 'a1' })).toBe('username')
    expect(factor.requests).toHaveLength(1)
    // Where the user was found by name, the id that was found counts too.
    expect(await start(NEW, factorWith({ ...challenge, server: { id: 't', userId: 'other' } }), 'enroll')).toBe('userId')
  })

  it.each<[string, unknown, 'approve' | 'enroll', string]>([
    ['of somebody unknown', error('NEVIS_NOT_FOUND', 404), 'approve', 'not_enrolled'],
    ['of somebody unknown', error('NEVIS_NOT_FOUND', 404), 'enroll', 'not_enrolled'],
    ['of one device too many', error('NEVIS_REJECTED', 409), 'enroll', 'too_many_authenticators'],
  ])('%s is refused (%#)', async (_name, answer, operation, code) => {
    await expect(start(NEW, factorWith(answer), operation)).rejects.toEqual(refused(code))
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

  it('on somebody else\'s phone is refused, and of somebody whom Nevis does not know', async () => {
    const factor = factorWith(challenge)
    await expect(start(NEW, factor, 'approve', { authenticatorId: 'a1' })).rejects.toEqual(refused('unknown_authenticator'))
    await expect(start(error('NEVIS_NOT_FOUND'), factor, 'approve', { authenticatorId: 'a1' })).rejects.toEqual(refused('not_enrolled'))
    expect(factor.requests).toEqual([])
  })

  it('goes by the operation', async () => {
    const nevis = { ...clientOf(NEW), approve: async () => ({ transactionId: 'approved', statusToken: 's', raw: {} }), enroll: async () => ({ transactionId: 'enrolled', userId: USER }) }
    const settings = { ...settingsOf(NEW), client: nevis } as unknown as Settings
    const of = (operation: 'approve' | 'enroll', factor: Factor) => challengeFor(settings, request(), {}, factor, { operation, subject: ANNA }, undefined)
    expect(await of('approve', sms())).toMatchObject({ server: { id: 'approved' } })
    expect(await of('enroll', app())).toMatchObject({ server: { id: 'enrolled' } })
  })
})
