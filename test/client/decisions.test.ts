/**
 * `getStatus` and `introspect`: the two answers on which a login depends.
 *
 * An attacker cannot write these answers. But a proxy, a wrong host or a new version of Nevis may send an answer that differs from Nevis's documents. Only
 * exactly the documented success may count as a success.
 */
import fc from 'fast-check'
import nock from 'nock'
import { Answer } from '../../src/client/answer'
import { decodeStatus } from '../../src/client/decode'
import { NevisError } from '../../src/client/errors'
import { decodeIntrospection } from '../../src/client/introspection'
import { offline } from './offline'
import { ACCESS_KEY, CLOUD, FORBIDDEN, NOT_FOUND, newClient, nevisError, STATUS } from './support'

offline()

const status = (code: number, body: nock.Body) => nock(CLOUD).post('/api/v1/status').reply(code, body)
const introspection = (code: number, body: nock.Body) => nock(CLOUD).post('/api/v1/introspect').reply(code, body)

describe('getStatus', () => {
  describe('with the answers of the documents', () => {
    // Shows: C-error-7, C-status-1, C-status-3, C-status-5, C-status-7
    it.each([
      [200, 'pending'],
      [200, 'succeeded'],
      [412, 'failed'],
    ])('resolves HTTP %i %s to data, and sends no access key', async (code, word) => {
      const body = { ...STATUS, status: word }
      nock(CLOUD, { badheaders: ['authorization'], reqheaders: { 'content-type': 'application/json;charset=utf-8' } })
        .post('/api/v1/status', { statusToken: 'eyJhb...lc3g' })
        .reply(code, body)
      await expect(newClient().getStatus('eyJhb...lc3g')).resolves.toEqual({ ...body, raw: body })
    })

    // Shows: C-status-6
    it('resolves HTTP 404 unknown to data', async () => {
      status(404, { status: 'unknown' })
      await expect(newClient().getStatus('x')).resolves.toEqual({ status: 'unknown', raw: { status: 'unknown' } })
    })

    // Shows: C-more-1
    it('needs no userId while the user has not answered', async () => {
      status(200, { transactionId: STATUS.transactionId, status: 'pending', userId: null })
      await expect(newClient().getStatus('x')).resolves.toMatchObject({ status: 'pending', transactionId: STATUS.transactionId })
    })

    // Shows: C-more-1
    it('passes on the username of newer answers', async () => {
      status(200, { ...STATUS, status: 'succeeded', username: 'u12345' })
      await expect(newClient().getStatus('x')).resolves.toMatchObject({ status: 'succeeded', username: 'u12345' })
    })

    // Shows: C-status-1, C-overview-4
    it('never asks for the access key', async () => {
      status(200, STATUS)
      const accessKey = jest.fn(() => ACCESS_KEY)
      await newClient({ accessKey }).getStatus('x')
      expect(accessKey).not.toHaveBeenCalled()
    })
  })

  describe('with a combination that is not documented', () => {
    // Shows: ASVS V15.3.5, C-error-7
    it.each<[number, nock.Body]>([
      [200, { ...STATUS, status: 'failed' }],
      [200, { ...STATUS, status: 'unknown' }],
      [200, { ...STATUS, status: 'approved' }],
      [200, { ...STATUS, status: ['succeeded'] }],
      [200, { ...STATUS, status: true }],
      [200, { ...STATUS, status: 200 }],
      [200, { transactionId: 't' }],
      [412, { ...STATUS, status: 'succeeded' }],
      [412, { ...STATUS, status: 'pending' }],
      [412, '<html>412</html>'],
      [412, { error: 'Precondition Failed' }],
      [404, { ...STATUS, status: 'succeeded' }],
      [404, NOT_FOUND],
      [404, '<html>404</html>'],
      [201, { ...STATUS, status: 'succeeded' }],
      [302, { ...STATUS, status: 'succeeded' }],
      [500, { ...STATUS, status: 'succeeded' }],
      [200, 'succeeded'],
      [200, [{ ...STATUS, status: 'succeeded' }]],
    ])('rejects HTTP %i %j with NEVIS_UNEXPECTED_RESPONSE', async (code, body) => {
      status(code, body)
      expect(await nevisError(newClient().getStatus('x'))).toMatchObject({
        code: 'NEVIS_UNEXPECTED_RESPONSE', operation: 'getStatus', nevisStatus: code,
      })
    })
  })

  describe('with a promised field missing', () => {
    // Shows: C-status-7
    it.each([
      ...['transactionId', 'userId', 'token'].map((name): [string, number, string] => [name, 200, 'succeeded']),
    ] as [string, number, string][])('rejects an unusable %s: HTTP %i %s', async (name, code, word) => {
      for (const value of [...(name === 'token' ? [undefined, null] : []), '', 7, {}]) {
        status(code, { ...STATUS, status: word, [name]: value } as nock.Body)
        expect((await nevisError(newClient().getStatus('x'))).message).toContain(name)
      }
    })
  })

  describe('that is no success, with an unusable field', () => {
    it.each(['transactionId', 'userId', 'token', 'username'].flatMap((name) => [[name, 200, 'pending'], [name, 412, 'failed']] as const))('takes %s for absent: HTTP %i %s', async (name, code, word) => {
      for (const value of ['', 7, {}]) {
        status(code, { ...STATUS, status: word, [name]: value } as nock.Body)
        const answer = await newClient().getStatus('x')
        expect([answer.status, name in answer]).toEqual([word, false])
      }
    })
  })

  describe('with less than the documents show, or in another spelling', () => {
    const { transactionId, userId, token } = STATUS
    it.each<[string, number, object, object]>([
      ['succeeded, without the ids', 200, { status: 'succeeded', token }, { status: 'succeeded', token }],
      ['succeeded, in capitals', 200, { ...STATUS, status: 'SUCCEEDED', userId: userId.toUpperCase(), transactionId: transactionId.toUpperCase() }, { status: 'succeeded', userId, transactionId }],
      ['succeeded, one object deeper', 200, { transaction: { ...STATUS, status: 'succeeded' } }, { status: 'succeeded', userId, transactionId, token }],
      ['pending, with 202', 202, { ...STATUS, status: 'pending' }, { status: 'pending', transactionId }],
      ['failed, alone', 412, { status: 'failed' }, { status: 'failed' }],
      ['failed, in another word', 412, { ...STATUS, status: 'rejected' }, { status: 'failed', transactionId }],
      ['failed, as an error body', 412, { error: 'Precondition Failed', status: 412 }, { status: 'failed' }],
    ])('is read: %s', async (_name, code, body, expected) => {
      status(code, body as nock.Body)
      await expect(newClient().getStatus('x')).resolves.toMatchObject(expected)
    })

    it('rejects two different ids of which neither is at the top', async () => {
      status(200, { status: 'succeeded', token, first: { userId }, second: { userId: transactionId } })
      await expect(newClient().getStatus('x')).resolves.not.toHaveProperty('userId')
    })
  })

  describe('with an access key that is asked for', () => {
    const keyed = () => nock(CLOUD, { reqheaders: { authorization: `Bearer ${ACCESS_KEY}` } }).post('/api/v1/status')
    const keyless = () => nock(CLOUD, { badheaders: ['authorization'] }).post('/api/v1/status')

    it.each<[string, nock.Body]>([
      ['in an error body of Nevis', { error: 'Unauthorized', path: '/api/v1/status', status: 401, timestamp: 1 }],
      ['without a body', ''],
      ['in a text', 'Unauthorized'],
      ['in other JSON', { message: 'Full authentication is required' }],
    ])('%s, sends it from then on; not after an HTML page, which a gateway may have sent', async (_name, body) => {
      const client = newClient()
      keyless().reply(401, '<html>Unauthorized</html>')
      expect((await nevisError(client.getStatus('x'))).code).toBe('NEVIS_UNAUTHORIZED')
      keyless().reply(401, body)
      keyed().times(2).reply(200, { ...STATUS, status: 'pending' })
      for (let i = 0; i < 2; i++) await expect(client.getStatus('x')).resolves.toMatchObject({ status: 'pending' })
    })

    it('and is refused, asks without it the next time', async () => {
      const client = newClient()
      keyless().reply(401, '')
      keyed().reply(401, '')
      expect((await nevisError(client.getStatus('x'))).code).toBe('NEVIS_UNAUTHORIZED')
      keyless().reply(200, { ...STATUS, status: 'pending' })
      await expect(client.getStatus('x')).resolves.toMatchObject({ status: 'pending' })
    })

    it('and is refused with an error body of Nevis, sends it at once the next time', async () => {
      const client = newClient()
      const refused = { error: 'Unauthorized', path: '/api/v1/status', status: 401, timestamp: 1 }
      keyless().reply(401, refused)
      keyed().times(2).reply(401, refused)
      for (let i = 0; i < 2; i++) expect((await nevisError(client.getStatus('x'))).code).toBe('NEVIS_UNAUTHORIZED')
      expect(nock.pendingMocks()).toEqual([])
    })

    it('by several calls at once, answers all of them', async () => {
      const client = newClient()
      keyless().times(3).reply(401, '')
      keyed().times(3).reply(200, { ...STATUS, status: 'pending' })
      for (const answer of await Promise.all([1, 2, 3].map(() => client.getStatus('x')))) expect(answer.status).toBe('pending')
    })
  })

  describe('with an error of Nevis', () => {
    // Shows: C-error-10, C-overview-4
    it.each([
      [400, 'NEVIS_REJECTED'],
      [401, 'NEVIS_UNAUTHORIZED'],
      [403, 'NEVIS_UNAUTHORIZED'],
      [429, 'NEVIS_RATE_LIMITED'],
    ])('rejects HTTP %i with %s', async (code, expected) => {
      // After a 401, the client asks once more, with the access key.
      nock(CLOUD).post('/api/v1/status').times(code === 401 ? 2 : 1).reply(code, FORBIDDEN)
      expect((await nevisError(newClient().getStatus('x'))).code).toBe(expected)
    })
  })

  describe('with any JSON at all', () => {
    // Shows: T-answer-1, C-status-4, C-status-8
    it('returns succeeded only for HTTP 200, "succeeded" and a token, with valid ids', () => {
      const value = fc.oneof(fc.constantFrom('succeeded', 'pending', 'failed', 'unknown', '', null, 7, true, STATUS.userId, '../x'), fc.jsonValue())
      const body = fc.record({ status: value, transactionId: value, userId: value, token: value }, { requiredKeys: [] })
      fc.assert(
        fc.property(fc.constantFrom(200, 201, 404, 412, 500), body, (code, json) => {
          try {
            const decoded = decodeStatus(new Answer('getStatus', code, JSON.stringify(json), undefined))
            if (decoded.status === 'succeeded') {
              expect([code, json.status]).toEqual([200, 'succeeded'])
              if ('userId' in decoded) expect(decoded.userId).toMatch(/^[0-9a-f-]{36}$/)
              expect(json.token).toEqual(expect.stringMatching(/^[ -~]+$/))
            }
          } catch (error) {
            expect(error).toBeInstanceOf(NevisError)
          }
        }),
      )
    })
  })
})

describe('introspect', () => {
  const sample = {
    active: true, exp: 1613572626000, iat: 1610980626000, sub: '100', aud: 'api', iss: `${CLOUD}/`,
  }

  describe('of a token that is active', () => {
    // Shows: C-media-2, C-token-1
    it('sends a form, and converts the milliseconds of the documents to seconds', async () => {
      nock(CLOUD, {
        reqheaders: { authorization: `Bearer ${ACCESS_KEY}`, 'content-type': 'application/x-www-form-urlencoded' },
      })
        .post('/api/v1/introspect', 'token=eyJ.a%2Bb%2Fc%3D.d')
        .reply(200, sample)
      await expect(newClient().introspect('eyJ.a+b/c=.d')).resolves.toEqual({
        active: true, exp: 1613572626, iat: 1610980626, sub: '100', aud: ['api'], iss: `${CLOUD}/`, raw: sample,
      })
    })

    // Shows: ASVS V9.2.1, C-token-3
    it.each<[unknown, number]>([
      [1613572626, 1613572626],
      ['1613572626', 1613572626],
      ['1613572626999', 1613572626],
      [1613572626.5, 1613572626.5],
      ['1613572626.25', 1613572626.25],
      [99_999_999_999, 99_999_999_999],
      [100_000_000_000, 100_000_000],
      [0, 0],
    ])('reads the time %j as %d seconds', async (time, seconds) => {
      introspection(200, { active: true, exp: time, nbf: time, iat: time } as nock.Body)
      await expect(newClient().introspect('x')).resolves.toMatchObject({ exp: seconds, nbf: seconds, iat: seconds })
    })

    // Shows: C-token-5
    it('keeps a list of audiences, and leaves out what is absent', async () => {
      introspection(200, { active: true, aud: ['a', 'b'], jti: 'j' })
      await expect(newClient().introspect('x')).resolves.toEqual({
        active: true, aud: ['a', 'b'], raw: { active: true, aud: ['a', 'b'], jti: 'j' },
      })
    })
  })

  describe('of a token that is not', () => {
    // Shows: C-token-2
    it('resolves to inactive and reads nothing else', async () => {
      introspection(200, { active: false, exp: 'x' })
      await expect(newClient().introspect('x')).resolves.toEqual({ active: false, raw: { active: false, exp: 'x' } })
    })
  })

  describe('with an answer that is garbled', () => {
    // Shows: ASVS V15.3.5, C-token-2
    it.each<unknown>([
      {}, { active: 'true' }, { active: 1 }, { active: null }, { status: 'active' }, [sample], 'true',
      ...[true, 'soon', '', '-1', -1, {}, [1], '0x10', '1e3', '9'.repeat(400)].flatMap((time) => [
        { ...sample, exp: time }, { ...sample, nbf: time }, { ...sample, iat: time },
      ]),
      ...[7, {}, [7], ['a', null], true].map((aud) => ({ ...sample, aud })),
      ...[7, ['100'], {}].flatMap((text) => [{ ...sample, sub: text }, { ...sample, iss: text }]),
    ])('rejects %j with NEVIS_UNEXPECTED_RESPONSE', async (body) => {
      introspection(200, body as nock.Body)
      expect((await nevisError(newClient().introspect('x'))).code).toBe('NEVIS_UNEXPECTED_RESPONSE')
    })

    it.each<[number, string]>([
      [203, 'NEVIS_UNEXPECTED_RESPONSE'],
      [404, 'NEVIS_UNEXPECTED_RESPONSE'],
      [500, 'NEVIS_UNEXPECTED_RESPONSE'],
      [403, 'NEVIS_UNAUTHORIZED'],
      [415, 'NEVIS_REJECTED'],
    ])('rejects HTTP %i with %s, whatever its body says', async (code, expected) => {
      introspection(code, sample)
      expect((await nevisError(newClient().introspect('x'))).code).toBe(expected)
    })
  })

  describe('with a polluted prototype', () => {
    // Shows: ASVS V15.3.6
    it('does not take the claims from there', () => {
      Object.defineProperty(Object.prototype, 'sub', { value: 'attacker', configurable: true })
      try {
        const decoded = decodeIntrospection(new Answer('introspect', 200, '{"active":true}', undefined))
        expect(Object.hasOwn(decoded, 'sub')).toBe(false)
      } finally {
        Reflect.deleteProperty(Object.prototype, 'sub')
      }
    })
  })
})
