/**
 * Sends the calls that Nevis's documents show, and compares the simulator's answers with the documents: order of the fields, types of their values, and exact bytes
 * where the documents show them. `curl.test.ts` runs the printed commands themselves.
 *
 * Sources: https://docs.nevis.net/apidoc/authcloud/ (older, "O"), https://docs.nevis.net/authcloud/api-doc/ (newer, "N").
 */
import { newestCode, started, type Caller, type Json } from './http'

/** The headers that cURL adds by itself. */
const CURL = { accept: '*/*', 'user-agent': 'curl/8.5.0', 'content-type': 'application/json' }
const USER = ['userId', 'username', 'status', 'createdAt', 'updatedAt', 'authenticators']
const STATUS = ['transactionId', 'status', 'userId', 'token', 'createdAt', 'lastUpdatedAt']

let nevis: Caller
beforeEach(async () => {
  nevis = await started()
})
afterEach(() => nevis.simulator.close())

const post = (path: string, body: object | string, headers: Record<string, string> = {}) => nevis.call('POST', path, body, { ...CURL, ...headers })
const get = (path: string) => nevis.call('GET', path, undefined, { accept: '*/*' })
const anna = () => nevis.simulator.addUser({ username: 'u12345', phone: '+41791234567', recoveryCodes: 1 })
/** The documented fields that an answer contains, in the order of the answer. Other fields are ignored, because Nevis's newer documents allow more. */
const documented = (json: Json, names: readonly string[]) => Object.keys(json).filter((name) => names.includes(name))

it('GET /ping answers PONG as text (O, N: API basics)', async () => {
  const answer = await get('/ping')
  expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([200, 'PONG', 'text/plain;charset=utf-8'])
})

it('JSON is application/json;charset=utf-8 (O, N: Media Type)', async () => {
  anna()
  const types = [await get('/api/v1/users?username=u12345'), await get('/api/v1/users?username=nobody'), await post('/api/v1/approval', { username: 'u12345' })].map(({ headers }) => headers.get('content-type'))
  expect(new Set(types)).toEqual(new Set(['application/json;charset=utf-8']))
})

it('errors have the printed names, in their order (O: Errors)', async () => {
  const forbidden = await post('/api/v1/users/enroll', {}, { authorization: 'Bearer x' })
  expect([forbidden.status, Object.keys(forbidden.json), forbidden.json['error'], forbidden.json['path'], typeof forbidden.json['timestamp']]).toEqual([403, ['error', 'path', 'status', 'timestamp'], 'Forbidden', '/api/v1/users/enroll', 'number'])
  const invalid = await post('/api/v1/users/enroll', { username: '%%%%%' })
  expect([invalid.status, Object.keys(invalid.json)]).toEqual([400, ['error', 'message', 'path', 'status', 'timestamp']])
  expect(invalid.json['message']).toMatch(/^The username '%%%%%' contains invalid characters/)
  expect(invalid.json['timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
})

it('POST /api/v1/users/enroll with and without a username (O: Enroll Your Access App)', async () => {
  for (const [body, names] of [[{}, USER.filter((name) => name !== 'username')], [{ username: 'u12345' }, USER]] as const) {
    const { status, json } = await post('/api/v1/users/enroll', body)
    expect([status, Object.keys(json)]).toEqual([201, [...names, 'enrollment']])
    const enrollment = json['enrollment'] as Json
    expect(Object.keys(enrollment)).toEqual(['transactionId', 'statusToken', 'qrCode', 'appLinkUri'])
    expect(enrollment['qrCode']).toEqual({ type: 'image/png', size: 300, dataUri: expect.stringMatching(/^data:image\/png;base64,/) as string })
    expect(enrollment['appLinkUri']).toMatch(/^http.*\/open\?dispatchTokenResponse=eyJub/)
    expect([json['status'], json['authenticators']]).toEqual(['new', []])
    expect(json['createdAt']).toMatch(/\.\d{6}Z$/)
  }
})

it('POST /api/v1/approval by push, app and SMS (O: Approval)', async () => {
  anna()
  expect(Object.keys((await post('/api/v1/approval', { username: 'u12345', channel: 'push' })).json)).toEqual(['transactionId', 'userId', 'statusToken'])
  expect(Object.keys((await post('/api/v1/approval', { username: 'u12345', channel: 'app' })).json)).toEqual(['transactionId', 'userId', 'statusToken', 'qrCode', 'appLinkUri'])
  const sms = await post('/api/v1/approval', { username: 'u12345', channel: 'sms', message: 'SMS Transaction Approval Test, code: {{CODE}}' })
  expect(Object.keys(sms.json)).toEqual(['statusToken', 'transactionId', 'userId'])
  expect(nevis.simulator.sms('u12345').at(-1)).toMatch(/^SMS Transaction Approval Test, code: \d+$/)
})

it('the link of an approval has the documented host in the dialect link-of-app-host (O: Approval with QR code)', async () => {
  await nevis.simulator.close()
  nevis = await started({ dialect: 'link-of-app-host' })
  anna()
  expect((await post('/api/v1/approval', { username: 'u12345', channel: 'app' })).json['appLinkUri']).toMatch(/^https:\/\/[a-z]+-app\.mauth\.nevis\.cloud\/open\?dispatchTokenResponse=eyJub/)
})

it('POST /api/v1/users/{userId}/verification answers the status line alone, by access key or by intent token (O, N)', async () => {
  const { userId, recoveryCodes } = anna()
  const path = `/api/v1/users/${userId}/verification`
  const { statusToken } = (await post('/api/v1/approval', { username: 'u12345', channel: 'sms' })).json
  const right = await post(path, { code: newestCode(nevis.simulator, 'u12345'), statusToken: statusToken as string })
  expect([right.status, right.text]).toEqual([200, ''])
  expect((await post(path, { code: 'x', channel: 'recovery' })).status).toBe(400)
  const intent = (await post('/api/v1/intent', { username: 'u12345', operation: 'approve' })).json['token'] as string
  const byIntent = await post(path, { code: recoveryCodes[0], channel: 'recovery' }, { authorization: `Bearer ${intent}` })
  expect([byIntent.status, byIntent.text]).toEqual([200, ''])
})

it('an intent token of another user verifies nothing', async () => {
  const { userId, recoveryCodes } = anna()
  nevis.simulator.addUser({ username: 'ben' })
  const intent = (await post('/api/v1/intent', { username: 'ben', operation: 'approve' })).json['token'] as string
  const answer = await post(`/api/v1/users/${userId}/verification`, { code: recoveryCodes[0], channel: 'recovery' }, { authorization: `Bearer ${intent}` })
  expect(answer.status).toBe(403)
})

it('POST /api/v1/status: pending, succeeded, failed, unknown (O: Status polling)', async () => {
  anna()
  const start = async () => (await post('/api/v1/approval', { username: 'u12345', channel: 'push' })).json['statusToken']
  const statusToken = await start()
  const pending = await nevis.status(statusToken)
  expect([pending.status, documented(pending.json, STATUS), pending.json['status']]).toEqual([200, STATUS, 'pending'])
  await nevis.simulator.phone('u12345').approve()
  expect((await nevis.status(statusToken)).json['status']).toBe('succeeded')
  const denied = await start()
  await nevis.simulator.phone('u12345').deny()
  const failed = await nevis.status(denied)
  expect([failed.status, failed.json['status'], typeof failed.json['token']]).toEqual([412, 'failed', 'string'])
  const unknown = await nevis.status('x')
  expect([unknown.status, unknown.text]).toEqual([404, '{"status":"unknown"}'])
})

it('POST /api/v1/introspect: the printed example is that of an access key; the table has nbf (O: Token introspection)', async () => {
  const key = (await nevis.introspect(nevis.simulator.accessKey)).json
  expect(Object.keys(key)).toEqual(['active', 'exp', 'iat', 'sub', 'aud', 'iss'])
  expect(key).toMatchObject({ active: true, sub: '100', aud: 'api', iss: `${nevis.simulator.baseURL}/` })
  expect((await nevis.introspect('x')).text).toBe('{"active":false}')
  anna()
  const { statusToken } = (await post('/api/v1/approval', { username: 'u12345', channel: 'push' })).json
  const { token } = (await nevis.status(statusToken)).json
  expect(Object.keys((await nevis.introspect(token)).json)).toEqual(['active', 'exp', 'iat', 'nbf', 'sub', 'aud', 'iss'])
})

it('users and authenticators: retrieve, rename, delete (O: Users and Authenticators)', async () => {
  const { userId, authenticatorIds } = anna()
  for (const path of [`/api/v1/users/${userId}`, '/api/v1/users?username=u12345']) {
    const { status, json } = await get(path)
    expect([status, Object.keys(json)]).toEqual([200, USER])
  }
  const renamed = await nevis.call('PATCH', `/api/v1/authenticators/${authenticatorIds[0]}`, { name: 'Personal Phone' }, CURL)
  expect([renamed.status, documented(renamed.json, ['authenticatorId', 'name', 'type', 'enrolledAt', 'updatedAt']), renamed.json['name']]).toEqual([200, ['authenticatorId', 'name', 'type', 'enrolledAt', 'updatedAt'], 'Personal Phone'])
  for (const path of [`/api/v1/authenticators/${authenticatorIds[0]}`, `/api/v1/users/${userId}`]) {
    const deleted = await nevis.call('DELETE', path, undefined, { accept: '*/*' })
    expect([deleted.status, deleted.text]).toEqual([204, ''])
    expect((await nevis.call('DELETE', path, undefined, { accept: '*/*' })).status).toBe(404)
  }
})

it.each([{ username: 'u12345', operation: 'enroll' }, { username: 'u12345', operation: 'approve', channels: ['push', 'sms'] }])('POST /api/v1/intent %j answers a token (O, N: Intent endpoint)', async (body) => {
  anna()
  const { status, json } = await post('/api/v1/intent', body, { accept: 'application/json' })
  expect([status, Object.keys(json)]).toEqual([200, ['token']])
})
