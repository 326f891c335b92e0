/**
 * How the client finds new recovery codes in Nevis's answer. Nevis has created the codes by then, so they must not be lost, whatever the other fields contain.
 * Other strings of the answer must never be returned as codes.
 */
import { recoveryCodesIn } from '../../src/client/recovery-codes'
import { closeServers, newClient, nevisError, serve, USER_ID } from './support'

const CODES = ['AAAA-1111-bbbb-2222', 'CCCC-3333-dddd-4444', 'EEEE-3333-dddd-4445']
/** Codes of another form than the documented one. */
const SHORT = ['AB12-CD34', 'EF56-GH78']
const TRACES = ['00f067aa0ba902b7', '00f067aa0ba902b8', '00f067aa0ba902b9']
const phones = (name: string) => [{ authenticatorId: USER_ID, name, type: 'android', state: 'active', authenticatorType: 'app' }]

describe('the codes are found', () => {
  it.each<[string, unknown]>([
    ['beside a phone whose name has the form of a code', { authenticators: phones('Galaxy-S24-Ultra'), enrollment: CODES }],
    ['as objects, beside a phone whose name has the form of a code', { authenticators: phones('Samsung-SM-G991B'), enrollment: { list: CODES.map((code) => ({ code })) } }],
    ['in an authenticator, in a field that is named for codes', { authenticators: [...phones('Samsung-SM-G991B'), { type: 'recovery', codes: CODES }] }],
    ['beside one id that has the form of a code', { spanIds: TRACES.slice(1), traces: TRACES.slice(2), enrollment: { list: CODES } }],
    ['beside numbers with 16 digits', { cards: ['4111111111111111', '4222222222222222'], list: CODES }],
    ['beside a status', { codes: { status: 'generated' }, list: CODES }],
    ['beside an error code', { codes: ['invalid-request1'], enrollment: { recoveryCodes: CODES } }],
    ['beside a list that is named for codes and has other strings', { codes: ['ERR-00012345', 'ERR-00012346'], enrollment: { list: CODES } }],
    ['with dates and a count', { recoveryCodes: { codes: CODES, count: 3, createdAt: '2026-01-01', expiresAt: '2027-01-01' } }],
    ['as objects with `recovery_code` and an id that has the form of a code', { list: CODES.map((code, at) => ({ id: TRACES[at], trace: TRACES[at], recovery_code: code })) }],
    ['as objects with a status and an id', { enrollment: CODES.map((secret, at) => ({ id: TRACES[at], traceId: TRACES[at], secret, status: 'available' })) }],
    ['as objects whose fields are not named for codes', { recoveryCodes: CODES.map((recovery) => ({ recovery, status: 'available' })) }],
    ['in `recovery_codes`', { recovery_codes: CODES, devices: TRACES }],
    ['in `recovery-codes`, as one text', { 'recovery-codes': CODES.join('\n'), devices: TRACES }],
    ['as a text, and nothing else', CODES.join('\r\n')],
  ])('%s', (_what, answer) => {
    expect(recoveryCodesIn(answer)).toEqual(CODES)
  })

  it.each<[unknown, readonly string[]]>([
    [{ enrollment: { recoveryCode: CODES[0] } }, CODES.slice(0, 1)],
    [{ recoveryCodes: CODES.slice(0, 1) }, CODES.slice(0, 1)],
    [{ recoveryCodes: SHORT, devices: TRACES }, SHORT],
    [{ enrollment: { recoveryCodes: SHORT.map((code) => ({ code, state: 'usable' })) } }, SHORT],
    [{ recoveryCodes: { 1: SHORT[0], 2: SHORT[1] } }, SHORT],
    [{ recoveryCodes: ['12345678', '87654321'] }, ['12345678', '87654321']],
    [{ enrollment: { codes: SHORT } }, SHORT],
  ])('one code alone, or codes of another form, if the field is named for codes: %j', (answer, expected) => {
    expect(recoveryCodesIn(answer)).toEqual(expected)
  })
})

it.each<unknown>([
  { authenticators: phones('Samsung-SM-G991B'), status: 'active' },
  { authenticators: [...phones('Samsung-SM-G991B'), ...phones('Galaxy-S24-Ultra')] },
  { authenticators: [{ labels: CODES }] },
  { authenticators: phones('Galaxy-S24-Ultra'), enrollment: { secrets: SHORT } },
  { spanIds: TRACES }, { traces: TRACES.slice(1, 2) }, { cards: ['4111111111111111', '4222222222222222'] }, { name: CODES.join(' ') },
  { recoveryCodes: { state: 'generated' } }, { recoveryCodes: { state: 'generated', batch: 'batch-2026-01' } }, { recoveryCodes: ['generated', 'available'] },
  { codes: ['invalid-request'] }, { codes: ['ERR-00012345'] }, { codes: { status: 'already-enrolled' } },
  { recoveryCodes: { createdAt: '2026-01-01', expiresAt: '2027-01-01' } }, { enrollment: { createdAt: '2026-01-01', expiresAt: '2027-01-01' } },
  { list: [...CODES, 'AAAABBBBCCCCDDDD'] }, { list: [...CODES, null] }, { list: CODES, more: [...CODES].reverse() },
  { recoveryCodes: [CODES.slice(0, 1), CODES.slice(1)] }, 'Download securely', 'Service Unavailable', null, 7, {}, [],
])('no other string is taken for a code, and no part of the codes for all: %j', (answer) => {
  expect(recoveryCodesIn(answer)).toBeUndefined()
})

describe('the codes that Nevis has created are not lost', () => {
  afterEach(closeServers)
  const ANSWER = { userId: USER_ID, username: 'anna', status: 'active', authenticators: [] as unknown, enrollment: { recoveryCodes: CODES } as unknown }
  const within = (more: object) => ({ ...ANSWER, enrollment: { recoveryCodes: CODES, ...more } })

  async function enrolled(body: unknown, status = 201) {
    const { baseURL } = await serve((_req, res) => void res.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body)))
    return newClient({ baseURL }).enroll({ username: 'anna', channel: 'recovery' })
  }

  it.each<unknown>([
    { ...ANSWER, userId: '' }, { ...ANSWER, userId: null }, { ...ANSWER, username: '' }, { ...ANSWER, username: null },
    { ...ANSWER, status: 201 }, { ...ANSWER, status: { name: 'active' } }, { ...ANSWER, status: '' },
    { ...ANSWER, authenticators: ['recovery'] }, { ...ANSWER, authenticators: { app: [] } }, { ...ANSWER, authenticators: [{ authenticatorId: '1' }] }, { ...ANSWER, authenticators: [{ authenticatorId: USER_ID, status: 5 }] },
    within({ transactionId: '' }), within({ transactionId: 12 }), within({ statusToken: '' }), within({ statusToken: 12 }), within({ qrCode: {} }), within({ qrCode: '' }), within({ appLinkUri: '' }), within({ appLinkUri: 7 }),
    CODES, CODES.join('\n'), JSON.stringify(CODES.join('\n')),
  ])('by another field with an invalid value: %j', async (body) => {
    expect((await enrolled(body)).recoveryCodes).toEqual(CODES)
  })

  it.each([200, 201, 202, 203, 207, 226])('by the HTTP status %i', async (status) => {
    expect(await enrolled(ANSWER, status)).toMatchObject({ userId: USER_ID, username: 'anna', status: 'active', recoveryCodes: CODES })
  })

  it.each([['<html>', 200], ['Created', 201], ['null', 200], ['7', 201]])('but an answer that is neither JSON nor codes is an error: %j, HTTP %i', async (body, status) => {
    expect((await nevisError(enrolled(body, status))).code).toBe('NEVIS_UNEXPECTED_RESPONSE')
  })

  it('but an answer that may be cut off is an error', async () => {
    expect((await nevisError(enrolled(ANSWER, 206))).code).toBe('NEVIS_UNEXPECTED_RESPONSE')
    const enrolledOpenEnded = async (body: string) => {
      const { baseURL } = await serve((_req, res) => {
        res.useChunkedEncodingByDefault = false
        res.writeHead(201, { connection: 'close' })
        res.end(body)
      })
      return newClient({ baseURL }).enroll({ username: 'anna', channel: 'recovery' })
    }
    expect((await nevisError(enrolledOpenEnded(CODES.join('\n')))).code).toBe('NEVIS_UNEXPECTED_RESPONSE')
    expect((await enrolledOpenEnded(JSON.stringify(CODES))).recoveryCodes).toEqual(CODES)
  })

  const USER_WITHOUT_DASHES = USER_ID.replaceAll('-', '')
  it.each<object>([
    { userId: 100 }, { userId: '100' }, { userId: `{${USER_ID}}` }, { userId: USER_WITHOUT_DASHES }, { userId: `urn:uuid:${USER_ID}` }, { userId: [USER_ID] }, { userId: false },
    { username: 7 }, { username: ['anna'] }, { username: { name: 'anna' } }, { username: false },
  ])('but an answer that names the user in an unknown form is an error, because the codes may be those of another user: %j', async (odd) => {
    for (const body of [{ ...ANSWER, ...odd }, { recoveryCodes: CODES, user: odd }]) expect((await nevisError(enrolled(body))).code).toBe('NEVIS_UNEXPECTED_RESPONSE')
  })

  it('but a valid userId and username stay in the result, so that the strategy can refuse those of another user', async () => {
    expect(await enrolled({ ...ANSWER, userId: USER_ID.toUpperCase(), status: 7 })).toMatchObject({ userId: USER_ID, username: 'anna' })
  })
})
