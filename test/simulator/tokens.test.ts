/** Introspection and intent tokens in the simulator. */
import { closing } from '../support/closing'
import { Caller, JWT, NOBODY, started, type Json } from './http'

let nevis: Caller
beforeEach(async () => {
  nevis = await started()
})
afterEach(() => nevis.simulator.close())

const bearer = (token: unknown) => ({ authorization: `Bearer ${String(token)}` })

describe('introspection', () => {
  // Shows: C-token-7
  test('of the access key › looks like the documented example', async () => {
    const { accessKey, baseURL } = nevis.simulator
    expect(accessKey).toEqual(JWT)
    const reply = await nevis.introspect(accessKey)
    expect(reply.status).toBe(200)
    const { iat, exp, ...rest } = reply.json
    expect(rest).toEqual({ active: true, sub: '100', aud: 'api', iss: `${baseURL}/` })
    expect(Number(exp) - Number(iat)).toBe(30 * 24 * 3600 * 1000)
    expect(Math.abs(Number(iat) - Date.now())).toBeLessThan(60_000)
  })

  test('of an access key that was given › is active too', async () => {
    const other = await started({ accessKey: 'my-key' })
    closing(other.simulator)
    expect((await other.introspect('my-key')).json).toMatchObject({ active: true, aud: 'api' })
  })

  // Shows: C-token-7
  test('of a status, transaction or intent token › is active for the user and never has the audience of a key', async () => {
    const { userId } = nevis.simulator.addUser({ username: 'anna' })
    const { statusToken } = (await nevis.approve({ username: 'anna', channel: 'push' })).json
    const { token } = (await nevis.status(statusToken)).json
    const intent = (await nevis.intent({ username: 'anna', operation: 'approve' })).json['token']
    for (const each of [statusToken, token, intent]) {
      const { json } = await nevis.introspect(each)
      expect(json).toMatchObject({ active: true, sub: userId, iss: `${nevis.simulator.baseURL}/` })
      expect(json['aud']).not.toBe('api')
    }
    nevis.simulator.advance(12 * 60_000)
    for (const each of [statusToken, token, intent]) {
      expect((await nevis.introspect(each)).json).toEqual({ active: false })
    }
  })

  test('of garbage, a forged token or that of another instance › is inactive', async () => {
    const other = await started()
    closing(other.simulator)
    const [header = '', , signature = ''] = nevis.simulator.accessKey.split('.')
    const payload = Buffer.from(JSON.stringify({ aud: 'api', exp: Date.now() * 2 })).toString('base64url')
    for (const token of ['x', '..', `${header}.${payload}.${signature}`, other.simulator.accessKey]) {
      expect((await nevis.introspect(token)).json).toEqual({ active: false })
    }
  })
})

describe('intent token', () => {
  // Shows: C-widget-9, C-overview-5
  test('for an approval › replaces the access key once, for its user and operation', async () => {
    nevis.simulator.addUser({ username: 'ben' })
    const { userId } = nevis.simulator.addUser({ username: 'anna' })
    const reply = await nevis.intent({ userId, operation: 'approve' })
    expect([reply.status, reply.json]).toEqual([200, { token: JWT }])
    const headers = bearer(reply.json['token'])
    expect((await nevis.approve({ username: 'ben', channel: 'push' }, headers)).status).toBe(403)
    expect((await nevis.enroll({ username: 'anna' }, headers)).status).toBe(403)
    expect((await nevis.call('GET', `/api/v1/users/${userId}`, undefined, headers)).status).toBe(403)
    expect((await nevis.approve({ username: 'anna', channel: 'fax' }, headers)).status).toBe(400)
    expect((await nevis.approve({ username: 'anna', channel: 'push' }, headers)).status).toBe(201)
    expect((await nevis.approve({ username: 'anna', channel: 'push' }, headers)).status).toBe(403)
  })

  // Shows: C-overview-5
  test('restricted to channels › is refused for others', async () => {
    nevis.simulator.addUser({ username: 'anna' })
    const { token } = (await nevis.intent({ username: 'anna', operation: 'approve', channels: ['app'] })).json
    expect((await nevis.approve({ username: 'anna', channel: 'push' }, bearer(token))).status).toBe(403)
    expect((await nevis.approve({ channel: 'app' }, bearer(token))).json).toHaveProperty('userId')
  })

  // Shows: C-overview-6
  test('after ten minutes › is refused', async () => {
    nevis.simulator.addUser({ username: 'anna' })
    const { token } = (await nevis.intent({ username: 'anna', operation: 'approve' })).json
    nevis.simulator.advance(600_000)
    expect((await nevis.approve({ username: 'anna', channel: 'push' }, bearer(token))).status).toBe(403)
  })

  // Shows: C-widget-8
  test('for a new user › enrols that user and no other', async () => {
    const { token } = (await nevis.intent({ username: 'new', operation: 'enroll' })).json
    expect((await nevis.introspect(token)).json).not.toHaveProperty('sub')
    expect((await nevis.enroll({ username: 'newer' }, bearer(token))).status).toBe(403)
    expect((await nevis.enroll({ userId: NOBODY }, bearer(token))).status).toBe(403)
    expect((await nevis.enroll({ username: 'new' }, bearer(token))).status).toBe(201)
    const named = (await nevis.intent({ username: 'named', operation: 'enroll' })).json['token']
    expect((await nevis.enroll({}, bearer(named))).json['username']).toBe('named')
  })

  // Shows: C-intent-2
  test.each<Json>([
    { operation: 'approve' },
    { username: 'anna' },
    { username: 'anna', operation: 'delete' },
    { username: 'anna', operation: 'enroll', channels: 'app' },
    { username: 'anna', operation: 'enroll', channels: [] },
    { username: 'anna', operation: 'enroll', channels: ['recovery'] },
  ])('with the body %j › is 400', async (body) => {
    expect((await nevis.intent(body)).status).toBe(400)
  })
})

describe('users and authenticators', () => {
  test('whose phones have names or none › have the system that the name says, else one after the other', () => {
    nevis.simulator.addUser({ username: 'named', authenticators: ['Pixel', 'my iPad', 'Galaxy S24', 'work'] })
    nevis.simulator.addUser({ username: 'plain', authenticators: 2 })
    expect(nevis.simulator.users.map(({ authenticators }) => authenticators.map(({ name, type }) => [name, type]))).toEqual([
      [['Pixel', 'android'], ['my iPad', 'ios'], ['Galaxy S24', 'android'], ['work', 'android']],
      [['iPhone 16 (simulated)', 'ios'], ['Pixel 9 (simulated)', 'android']],
    ])
  })

  // Shows: C-user-5, C-user-6, C-user-7, C-user-8, C-user-9
  test('looked up, renamed, deleted › answer as documented', async () => {
    const { userId, authenticatorIds } = nevis.simulator.addUser({ username: 'anna', authenticators: ['one', 'two'] })
    const user = await nevis.call('GET', `/api/v1/users/${userId.toUpperCase()}`)
    expect(user.json).toMatchObject({ userId, username: 'anna', status: 'active' })
    expect(user.json['authenticators']).toMatchObject([{ name: 'one', type: 'ios' }, { name: 'two', type: 'android' }])
    expect((await nevis.call('GET', '/api/v1/users?username=anna')).json).toEqual(user.json)
    expect((await nevis.call('GET', '/api/v1/users?username=ANNA')).status).toBe(404)
    expect((await nevis.call('GET', '/api/v1/users')).status).toBe(400)
    const path = `/api/v1/authenticators/${String(authenticatorIds[0])}`
    const renamed = await nevis.call('PATCH', path, { name: 'Personal Phone' })
    expect([renamed.status, renamed.json['name']]).toEqual([200, 'Personal Phone'])
    expect((await nevis.call('PATCH', path, {})).status).toBe(400)
    const deleted = await nevis.call('DELETE', path)
    expect([deleted.status, deleted.text]).toEqual([204, ''])
    expect(nevis.simulator.users[0]?.authenticators).toHaveLength(1)
    expect((await nevis.call('DELETE', `/api/v1/users/${userId}`)).status).toBe(204)
    expect(nevis.simulator.users).toEqual([])
  })
})
