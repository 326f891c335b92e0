/** Tests enrolment in the simulator: of the app, of a phone number, and of recovery codes. */
import { createHash } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import { qrModules } from '../../src/simulator/qr'
import { Caller, JWT, MICROSECONDS, newestCode, SECONDS, started, UUID, type Json } from './http'

let nevis: Caller
beforeEach(async () => {
  nevis = await started()
})
afterEach(() => nevis.simulator.close())

const linkOf = (reply: { json: Json }): string => String((reply.json['enrollment'] as Json)['appLinkUri'])
const tokenOf = (reply: { json: Json }): unknown => (reply.json['enrollment'] as Json)['statusToken']

describe('enrolment of the app', () => {
  // Shows: C-enrol-app-1
  test('with a username › is 201 with the user and what to scan', async () => {
    const reply = await nevis.enroll({ username: 'u12345' })
    expect(reply.status).toBe(201)
    expect(reply.json).toEqual({
      userId: UUID,
      username: 'u12345',
      status: 'new',
      createdAt: MICROSECONDS,
      updatedAt: MICROSECONDS,
      authenticators: [],
      enrollment: {
        transactionId: UUID,
        statusToken: JWT,
        qrCode: { type: 'image/png', size: 300, dataUri: expect.stringMatching(/^data:image\/png;base64,[\w+/=]+$/) as string },
        appLinkUri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/open\?dispatchTokenResponse=eyJub\w+$/) as string,
      },
    })
  })

  // Shows: C-enrol-app-2
  test('without a username › makes a new user every time, with a slash at the end of the path too', async () => {
    const first = await nevis.enroll({})
    const second = await nevis.call('POST', '/api/v1/users/enroll/', {})
    expect([first.status, second.status]).toEqual([201, 201])
    expect(first.json).not.toHaveProperty('username')
    expect(first.json['userId']).not.toBe(second.json['userId'])
  })

  // Shows: C-enrol-5, C-user-2
  test('scanned › the user becomes active with one authenticator', async () => {
    const reply = await nevis.enroll({ username: 'anna', channel: 'push' })
    expect((await nevis.status(tokenOf(reply))).json['status']).toBe('pending')
    await nevis.simulator.phone('anna').scan(linkOf(reply))
    const status = await nevis.status(tokenOf(reply))
    expect(status.json).toMatchObject({ status: 'succeeded', userId: reply.json['userId'], username: 'anna' })
    const user = await nevis.call('GET', '/api/v1/users?username=anna')
    expect(user.json).toMatchObject({
      status: 'active',
      authenticators: [{ authenticatorId: UUID, name: 'iPhone 16 (simulated)', type: 'ios', enrolledAt: SECONDS, updatedAt: SECONDS }],
    })
  })

  // Shows: C-enrol-5
  test('scanned twice or too late › rejects and registers nothing more', async () => {
    const reply = await nevis.enroll({ username: 'anna' })
    const late = await nevis.enroll({ username: 'anna' })
    await nevis.simulator.phone('anna').scan(linkOf(reply))
    await expect(nevis.simulator.phone('anna').scan(linkOf(reply))).rejects.toThrow('was approved already')
    nevis.simulator.advance(120_000)
    await expect(nevis.simulator.phone('anna').scan(linkOf(late))).rejects.toThrow('has expired')
    expect((await nevis.status(tokenOf(late))).status).toBe(412)
    expect(nevis.simulator.users[0]?.authenticators).toHaveLength(1)
  })

  test('without a username › the phone answers under its own name and under the userId', async () => {
    const reply = await nevis.enroll({})
    const userId = String(reply.json['userId'])
    await nevis.simulator.phone('pocket').scan(linkOf(reply))
    expect((await nevis.status(tokenOf(reply))).json).not.toHaveProperty('username')
    for (const name of ['pocket', userId]) {
      const approval = await nevis.approve({ userId, channel: 'push' })
      await nevis.simulator.phone(name).approve()
      expect((await nevis.status(approval.json['statusToken'])).json['status']).toBe('succeeded')
    }
  })

  test.each(['not a link', 'http://127.0.0.1/open', 'http://127.0.0.1/open?dispatchTokenResponse=x'])(
    'with the link %j › rejects',
    async (link) => {
      await expect(nevis.simulator.phone('anna').scan(link)).rejects.toThrow('not an app link')
    },
  )
})

describe('enrolment of a phone number', () => {
  const body = { username: 'anna', channel: 'sms', phone: '+41 79 123 45 67' }

  // Shows: C-enrol-other-1
  test('started › sends a text and answers with the status token and no QR code', async () => {
    const reply = await nevis.enroll({ ...body, message: 'Hi! {{CODE}} is yours, {{CODE}}' })
    expect(reply.status).toBe(201)
    expect(reply.json['enrollment']).toEqual({ transactionId: UUID, statusToken: JWT })
    expect(nevis.simulator.sms('anna')).toEqual([expect.stringMatching(/^Hi! (\d{6}) is yours, \1$/)])
    expect(nevis.simulator.sms(String(reply.json['userId']))).toHaveLength(1)
    expect(nevis.simulator.sms('nobody')).toEqual([])
  })

  // Shows: C-enrol-other-2
  test('with the right code › the number is confirmed and can be asked for codes', async () => {
    const reply = await nevis.enroll(body)
    expect((await nevis.approve({ username: 'anna', channel: 'sms' })).status).toBe(404)
    const right = { code: newestCode(nevis.simulator, 'anna'), statusToken: tokenOf(reply) }
    const verified = await nevis.verify(reply.json['userId'], right)
    expect([verified.status, verified.text]).toEqual([200, ''])
    expect(nevis.simulator.users[0]).toMatchObject({ phone: '+41 79 123 45 67', status: 'active' })
    expect((await nevis.approve({ username: 'anna', channel: 'sms' })).status).toBe(201)
  })
})

describe('enrolment of recovery codes', () => {
  // Shows: C-enrol-other-5
  test('for a new user › answers with codes of four dashed groups that work once', async () => {
    const reply = await nevis.enroll({ username: 'anna', recovery_username: 'anna', channel: 'recovery' })
    expect(reply.status).toBe(201)
    const { recoveryCodes } = reply.json['enrollment'] as { recoveryCodes: string[] }
    expect(recoveryCodes).toHaveLength(10)
    for (const code of recoveryCodes) expect(code).toMatch(/^[A-Za-z0-9]{4}(-[A-Za-z0-9]{4}){3}$/)
    const check = { code: recoveryCodes[0], channel: 'recovery' }
    expect((await nevis.verify(reply.json['userId'], check)).status).toBe(200)
    expect((await nevis.verify(reply.json['userId'], check)).status).toBe(400)
    expect((await nevis.verify(reply.json['userId'], { ...check, code: recoveryCodes[1]?.toLowerCase() })).status).toBe(400)
  })

  // Shows: C-enrol-other-5
  test('for a user by userId › replaces the set that was there', async () => {
    const { userId, recoveryCodes } = nevis.simulator.addUser({ username: 'anna', recoveryCodes: ['abcd-1'] })
    expect(recoveryCodes).toEqual(['abcd-1'])
    expect((await nevis.enroll({ userId, recovery_username: 'anna', channel: 'recovery' })).status).toBe(201)
    expect((await nevis.verify(userId, { code: 'abcd-1', channel: 'recovery' })).status).toBe(400)
  })
})

describe('the QR code', () => {
  // Shows: C-enrol-app-11
  test('of an enrolment › is a PNG of 300 by 300 pixels that holds the modules of the app link', async () => {
    const reply = await nevis.enroll({})
    const { qrCode } = reply.json['enrollment'] as { qrCode: { dataUri: string } }
    const png = Buffer.from(qrCode.dataUri.split(',')[1] ?? '', 'base64')
    expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a')
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([300, 300])
    const start = png.indexOf('IDAT')
    const pixels = inflateSync(png.subarray(start + 4, start + 4 + png.readUInt32BE(start - 4)))
    const modules = qrModules(linkOf(reply))
    const scale = Math.floor(300 / (modules.length + 8))
    const margin = Math.floor((300 - scale * modules.length) / 2)
    const isDark = (x: number, y: number) => ((pixels[y * 39 + 1 + (x >> 3)] ?? 0) & (0x80 >> (x & 7))) === 0
    const read = modules.map((row, y) => row.map((_, x) => isDark(margin + x * scale + 2, margin + y * scale + 2)))
    expect(read).toEqual(modules)
    expect(isDark(2, 2)).toBe(false)
  })

  // Each row: the text, the modules on each side of its QR code, and a digest of the QR code. An independent decoder has read each of these QR codes correctly.
  test.each([
    ['N', 21, 'cb3bab634166977e'],
    ['http://127.0.0.1:4001/open?dispatchTokenResponse=eyJub25jZSI6IkFBQUFBQUFBQUFBQUFBQUEifQ', 37, '1230ba6b4bdc36d2'],
    ['x'.repeat(134), 41, 'fcf6199d8b88b33d'],
  ])('of %j › has %i modules a side', (text, size, fingerprint) => {
    const modules = qrModules(text)
    expect(modules).toHaveLength(size)
    expect(fingerprintOf(modules)).toBe(fingerprint)
  })

  test('of a text above 134 bytes › is refused', () => {
    expect(() => qrModules('x'.repeat(135))).toThrow(RangeError)
  })
})

function fingerprintOf(modules: boolean[][]): string {
  const bits = modules.flat().map(Number).join('')
  return createHash('sha256').update(bits).digest('hex').slice(0, 16)
}
