/**
 * Generates whole logins of one user, and the cloud's behaviour during each login.
 *
 * Out of scope: running them. `people-steps.ts` generates what several users do to each other.
 */
import fc from 'fast-check'
import type { Behaviour, Call, Kind, Lie, Script } from './fake-cloud'
import { CANARY } from './secrets'

export type Step =
  | { readonly step: 'start'; readonly factor: string; readonly transaction: number | undefined }
  | { readonly step: 'phone'; readonly does: 'approved' | 'denied' | 'expires' }
  | { readonly step: 'callback'; readonly code: 'right' | 'other' | 'wrong' | undefined; readonly transaction: number; readonly times: number }
  | { readonly step: 'cancel'; readonly transaction: number }

export interface Sequence {
  readonly steps: readonly Step[]
  readonly subject: 'username' | 'userId' | 'both'
  readonly skewSeconds: number
  readonly script: Script
}

export const sequences: fc.Arbitrary<Sequence> = (() => {
  const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary })
  const status = fc.oneof(fc.constantFrom(200, 201, 202, 204, 206, 301, 302, 304, 400, 401, 403, 404, 409, 412, 422, 429, 500, 502, 503, 504), fc.integer({ min: 200, max: 599 }))
  const junk = fc.constantFrom<unknown>(null, '', 0, 1, -1, true, false, [], {}, ['succeeded'], { status: 'succeeded' }, 'c4n4ry', '\u0000', 'ünïcode', 'x'.repeat(9000), 1e308, '__proto__', 'javascript:c4n4ry')
  const names = ['transactionId', 'userId', 'username', 'statusToken', 'status', 'token', 'active', 'sub', 'iss', 'aud', 'exp', 'nbf', 'iat', 'qrCode', 'appLinkUri']
  const text = fc.oneof(
    fc.constantFrom('', '{', 'null', '[]', '"succeeded"', '{"status":"succeeded"}', '{"active":true}', '{"__proto__":{"active":true,"status":"succeeded"}}', '<html>c4n4ry</html>', '\ufeff{}', '{"status":"succeeded","status":"failed"}', '[{"status":"succeeded"}]'),
    fc.json({ maxDepth: 2 }),
    fc.string({ maxLength: 50 }),
  )
  // The tests plant secrets that contain c4n4ry, and search the output for this text. A username must not contain it, because the profile rightly contains the
  // username that Nevis returns.
  const notSecret = (given: Record<string, unknown>) => (CANARY.test(String(given['username'])) ? { ...given, username: 'somebody' } : { ...given })
  const patch = fc.dictionary(fc.constantFrom(...names), junk, { minKeys: 1, maxKeys: 3 }).map((given): Behaviour => ({ do: 'patch', patch: notSecret(given) }))
  const faults = [
    often(6, status.map((code): Behaviour => ({ do: 'status', status: code }))),
    often(5, fc.tuple(text, status).map(([body, code]): Behaviour => ({ do: 'body', body, status: code }))),
    often(5, fc.constantFrom<Behaviour>({ do: 'reset' }, { do: 'truncate' }, { do: 'redirect' }, { do: 'notHttp' }, { do: 'early' })),
    often(1, fc.constantFrom<Behaviour>({ do: 'hang' }, { do: 'drip' })),
  ]
  const truth = often(14, fc.constant<Behaviour>({ do: 'truth' }))
  const lie: fc.Arbitrary<Lie> = fc.record({
    status: fc.constantFrom('succeeded', 'succeeded', 'succeeded', 'pending', 'failed', 'unknown'),
    httpStatus: fc.constantFrom(200, 200, 200, 201, 404, 412),
    transaction: fc.constantFrom('own', 'own', 'other', 'none'),
    user: fc.constantFrom('own', 'own', 'other', 'none'),
    username: fc.constantFrom('own', 'other', 'none'),
    token: fc.constantFrom<Kind | 'none'>('transaction', 'ownStatus', 'accessKey', 'otherUser', 'otherInstance', 'expired', 'withdrawn', 'garbage', 'none'),
    active: fc.boolean(),
  })
  // A false status answer in which everything fits except the token. Only the introspection of the token can reveal that the answer is false.
  const smooth = lie.map((value): Lie => ({ ...value, status: 'succeeded', httpStatus: 200, transaction: 'own', user: 'own', username: 'own' }))
  const lies = often(24, fc.oneof(often(2, smooth), often(1, lie)).map((value): Behaviour => ({ do: 'lie', lie: value })))

  /** In a sequence, at most one endpoint sends false answers (lies); the others only fail. If several endpoints told the same lie, no check could detect it. */
  const scriptOf = (liar: Call | undefined) => {
    const behaviours = (call: Call) => {
      const mixed = [truth, ...faults]
      if (call === liar) mixed.push(lies)
      // If the status endpoint lies in this sequence, do not change fields of the introspection. The changed answer could by chance confirm the false status,
      // and then no check could detect the lie.
      if (call !== 'introspect' || liar !== 'status') mixed.push(often(4, patch))
      return fc.array(fc.oneof(...mixed), { maxLength: 4 })
    }
    return fc.record({ approve: fc.oneof(often(4, fc.constant([])), often(1, behaviours('approve'))), status: behaviours('status'), introspect: behaviours('introspect'), verify: behaviours('verify'), user: fc.oneof(often(4, fc.constant([])), often(1, behaviours('user'))) })
  }
  const script = fc.constantFrom<Call | undefined>('status', 'status', 'status', 'introspect', 'verify', 'approve', 'user', undefined).chain(scriptOf)

  const factor = fc.constantFrom('push', 'push', 'push', 'app', 'sms', 'recovery')
  const transaction = fc.oneof(often(5, fc.constant(-1)), often(1, fc.constantFrom(-2, 0)))
  const start = fc.record({ step: fc.constant('start' as const), factor, transaction: fc.option(transaction, { nil: undefined }) })
  const phone = fc.record({ step: fc.constant('phone' as const), does: fc.constantFrom('approved', 'approved', 'approved', 'denied', 'expires') })
  const callback = fc.record({
    step: fc.constant('callback' as const),
    code: fc.constantFrom('right', 'right', 'right', 'right', 'other', 'wrong', undefined),
    transaction,
    times: fc.constantFrom(1, 1, 1, 2),
  })
  const cancel = fc.record({ step: fc.constant('cancel' as const), transaction })
  const first = factor.map((name): Step => ({ step: 'start', factor: name, transaction: undefined }))
  const rest = fc.array(fc.oneof(often(2, phone), often(7, callback), often(1, start), often(1, cancel)), { maxLength: 3 })
  return fc.record({
    steps: fc.tuple(first, fc.oneof(often(4, phone), often(1, callback)), callback, rest).map(([one, two, three, others]): readonly Step[] => [one, two, three, ...others]),
    subject: fc.constantFrom('username', 'userId', 'both'),
    skewSeconds: fc.oneof(often(8, fc.constant(0)), often(1, fc.integer({ min: -100, max: 100 })), often(1, fc.integer({ min: -1e6, max: 1e6 }))),
    script,
  })
})()
