/** Tests that a success is accepted only for its transaction, subject and instance: once with all fields right, and once for each wrong field. */
import { isOfSamePerson, isSubjectOf, outcomeMismatch, proofMismatch, subjectMismatch, withoutSlash, type ExpectedProof } from '../../src/trust/binding'
import { NevisClient } from '../../src'
import type { Introspection, Subject, Succeeded, Transaction } from '../../src'
import { NevisSimulator } from '../../src/simulator'

const USER = '7b2ce5a9-6bd0-4e2f-8d0f-2ac2c4a1d7a1'
const OTHER = '11111111-2222-4333-8444-555555555555'

describe('a success', () => {
  const transaction: Transaction = {
    id: 't1', factor: 'push', operation: 'approve', subject: { username: 'anna' }, userId: USER, statusToken: 's',
    startedAt: 0, expiresAt: 1, firstFactorAt: 0, shown: {},
  }
  const { userId: _userId, ...withoutUserId } = transaction
  const outcome: Succeeded = { status: 'succeeded', userId: USER, username: 'anna', transactionId: 't1', token: 'x' }
  const { username: _username, ...nameless } = outcome
  const { userId: _u, ...anonymous } = outcome
  const { transactionId: _t, ...unnumbered } = outcome

  describe('in which everything fits', () => {
    it.each<[string, Transaction, Succeeded]>([
      ['all of it', transaction, outcome],
      ['without a username', transaction, nameless],
      ['for a subject known by its userId', { ...transaction, subject: { userId: USER } }, outcome],
      ['for a subject known by both', { ...transaction, subject: { userId: USER, username: 'anna' } }, outcome],
      ['where the start named no userId', withoutUserId, outcome],
      ['without a userId, in an answer to the status token', transaction, { ...anonymous, isBoundByStatusToken: true }],
      ['without a transaction, in an answer to the status token', transaction, { ...unnumbered, isBoundByStatusToken: true }],
      ['with nothing but the status, in an answer to the status token', transaction, { status: 'succeeded', isBoundByStatusToken: true }],
      ['with the username in capitals and no userId, for a subject known by both', { ...transaction, subject: { userId: USER, username: 'anna' } }, { ...anonymous, username: 'Anna', isBoundByStatusToken: true }],
    ])('is bound: %s', (_name, started, given) => {
      expect(outcomeMismatch(started, given)).toBeUndefined()
    })
  })

  describe('in which one field does not fit', () => {
    // Shows: C-status-7
    it.each<[string, string, Transaction, Succeeded]>([
      ['userId', 'another userId', transaction, { ...outcome, userId: OTHER }],
      ['userId', 'no userId', transaction, anonymous],
      ['userId', 'an empty userId', transaction, { ...outcome, userId: '' }],
      ['userId', 'no userId on either side', withoutUserId, anonymous],
      ['userId', 'no userId on either side, in an answer to the status token', withoutUserId, { ...anonymous, isBoundByStatusToken: true }],
      ['userId', 'another userId, in an answer to the status token', transaction, { ...outcome, userId: OTHER, isBoundByStatusToken: true }],
      ['userId', 'an empty userId, in an answer to the status token', transaction, { ...outcome, userId: '', isBoundByStatusToken: true }],
      ['userId', 'the userId of the start is not that of the subject, and the answer to the status token has none', { ...transaction, subject: { userId: OTHER } }, { ...anonymous, isBoundByStatusToken: true }],
      ['userId', 'not the userId of the subject', { ...withoutUserId, subject: { userId: OTHER } }, outcome],
      ['transactionId', 'another transaction', transaction, { ...outcome, transactionId: 't2' }],
      ['transactionId', 'no transaction', transaction, unnumbered],
      ['transactionId', 'an empty transaction', transaction, { ...outcome, transactionId: '' }],
      ['transactionId', 'another transaction, in an answer to the status token', transaction, { ...outcome, transactionId: 't2', isBoundByStatusToken: true }],
      ['transactionId', 'an empty transaction, in an answer to the status token', transaction, { ...outcome, transactionId: '', isBoundByStatusToken: true }],
      ['username', 'another username, and no ids, in an answer to the status token', transaction, { status: 'succeeded', username: 'ben', isBoundByStatusToken: true }],
      ['username', 'another username', transaction, { ...outcome, username: 'ben' }],
      ['usernameCase', 'the username in capitals', transaction, { ...outcome, username: 'Anna' }],
      ['username', 'an empty username', transaction, { ...outcome, username: '' }],
    ])('names %s: %s', (field, _name, started, given) => {
      expect(outcomeMismatch(started, given)).toBe(field)
    })
  })
})

describe('an answer that names a user', () => {
  describe('compared with the subject', () => {
    it.each<[Subject, { userId?: string; username?: string }, ReturnType<typeof subjectMismatch>]>([
      [{ username: 'anna' }, { username: 'anna' }, undefined],
      [{ username: 'anna' }, { userId: USER, username: 'anna' }, undefined],
      [{ username: 'anna' }, { userId: USER }, undefined],
      [{ username: 'anna' }, {}, undefined],
      [{ userId: USER }, { userId: USER, username: 'anybody' }, undefined],
      [{ userId: USER }, {}, undefined],
      [{ userId: USER, username: 'anna' }, { username: 'anna' }, undefined],
      [{ userId: USER, username: 'anna' }, { userId: USER, username: 'anna' }, undefined],
      [{ username: 'anna' }, { username: 'ben' }, 'username'],
      [{ username: 'anna' }, { username: '' }, 'username'],
      [{ userId: USER }, { userId: OTHER }, 'userId'],
      [{ userId: USER }, { userId: '' }, 'userId'],
      [{ userId: USER, username: 'anna' }, { userId: OTHER, username: 'anna' }, 'userId'],
      [{ userId: USER, username: 'anna' }, { userId: USER, username: 'ben' }, 'username'],
      [{ userId: USER, username: 'Anna' }, { userId: USER.toUpperCase(), username: 'anna' }, undefined],
      [{ userId: USER, username: 'Anna' }, { userId: OTHER, username: 'anna' }, 'userId'],
      [{ userId: USER, username: 'Anna' }, { username: 'anna' }, 'usernameCase'],
      [{ username: 'Anna' }, { userId: USER, username: 'anna' }, 'usernameCase'],
    ])('%j and %j: %s', (subject, named, expected) => {
      expect(subjectMismatch(subject, named)).toBe(expected)
    })
  })
})

describe('the signed-in user', () => {
  const asked = { id: 't1', factor: 'push', operation: 'approve', startedAt: 0, expiresAt: 1, firstFactorAt: 0, shown: {} } as const
  const named = { ...asked, subject: { username: 'anna' }, userId: USER }
  const numbered = { ...asked, subject: { userId: USER } }
  const both = { ...asked, subject: { userId: USER, username: 'anna' } }
  const nameOnly = { ...asked, subject: { username: 'anna' } }
  it.each<[string, Subject | undefined, Transaction, boolean]>([
    ['by the same name', { username: 'anna' }, named, true],
    ['by the userId that Nevis gave', { userId: USER, username: 'anna' }, named, true],
    ['by the userId alone', { userId: USER }, numbered, true],
    ['by the same name, where a userId was asked for, too', { username: 'anna' }, both, true],
    ['by the same userId, where a name was asked for, too', { userId: USER }, both, true],
    ['by the userId alone, in other letters', { userId: USER.toUpperCase() }, numbered, true],
    ['by a userId that is not known of the one who was asked', { userId: USER, username: 'anna' }, nameOnly, false],
    ['by another name', { username: 'ben' }, named, false],
    ['by another userId', { userId: OTHER }, numbered, false],
    ['by another userId and the same name', { userId: OTHER, username: 'anna' }, named, false],
    ['by the same userId and another name', { userId: USER, username: 'ben' }, named, false],
    ['by a name that was not asked for', { username: 'anna' }, numbered, false],
    ['by no name', {}, numbered, false],
    ['as nobody', undefined, named, false],
  ])('is the one who was asked, or is not: %s', (_name, subject, transaction, expected) => {
    expect(isSubjectOf(subject, transaction)).toBe(expected)
  })
})

describe('an introspected token', () => {
  const NOW = 1_700_000_000_000
  const seconds = NOW / 1000
  const expected: ExpectedProof = { userId: USER, issuers: ['https://a.mauth.nevis.cloud'], startedAt: NOW - 10_000, now: NOW }
  const proof: Extract<Introspection, { active: true }> = {
    active: true, sub: USER, iss: 'https://a.mauth.nevis.cloud/', aud: ['transaction'], exp: seconds + 60, iat: seconds - 5,
    nbf: seconds - 5, raw: {},
  }
  const without = (...names: (keyof typeof proof)[]): Introspection =>
    Object.fromEntries(Object.entries(proof).filter(([name]) => !names.includes(name as keyof typeof proof))) as unknown as Introspection

  describe('in which everything fits', () => {
    it.each<[string, Introspection, Partial<ExpectedProof>]>([
      ['all of it', proof, {}],
      ['an issuer without a slash', { ...proof, iss: 'https://a.mauth.nevis.cloud' }, {}],
      ['the second of two issuers', proof, { issuers: ['https://b.example', 'https://a.mauth.nevis.cloud'] }],
      ['no aud', without('aud'), {}],
      ['an empty aud', { ...proof, aud: [] }, {}],
      ['an aud that only begins like that of an access key', { ...proof, aud: ['apis', 'API'] }, {}],
      ['no exp', without('exp'), {}],
      ['no nbf', without('nbf'), {}],
      ['none of the optional claims', without('aud', 'exp', 'iat', 'nbf'), {}],
      ['an exp just ahead', { ...proof, exp: seconds + 0.001 }, {}],
      ['an nbf ahead by as much as clocks differ', { ...proof, nbf: seconds + 60 }, {}],
      ['an iat before the start by as much as clocks differ', { ...proof, iat: seconds - 70 }, {}],
      ['brought, with an iat ahead by as much as clocks differ', { ...proof, iat: seconds + 60 }, { isFromBrowser: true }],
      ['given by Nevis, with an iat long ahead', { ...proof, iat: seconds + 3600 }, {}],
    ])('is a proof: %s', (_name, given, more) => {
      expect(proofMismatch(given, { ...expected, ...more })).toBeUndefined()
    })
  })

  describe('in which one field does not fit', () => {
    // Shows: ASVS V9.2.1, C-token-2, C-token-3, C-token-4, C-token-6
    it.each<[string, string, Introspection]>([
      ['active', 'inactive', { active: false, raw: {} }],
      ['active', 'inactive with all the rest', { ...proof, active: false }],
      ['iat', 'issued long before the start', { ...proof, iat: seconds - 71 }],
      ['sub', 'another user', { ...proof, sub: OTHER }],
      ['sub', 'nobody', without('sub')],
      ['sub', 'an empty sub', { ...proof, sub: '' }],
      ['iss', 'no issuer', without('iss')],
      ['iss', 'an empty issuer', { ...proof, iss: '' }],
      ['iss', 'another instance', { ...proof, iss: 'https://b.mauth.nevis.cloud/' }],
      ['iss', 'ours as a prefix of a host', { ...proof, iss: 'https://a.mauth.nevis.cloud.evil.example/' }],
      ['iss', 'ours as a user of a host', { ...proof, iss: 'https://a.mauth.nevis.cloud@evil.example/' }],
      ['iss', 'ours as a prefix of a path', { ...proof, iss: 'https://a.mauth.nevis.cloud/evil' }],
      ['iss', 'ours as the end', { ...proof, iss: 'https://evil.example/https://a.mauth.nevis.cloud' }],
      ['iss', 'ours in plain http', { ...proof, iss: 'http://a.mauth.nevis.cloud/' }],
      ['iss', 'two slashes', { ...proof, iss: 'https://a.mauth.nevis.cloud//' }],
      ['aud', 'an access key', { ...proof, aud: ['api'] }],
      ['aud', 'an access key among others', { ...proof, aud: ['transaction', 'api', 'x'] }],
      ['exp', 'over', { ...proof, exp: seconds - 1 }],
      ['exp', 'over at this very moment', { ...proof, exp: seconds }],
      ['exp', 'zero', { ...proof, exp: 0 }],
      ['nbf', 'not yet', { ...proof, nbf: seconds + 60.001 }],
      ['nbf', 'not for long', { ...proof, nbf: seconds + 3600 }],
    ])('names %s: %s', (field, _name, given) => {
      expect(proofMismatch(given, expected)).toBe(field)
    })
  })

  describe('that a browser brought', () => {
    it.each<[string, Introspection]>([
      ['without a time', without('iat')],
      ['issued later than now', { ...proof, iat: seconds + 60.001 }],
    ])('must say when it was issued: %s', (_name, given) => {
      expect(proofMismatch(given, { ...expected, isFromBrowser: true })).toBe('iat')
    })
  })

  describe('for an expectation that is empty', () => {
    it('is no proof without issuers', () => {
      expect(proofMismatch(proof, { ...expected, issuers: [] })).toBe('iss')
      expect(proofMismatch({ ...proof, iss: '' }, { ...expected, issuers: [] })).toBe('iss')
    })
  })
})

describe('a token of the cloud', () => {
  let simulator: NevisSimulator
  let client: NevisClient
  let userId: string

  beforeEach(async () => {
    simulator = await NevisSimulator.start()
    ;({ userId } = simulator.addUser({ username: 'anna' }))
    client = new NevisClient({ baseURL: simulator.baseURL, accessKey: simulator.accessKey })
  })

  afterEach(() => simulator.close())

  const mismatchOf = async (token: string) =>
    proofMismatch(await client.introspect(token), { userId, issuers: [simulator.baseURL], startedAt: Date.now() - 10_000, now: Date.now() })

  const approved = async (): Promise<{ token: string; statusToken: string }> => {
    const { statusToken } = await client.approve({ username: 'anna' })
    await simulator.phone('anna').approve()
    const status = await client.getStatus(statusToken)
    return { token: (status as { token: string }).token, statusToken }
  }

  describe('that an approval gave', () => {
    it('is a proof', async () => {
      expect(await mismatchOf((await approved()).token)).toBeUndefined()
    })

    it.each<[string, Record<string, unknown>]>([
      ['aud', { aud: 'api' }],
      ['aud', { aud: ['transaction', 'api'] }],
      ['sub', { sub: undefined }],
      ['exp', { exp: 1_600_000_000 }],
      ['exp', { exp: 1_600_000_000_000 }],
      ['exp', { exp: '1600000000' }],
      ['iss', { iss: undefined }],
      ['active', { active: false }],
    ])('is none, for its %s, once the answer holds %j', async (field, patch) => {
      const { token } = await approved()
      simulator.faults.add({ on: 'introspect', patch })
      expect(await mismatchOf(token)).toBe(field)
    })
  })

  describe('that is active and yet no proof', () => {
    // Shows: C-token-5
    it('is the access key: for its user and its audience', async () => {
      const introspection = await client.introspect(simulator.accessKey)
      expect(introspection.active).toBe(true)
      expect(await mismatchOf(simulator.accessKey)).toBe('sub')
      expect(proofMismatch({ ...introspection, sub: userId } as Introspection, { userId, issuers: [simulator.baseURL], startedAt: Date.now() - 10_000, now: Date.now() })).toBe('aud')
    })
  })
})

describe('withoutSlash', () => {
  describe('for an address', () => {
    it.each([
      ['https://a.example/', 'https://a.example'],
      ['https://a.example', 'https://a.example'],
      ['https://a.example/b/', 'https://a.example/b'],
      ['https://a.example//', 'https://a.example/'],
      ['', ''],
    ])('takes one slash off the end of %j', (url, expected) => {
      expect(withoutSlash(url)).toBe(expected)
    })
  })
})

describe('two transactions', () => {
  type Named = Pick<Transaction, 'subject' | 'userId'>
  const [byName, byId]: [Subject, Subject] = [{ username: 'anna' }, { userId: USER }]

  it.each<[boolean, string, Named, Named]>([
    [true, 'the app has named the same userId and another username', { subject: { ...byId, username: 'anna' } }, { subject: { ...byId, username: 'renamed' } }],
    [true, 'Nevis has named the userId for both', { subject: byName, userId: USER }, { subject: { username: 'renamed' }, userId: USER }],
    [true, 'the app has named the userId, and Nevis names the same in other letters', { subject: byId }, { subject: byName, userId: USER.toUpperCase() }],
    [true, 'the app has named the same username, and nobody has named a userId', { subject: byName }, { subject: byName }],
    [true, 'the app has named the same username, and Nevis has named the userId for one of them', { subject: byName, userId: USER }, { subject: byName }],
    [false, 'the app has named the same username and another userId', { subject: { ...byId, username: 'anna' } }, { subject: { userId: OTHER, username: 'anna' } }],
    [false, 'Nevis has named another userId for the same username', { subject: byName, userId: USER }, { subject: byName, userId: OTHER }],
    [false, 'the app has named a userId for one of them only', { subject: { ...byId, username: 'anna' } }, { subject: byName }],
    [false, 'the app has named another username, and nobody has named a userId', { subject: byName }, { subject: { username: 'ben' } }],
    [false, 'the usernames differ in case only', { subject: byName }, { subject: { username: 'Anna' } }],
  ])('are of the same person: %s, where %s', (expected, _name, one, other) => {
    expect([isOfSamePerson(one, other), isOfSamePerson(other, one)]).toEqual([expected, expected])
  })
})
