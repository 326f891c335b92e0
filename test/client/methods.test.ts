/** Tests every method of the client: the exact request, the answers in Nevis's documents, and the errors by code. */
import { isDeepStrictEqual } from 'node:util'
import nock from 'nock'
import type { EnrollRequest, NevisClient } from '../../src/client/client'
import { offline } from './offline'
import {
  ACCESS_KEY, APP_APPROVAL, AUTHENTICATOR, AUTHENTICATOR_ID, BAD_REQUEST, CLOUD, DATA_URI, ENROLLMENT, FORBIDDEN,
  NOT_FOUND, PUSH_APPROVAL, SMS_APPROVAL, USER, USER_ID, newClient, nevisError,
} from './support'

offline()

const KEYED = { reqheaders: { authorization: `Bearer ${ACCESS_KEY}`, accept: 'application/json' } }
const JSON_KEYED = { reqheaders: { ...KEYED.reqheaders, 'content-type': 'application/json;charset=utf-8' } }
const BARE = { badheaders: ['authorization'], reqheaders: { 'content-type': 'application/json;charset=utf-8' } }

describe('ping', () => {
  describe('of an instance that is there', () => {
    // Shows: C-endpoint-2, C-auth-1
    it('resolves to PONG', async () => {
      for (const body of ['PONG', 'PONG\r\n', 'pong', '\ufeffPONG']) {
        nock(CLOUD, { reqheaders: { ...KEYED.reqheaders, accept: '*/*' } }).get('/ping').reply(200, body, { 'content-type': 'text/plain' })
        await expect(newClient().ping()).resolves.toBe('PONG')
      }
    })
  })

  describe('with any other answer', () => {
    // Shows: C-endpoint-2
    it.each<[number, string]>([[200, 'PING'], [200, ''], [200, '"PONG"'], [204, ''], [404, 'PONG'], [302, ''], [500, 'PONG']])(
      'rejects HTTP %i %j with NEVIS_UNEXPECTED_RESPONSE',
      async (status, body) => {
        nock(CLOUD).get('/ping').reply(status, body)
        expect(await nevisError(newClient().ping())).toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE', nevisStatus: status })
      },
    )
  })
})

describe('enroll', () => {
  describe('for the app', () => {
    // Shows: C-enrol-app-1, C-enrol-app-2, C-enrol-app-3, C-enrol-app-5, C-enrol-app-8, C-enrol-app-11
    it.each<[EnrollRequest, object]>([
      [{ anonymous: true }, {}],
      [{ anonymous: true, channel: 'app' }, { channel: 'app' }],
      [{ username: 'u12345' }, { username: 'u12345' }],
      [{ username: 'u12345', channel: undefined, phone: undefined }, { username: 'u12345' }],
      [{ userId: USER_ID, channel: 'app' }, { userId: USER_ID, channel: 'app' }],
      [{ username: 'u12345', channel: 'push' }, { username: 'u12345', channel: 'push' }],
    ])('sends %j as %j and resolves to what to show', async (request, body) => {
      // A function compares the body, because nock treats `{}` as "any body".
      nock(CLOUD, JSON_KEYED).post('/api/v1/users/enroll', (sent) => isDeepStrictEqual(sent, body)).reply(201, ENROLLMENT)
      const { enrollment, ...user } = ENROLLMENT
      await expect(newClient().enroll(request)).resolves.toEqual({ ...user, ...enrollment, raw: ENROLLMENT })
    })

    // Shows: C-enrol-app-8
    it('takes a username of null as absent', async () => {
      nock(CLOUD).post('/api/v1/users/enroll').reply(201, { ...ENROLLMENT, username: null })
      expect('username' in (await newClient().enroll({ anonymous: true }))).toBe(false)
    })

    // Shows: C-enrol-app-8, C-enrol-app-9, C-enrol-app-10
    it.each<[string, object]>([
      ['userId', { ...ENROLLMENT, userId: undefined }],
      ['status', { ...ENROLLMENT, status: undefined, authenticators: undefined }],
      ['authenticators', { ...ENROLLMENT, authenticators: {} }],
      ['authenticators', { ...ENROLLMENT, authenticators: ['x'] }],
      ['statusToken', { ...ENROLLMENT, enrollment: undefined }],
      ['qrCode', { ...ENROLLMENT, enrollment: { ...ENROLLMENT.enrollment, qrCode: undefined, appLinkUri: undefined } }],
      ...(['transactionId', 'statusToken'] as const).map((name): [string, object] => [
        name,
        { ...ENROLLMENT, enrollment: { ...ENROLLMENT.enrollment, [name]: undefined } },
      ]),
      ['enrollment', { ...ENROLLMENT, enrollment: 'x' }],
    ])('rejects an answer without its %s with NEVIS_UNEXPECTED_RESPONSE', async (field, body) => {
      nock(CLOUD).post('/api/v1/users/enroll').reply(201, body)
      const error = await nevisError(newClient().enroll({ username: 'u12345' }))
      expect(error).toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE', operation: 'enroll', status: 502, nevisStatus: 201 })
      expect(error.message).toContain(field)
    })

    // Shows: C-enrol-app-12
    it.each([
      'javascript:alert(1)', 'http://nevis.example/open', 'https://nevis.example/ "onclick', ' javascript:1', 'open?x', 7, '',
    ])('rejects the deep link %j', async (appLinkUri) => {
      nock(CLOUD).post('/api/v1/users/enroll').reply(201, { ...ENROLLMENT, enrollment: { ...ENROLLMENT.enrollment, appLinkUri } })
      expect((await nevisError(newClient().enroll({ username: 'u12345' }))).code).toBe('NEVIS_UNEXPECTED_RESPONSE')
    })

    it('takes a deep link over plain http to loopback', async () => {
      const appLinkUri = 'http://127.0.0.1:3000/open?dispatchTokenResponse=x'
      nock(CLOUD).post('/api/v1/users/enroll').reply(201, { ...ENROLLMENT, enrollment: { ...ENROLLMENT.enrollment, appLinkUri } })
      await expect(newClient().enroll({ username: 'u12345' })).resolves.toMatchObject({ appLinkUri })
    })
  })

  describe('for SMS', () => {
    const request = { username: 'u12345', channel: 'sms', phone: '+41791234567', message: 'Code: {{CODE}}' } as const

    it.each([
      { userId: USER_ID, enrollment: { statusToken: 'inner' }, statusToken: 'outer' },
      { userId: USER_ID, statusToken: 'inner' },
    ])('resolves to the status token, inside or outside of `enrollment`: %j', async (body) => {
      nock(CLOUD, JSON_KEYED).post('/api/v1/users/enroll', { ...request }).reply(200, body)
      await expect(newClient().enroll(request)).resolves.toEqual({
        userId: USER_ID, authenticators: [], statusToken: 'inner', raw: body,
      })
    })

    // Shows: C-enrol-other-1
    it('rejects an answer without one with NEVIS_UNEXPECTED_RESPONSE', async () => {
      nock(CLOUD).post('/api/v1/users/enroll').reply(201, { userId: USER_ID, enrollment: {} })
      expect((await nevisError(newClient().enroll(request))).code).toBe('NEVIS_UNEXPECTED_RESPONSE')
    })
  })

  describe('for recovery codes', () => {
    const request = { username: 'u12345', channel: 'recovery' } as const
    const codes = ['aB3d-eF6h-iJ9k-lM2n', 'oP5q-rS8t-uV1w-xY4z']

    // Shows: C-enrol-other-5
    it.each([
      { userId: USER_ID, authenticators: [], enrollment: { anyName: codes } },
      { userId: USER_ID, codes, other: ['x'] },
    ])('sends the username twice and finds the codes in %j', async (body) => {
      nock(CLOUD, JSON_KEYED)
        .post('/api/v1/users/enroll', { ...request, recovery_username: 'u12345' })
        .reply(201, body)
      await expect(newClient().enroll(request)).resolves.toMatchObject({ userId: USER_ID, recoveryCodes: codes, raw: body })
    })

    // Shows: C-enrol-other-5
    it('leaves them out where there are none', async () => {
      nock(CLOUD).post('/api/v1/users/enroll').reply(201, { userId: USER_ID, enrollment: { codes: [1, 2] } })
      expect('recoveryCodes' in (await newClient().enroll(request))).toBe(false)
    })
  })

  describe('for a channel that is newer than this client', () => {
    // Shows: C-version-2
    it('sends it and promises nothing but the user', async () => {
      nock(CLOUD).post('/api/v1/users/enroll', { username: 'u12345', channel: 'oath' }).reply(201, { userId: USER_ID, secret: 1 })
      const enrollment = await newClient().enroll({ username: 'u12345', channel: 'oath' })
      expect(enrollment).toEqual({ userId: USER_ID, authenticators: [], raw: { userId: USER_ID, secret: 1 } })
    })
  })
})

describe('approve', () => {
  describe('by push', () => {
    // Shows: C-media-1, C-approval-1
    it('always sends the channel and resolves to the transaction', async () => {
      nock(CLOUD, JSON_KEYED).post('/api/v1/approval', { username: 'u12345', channel: 'push' }).reply(201, PUSH_APPROVAL)
      await expect(newClient().approve({ username: 'u12345' })).resolves.toEqual({ ...PUSH_APPROVAL, raw: PUSH_APPROVAL })
    })

    // Shows: C-approval-7, C-approval-10
    it.each([
      'Pay 1 < 2 <b>?',
      '<html><b>Pay</b> <br><br/><em>10</em> <i>to</i> <strong>Anna</strong> <u>now</u></html>',
      '<html></html>',
    ])('sends all of its fields, and the message %j as it is', async (message) => {
      const request = {
        userId: USER_ID, channel: 'push', prompt: true, message, notificationMessage: 'Hello', authenticatorId: AUTHENTICATOR_ID,
      } as const
      nock(CLOUD).post('/api/v1/approval', request).reply(201, PUSH_APPROVAL)
      await expect(newClient().approve(request)).resolves.toMatchObject(PUSH_APPROVAL)
    })
  })

  describe('by app', () => {
    // Shows: C-approval-3, C-approval-4
    it.each(['app', 'qr-code'] as const)('resolves to a QR code and a deep link for %s', async (channel) => {
      const request = { username: 'u12345', channel, authenticatorId: '*' }
      nock(CLOUD).post('/api/v1/approval', request).reply(201, APP_APPROVAL)
      await expect(newClient().approve(request)).resolves.toEqual({ ...APP_APPROVAL, raw: APP_APPROVAL })
    })

    // Shows: T-answer-7, C-enrol-app-11
    it.each([
      'data:image/png;base64,...YII', `https://x.example/?${DATA_URI}`, 'data:image/svg+xml;base64,AAAA', 'data:image/png;base64,A"onerror="', 'https://x.example', '', 7,
    ])('rejects the QR code %j', async (dataUri) => {
      nock(CLOUD).post('/api/v1/approval').reply(201, { ...APP_APPROVAL, qrCode: { dataUri } })
      const error = await nevisError(newClient().approve({ username: 'u12345', channel: 'app' }))
      expect(error.code).toBe('NEVIS_UNEXPECTED_RESPONSE')
    })

    // Shows: C-approval-3
    it('rejects an answer with neither QR code nor link', async () => {
      for (const channel of ['app', 'qr-code']) {
        nock(CLOUD).post('/api/v1/approval').reply(201, { ...APP_APPROVAL, qrCode: undefined, appLinkUri: undefined })
        const error = await nevisError(newClient().approve({ username: 'u12345', channel }))
        expect(error.message).toContain('qrCode is missing')
      }
    })

    it.each(['qrCode', 'appLinkUri'])('takes an answer without its %s: the other is a way in', async (name) => {
      nock(CLOUD).post('/api/v1/approval').reply(201, { ...APP_APPROVAL, [name]: undefined })
      const approval = await newClient().approve({ username: 'u12345', channel: 'app' })
      expect(['qrCode', 'appLinkUri'].filter((one) => one in approval)).toEqual(['qrCode', 'appLinkUri'].filter((one) => one !== name))
    })

    it('takes a QR code without type and size', async () => {
      nock(CLOUD).post('/api/v1/approval').reply(201, { ...APP_APPROVAL, qrCode: { dataUri: DATA_URI, size: '300' } })
      const { qrCode } = await newClient().approve({ username: 'u12345', channel: 'app' })
      expect(qrCode).toEqual({ dataUri: DATA_URI })
    })
  })

  describe('by SMS', () => {
    // Shows: C-sms-1, C-sms-3
    it.each([200, 201])('resolves to the transaction with HTTP %i', async (status) => {
      const request = { username: 'u12345', channel: 'sms', message: 'SMS Transaction Approval Test, code: {{CODE}}' } as const
      nock(CLOUD).post('/api/v1/approval', request).reply(status, SMS_APPROVAL)
      await expect(newClient().approve(request)).resolves.toEqual({ ...SMS_APPROVAL, raw: SMS_APPROVAL })
    })
  })

  describe('with a user that Nevis does not know', () => {
    it('rejects with NEVIS_NOT_FOUND', async () => {
      nock(CLOUD).post('/api/v1/approval').reply(404, NOT_FOUND)
      expect(await nevisError(newClient().approve({ username: 'u12345' }))).toMatchObject({
        name: 'NevisError', code: 'NEVIS_NOT_FOUND', operation: 'approve', status: 500, nevisStatus: 404,
        message: 'Nevis approve failed: NEVIS_NOT_FOUND (HTTP 404), no such user or authenticator',
      })
    })
  })

  describe('with an answer that lacks a promised field', () => {
    // Shows: C-approval-2
    it.each(['transactionId', 'userId', 'statusToken'])('rejects without %s, with null and with the wrong type', async (name) => {
      for (const value of [undefined, null, 7, '', []]) {
        nock(CLOUD).post('/api/v1/approval').reply(201, { ...PUSH_APPROVAL, [name]: value })
        const error = await nevisError(newClient().approve({ username: 'u12345' }))
        expect(error.code).toBe('NEVIS_UNEXPECTED_RESPONSE')
        expect(error.message).toContain(name)
      }
    })
  })

  describe('with any other HTTP status', () => {
    // Shows: C-error-1, C-error-2, C-error-3, C-error-5, C-error-6, C-error-8, C-error-9, C-error-10, C-overview-3, C-more-5
    it.each<[number, string, number, unknown]>([
      [400, 'NEVIS_REJECTED', 500, BAD_REQUEST],
      [401, 'NEVIS_UNAUTHORIZED', 500, ''],
      [403, 'NEVIS_UNAUTHORIZED', 500, FORBIDDEN],
      [405, 'NEVIS_REJECTED', 500, ''],
      [409, 'NEVIS_REJECTED', 500, ''],
      [412, 'NEVIS_REJECTED', 500, ''],
      [415, 'NEVIS_REJECTED', 500, ''],
      [429, 'NEVIS_RATE_LIMITED', 503, ''],
      [203, 'NEVIS_UNEXPECTED_RESPONSE', 502, PUSH_APPROVAL],
      [204, 'NEVIS_UNEXPECTED_RESPONSE', 502, ''],
      [304, 'NEVIS_UNEXPECTED_RESPONSE', 502, ''],
      [500, 'NEVIS_UNEXPECTED_RESPONSE', 502, PUSH_APPROVAL],
      [503, 'NEVIS_UNEXPECTED_RESPONSE', 502, '<html>down</html>'],
      [201, 'NEVIS_UNEXPECTED_RESPONSE', 502, '<html>'],
      [201, 'NEVIS_UNEXPECTED_RESPONSE', 502, '[]'],
      [201, 'NEVIS_UNEXPECTED_RESPONSE', 502, 'null'],
      [201, 'NEVIS_UNEXPECTED_RESPONSE', 502, ''],
    ])('rejects HTTP %i with %s', async (nevisStatus, code, status, body) => {
      nock(CLOUD).post('/api/v1/approval').reply(nevisStatus, body as nock.Body)
      expect(await nevisError(newClient().approve({ username: 'u12345' }))).toMatchObject({ code, status, nevisStatus })
    })

    // Shows: C-more-5
    it('tells how long Nevis asks to wait', async () => {
      nock(CLOUD).post('/api/v1/approval').reply(429, '', { 'retry-after': '30' })
      expect(await nevisError(newClient().approve({ username: 'u12345' }))).toMatchObject({ retryAfterSeconds: 30 })
      nock(CLOUD).post('/api/v1/approval').reply(429, '', { 'retry-after': 'soon' })
      expect('retryAfterSeconds' in (await nevisError(newClient().approve({ username: 'u12345' })))).toBe(false)
    })
  })
})

describe('verifyCode', () => {
  const path = `/api/v1/users/${USER_ID}/verification`
  const request = { userId: USER_ID, code: ' aB3d-eF6h ', statusToken: 'eyJ.a+b/c=.d' }

  describe('with a code that is right', () => {
    // Shows: C-sms-4
    it.each(['', ' \r\n', '{}', '{"status":"succeeded"}', JSON.stringify(USER)])('resolves to true for HTTP 200 with the body %j', async (body) => {
      nock(CLOUD, JSON_KEYED).post(path, { code: request.code, statusToken: request.statusToken }).reply(200, body)
      await expect(newClient().verifyCode(request)).resolves.toBe(true)
    })

    // Shows: C-recovery-1
    it('asks for a recovery code by its channel', async () => {
      nock(CLOUD, JSON_KEYED).post(path, { code: 'aB3d', channel: 'recovery' }).reply(200)
      await expect(newClient().verifyCode({ userId: USER_ID, code: 'aB3d', channel: 'recovery' })).resolves.toBe(true)
    })
  })

  describe('with a code that is wrong', () => {
    describe.each([400, 404, 409, 412, 422])('HTTP %i', (status) => {
      // Shows: C-sms-5
      it.each(['', '{}', JSON.stringify(BAD_REQUEST)])('resolves to false with the body %j', async (body) => {
        nock(CLOUD).post(path).reply(status, body)
        await expect(newClient().verifyCode(request)).resolves.toBe(false)
      })

      it.each(['<h1>Blocked</h1>', 'default backend - 404', '[]', 'null', '"no"', '{"error":'])('rejects the body %j, which is not of Nevis', async (body) => {
        nock(CLOUD).post(path).reply(status, body)
        expect(await nevisError(newClient().verifyCode(request))).toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE', operation: 'verifyCode', nevisStatus: status })
      })
    })

    it.each(['{"status":"failed"}', '{"valid":false}', '{"error":"wrong code"}'])('resolves to false for HTTP 200 with %j', async (body) => {
      nock(CLOUD).post(path).reply(200, body)
      await expect(newClient().verifyCode(request)).resolves.toBe(false)
    })
  })

  describe('without a verdict', () => {
    // Shows: C-sms-5
    it.each<[number, string]>([
      [401, 'NEVIS_UNAUTHORIZED'], [403, 'NEVIS_UNAUTHORIZED'], [429, 'NEVIS_RATE_LIMITED'], [405, 'NEVIS_REJECTED'],
      [415, 'NEVIS_REJECTED'], [418, 'NEVIS_REJECTED'], [201, 'NEVIS_UNEXPECTED_RESPONSE'], [204, 'NEVIS_UNEXPECTED_RESPONSE'],
      [301, 'NEVIS_UNEXPECTED_RESPONSE'], [500, 'NEVIS_UNEXPECTED_RESPONSE'], [503, 'NEVIS_UNEXPECTED_RESPONSE'],
    ])('rejects HTTP %i with %s, and asks once', async (status, code) => {
      nock(CLOUD).post(path).reply(status)
      expect((await nevisError(newClient({ retries: 2 }).verifyCode(request))).code).toBe(code)
    })

    it.each(['OK', '<h1>Sorry</h1>', '{"any":', '[]', 'true', 'null', '{"message":"Request blocked"}'])('rejects HTTP 200 with the body %j', async (body) => {
      nock(CLOUD).post(path).reply(200, body)
      expect(await nevisError(newClient().verifyCode(request))).toMatchObject({
        code: 'NEVIS_UNEXPECTED_RESPONSE', nevisStatus: 200, message: expect.stringContaining('does not say whether the code is right'),
      })
    })

    it.each([401, 403])('rejects a page with HTTP %i as NEVIS_UNAUTHORIZED', async (status) => {
      nock(CLOUD).post(path).reply(status, '<h1>Forbidden</h1>')
      expect((await nevisError(newClient().verifyCode(request))).code).toBe('NEVIS_UNAUTHORIZED')
    })
  })
})

describe('users', () => {
  describe('looked up by userId or username', () => {
    // Shows: C-user-1, C-user-3, C-user-5, C-user-6
    it('resolves to the user', async () => {
      nock(CLOUD, KEYED).get(`/api/v1/users/${USER_ID}`).reply(200, USER)
      const raw = { raw: AUTHENTICATOR }
      const expected = { ...USER, authenticators: [{ ...AUTHENTICATOR, ...raw }], raw: USER }
      await expect(newClient().getUser(USER_ID)).resolves.toEqual(expected)
      nock(CLOUD, KEYED).get('/api/v1/users').query({ username: 'a.b@c-d_e' }).reply(200, USER)
      await expect(newClient().findUserByUsername('a.b@c-d_e')).resolves.toEqual(expected)
    })

    // Shows: C-more-2, C-more-4
    it('passes on what newer answers tell of logins and of the app on the phone', async () => {
      const uaf = { userAgent: 'Access App 4.1', deviceRef: AUTHENTICATOR_ID, userDisabledPushNotification: true }
      const phone = { ...AUTHENTICATOR, authenticatorType: 'app', state: 'active', uaf }
      const logins = { lastLoginDateSuccess: '2026-01-09T08:44:36Z', lastLoginDateFailure: '2026-01-08T08:44:36Z' }
      nock(CLOUD).get(`/api/v1/users/${USER_ID}`).reply(200, { ...USER, ...logins, authenticators: [phone] })
      await expect(newClient().getUser(USER_ID)).resolves.toMatchObject({ ...logins, authenticators: [phone] })
    })

    // Shows: C-more-2
    it.each([null, 'x', [true], { userDisabledPushNotification: 'no', userAgent: 7 }])('treats an invalid field as absent: %j', async (uaf) => {
      nock(CLOUD).get(`/api/v1/users/${USER_ID}`).reply(200, { ...USER, lastLoginDateSuccess: 7, authenticators: [{ ...AUTHENTICATOR, uaf }] })
      const { authenticators, ...user } = await newClient().getUser(USER_ID)
      expect('lastLoginDateSuccess' in user).toBe(false)
      expect(authenticators[0]?.uaf ?? {}).toEqual({})
    })

    // Shows: C-version-2, C-more-3
    it('tolerates what is new, odd or not documented, and keeps it in raw', async () => {
      const body = {
        ...USER, username: null, status: 'suspended', createdAt: 1600863157593, exceededRateLimits: { push: {} }, more: 1,
        authenticators: [{ authenticatorId: AUTHENTICATOR_ID, type: 'watch', name: 7, uaf: { deviceRef: 'x' } }],
      }
      nock(CLOUD).get(`/api/v1/users/${USER_ID}`).reply(200, body)
      await expect(newClient().getUser(USER_ID)).resolves.toEqual({
        userId: USER_ID, status: 'suspended', updatedAt: USER.updatedAt, exceededRateLimits: { push: {} }, raw: body,
        authenticators: [{ authenticatorId: AUTHENTICATOR_ID, type: 'watch', uaf: { deviceRef: 'x' }, raw: body.authenticators[0] }],
      })
    })

    // Shows: C-user-1
    it.each<[string, object]>([
      ['userId', { ...USER, userId: undefined }],
      ['username', { ...USER, username: 7 }],
      ['status', { ...USER, status: 200 }],
      ['authenticators', { ...USER, authenticators: {} }],
      ['authenticatorId', { ...USER, authenticators: [{ authenticatorId: '../x' }] }],
    ])('rejects a user whose %s is not as promised', async (field, body) => {
      nock(CLOUD).get(`/api/v1/users/${USER_ID}`).reply(200, body)
      const error = await nevisError(newClient().getUser(USER_ID))
      expect(error).toMatchObject({ code: 'NEVIS_UNEXPECTED_RESPONSE', operation: 'getUser' })
      expect(error.message).toContain(field)
    })
  })

  describe('with one authenticator that has no id', () => {
    it('keep it in the list, and the others are unchanged', async () => {
      const phone = { type: 'sms', phone: '+41791234567' }
      nock(CLOUD).get(`/api/v1/users/${USER_ID}`).reply(200, { ...USER, authenticators: [phone, AUTHENTICATOR] })
      const { authenticators } = await newClient().getUser(USER_ID)
      expect(authenticators).toEqual([{ type: 'sms', raw: phone }, { ...AUTHENTICATOR, raw: AUTHENTICATOR }])
      expect('authenticatorId' in (authenticators[0] as object)).toBe(false)
    })
  })

  describe('deleted', () => {
    // Shows: C-user-7
    it.each<[number, string]>([[204, ''], [200, ''], [200, '{}'], [200, JSON.stringify({ userId: USER_ID, success: true })]])('resolves to nothing with HTTP %i and %j', async (status, body) => {
      nock(CLOUD, { ...KEYED, badheaders: ['content-type'] }).delete(`/api/v1/users/${USER_ID}`).reply(status, body)
      await expect(newClient().deleteUser(USER_ID)).resolves.toBeUndefined()
    })

    it.each(['<h1>Sorry</h1>', 'OK', '[]', '{"error":"Service Unavailable"}', '{"status":"failed"}', '{"message":"Request blocked"}', JSON.stringify(USER), JSON.stringify({ userId: USER_ID })])(
      'rejects HTTP 200 with %j, which does not say that the user was deleted',
      async (body) => {
        nock(CLOUD).delete(`/api/v1/users/${USER_ID}`).reply(200, body)
        expect(await nevisError(newClient().deleteUser(USER_ID))).toMatchObject({
          code: 'NEVIS_UNEXPECTED_RESPONSE', operation: 'deleteUser', message: expect.stringContaining('the body does not confirm the deletion'),
        })
      },
    )

    it('rejects any other 2xx with NEVIS_UNEXPECTED_RESPONSE', async () => {
      nock(CLOUD).delete(`/api/v1/users/${USER_ID}`).reply(202)
      expect((await nevisError(newClient().deleteUser(USER_ID))).code).toBe('NEVIS_UNEXPECTED_RESPONSE')
    })
  })
})

describe('authenticators', () => {
  describe('renamed', () => {
    // Shows: C-user-8
    it('resolves to the authenticator', async () => {
      const renamed = { ...AUTHENTICATOR, name: 'Personal Phone' }
      nock(CLOUD, JSON_KEYED).patch(`/api/v1/authenticators/${AUTHENTICATOR_ID}`, { name: 'Personal Phone' }).reply(200, renamed)
      await expect(newClient().renameAuthenticator(AUTHENTICATOR_ID, 'Personal Phone')).resolves.toEqual({ ...renamed, raw: renamed })
    })

    it('rejects an answer without its id', async () => {
      nock(CLOUD).patch(`/api/v1/authenticators/${AUTHENTICATOR_ID}`).reply(200, { name: 'Personal Phone' })
      expect((await nevisError(newClient().renameAuthenticator(AUTHENTICATOR_ID, 'Personal Phone'))).message).toContain('authenticatorId is missing')
    })
  })

  describe('deleted', () => {
    // Shows: C-user-9
    it('resolves to nothing', async () => {
      nock(CLOUD, KEYED).delete(`/api/v1/authenticators/${AUTHENTICATOR_ID}`).reply(204)
      await expect(newClient().deleteAuthenticator(AUTHENTICATOR_ID)).resolves.toBeUndefined()
    })

    it('rejects a page with HTTP 200: the lost phone may still be there', async () => {
      nock(CLOUD).delete(`/api/v1/authenticators/${AUTHENTICATOR_ID}`).reply(200, '<h1>Sorry</h1>')
      expect((await nevisError(newClient().deleteAuthenticator(AUTHENTICATOR_ID))).code).toBe('NEVIS_UNEXPECTED_RESPONSE')
    })
  })
})

describe('createIntent', () => {
  describe('for a user', () => {
    // Shows: C-widget-8, C-intent-1
    it.each([
      { username: 'u12345', operation: 'enroll' } as const,
      { userId: USER_ID, operation: 'approve', channels: ['push', 'sms'] } as const,
    ])('sends %j and resolves to the token', async (request) => {
      nock(CLOUD, JSON_KEYED).post('/api/v1/intent', request as nock.DataMatcherMap).reply(200, { token: 'eyJhb...ZgP_8NBw' })
      await expect(newClient().createIntent(request)).resolves.toEqual({
        token: 'eyJhb...ZgP_8NBw', raw: { token: 'eyJhb...ZgP_8NBw' },
      })
    })

    // Shows: C-widget-9
    it('rejects an answer without a token', async () => {
      nock(CLOUD).post('/api/v1/intent').reply(200, {})
      const error = await nevisError(newClient().createIntent({ username: 'u', operation: 'enroll' }))
      expect(error.message).toContain('token is missing')
    })
  })
})

describe('whatever is asked about a user or authenticator that is not there', () => {
  const calls: [string, (client: NevisClient) => Promise<unknown>][] = [
    ['enroll', (client) => client.enroll({ userId: USER_ID })],
    ['approve', (client) => client.approve({ userId: USER_ID })],
    ['getUser', (client) => client.getUser(USER_ID)],
    ['findUserByUsername', (client) => client.findUserByUsername('u12345')],
    ['deleteUser', (client) => client.deleteUser(USER_ID)],
    ['renameAuthenticator', (client) => client.renameAuthenticator(AUTHENTICATOR_ID, 'x')],
    ['deleteAuthenticator', (client) => client.deleteAuthenticator(AUTHENTICATOR_ID)],
    ['createIntent', (client) => client.createIntent({ userId: USER_ID, operation: 'approve' })],
  ]
  const answerAll = (body: string) => {
    for (const method of ['GET', 'POST', 'PATCH', 'DELETE']) nock(CLOUD).intercept(/.*/, method).reply(404, body)
  }

  describe('with the HTTP 404 of Nevis', () => {
    // Shows: C-error-4, C-user-5
    it.each(calls)('%s rejects with NEVIS_NOT_FOUND', async (operation, call) => {
      for (const method of ['GET', 'POST', 'PATCH', 'DELETE']) nock(CLOUD).intercept(/.*/, method).reply(404, (path) => ({ ...NOT_FOUND, path: path.split('?')[0] }))
      expect(await nevisError(call(newClient()))).toMatchObject({ code: 'NEVIS_NOT_FOUND', operation, nevisStatus: 404 })
    })

    it('is known by the number in `status`, also in the form of RFC 9457', async () => {
      answerAll('{"type":"about:blank","title":"Not Found","status":404,"detail":"no such user"}')
      expect((await nevisError(newClient().getUser(USER_ID))).code).toBe('NEVIS_NOT_FOUND')
    })
  })

  describe('with an HTTP 404 that names a path', () => {
    const errorOf = async (path: unknown, call = (client: NevisClient): Promise<unknown> => client.getUser(USER_ID)) => {
      answerAll(JSON.stringify({ ...NOT_FOUND, path }))
      const { code } = await nevisError(call(newClient()))
      nock.cleanAll()
      return code
    }

    it.each(calls)('of another request, %s rejects with NEVIS_UNEXPECTED_RESPONSE', async (_operation, call) => {
      for (const path of ['/x', '/error', '/', '', '/api/v1/users/another', '/api/v1/status']) expect([path, await errorOf(path, call)]).toEqual([path, 'NEVIS_UNEXPECTED_RESPONSE'])
    })

    it('of this request, or none, getUser rejects with NEVIS_NOT_FOUND', async () => {
      const own = `/api/v1/users/${USER_ID}`
      const paths = [own, `${own}?a=b`, own.replaceAll('-', '%2D'), `/proxy${own}`, `${CLOUD}${own}`, undefined, null, 7]
      for (const path of paths) expect([path, await errorOf(path)]).toEqual([path, 'NEVIS_NOT_FOUND'])
      expect(await errorOf(`${own}%E0%A4%A`)).toBe('NEVIS_UNEXPECTED_RESPONSE')
    })

    it('of this request, findUserByUsername rejects with NEVIS_NOT_FOUND, whatever the query', async () => {
      for (const path of ['/api/v1/users', '/api/v1/users?username=u12345', '/api/v1/users?username=x']) {
        expect([path, await errorOf(path, (client) => client.findUserByUsername('u12345'))]).toEqual([path, 'NEVIS_NOT_FOUND'])
      }
    })
  })

  describe('with the HTTP 404 of another server', () => {
    it.each(calls)('%s rejects with NEVIS_UNEXPECTED_RESPONSE', async (operation, call) => {
      answerAll('default backend - 404')
      expect(await nevisError(call(newClient()))).toMatchObject({
        code: 'NEVIS_UNEXPECTED_RESPONSE', operation, nevisStatus: 404, message: expect.stringContaining('the body of this 404 is not an error body of Nevis'),
      })
    })

    it.each([
      '', ' ', '<h1>404</h1>', 'null', '404', '[]', '[{"status":404}]', '{}', '{"status":"404"}', '{"status":"unknown"}', '{"status":403}',
      '{"message":"no Route matched with those values"}', '{"statusCode":404,"error":"Not Found","message":"Cannot GET /"}',
      '{"error":{"code":404,"status":"NOT_FOUND"}}', '{"detail":"Not Found"}', '{"status":404',
    ])('getUser rejects the body %j with NEVIS_UNEXPECTED_RESPONSE', async (body) => {
      answerAll(body)
      expect((await nevisError(newClient().getUser(USER_ID))).code).toBe('NEVIS_UNEXPECTED_RESPONSE')
    })

    it('is not taken for that of Nevis if the prototype is polluted', async () => {
      Object.defineProperty(Object.prototype, 'status', { value: 404, configurable: true, writable: true })
      try {
        answerAll('{}')
        expect((await nevisError(newClient().getUser(USER_ID))).code).toBe('NEVIS_UNEXPECTED_RESPONSE')
      } finally {
        Reflect.deleteProperty(Object.prototype, 'status')
      }
    })
  })
})

describe('a base URL with a path', () => {
  describe('such as that of a gateway', () => {
    // Shows: C-version-1
    it('stays in front of the paths of Nevis', async () => {
      nock('https://gateway.example', BARE).post('/nevis/api/v1/status').reply(404, { status: 'unknown' })
      await expect(newClient({ baseURL: 'https://gateway.example/nevis/' }).getStatus('x')).resolves.toMatchObject({ status: 'unknown' })
    })
  })
})
