/** Approvals in the simulator: push, app link, SMS; their status, tokens and end. */
import { Caller, JWT, newestCode, SECONDS, started, UUID } from './http'

let nevis: Caller
beforeEach(async () => {
  nevis = await started({ pushRateLimit: 4, smsRateLimit: 4 })
})
afterEach(() => nevis.simulator.close())

const anna = { username: 'anna' }
const statusOf = async (reply: { json: Record<string, unknown> }) => (await nevis.status(reply.json['statusToken'])).json['status']
const linkOf = (reply: { json: Record<string, unknown> }) => String(reply.json['appLinkUri'])

describe('push', () => {
  // Shows: C-approval-1
  test('started › is 201 with three members, and the phone shows it', async () => {
    const { userId, authenticatorIds } = nevis.simulator.addUser({ ...anna, authenticators: ['old', 'new'] })
    const body = { ...anna, channel: 'push', prompt: true, message: 'Pay 10?', notificationMessage: 'Bank' }
    const reply = await nevis.approve(body)
    expect(reply.status).toBe(201)
    expect(reply.json).toEqual({ transactionId: UUID, userId, statusToken: JWT })
    const phone = nevis.simulator.phone('anna')
    expect(phone.requests()).toEqual([
      {
        transactionId: reply.json['transactionId'],
        userId,
        channel: 'push',
        message: 'Pay 10?',
        notificationMessage: 'Bank',
        authenticatorId: authenticatorIds[1],
        createdAt: expect.any(Date) as Date,
        expiresAt: expect.any(Date) as Date,
      },
    ])
  })

  test('without a channel and to a device by its id › goes to that device', async () => {
    const { userId, authenticatorIds } = nevis.simulator.addUser({ ...anna, authenticators: 2 })
    await nevis.approve({ userId, authenticatorId: authenticatorIds[0] })
    expect(nevis.simulator.phone(userId).waiting[0]?.authenticatorId).toBe(authenticatorIds[0])
  })

  test('to the device of another user › is 404', async () => {
    const ben = nevis.simulator.addUser({ username: 'ben' })
    nevis.simulator.addUser(anna)
    const reply = await nevis.approve({ ...anna, channel: 'push', authenticatorId: ben.authenticatorIds[0] })
    expect(reply.status).toBe(404)
  })

  // Shows: C-status-5
  test('pending, approved, denied › is 200, 200, 412, with all fields and a new token each time', async () => {
    const { userId } = nevis.simulator.addUser(anna)
    const first = await nevis.approve({ ...anna, channel: 'push' })
    const second = await nevis.approve({ ...anna, channel: 'push' })
    const pending = await nevis.status(first.json['statusToken'])
    expect(pending.status).toBe(200)
    expect(pending.json).toEqual({
      transactionId: first.json['transactionId'],
      status: 'pending',
      userId,
      username: 'anna',
      token: JWT,
      createdAt: SECONDS,
      lastUpdatedAt: SECONDS,
    })
    await nevis.simulator.phone('anna').approve(String(first.json['transactionId']))
    await nevis.simulator.phone('anna').deny()
    const succeeded = await nevis.status(first.json['statusToken'])
    expect([succeeded.status, succeeded.json['status']]).toEqual([200, 'succeeded'])
    const failed = await nevis.status(second.json['statusToken'])
    expect([failed.status, failed.json['status'], failed.json['token']]).toEqual([412, 'failed', JWT])
    expect(succeeded.json['token']).not.toBe(pending.json['token'])
    for (const { json } of [pending, succeeded, failed]) {
      expect((await nevis.introspect(json['token'])).json).toMatchObject({ active: true, sub: userId })
    }
  })

  // Shows: C-approval-7
  test('with formatting in <html> or a plain "<" › is allowed', async () => {
    nevis.simulator.addUser(anna)
    const message = '<html><b>Pay</b><br/><br><em>10</em> <i>or</i> <strong>11</strong> <u>now</u></html>'
    expect((await nevis.approve({ ...anna, channel: 'push', prompt: true, message })).status).toBe(201)
    expect((await nevis.approve({ ...anna, channel: 'push', message: 'a < b <script>' })).status).toBe(201)
  })

  test('not answered in time › has failed, and the phone has nothing left', async () => {
    nevis.simulator.addUser(anna)
    const reply = await nevis.approve({ ...anna, channel: 'push' })
    nevis.simulator.advance(119_000)
    expect(await statusOf(reply)).toBe('pending')
    nevis.simulator.advance(1_000)
    expect(await statusOf(reply)).toBe('failed')
    expect(nevis.simulator.phone('anna').waiting).toEqual([])
    await expect(nevis.simulator.phone('anna').approve()).rejects.toThrow("The request on anna's phone has expired.")
    expect(() => nevis.simulator.advance(-1)).toThrow(TypeError)
  })

  // Shows: C-user-7
  test('while the user is deleted › has failed; a status token that was never issued is unknown', async () => {
    const { userId } = nevis.simulator.addUser(anna)
    const reply = await nevis.approve({ ...anna, channel: 'push' })
    expect((await nevis.call('DELETE', `/api/v1/users/${userId}`)).status).toBe(204)
    expect(await statusOf(reply)).toBe('failed')
    const unknown = await nevis.status('nothing')
    expect([unknown.status, unknown.json]).toEqual([404, { status: 'unknown' }])
    expect((await nevis.status('')).status).toBe(400)
  })

  // Shows: C-more-5
  test('above the limit › is 429 for five minutes, for that channel and user only', async () => {
    nevis.simulator.addUser({ ...anna, phone: '+41791234567' })
    nevis.simulator.addUser({ username: 'ben' })
    for (let start = 0; start < 4; start++) expect((await nevis.approve({ ...anna, channel: 'push' })).status).toBe(201)
    const user = () => nevis.call('GET', '/api/v1/users?username=anna')
    expect((await user()).json).not.toHaveProperty('exceededRateLimits')
    const blocked = await nevis.approve({ ...anna, channel: 'push' })
    expect(blocked.status).toBe(429)
    expect(blocked.headers.get('retry-after')).toBe('300')
    expect((await user()).json['exceededRateLimits']).toEqual(['push'])
    expect(nevis.simulator.users[0]?.exceededRateLimits).toEqual(['push'])
    expect((await nevis.approve({ ...anna, channel: 'app' })).status).toBe(201)
    expect((await nevis.approve({ ...anna, channel: 'sms' })).status).toBe(201)
    expect((await nevis.approve({ username: 'ben', channel: 'push' })).status).toBe(201)
    nevis.simulator.advance(100_000)
    expect((await nevis.approve({ ...anna, channel: 'push' })).headers.get('retry-after')).toBe('200')
    nevis.simulator.advance(200_000)
    expect((await nevis.approve({ ...anna, channel: 'push' })).status).toBe(201)
  })
})

describe('a phone', () => {
  test('asked twice › decides the newest first', async () => {
    nevis.simulator.addUser(anna)
    const older = await nevis.approve({ ...anna, channel: 'push' })
    const newer = await nevis.approve({ ...anna, channel: 'push' })
    await nevis.simulator.phone('anna').approve()
    expect([await statusOf(older), await statusOf(newer)]).toEqual(['pending', 'succeeded'])
    await nevis.simulator.phone('anna').deny()
    expect(await statusOf(older)).toBe('failed')
  })

  test('approving again › changes nothing', async () => {
    nevis.simulator.addUser(anna)
    const reply = await nevis.approve({ ...anna, channel: 'push' })
    const phone = nevis.simulator.phone('anna')
    await phone.approve()
    const once = await nevis.status(reply.json['statusToken'])
    await phone.approve()
    await phone.approve(String(reply.json['transactionId']))
    expect((await nevis.status(reply.json['statusToken'])).json).toEqual(once.json)
    await expect(phone.deny()).rejects.toThrow('was approved already')
  })

  test('with nothing to decide › rejects with the reason', async () => {
    const phone = nevis.simulator.phone('anna')
    await expect(phone.approve()).rejects.toThrow("No request is waiting on anna's phone.")
    await expect(phone.deny('x')).rejects.toThrow("No request is waiting on anna's phone.")
    nevis.simulator.addUser(anna)
    await nevis.approve({ ...anna, channel: 'push' })
    await phone.deny()
    await expect(phone.approve()).rejects.toThrow("The request on anna's phone was denied.")
  })

  // Shows: C-user-9
  test('whose authenticator was deleted › shows nothing', async () => {
    const { authenticatorIds } = nevis.simulator.addUser(anna)
    await nevis.approve({ ...anna, channel: 'push' })
    await nevis.call('DELETE', `/api/v1/authenticators/${String(authenticatorIds[0])}`)
    expect(nevis.simulator.phone('anna').waiting).toEqual([])
  })
})

describe('app link', () => {
  // Shows: C-approval-4
  test.each(['app', 'qr-code'])('by the channel %s › is 201 with QR code and link at the top level', async (channel) => {
    const { userId } = nevis.simulator.addUser(anna)
    const reply = await nevis.approve({ ...anna, channel })
    expect(reply.status).toBe(201)
    expect(reply.json).toEqual({
      transactionId: UUID,
      userId,
      statusToken: JWT,
      qrCode: { type: 'image/png', size: 300, dataUri: expect.any(String) as string },
      appLinkUri: expect.stringContaining('/open?dispatchTokenResponse=eyJub') as string,
    })
    expect(nevis.simulator.phone('anna').waiting).toEqual([])
  })

  test('scanned without a prompt › has succeeded, and approving again changes nothing', async () => {
    nevis.simulator.addUser(anna)
    const reply = await nevis.approve({ ...anna, channel: 'app' })
    await nevis.simulator.phone('anna').scan(linkOf(reply))
    expect(await statusOf(reply)).toBe('succeeded')
    await nevis.simulator.phone('anna').approve()
  })

  // Shows: C-approval-6
  test('scanned with a prompt › waits for the answer', async () => {
    nevis.simulator.addUser(anna)
    const phone = nevis.simulator.phone('anna')
    const reply = await nevis.approve({ ...anna, channel: 'app', prompt: true, message: 'Sure?' })
    await expect(phone.approve()).rejects.toThrow('No request')
    await phone.scan(linkOf(reply))
    await phone.scan(linkOf(reply))
    expect(await statusOf(reply)).toBe('pending')
    expect(phone.waiting).toMatchObject([{ channel: 'app', message: 'Sure?' }])
    await phone.deny()
    expect(await statusOf(reply)).toBe('failed')
  })

  test("scanned by another user's phone, or by one without an authenticator › rejects and changes nothing", async () => {
    nevis.simulator.addUser(anna)
    nevis.simulator.addUser({ username: 'ben' })
    for (const authenticatorId of [undefined, '*']) {
      const reply = await nevis.approve({ ...anna, channel: 'app', authenticatorId })
      await expect(nevis.simulator.phone('ben').scan(linkOf(reply))).rejects.toThrow('it is for another phone')
      await expect(nevis.simulator.phone('nobody').scan(linkOf(reply))).rejects.toThrow('it is for another phone')
      expect(await statusOf(reply)).toBe('pending')
    }
  })

  test('for one device › another of the same user may scan only with "*"', async () => {
    const { authenticatorIds } = nevis.simulator.addUser({ ...anna, authenticators: 2 })
    const phone = nevis.simulator.phone('anna')
    const one = await nevis.approve({ ...anna, channel: 'app' })
    await expect(phone.scan(linkOf(one), authenticatorIds[0])).rejects.toThrow('another phone')
    const any = await nevis.approve({ ...anna, channel: 'app', authenticatorId: '*' })
    await phone.scan(linkOf(any), authenticatorIds[0])
    expect([await statusOf(one), await statusOf(any)]).toEqual(['pending', 'succeeded'])
  })

  test('without a user › names the user only when it has succeeded', async () => {
    const { userId } = nevis.simulator.addUser(anna)
    nevis.simulator.addUser({ username: 'ben' })
    const reply = await nevis.approve({ channel: 'app', prompt: true, message: 'Sure?' })
    expect(reply.json).not.toHaveProperty('userId')
    await nevis.simulator.phone('anna').scan(linkOf(reply))
    await expect(nevis.simulator.phone('ben').scan(linkOf(reply))).rejects.toThrow('another phone')
    const pending = await nevis.status(reply.json['statusToken'])
    expect(pending.json).not.toHaveProperty('userId')
    expect(pending.json).not.toHaveProperty('username')
    await nevis.simulator.phone('anna').approve()
    const succeeded = await nevis.status(reply.json['statusToken'])
    expect(succeeded.json).toMatchObject({ status: 'succeeded', userId, username: 'anna' })
    expect((await nevis.introspect(succeeded.json['token'])).json['sub']).toBe(userId)
  })
})

describe('code by SMS', () => {
  const sms = { ...anna, channel: 'sms' }

  // Shows: C-sms-4
  test('right › is 200 without a body, once, and the status has succeeded', async () => {
    const { userId } = nevis.simulator.addUser({ ...anna, phone: '+41791234567' })
    const reply = await nevis.approve({ ...sms, message: 'Code: {{CODE}}' })
    expect(reply.status).toBe(201)
    expect(reply.json).toEqual({ transactionId: UUID, userId, statusToken: JWT })
    expect(nevis.simulator.sms('anna')).toEqual([expect.stringMatching(/^Code: \d{6}$/)])
    const { statusToken } = reply.json
    expect(await statusOf(reply)).toBe('pending')
    const code = newestCode(nevis.simulator, 'anna')
    const right = await nevis.verify(userId, { code, statusToken, channel: 'sms' })
    expect([right.status, right.text]).toEqual([200, ''])
    expect(await statusOf(reply)).toBe('succeeded')
    expect((await nevis.verify(userId, { code, statusToken })).status).toBe(400)
  })

  test('wrong three times › the transaction has failed, and the right code is too late', async () => {
    const { userId } = nevis.simulator.addUser({ ...anna, phone: '+41791234567' })
    const reply = await nevis.approve(sms)
    const { statusToken } = reply.json
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await statusOf(reply)).toBe('pending')
      expect((await nevis.verify(userId, { code: 'wrong', statusToken })).status).toBe(400)
    }
    expect(await statusOf(reply)).toBe('failed')
    const code = newestCode(nevis.simulator, 'anna')
    expect((await nevis.verify(userId, { code, statusToken })).status).toBe(400)
  })

  test('with the status token or userId of another user, or too late › is 400', async () => {
    const one = nevis.simulator.addUser({ ...anna, phone: '+41791234567' })
    const two = nevis.simulator.addUser({ username: 'ben', phone: '+41791234568' })
    const { statusToken } = (await nevis.approve(sms)).json
    const code = newestCode(nevis.simulator, 'anna')
    const others = (await nevis.approve({ username: 'ben', channel: 'sms' })).json['statusToken']
    const push = (await nevis.approve({ ...anna, channel: 'push' })).json['statusToken']
    expect((await nevis.verify(two.userId, { code, statusToken })).status).toBe(400)
    expect((await nevis.verify(one.userId, { code, statusToken: others })).status).toBe(400)
    expect((await nevis.verify(one.userId, { code, statusToken: push })).status).toBe(400)
    expect((await nevis.verify(one.userId, { code })).status).toBe(400)
    expect((await nevis.verify(one.userId, { statusToken })).status).toBe(400)
    expect((await nevis.verify(one.userId, { code, statusToken, channel: 'push' })).status).toBe(400)
    nevis.simulator.advance(120_000)
    expect((await nevis.verify(one.userId, { code, statusToken })).status).toBe(400)
  })
})
