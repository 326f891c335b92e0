/**
 * How this package reads the body of Nevis's HTTP 200 response after a user has typed a code: "yes" (the code is right), "no" or "unclear".
 *
 * Nevis does not document the body, and any server between this package and Nevis can answer with its own body. So a page, a text or a list never counts as
 * a "yes". An object never counts as a "yes" if it contains a refusal, at any depth.
 */
import fc from 'fast-check'
import { Answer } from '../../src/client/answer'
import { verdictOf } from '../../src/client/verdict'
import { ENROLLMENT, STATUS, USER } from './support'
import { hostileText } from '../support/hostile-text'

const verdict = (body: unknown) => verdictOf(new Answer('verifyCode', 200, typeof body === 'string' ? body : JSON.stringify(body), undefined))

describe('a body', () => {
  describe('that says yes', () => {
    it.each<unknown>([
      '', ' \r\n', {}, { status: 'succeeded' }, { status: 'SUCCEEDED ' }, { status: 200 }, { result: 'ok' }, { valid: true }, { isValid: true },
      { verified: 'true' }, { success: true, error: null }, { success: true, message: 'Code verified', errors: [] }, { errorCode: 0 },
      { success: true, failedAttempts: 2 }, { status: 'succeeded', statusUpdatedAt: 1712345678901 }, { success: true, requestId: 'f4113d' }, { success: true, reference: 'A-17', blocked: false }, { failed: false }, { verification: { status: 'succeeded' } }, { verification: { status: 'succeeded', message: 'right' } },
      { ...STATUS, status: 'succeeded' }, { valid: true, userId: USER.userId, status: 'active' },
      // In the next two lines, `ok` is taken as a "yes", because the other fields are empty texts or fields of Nevis's own responses.
      { status: 'ok', message: '' }, { status: 'ok', statusMessage: '' },
      { status: 'ok', lastUpdatedAt: 'x', transactionId: 'x', statusToken: 'x', token: 'x', enrollment: {}, recoveryCodes: ['x'], qrCode: {}, appLinkUri: 'x' },
      { phone: '0791234567' }, { phone: '** 67' },
      { status: 'succeeded', details: { channel: 'sms' } }, { status: 'succeeded', message: 'No further action is needed.' }, { valid: true, description: 'Code accepted. Do not share it.' },
      { items: [{ ok: true }] }, { items: [{ status: 'ok' }] }, { items: [{ status: 200 }] },
    ])('%j', (body) => {
      expect(verdict(body)).toBe('yes')
    })

    it.each<[string, object]>([
      ['as the documents show one', USER],
      ['who is new', { ...USER, status: 'new', authenticators: [] }],
      ['inside of another object', { user: { ...USER, status: 'new' } }],
      ['with a phone in an unknown state, and notifications off', { ...USER, authenticators: [{ ...USER.authenticators[0], state: 'suspended', valid: false, uaf: { userDisabledPushNotification: false } }] }],
      ['with the day on which the phone was registered', { ...USER, phone: { number: '+41791234567', registered: '2026-01-01T00:00:00Z' }, phones: [{ number: '•••• 0001', enrolled: '2026-01-01' }] }],
      ['with a masked number', { ...USER, phone: '+41 79 *** ** 67', phones: [{ number: '•••• 0001' }] }],
      ['with a factor in an unknown state', { ...USER, phone: { number: '+41791234567', state: 'unconfirmed' } }],
      ['who is blocked for push, and whose last login failed', { ...USER, exceededRateLimits: { push: { status: 'exceeded', blocked: true } }, lastLoginDateSuccess: '2026-01-09T08:44:36Z', lastLoginDateFailure: '2026-01-10T08:44:36Z' }],
    ])('by being the user: %s', (_name, body) => {
      expect(verdict(body)).toBe('yes')
    })
  })

  describe('that says no', () => {
    it.each<unknown>([
      { data: [{ valid: false }] }, { responses: [{ error: 'wrong code' }] }, { validCode: false }, { unauthorized: true }, { status: 'ok', results: [{ ok: false }] },
      { status: 'failed' }, { status: 'pending' }, { status: 'new' }, { status: 'active', ref: '1' }, { status: '' }, { status: null }, { status: 'a word of tomorrow' }, { state: 'failed' },
      { success: true, fail: true }, { verified: true, lockout: true }, { verified: true, errno: 5 }, { success: true, pending: true }, { success: true, reject: true }, { result: 'nok' }, { outcome: 'denied' }, { valid: false }, { isValid: false }, { is_valid: false }, { codeVerified: false }, { verified: 'false' },
      { verified: null }, { success: false }, { ok: false }, { error: 'invalid_grant' }, { error: { code: 7 } }, { error: true }, { errorCode: 17 }, { error_description: 'x' },
      { errors: ['x'] }, { failure: 'x' }, { invalid: true }, { accountLocked: true }, { codeExpired: true }, { status: 'succeeded', error: 'x' },
      { status: 'succeeded', valid: false }, { message: 'x', success: false }, { verification: { status: 'failed' } }, { data: { attributes: { valid: false } } },
      { result: { success: false } }, { ...USER, status: 'blocked' }, { ...USER, valid: false }, { ...ENROLLMENT, enrollment: { status: 'failed' } },
      { user: [{ error: 'wrong code' }] }, { recoveryCodes: [{ valid: false }] }, { enrollment: [[{ status: 'failed' }]] }, { phone: { enrolled: false } }, { phone: [[{ verified: false }]] }, { status: 'succeeded', phone: [false] }, { status: 'succeeded', data: [[{ valid: false }]] },
      { userId: USER.userId, status: 'blocked' }, { userId: USER.userId, status: 'active', valid: false }, { authenticators: [], status: 'new' }, { ...USER, state: 'new' }, '{"__proto__":{"valid":false}}',
      { accepted: false }, { correct: false }, { ...USER, results: [{ valid: false }] }, '{"success":false,"success":false}',
      { ...USER, phone: { blocked: true } }, { ...USER, phones: [null, { number: '1' }, { blocked: true }] },
    ])('%j', (body) => {
      expect(verdict(body)).toBe('no')
    })
  })

  describe('that cannot be trusted', () => {
    it.each<unknown>([
      'OK', '<h1>Sorry</h1>', '"succeeded"', 'true', '200', 'null', '[]', '[{"status":"succeeded"}]', '{"status":"succeeded"', '{"status":"succeeded"}}', '{\'status\':1}',
      { notVerified: true }, { notApproved: true }, { not_ok: true }, { success: true, isNotCorrect: true }, { success: true, isValidCode: 'false' }, { success: true, hint: 'code does not match' }, { success: true, verifiedAt: null },
      { success: true, code: 'WRONG_CODE' }, { success: true, statusCode: 403 }, { verified: true, httpStatus: 500 }, { success: true, isvalid: false }, { success: true, codeIsRight: false }, { status: 'success', data: { code: 'INVALID' } }, { success: true, wrongCode: true },
      { status: 'success', resultCode: 'WRONG' }, { status: 'success', reply: 'denied' }, { success: true, pass: false }, { success: true, answer: 'codeRejected' },
      { message: 'Request blocked' }, { detail: 'no' }, { type: 'about:blank', title: 'Blocked' }, { supportID: '1' }, { incident_id: 'x', url: '/' },
      { remaining: 9, recoveryCodes: [1, 2], failedAttempts: 2 }, { supportedChannels: ['sms'] }, { maintenance: true }, { status: 'ok', service: 'gateway', uptime: 12 }, { status: 200, requestId: 'x' }, { status: 'ok', ref: '123' }, { exceededRateLimits: ['code-verification'] }, { ok: true, maintenance: true },
      '{"success":false,"success":true}', '{"user":{"valid":false},"user":{}}',
      { items: [{ valid: true }, { message: 'maintenance' }] }, { ok: 'yes', results: ['denied'] }, { statusCode: 401 }, { code: 403 },
      { code: 'INVALID_CODE' }, { access: 'denied' }, { captcha: 'x', block: true }, { redirect: 'https://login.example/' }, { attemptsLeft: 4 },
      { userId: USER.userId, status: 'new' }, { userId: USER.userId, status: 'active' }, { user: { userId: USER.userId, username: 'anna', status: 'active' } }, { userId: USER.userId, status: 'active', ok: true },
      { status: 'ok', message: 'maintenance' }, { maintenance: {} }, { data: {} }, { items: [] }, { error: null, data: [] }, { gateway: { token: 'x' } }, { phone: 'blocked' }, { phones: 'denied' },
      { data: { message: 'Request blocked' } }, { status: 404 }, { status: 100 }, { success: 1 }, { valid: [] }, { results: {}, result: [true] }, { result: {} }, { status: {} }, { verification: { state: {} } },
      { valid: true, results: ['denied'] }, { status: [250] }, { status: 300 }, { phone: 'blocked 1' }, { phone: '***' },
      { enrollment: ['failed'] }, { success: true, statusToken: ['rejected'] }, { token: [false] }, { phone: ['unverified'] }, { registered: true }, { status: 'succeeded', message: ['wrong code'] }, { status: 'succeeded', details: { result: 'failed' } }, { status: 'succeeded', details: [{ valid: false }] },
      { success: true, details: [false] }, { success: true, details: { message: 'Request blocked' } }, { success: true, details: { code: 'WRONG_CODE' } }, { success: true, details: { codeIsRight: false } }, { success: true, details: { notVerified: true } },
      { success: true, details: [{ message: 'wrong code' }] }, { success: true, description: { items: ['wrong code'] } }, { success: true, details: { details: { details: { details: { details: { details: { details: { details: { valid: false } } } } } } } } },
      { status: 'succeeded', checks: [false] }, { success: true, message: 'Request blocked' }, { status: 'succeeded', reason: 'wrong code' },
      { user: 'rejected' }, { token: 'expired' }, { statusToken: 'invalid' }, { enrollment: 'failed' }, { qrCode: false }, { transactionId: 'not found' },
    ])('%j', (body) => {
      expect(verdict(body)).toBe('unclear')
    })

    it('in no more time than it takes to read it, however long it is', () => {
      const body = JSON.stringify({ phone: `${'1'.repeat(1_000_000)}x!` })
      expect(verdict(body)).toBe('unclear')
    })

    it('because it is nested too deeply', () => {
      const nested = (levels: number) => `${'{"user":'.repeat(levels)}{}${'}'.repeat(levels)}`
      expect(verdict(nested(8))).toBe('yes')
      expect(verdict(nested(9))).toBe('unclear')
      expect(verdict(nested(50_000))).toBe('unclear')
    })

    it.each<[string, object]>([
      ['user', { userId: '00000000-0000-4000-8000-000000000000' }],
      ['user, inside of another object', { user: { userId: '00000000-0000-4000-8000-000000000000' } }],
      ['user, by a number', { userId: 7 }],
      ['username', { username: 'berta' }],
      ['username, which differs in its case alone', { username: 'Anna' }],
      ['transaction', { transactionId: '00000000-0000-4000-8000-000000000000' }],
    ])('because it names another %s than expected', (_what, body) => {
      const { userId } = USER
      expect(verdictOf(new Answer('verifyCode', 200, JSON.stringify({ valid: true, ...body }), undefined), { userId, username: 'anna', transactionId: ENROLLMENT.enrollment.transactionId })).toBe('unclear')
    })

    it('does not include a body that names the expected user and transaction, in any case of their letters, or names none', () => {
      const { userId } = USER
      const own = (body: object) => verdictOf(new Answer('verifyCode', 200, JSON.stringify({ valid: true, ...body }), undefined), { userId: userId.toUpperCase(), username: 'anna' })
      expect([own({ userId, username: 'anna' }), own({ userId: userId.toUpperCase() }), own({ userId: null, username: null }), own({})]).toEqual(['yes', 'yes', 'yes', 'yes'])
    })

    it('because it has lists that are nested too deeply to be searched for another user', () => {
      const nested = (levels: number) => new Answer('verifyCode', 200, `{"valid":true,"token":${'['.repeat(levels)}${']'.repeat(levels)}}`, undefined)
      expect(verdictOf(nested(8), { userId: USER.userId })).toBe('yes')
      expect(verdictOf(nested(9), { userId: USER.userId })).toBe('unclear')
      expect(verdictOf(nested(400_000), { userId: USER.userId })).toBe('unclear')
    })
  })

  describe('made of anything', () => {
    const isObject = (text: string) => {
      try {
        const value: unknown = JSON.parse(text)
        return typeof value === 'object' && value !== null && !Array.isArray(value)
      } catch {
        return false
      }
    }
    const text = fc.oneof(hostileText, fc.json(), hostileText.map((inner) => `<html><body>${inner}</body></html>`), fc.object().map((object) => JSON.stringify(object).slice(0, -1)), fc.json().map((json) => `${json} `), fc.json().map((json) => `[${json}]`))

    it('is trusted only if it is empty or a JSON object', () => {
      fc.assert(fc.property(text.filter((one) => one.trim() !== '' && !isObject(one)), (body) => verdict(body) === 'unclear'))
    })

    it('is never a yes if there is a no in it, however deep and whatever is beside it', () => {
      const no = fc.constantFrom<[string, unknown]>(['status', 'failed'], ['valid', false], ['error', 'x'], ['verified', false], ['success', false], ['message', 'x'], ['errors', [1]])
      const wrappers = fc.array(fc.constantFrom('data', 'result', 'response', 'verification', 'body'), { maxLength: 6 })
      // The fields beside the "no". None of them is like `success: true`: beside such a field, a text in `message` would not count as a "no".
      const beside = fc.dictionary(fc.constantFrom('remaining', 'userId', 'code', 'at', 'x'), fc.jsonValue({ maxDepth: 0 }))
      fc.assert(
        fc.property(no, wrappers, beside, ([name, value], names, others) => {
          const inner: unknown = { ...others, [name]: value }
          expect(verdict(names.reduce((json, wrapper) => ({ ...others, [wrapper]: json }), inner))).not.toBe('yes')
        }),
      )
    })
  })
})
