/** Tests which requests the simulated cloud refuses, and which of Nevis's documented error bodies it sends. */
import { Caller, NOBODY, SECONDS, started } from './http'

let nevis: Caller
beforeEach(async () => {
  nevis = await started()
})
afterEach(() => nevis.simulator.close())

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

describe('ping', () => {
  // Shows: C-endpoint-2
  test('with the access key › answers PONG as plain text', async () => {
    const reply = await nevis.call('GET', '/ping')
    expect([reply.status, reply.text]).toEqual([200, 'PONG'])
    expect(reply.headers.get('content-type')).toMatch(/^text\/plain/)
  })
})

describe('authorization', () => {
  // Shows: C-auth-1, C-error-2, C-overview-3
  test.each(['', 'Basic YTpi', 'Bearer'])('with the header %j › is 401', async (authorization) => {
    const reply = await nevis.approve({ username: 'anna', channel: 'push' }, { authorization })
    expect(reply.status).toBe(401)
    expect(reply.json).toMatchObject({ error: 'Unauthorized', path: '/api/v1/approval', status: 401 })
  })

  // Shows: C-error-3
  test('with a wrong key › is 403 in the second shape: milliseconds and no message', async () => {
    const reply = await nevis.enroll({}, { authorization: 'Bearer wrong' })
    expect(reply.status).toBe(403)
    expect(reply.json).toEqual({
      error: 'Forbidden',
      path: '/api/v1/users/enroll',
      status: 403,
      timestamp: expect.any(Number) as number,
    })
  })

  // Shows: C-auth-2
  test('with the key that was rotated away › is 403, and it introspects as inactive', async () => {
    const old = nevis.simulator.accessKey
    const next = nevis.simulator.rotateAccessKey()
    expect(next).not.toBe(old)
    expect(nevis.simulator.accessKey).toBe(next)
    expect((await nevis.call('GET', '/ping', undefined, { authorization: `Bearer ${old}` })).status).toBe(403)
    expect((await nevis.call('GET', '/ping')).status).toBe(200)
    expect((await nevis.introspect(old)).json).toEqual({ active: false })
    expect((await nevis.introspect(next)).json['active']).toBe(true)
  })

  // Shows: C-error-3
  test('after the thirty days of the key › is 403', async () => {
    nevis.simulator.advance(30 * 24 * 3600 * 1000)
    expect((await nevis.call('GET', '/ping')).status).toBe(403)
  })
})

describe('request', () => {
  // Shows: C-error-5
  test('to an unknown endpoint › is 405', async () => {
    for (const [method, path] of [['GET', '/api/v1/nothing'], ['PUT', '/ping'], ['GET', '/api/v1/approval'], ['GET', '//x/ping']]) {
      const reply = await nevis.call(method ?? '', path ?? '')
      expect(reply.status).toBe(405)
      expect(reply.json).toMatchObject({ error: 'Method Not Allowed', message: expect.any(String) as string, timestamp: SECONDS })
    }
    expect(nevis.simulator.requests.map(({ operation }) => operation)).toEqual(Array(4).fill('unknown'))
  })

  // Shows: C-media-1, C-error-8
  test('with a form where JSON is due › is 415', async () => {
    expect((await nevis.enroll('username=anna', FORM)).status).toBe(415)
    expect((await nevis.enroll('{}', { 'content-type': 'text/plain' })).status).toBe(415)
  })

  // Shows: C-media-2
  test('with JSON where a form is due › is 415', async () => {
    expect((await nevis.call('POST', '/api/v1/introspect', { token: 'x' })).status).toBe(415)
  })

  // Shows: C-error-1, C-error-10
  test.each(['{', '"text"', '[]', 'null', ''])('with the body %j › is 400 with an ISO time and a message', async (body) => {
    const reply = await nevis.enroll(body)
    expect(reply.status).toBe(400)
    expect(reply.json).toEqual({
      error: 'Bad Request',
      message: expect.stringContaining('Required request body') as string,
      path: '/api/v1/users/enroll',
      status: 400,
      timestamp: SECONDS,
    })
  })

  test('of more than one megabyte › is 413', async () => {
    expect((await nevis.enroll({ username: 'a'.repeat(1_100_000) })).status).toBe(413)
  })

  // Shows: C-error-1
  test('that breaks a rule of enrolment › is 400 and makes no user', async () => {
    const bodies = [
      { username: '%%%%%' },
      { username: 'a'.repeat(301) },
      { username: '' },
      { username: ['anna'] },
      { username: 'anna', userId: NOBODY },
      { userId: '100' },
      { username: 'anna', channel: 'fax' },
      { username: 'anna', channel: 'fido2' },
      { username: 'anna', channel: 'sms' },
      { username: 'anna', channel: 'sms', phone: '0791234567' },
      { username: 'anna', channel: 'sms', phone: '+41791234567', message: 'no placeholder' },
      { username: 'anna', channel: 'sms', phone: '+41791234567', message: '{{CODE}} 🔑' },
      { channel: 'sms', phone: '+41791234567' },
      { username: 'anna', channel: 'recovery' },
      { username: 'anna', channel: 'recovery', recovery_username: 'ben' },
      { channel: 'recovery', recovery_username: 'ben' },
    ]
    for (const body of bodies) expect([body, (await nevis.enroll(body)).status]).toEqual([body, 400])
    expect(nevis.simulator.users).toEqual([])
  })

  test('that breaks a rule of approval › is 400 and reaches no phone', async () => {
    nevis.simulator.addUser({ username: 'anna', phone: '+41 79 123 45 67' })
    const bodies = [
      { channel: 'push' },
      { channel: 'sms' },
      { username: 'anna', channel: 'recovery' },
      { username: 'anna', channel: 'push', prompt: 'yes' },
      { username: 'anna', channel: 'push', prompt: true },
      { username: 'anna', channel: 'push', message: '<html><script>1</script></html>' },
      { username: 'anna', channel: 'push', message: '<html><b class="x">1</b></html>' },
      { username: 'anna', channel: 'push', authenticatorId: '*' },
      { username: 'anna', channel: 'push', authenticatorId: 'phone' },
      { username: 'anna', channel: 'sms', authenticatorId: '*' },
      { username: 'anna', channel: 'sms', message: 'no placeholder' },
    ]
    for (const body of bodies) expect([body, (await nevis.approve(body)).status]).toEqual([body, 400])
    expect(nevis.simulator.phone('anna').waiting).toEqual([])
    expect(nevis.simulator.sms('anna')).toEqual([])
  })

  // Shows: C-error-4
  test('about an unknown user › is 404', async () => {
    const replies = [
      await nevis.enroll({ userId: NOBODY }),
      await nevis.approve({ username: 'nobody', channel: 'push' }),
      await nevis.approve({ userId: NOBODY, channel: 'app' }),
      await nevis.verify(NOBODY, { code: '1', channel: 'recovery' }),
      await nevis.intent({ username: 'nobody', operation: 'approve' }),
      await nevis.intent({ userId: NOBODY, operation: 'enroll' }),
      await nevis.call('GET', `/api/v1/users/${NOBODY}`),
      await nevis.call('GET', '/api/v1/users?username=nobody'),
      await nevis.call('DELETE', `/api/v1/users/${NOBODY}`),
      await nevis.call('PATCH', `/api/v1/authenticators/${NOBODY}`, { name: 'x' }),
      await nevis.call('DELETE', `/api/v1/authenticators/${NOBODY}`),
    ]
    // Compare the whole error body with Nevis's documentation, because `NevisClient` treats a 404 with another body as an error of a gateway.
    const body = { error: 'Not Found', message: expect.any(String) as string, path: expect.stringMatching(/^\/api\/v1\//) as string, status: 404, timestamp: SECONDS }
    expect(replies.map(({ status, json }) => ({ status, json }))).toEqual(Array(11).fill({ status: 404, json: body }))
  })

  // Shows: C-more-6
  test('for a channel of which the user has nothing › is 404', async () => {
    nevis.simulator.addUser({ username: 'anna', authenticators: 0 })
    for (const channel of ['push', 'app', 'sms']) {
      const { status, json } = await nevis.approve({ username: 'anna', channel })
      expect([status, json]).toEqual([404, expect.objectContaining({ error: 'Not Found', status: 404, path: '/api/v1/approval' })])
    }
  })

  test('with a wrong code › is 400 with a JSON object, for texts and for recovery codes', async () => {
    const { userId } = nevis.simulator.addUser({ username: 'anna', phone: '+41791234567', recoveryCodes: 1 })
    const { statusToken } = (await nevis.approve({ username: 'anna', channel: 'sms' })).json
    for (const wrong of [{ statusToken, code: 'x' }, { statusToken: 'x', code: '123456' }, { channel: 'recovery', code: 'x' }]) {
      const { status, json } = await nevis.verify(userId, wrong)
      expect([status, json]).toEqual([400, expect.objectContaining({ error: 'Bad Request', status: 400 })])
    }
  })

  test('that a fault answers with 404 › has the JSON error body, and as a status says unknown', async () => {
    nevis.simulator.faults.add({ status: 404 })
    expect((await nevis.call('GET', '/api/v1/users?username=anna')).json).toMatchObject({ error: 'Not Found', status: 404 })
    expect((await nevis.status('x')).json).toEqual({ status: 'unknown' })
  })

  // Shows: C-error-6
  test('for an eleventh authenticator › is 409', async () => {
    nevis.simulator.addUser({ username: 'anna', authenticators: 10 })
    const reply = await nevis.enroll({ username: 'anna' })
    expect(reply.status).toBe(409)
    expect(reply.json).toMatchObject({ error: 'Conflict' })
  })
})
