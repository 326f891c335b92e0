/** Tests which answers of Nevis the client accepts, and with which message it refuses other answers. A message names a field or a rule, never a value. */
import type { NevisClient } from '../../src/client/client'
import { NevisError, undecidedTransactionOf, type NevisErrorCode } from '../../src/client/errors'
import {
  APP_APPROVAL, ENROLLMENT, PUSH_APPROVAL, STATUS, USER, USER_ID, closeServers, newClient, nevisError, serve,
} from './support'

afterEach(closeServers)

/** Returns a client for a server that answers every request with this status and body. */
async function answeredWith(status: number, body: unknown): Promise<NevisClient> {
  const { baseURL } = await serve((_req, res) => void res.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body)))
  return newClient({ baseURL })
}

describe('a user', () => {
  it('without a status has none of the statuses of the authenticators', async () => {
    const { status: _, ...user } = USER as Record<string, unknown>
    const client = await answeredWith(200, { ...user, authenticators: [{ authenticatorId: USER_ID, status: 'new' }] })
    await expect(client.getUser(USER_ID)).resolves.toMatchObject({ status: 'unknown' })
  })
})

describe('an enrolment', () => {
  const { enrollment: shown, ...user } = ENROLLMENT

  describe('of the app, with the QR code and link beside the user', () => {
    it('is read like one with these inside of `enrollment`', async () => {
      const client = await answeredWith(201, { ...user, ...shown })
      await expect(client.enroll({ username: 'u12345' })).resolves.toMatchObject({ ...user, ...shown })
    })
  })

  /** A status of the user other than `new` shows that the user already had a factor, so a first enrolment would be refused. */
  describe('reads the status of the user, and not that of the transaction', () => {
    const { statusToken, transactionId } = shown
    const status = async (body: object) => (await (await answeredWith(201, body)).enroll({ username: 'u12345', channel: 'sms', phone: '+41791234567' })).status

    it.each(['pending', 'PENDING', 'succeeded', 'failed', 'unknown', 'processing'])('%s', async (word) => {
      expect(await status({ statusToken, transactionId, userId: USER_ID, status: word })).toBeUndefined()
      expect(await status({ userId: USER_ID, enrollment: { statusToken, transactionId, status: word } })).toBeUndefined()
      expect(await status({ ...user, status: undefined, enrollment: { statusToken, status: word } })).toBeUndefined()
      expect(await status({ ...user, status: 'active', enrollment: { statusToken, status: word } })).toBe('active')
    })

    it.each(['pending', 'succeeded', 'failed', 'unknown'])('%s, even beside the username', async (word) => {
      expect(await status({ statusToken, transactionId, userId: USER_ID, username: 'u12345', status: word })).toBeUndefined()
    })

    it.each<[string, object]>([
      ['with a username', { userId: USER_ID, username: 'u12345', status: 'suspended' }],
      ['with a list of authenticators', { userId: USER_ID, authenticators: null, status: 'suspended' }],
      ['inside of the answer', { user: { userId: USER_ID, username: 'u12345', status: 'suspended' } }],
    ])('of a user %s', async (_what, body) => {
      expect(await status({ ...body, enrollment: { statusToken, status: 'pending' } })).toBe('suspended')
    })

    it.each(['new', 'active'])('of a user with a userId alone: %s', async (word) => {
      expect(await status({ userId: USER_ID, status: word, enrollment: { statusToken, status: 'pending' } })).toBe(word)
    })
  })

  describe('of the app by the channel push', () => {
    it.each(['transactionId', 'statusToken'])('is refused without its %s', async (name) => {
      const client = await answeredWith(201, { ...user, enrollment: { ...shown, [name]: undefined } })
      const error = await nevisError(client.enroll({ username: 'u12345', channel: 'push' }))
      expect(error.message).toContain(`${name} is missing`)
    })
  })

  describe('of recovery codes', () => {
    it.each([[[]], [['aB3d', 1]], [['aB3d', '']], [['', 'aB3d']], ['aB3daB3daB3daB3d'], ['Download securely'], ['aB3daB3daB3daB3d 12'], [['aB3daB3daB3daB3d bB3daB3daB3daB3d']],
      [['aB3daB3daB3daB3d', 'bB3daB3daB3daB3d', 'Keep these codes']], [['aB3daB3daB3daB3d', 'bB3daB3daB3daB3d', 7]]])('takes no codes from %j', async (codes) => {
      const client = await answeredWith(201, { userId: USER_ID, codes })
      expect('recoveryCodes' in (await client.enroll({ username: 'u12345', channel: 'recovery' }))).toBe(false)
    })

    const CODES = ['aB3daB3daB3daB3d', 'bB3daB3daB3daB3d']
    const OTHERS = ['cB3daB3daB3daB3d', 'dB3daB3daB3daB3d']
    it.each<[string, object, readonly string[] | undefined]>([
      ['of two lists in the form of codes, takes the one that is named as codes', { devices: OTHERS, recoveryCodes: CODES }, CODES],
      ['of two lists in the form of codes, takes none if neither is named as codes', { devices: OTHERS, backup: CODES }, undefined],
      ['takes one list that is there twice', { backup: CODES, copy: { backup: CODES } }, CODES],
    ])('%s', async (_what, lists, expected) => {
      const client = await answeredWith(201, { userId: USER_ID, ...lists })
      expect((await client.enroll({ username: 'u12345', channel: 'recovery' })).recoveryCodes).toEqual(expected)
    })
  })

  describe('of something else', () => {
    it('takes no list for recovery codes', async () => {
      const client = await answeredWith(201, { userId: USER_ID, words: ['one', 'two'] })
      expect('recoveryCodes' in (await client.enroll({ username: 'u12345', channel: 'oath' }))).toBe(false)
    })
  })
})

describe('an unknown word as the status of a transaction', () => {
  const transactionOf = async (status: string) => undecidedTransactionOf(await nevisError((await answeredWith(200, { ...STATUS, status })).getStatus('x')))

  it.each(['processing', 'in_progress', 'PENDING_APPROVAL', 'awaiting_confirmation', 'waiting-for-approval', 'unconfirmed', 'authenticating', 'scanned'])('may come while the user is still deciding: %s', async (word) => {
    expect(await transactionOf(word)).toBe(STATUS.transactionId)
  })

  it.each(['approved', 'denied', 'enrolled', 'registered', 'granted', 'used', 'revoked', 'withdrawn', 'dismissed', 'not_found', 'processing_failed'])('may be final: %s', async (word) => {
    expect(await transactionOf(word)).toBeUndefined()
  })
})

/**
 * If the client accepted `userId: "../x"`, a later request would refuse that id, and the strategy would throw a TypeError long after the cause.
 * So the client refuses, as soon as it reads an answer, an id or token that no request could carry.
 */
describe('an id or a token that no later request could carry', () => {
  const { enrollment, ...user } = ENROLLMENT
  const person = { username: 'u12345' }
  const ODD_IDS = ['../x', '100', `${USER_ID}/..`, `${USER_ID}\n`, USER_ID.slice(1), `{${USER_ID}}`, 'x'.repeat(9000), '\u0000']
  const ODD_TOKENS = ['line\r\nbreak: x', 'a\nb', 'x'.repeat(8193), 'tökén', '\u0000', '\u2028']
  type Call = (client: NevisClient) => Promise<unknown>
  const calls: [string, string, number, (value: unknown) => unknown, Call][] = [
    ['userId', 'a user', 200, (userId) => ({ ...USER, userId }), (client) => client.getUser(USER_ID)],
    ['userId', 'a user by name', 200, (userId) => ({ ...USER, userId }), (client) => client.findUserByUsername('u12345')],
    ['authenticatorId', 'an authenticator of a user', 200, (authenticatorId) => ({ ...USER, authenticators: [{ authenticatorId }] }), (client) => client.getUser(USER_ID)],
    ['authenticatorId', 'a renamed authenticator', 200, (authenticatorId) => ({ authenticatorId, name: 'x' }), (client) => client.renameAuthenticator(USER_ID, 'x')],
    ['userId', 'an enrolment', 201, (userId) => ({ ...ENROLLMENT, userId }), (client) => client.enroll(person)],
    ['userId', 'an approval', 201, (userId) => ({ ...PUSH_APPROVAL, userId }), (client) => client.approve(person)],
    ['userId', 'a status', 200, (userId) => ({ ...STATUS, status: 'succeeded', userId }), (client) => client.getStatus('x')],
  ]
  const tokens: typeof calls = [
    ['transactionId', 'an enrolment', 201, (transactionId) => ({ ...user, enrollment: { ...enrollment, transactionId } }), (client) => client.enroll(person)],
    ['transactionId', 'an enrolment, beside the user', 201, (transactionId) => ({ ...user, ...enrollment, transactionId }), (client) => client.enroll(person)],
    ['transactionId', 'an approval', 201, (transactionId) => ({ ...PUSH_APPROVAL, transactionId }), (client) => client.approve(person)],
    ['transactionId', 'a status', 200, (transactionId) => ({ ...STATUS, status: 'succeeded', transactionId }), (client) => client.getStatus('x')],
    ['statusToken', 'an enrolment', 201, (statusToken) => ({ ...user, enrollment: { ...enrollment, statusToken } }), (client) => client.enroll(person)],
    ['statusToken', 'an enrolment, beside the user', 201, (statusToken) => ({ ...user, ...enrollment, statusToken }), (client) => client.enroll(person)],
    ['statusToken', 'an approval', 201, (statusToken) => ({ ...PUSH_APPROVAL, statusToken }), (client) => client.approve(person)],
    ['token', 'a status', 200, (token) => ({ ...STATUS, status: 'succeeded', token }), (client) => client.getStatus('x')],
    ['token', 'an intent', 200, (token) => ({ token }), (client) => client.createIntent({ ...person, operation: 'approve' })],
  ]

  it.each(calls)('is refused as %s of %s', async (name, _what, status, bodyWith, call) => {
    for (const id of ODD_IDS) {
      const error = await nevisError(call(await answeredWith(status, bodyWith(id))))
      expect([error.code, error.message.endsWith(`${name} is not a UUID`)]).toEqual(['NEVIS_UNEXPECTED_RESPONSE', true])
    }
  })

  // The client never puts a transaction id into a URL path, so a transaction id need not be a UUID: the client checks it like a token.
  it.each(tokens)('is refused as %s of %s', async (name, _what, status, bodyWith, call) => {
    for (const token of ODD_TOKENS) {
      const error = await nevisError(call(await answeredWith(status, bodyWith(token))))
      expect([error.code, error.message.endsWith(`${name} cannot be used as a token`)]).toEqual(['NEVIS_UNEXPECTED_RESPONSE', true])
    }
  })

  it.each([[200, 'pending'], [412, 'failed']])('is only data in a status that is not a success: HTTP %i %s', async (code, status) => {
    const body = { ...STATUS, status, transactionId: 'x', userId: '../x', token: 'a\nb' }
    await expect((await answeredWith(code, body)).getStatus('x')).resolves.toEqual({ ...body, raw: body })
  })

  it('leaves `sub` of an introspection free: it is only compared', async () => {
    const client = await answeredWith(200, { active: true, sub: '100' })
    await expect(client.introspect('x')).resolves.toMatchObject({ sub: '100' })
  })
})

describe('an answer that is refused', () => {
  const user = { username: 'u12345' }
  const ping = (client: NevisClient) => client.ping()
  const getStatus = (client: NevisClient) => client.getStatus('x')
  const introspect = (client: NevisClient) => client.introspect('x')
  const getUser = (client: NevisClient) => client.getUser(USER_ID)
  const approve = (client: NevisClient) => client.approve({ ...user, channel: 'app' })
  const enroll = (client: NevisClient) => client.enroll(user)

  it.each<[number, unknown, (client: NevisClient) => Promise<unknown>, string]>([
    [200, 'PING', ping, 'the answer is not PONG'],
    [299, 'PONG', ping, 'the answer is not as documented'],
    [300, 'PONG', ping, 'the answer is a redirect, which this client does not follow'],
    [399, 'PONG', ping, 'the answer is a redirect, which this client does not follow'],
    [400, 'PONG', ping, 'the request was rejected'],
    [500, 'PONG', ping, 'the server reported an error'],
    [503, '<h1>Service Unavailable</h1>', approve, 'the server reported an error'],
    [503, '', getStatus, 'the server reported an error'],
    [201, '[]', approve, 'the answer is not a JSON object'],
    [201, { ...PUSH_APPROVAL, userId: 7 }, approve, 'userId is not a non-empty string'],
    [201, { ...APP_APPROVAL, qrCode: 7 }, approve, 'qrCode is not an object'],
    [201, { ...APP_APPROVAL, qrCode: { dataUri: 'x' } }, approve, 'qrCode.dataUri is not a picture'],
    [201, { ...APP_APPROVAL, appLinkUri: 'x' }, approve, 'appLinkUri is not an https URL'],
    [201, { ...ENROLLMENT, enrollment: 'x' }, enroll, 'enrollment is not an object'],
    [200, { ...USER, authenticators: {} }, getUser, 'authenticators is not a list'],
    [200, { ...USER, authenticators: ['x'] }, getUser, 'authenticators is not a list of objects'],
    [412, STATUS, getStatus, 'the HTTP status and the field status contradict each other'],
    [200, { active: 'yes' }, introspect, 'active is not a boolean'],
    [200, { active: true, exp: 'soon' }, introspect, 'exp is not usable'],
  ])('with HTTP %i and %j, says why', async (status, body, call, words) => {
    const error = await nevisError(call(await answeredWith(status, body)))
    expect(error.message).toBe(`Nevis ${error.operation} failed: ${error.code} (HTTP ${status}), ${words}`)
  })

  // An answer of 1 MB has room for 350,000 values, and is only 1 KB with gzip. Searching so many values for each field would block the process for 7 s.
  it.each([['{"a":{"b":{"c":{"d":[', '{}', ']}}}}'], ['{"userId":"u","a":[', '[]', ']}'], ['{"authenticators":[', '{"status":"active"}', ']}'], ['{"a":[', '0', ']}']])('with more values than 20,000 is refused, and is searched for no field: %s', async (before, value, after) => {
    const client = await answeredWith(200, before + Array(20_001).fill(value).join(',') + after)
    const error = await nevisError(client.getUser(USER_ID))
    expect([error.code, error.message]).toEqual(['NEVIS_UNEXPECTED_RESPONSE', 'Nevis getUser failed: NEVIS_UNEXPECTED_RESPONSE (HTTP 200), the answer has more than 20000 values'])
  })

  it('with more than 200 authenticators, says why', async () => {
    const listing = (count: number) => ({ ...USER, authenticators: Array.from({ length: count }, () => ({})) })
    await expect(getUser(await answeredWith(200, listing(200)))).resolves.toMatchObject({ userId: USER.userId })
    const error = await nevisError(getUser(await answeredWith(200, listing(201))))
    expect([error.code, error.message]).toEqual(['NEVIS_UNEXPECTED_RESPONSE', 'Nevis getUser failed: NEVIS_UNEXPECTED_RESPONSE (HTTP 200), authenticators has more than 200 entries'])
  })
})

describe('the message of an error', () => {
  it.each<[NevisErrorCode, string]>([
    ['NEVIS_UNREACHABLE', 'no connection, or the connection was closed early'],
    ['NEVIS_TIMEOUT', 'no complete answer in time'],
    ['NEVIS_RATE_LIMITED', 'too many requests'],
    ['NEVIS_UNAUTHORIZED', 'the access key was not accepted'],
    ['NEVIS_NOT_FOUND', 'no such user or authenticator'],
    ['NEVIS_REJECTED', 'the request was rejected'],
    ['NEVIS_UNEXPECTED_RESPONSE', 'the answer is not as documented'],
  ])('with the code %s says: %s', (code, words) => {
    expect(new NevisError(code, 'approve').message).toBe(`Nevis approve failed: ${code}, ${words}`)
  })
})
