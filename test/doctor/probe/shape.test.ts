/**
 * Tests how the report of the command `probe` describes an answer of Nevis: the report contains names of fields and kinds of values, but never a value,
 * whatever the answer contains.
 */
import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { codesIn } from '../../../src/doctor/probe/answers'
import { mediaTypeOf, shapeOf } from '../../../src/doctor/probe/shape'

const UUID = '7e16ba00-92e2-4fcb-b30e-1af8fdc843aa'
const known = new Map([['anna', 'the username'], [UUID, 'the userId'], ['https://abc.mauth.nevis.cloud', 'the base URL'], ['aB3d-eF6h-iJ9k-lM2n', 'recovery code']])

describe('the description of an answer', () => {
  it('names fields and kinds', () => {
    const answer = { userId: UUID.toUpperCase(), enrollment: { statusToken: 'eyJhbGciOi.eyJhbGciOi.c2ln', codes: ['aB3d-eF6h-iJ9k-lM2n'] }, status: 'new', size: 300 }
    expect(shapeOf(answer, known)).toEqual(['enrollment.codes[]: recovery code', 'enrollment.statusToken: JWT', 'size: number', 'status: "new"', 'userId: the userId, in another case'])
  })

  it('takes no text of 16 letters and digits for a recovery code: it may be the id of a trace', () => {
    const [id, codes] = ['00f067aa0ba902b7', ['12345678', '23456789']]
    expect(shapeOf({ id }, known)).toEqual(['id: text'])
    expect([codesIn({ id, recoveryCodes: codes }), codesIn({ id })]).toEqual([codes, []])
    expect(shapeOf({ codes: 'aB3d-eF6h-iJ9k-lM2n\nbC3d-eF6h-iJ9k-lM2n' }, known)).toEqual(['codes: recovery codes in one text'])
  })

  /** Data that an answer may use as the name of a field. The report must not contain such a name, even if no value in the answer is the same text. */
  const DATA = [
    'system', 'owner', 'service', 'info', 'web', 'operations', 'anna', 'ANNA', 'bert', 'Bert', 'bertsPhone', 'user_bert', 'userBert', 'anna@bank.example', 'u12345', 'code1234', 'name2', 'bert.name', 'Bert Smith', 'bänk', '', '-', '__proto__',
    UUID, UUID.toUpperCase(), UUID.replaceAll('-', ''), `user_${UUID}`, '+41791234567', '41791234567', '2026-11-30', 'Passport-Nevis-Probe-0a1b2c3d4e5f',
    'aB3d-eF6h-iJ9k-lM2n', 'AbCdEfGhIjKlMnOp', 'eyJhbGciOi.eyJhbGciOi.c2ln', 'https://abc.mauth.nevis.cloud', 'Pixel 8', 'x'.repeat(41),
  ]

  it.each(DATA)('does not repeat a field whose name may be data: %j', (name) => {
    for (const container of ['users', 'codes', 'result', 'data']) {
      expect(shapeOf({ [name]: 1, [container]: [{ [name]: { phone: 1 } }] }, known)).toEqual(['<key>: number', `${container}[].<key>.phone: number`])
    }
  })

  it('does not repeat a field whose name the probe has sent or received as a value, even if it is a usual name', () => {
    expect(shapeOf({ token: 1, TOKEN: 1, status: 1 }, new Map([['token', 'the username']]))).toEqual(['<key>: number', 'status: number'])
  })

  it.each(`active alg appLinkUri aud authenticatorId authenticatorType authenticators azp category channel code createdAt credentialCreationOptions credentialRequestOptions
    dataUri deviceRef displayName enrolledAt enrollment error errorMessage exceededRateLimits exp fido2 iat id iss jti labels lastLoginDateFailure lastLoginDateSuccess
    lastUpdatedAt message name nbf notificationMessage osVersion path phone qrCode recovery recovery_username recoveryCodes recovery-codes scope size sms state status
    statusToken sub tenant timestamp token transactionId type uaf updatedAt userAgent userDisabledPushNotification userFriendlyName userHandle userId userID username`.split(/\s+/))(
    'repeats the name of a field that is none: %s',
    (name) => expect(shapeOf({ data: { [name]: 1 } }, known)).toEqual([`data.${name}: number`]),
  )

  it('of any text contains no part of the text that could be a value', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9+/=_.:-]{0,20}[A-Z]\d{5}[A-Za-z0-9+/=_.:-]{0,20}$/), (text) => {
        const value = /[A-Z]\d{5}/.exec(text)?.[0] as string
        expect(shapeOf({ field: text, list: [text] }, known).join()).not.toContain(value)
        expect(mediaTypeOf(`text/${text};charset=${text}`)).not.toContain(value.toLowerCase())
      }),
      { seed: 18, numRuns: 300 },
    )
  })
})

describe('the probe', () => {
  it('does not use the client, which would hide how an answer differs: only its connections, its longest message, and its reading of addresses, times, pictures, recovery codes, and answers to codes', () => {
    const folder = join(__dirname, '../../../src/doctor/probe')
    const used = readdirSync(folder).flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/from '..\/..\/client\/([\w-]+)'/g)].map(([, file]) => file))
    expect([...new Set(used)].sort()).toEqual(['agents', 'answer', 'introspection', 'messages', 'parse-url', 'pictures', 'recovery-codes', 'verdict'])
  })
})
