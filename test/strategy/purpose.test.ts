/**
 * Tests that an approval counts only for the purpose for which its transaction was started.
 *
 * The attack: an attacker gets an approval for something harmless, on a route that requires little. The attacker then sends the handle (the string that names
 * this approved transaction) to the route whose handler makes a payment.
 */
import type { AuthenticateOptions } from 'passport'
import type { NevisRequest } from '../../src'
import type { Settings } from '../../src/strategy/settings'
import { purposeMismatch, purposeOf } from '../../src/strategy/purpose'
import type { Transaction } from '../../src/factors/transaction'
import type { NevisAuthenticateOptions } from '../../src/strategy/route-options'

const at = (originalUrl: string) => ({ method: 'POST', url: '/', originalUrl }) as unknown as NevisRequest
const settings = { callbackURL: 'https://app.example/2fa/callback?x=1', waitingURL: 'https://app.example/waiting' } as Settings
const started = (options: NevisAuthenticateOptions, path = '/pay', more: Partial<Transaction> = {}) => {
  const purpose = purposeOf(at(path), options)
  return { factor: 'push', operation: 'approve', ...(purpose !== undefined && { purpose }), ...more } as Transaction
}
const finished = (options: NevisAuthenticateOptions, path: string, transaction: Transaction) => purposeMismatch(at(path), options, settings, transaction)

describe('the purpose of a start', () => {
  it('is none on a route without options of its own', () => {
    expect(purposeOf(at('/login'), {})).toBeUndefined()
    expect(purposeOf(at('/login'), { message: undefined, failureRedirect: '/login' } as NevisAuthenticateOptions)).toBeUndefined()
  })

  it('is a digest of the options of the route and one of its path, without the query', () => {
    expect(purposeOf(at('/pay?transaction=x'), { message: 'Pay?' })).toMatch(/^[\w-]{22} [\w-]{22}$/)
  })

  it('is the same in every version, so that an update stops no request that is under way', () => {
    const options = { message: 'Pay?', data: () => 1, factors: ['push'] }
    expect(purposeOf(at('/pay'), options)).toBe('JAZN5eQBDWogjiCK45rh9i R6ge2bMVdb6ptz7lF8wXvb')
  })

  it('is the same with a slash at the end of the path, and another one if a slash within the path is missing', () => {
    const [own, withSlash, other] = ['/pay/now', '/pay/now/', '/paynow'].map((path) => purposeOf(at(path), { message: 'Pay?' }))
    expect(withSlash).toBe(own)
    expect(other).not.toBe(own)
  })

  it('tells paths apart whose first thousand characters are alike', () => {
    const long = `/accounts/${'0'.repeat(1000)}42`
    expect(purposeOf(at(`${long}/rename`), { message: 'Sure?' })).not.toBe(purposeOf(at(`${long}/close`), { message: 'Sure?' }))
  })

  it('is the same for the same options in another order, and for an option that is undefined', () => {
    const purpose = purposeOf(at('/pay'), { message: 'Pay?', data: { a: 1, b: [2] } })
    expect(purposeOf(at('/pay'), { data: { b: [2], a: 1 }, message: 'Pay?', phone: undefined })).toBe(purpose)
  })

  it.each<[string, NevisAuthenticateOptions]>([
    ['another message', { message: 'Pay more?', data: 1 }],
    ['other data', { message: 'Pay?', data: 2 }],
    ['data that is a function', { message: 'Pay?', data: () => 1 }],
    ['no data', { message: 'Pay?' }],
    ['factors', { message: 'Pay?', data: 1, factors: ['push'] }],
    ['a factor', { message: 'Pay?', data: 1, factor: 'push' }],
    ['an operation', { message: 'Pay?', data: 1, operation: 'approve' }],
    ['a phone number', { message: 'Pay?', data: 1, phone: '+41791234567' }],
    ['an authenticator', { message: 'Pay?', data: 1, authenticatorId: 'a1' }],
  ])('is another one with %s', (_name, options) => {
    expect(purposeOf(at('/pay'), options)).not.toBe(purposeOf(at('/pay'), { message: 'Pay?', data: 1 }))
  })
})

describe('a route', () => {
  describe('without options of its own, as the callback that several routes share', () => {
    it('finishes whatever was started', () => {
      for (const transaction of [started({}), started({ message: 'Pay?' }), started({ factors: ['push'] }, '/pay', { factor: 'recovery' }), started({}, '/', { operation: 'enroll' })]) {
        for (const path of ['/2fa/callback', '/elsewhere']) expect(finished({}, path, transaction)).toBeUndefined()
      }
    })
  })

  describe('at callbackURL that names factors', () => {
    it.each([['push', undefined], ['app', undefined], ['recovery', 'factors'], ['sms', 'factors']])('finishes a transaction of %s: %s', (factor, expected) => {
      expect(finished({ factors: ['push', 'app'] }, '/2fa/callback', started({}, '/login', { factor }))).toBe(expected)
    })

    it('finishes what another route has started, also if a proxy has removed the prefix from the path of the callback', () => {
      const strict = started({ factors: ['push'] }, '/strict')
      expect(finished({ factors: ['push', 'app'] }, '/callback', strict)).toBeUndefined()
      expect(finished({ factors: ['push', 'app'] }, '/back', strict)).toBe('purpose')
      expect(finished({ factors: ['push', 'app'], message: 'Pay?' }, '/callback', strict)).toBe('purpose')
    })
  })

  describe('at callbackURL that names an operation', () => {
    it.each<[NonNullable<NevisAuthenticateOptions['operation']>, 'approve' | 'enroll', string | undefined]>([
      ['approve', 'approve', undefined],
      ['approve', 'enroll', 'operation'],
      ['enroll', 'enroll', undefined],
      ['enroll', 'approve', 'operation'],
      ['approve-or-enroll', 'enroll', undefined],
      ['approve-or-enroll', 'approve', undefined],
      [() => 'approve', 'enroll', undefined],
    ])('%p finishes one that is to %s: %s', (operation, of, expected) => {
      expect(finished({ operation }, '/2fa/callback', started({}, '/login', { operation: of }))).toBe(expected)
    })
  })

  describe('at callbackURL that names no operation', () => {
    const account: NevisAuthenticateOptions & AuthenticateOptions = { assignProperty: 'account' }
    it.each<[string, NevisAuthenticateOptions & AuthenticateOptions, string | undefined]>([
      ['passport.authorize and factors', { ...account, factors: ['push'] }, 'operation'],
      ['passport.authorize and a message', { ...account, message: 'Pay?' }, 'operation'],
      ['passport.authorize and data', { ...account, data: { amount: 7 } }, 'operation'],
      ['passport.authorize alone', account, undefined],
      ['passport.authenticate and factors', { factors: ['push'] }, undefined],
    ])('with %s, finishes an enrolment: %s', (_name, options, expected) => {
      expect(finished(options, '/2fa/callback', started({}, '/login', { operation: 'enroll' }))).toBe(expected)
    })
  })

  describe.each<[string, NevisAuthenticateOptions]>([
    ['message', { message: 'Pay?' }],
    ['data', { data: { amount: 7 } }],
    ['phone', { phone: '+41791234567' }],
    ['factors', { factors: ['push', 'app'] }],
    ['operation', { operation: 'approve' }],
    ['operation, as a function', { operation: () => 'approve' }],
    ['factor', { factor: 'push' }],
    ['authenticatorId', { authenticatorId: 'a1' }],
  ])('that gives %s', (_name, options) => {
    it('finishes what it has started itself, whatever the query', () => {
      expect(finished(options, '/pay?transaction=x', started(options, '/pay?a'))).toBeUndefined()
    })

    it.each<[string, Transaction]>([
      ['a route without options', started({})],
      ['a route with others', started({ ...options, factors: ['push'] })],
      ['another route with the same', started(options, '/pay/other')],
    ])('finishes nothing of %s', (_route, transaction) => {
      expect(finished(options, '/pay', transaction)).toBe('purpose')
    })
  })

  // Only the callback route finishes what other routes have started. A proxy may have removed a prefix from the path that the app sees.
  describe('that gives a message and is below another URL', () => {
    it.each<[callback: string, waiting: string, path: string, expected: string | undefined]>([
      ['/app/2fa/callback', '/app/2fa', '/2fa/callback', undefined],
      ['/app/2fa/callback', '/app/2fa/', '/2fa/callback', undefined],
      ['/app/2fa/callback', '/app/2fa', '/app/2fa/callback/', undefined],
      // The password route `/login`, whose path is only the end of callbackURL.
      ['/2fa/login', '/2fa', '/login', 'purpose'],
      ['/app/login', '/app/2fa', '/login', 'purpose'],
      ['/app/2fa-login', '/app/2fa', '/2fa-login', 'purpose'],
      ['/app/2fa/callback', '/waiting', '/2fa/callback', 'purpose'],
      ['/app/2fa/callback', '/app/2fa', '', 'purpose'],
    ])('with callbackURL %s and waitingURL %s, at %s: %s', (callback, waiting, path, expected) => {
      const urls = { callbackURL: `https://app.example${callback}`, waitingURL: `https://app.example${waiting}` } as Settings
      expect(purposeMismatch(at(path), { message: 'Pay?' }, urls, started({ message: 'Pay?' }))).toBe(expected)
    })
  })

  describe('at callbackURL', () => {
    it('finishes what a route with the same options has started, and nothing else', () => {
      const options = { message: 'Pay?', factors: ['push'] }
      expect(finished(options, '/2fa/callback?transaction=x', started(options))).toBeUndefined()
      expect(finished(options, '/2fa/callback', started({ message: 'Pay?' }))).toBe('purpose')
      expect(finished(options, '/2fa/callback', started({}))).toBe('purpose')
      expect(finished(options, '/2fa/callback', started(options, '/pay', { factor: 'recovery' }))).toBe('factors')
    })

    it('finishes nothing with another message, whatever the other message is', () => {
      const others = Array.from({ length: 500 }, (_, amount) => started({ message: `Pay ${amount}?` }))
      expect(new Set(others.map((other) => finished({ message: 'Pay?' }, '/2fa/callback', other)))).toEqual(new Set(['purpose']))
    })
  })
})
