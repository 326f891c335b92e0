/**
 * The ids of 207 possible behaviours of Nevis that Nevis's documents allow. Version 0.1.0 was tested with each. This file gives for each id the dialect of the
 * simulator that behaves in this way.
 *
 * Out of scope: what this package does in each dialect (`table.ts`).
 */

const perStatus = (prefix: string, name: string, statuses: readonly number[]): Record<string, string> => Object.fromEntries(statuses.map((status) => [`${prefix}${status}`, `${name}-${status}`]))
const perSeconds = (strict: boolean, seconds: readonly number[]): Record<string, string> =>
  Object.fromEntries(seconds.map((each) => [`C${each}${strict ? 'n' : ''}`, `clock-${Math.abs(each)}-${each < 0 ? 'behind' : 'ahead'}${strict ? '-strict' : ''}`]))

/** The ids of behaviours that the simulator always has, so that they need no dialect. `X01`: the `Content-Type` of a JSON answer names a charset. */
export const DEFAULT_IDS: readonly string[] = ['X01']

export const DIALECT_OF_ID: Readonly<Record<string, string>> = {
  R02: 'recovery-codes-named-codes', R05: 'recovery-codes-are-the-enrollment', R06: 'recovery-codes-as-objects', R07: 'recovery-codes-with-status-and-id',
  R09: 'recovery-codes-one-deeper', R10: 'recovery-codes-numbered', R11: 'recovery-codes-are-the-answer', R15: 'recovery-codes-as-objects-beside-phones',
  R16: 'phones-before-recovery-codes', R18: 'recovery-enrolment-200', R19: 'recovery-answer-without-user-details', R20: 'recovery-codes-in-authenticator',
  R22: 'recovery-user-nested', R23: 'recovery-codes-only-once', R24: 'recovery-codes-for-known-users-only',
  S01: 'sms-enrolment-at-top-level', S02: 'sms-enrolment-without-transaction-id', S03: 'sms-enrolment-like-an-approval', S06: 'sms-enrolment-without-user-id',
  S08: 'sms-enrolment-null-beside-token', S09: 'sms-enrolment-200', S10: 'sms-enrolment-202', S12: 'sms-enrolment-lists-the-phone', S14: 'no-sms-subscription-400',
  S15: 'wrong-phone-422', S17: 'phone-only-once-409',
  P02: 'sms-status-pending-for-ever', P04: 'sms-not-pollable', P07: 'sms-status-405', P08: 'sms-status-409', P09: 'sms-status-failed-after-verification',
  P10: 'sms-status-unknown-200', P12: 'sms-status-succeeded-without-token', P14: 'sms-status-410', P15: 'sms-status-500', P18: 'sms-status-pending-without-user',
  P19: 'sms-status-pending-without-transaction-id', P20: 'sms-status-verified',
  V01: 'verification-says-succeeded', V05: 'verification-202', V06: 'verification-says-ok', V07: 'verification-answers-user',
  ...perStatus('W', 'wrong-code', [400, 401, 403, 404, 410, 412, 415, 422, 423]),
  ...perStatus('VL', 'blocked-verification', [400, 403, 409, 429]),
  ...perStatus('L', 'blocked-start', [400, 412, 423]),
  ...perStatus('A', 'authenticator-limit', [400, 403, 409, 412, 422, 429]),
  ...perStatus('N', 'nothing-to-ask', [400, 404, 409, 412, 422, 500]),
  ...perStatus('U', 'unknown-user', [400, 403, 405, 410]),
  U204: 'unknown-user-204', U200n: 'unknown-user-200-null', U404t: 'unknown-user-404-text', U01: 'user-in-a-list', U02: 'user-in-a-list-named-users',
  U03: 'usernames-folded', U05: 'user-ids-in-capitals', U07: 'authenticators-null', U09: 'user-without-status', U11: 'user-status-blocked', U12: 'user-with-empty-lists',
  U13: 'active-only-with-app', U14: 'user-with-new-fields',
  T01: 'status-without-user-id', T03: 'status-pending-without-user-id', T04: 'status-without-transaction-id', T06: 'status-succeeded-without-token', T08: 'status-failed-only',
  T09: 'status-failed-error-body', T10: 'status-pending-202', T13: 'status-succeeded-once', T14: 'status-rejected', T16: 'status-expired', T17: 'status-processing',
  T18: 'status-in-capitals', T19: 'status-success', T20: 'status-needs-key', T23: 'status-pending-user-id-null', T25: 'status-unknown-error-body', T26: 'status-nested',
  T28: 'transaction-id-in-capitals',
  I01: 'times-in-seconds', I02: 'times-with-fraction', I04: 'times-as-iso-text', I05: 'audience-list', I06: 'audience-api', I07: 'audience-missing', I08: 'audience-null',
  I09: 'audience-instance', I10: 'audience-list-with-api', I11: 'issuer-without-slash', I12: 'issuer-app-host', I14: 'issuer-missing', I15: 'issuer-null',
  I18: 'subject-in-capitals', I19: 'subject-username', I20: 'subject-missing', I21: 'subject-null', I22: 'subject-transaction-id', I23: 'token-consumable',
  I24: 'times-null', I25: 'expiry-null', I27: 'without-times', I29: 'token-lives-5-seconds', I30: 'token-lives-0-seconds', I31: 'issued-before-start', I34: 'expiry-minus-one',
  I35: 'issued-hours-ago', I37: 'introspection-201', I39: 'claims-of-transactions-only', I40: 'introspection-forbidden',
  ...perSeconds(false, [-600, -120, -90, -60, -55, 30, 55, 120, 300, 600]),
  ...perSeconds(true, [-600, -300, -120, -90, -30, 30, 55, 120, 300, 600]),
  B06: 'approval-names-folded-user', B07: 'approval-nested', B08: 'push-with-qr-code', B09: 'approval-user-id-in-capitals', B10: 'app-channel-is-qr-code', B11: 'channel-unknown',
  Q01: 'qr-code-svg', Q02: 'qr-code-jpeg', Q04: 'qr-code-with-line-breaks', Q05: 'qr-code-with-charset', Q06: 'qr-code-bare-base64', Q07: 'qr-code-is-the-uri',
  Q09: 'link-missing', Q10: 'link-custom-scheme', Q13: 'link-android-intent', Q14: 'qr-code-without-type', Q15: 'link-null',
  E01: 'enrolment-200', E06: 'enrolment-at-top-level', E10: 'enrolment-needs-channel',
  X03: 'json-as-text', X04: 'json-without-type', X05: 'errors-as-problems', X08: 'encoded-gzip', X09: 'encoded-brotli', X10: 'encoded-deflate', X11: 'chunked',
  X12: 'connection-close', X13: 'more-headers', X301: 'redirect-301', X302: 'redirect-302', X307: 'redirect-307', X502: 'gateway-page-502', X200: 'gateway-page-200',
  X200r: 'verification-page-200', X403h: 'firewall-page-403', X406: 'ping-refuses-json', X60: 'ping-line-break', X62: 'ping-lower-case', X63: 'ping-json',
  X64: 'ping-byte-order-mark', X66: 'ping-204', X67: 'ping-takes-no-key',
  K01: 'key-ends-midway', K03: 'key-ended-401', K04: 'key-ended-403-without-body',
  Y01: 'intent-201', Y02: 'intent-token-named', Y05: 'status-of-other-token-400', Y06: 'status-of-other-token-404', Y07: 'status-of-result-token',
}
