/**
 * Tests how the probe's report describes an answer: the report contains names of fields and kinds of values, but never a value, whatever the answer contains.
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
    const [spanId, codes] = ['00f067aa0ba902b7', ['12345678', '23456789']]
    expect(shapeOf({ spanId }, known)).toEqual(['spanId: text'])
    expect([codesIn({ spanId, recoveryCodes: codes }), codesIn({ spanId })]).toEqual([codes, []])
    expect(shapeOf({ codes: 'aB3d-eF6h-iJ9k-lM2n\nbC3d-eF6h-iJ9k-lM2n' }, known)).toEqual(['codes: recovery codes in one text'])
  })

  it.each(['anna', UUID, '+41791234567', 'aB3d-eF6h-iJ9k-lM2n', 'anna@bank.example', 'u12345', 'x'.repeat(41)])('does not repeat a field whose name is a value: %s', (name) => {
    expect(shapeOf({ [name]: { phone: 1 } }, known)).toEqual(['<key>.phone: number'])
  })

  it.each<[object, string]>([
    [{ codes: { AbCdEfGhIjKlMnOp: true } }, 'codes.<key>: true'],
    [{ enrollment: { recoveryCodes: [{ AbCdEfGhIjKlMnOp: { code: 1 } }] } }, 'enrollment.recoveryCodes[].<key>.code: number'],
    [{ users: { bert: {} } }, 'users.<key>: empty object'],
    [{ users: [{ userId: 1, authenticators: { bertsPhone: { state: 'active' } } }] }, 'users[].authenticators.<key>.state: "active"'],
    [{ phones: { bert: null } }, 'phones.<key>: null'],
  ])('does not repeat a name that consists of letters only, but may be a value: %j', (answer, shape) => {
    expect(shapeOf(answer, known)).toContain(shape)
    expect(shapeOf(answer, known).join()).not.toMatch(/bert|AbCd/)
  })

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
  it('does not use the client, which would hide how an answer differs: only its connections, and its reading of addresses, pictures and recovery codes', () => {
    const folder = join(__dirname, '../../../src/doctor/probe')
    const used = readdirSync(folder).flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/from '..\/..\/client\/([\w-]+)'/g)].map(([, file]) => file))
    expect([...new Set(used)].sort()).toEqual(['agents', 'parse-url', 'pictures', 'recovery-codes'])
  })
})
