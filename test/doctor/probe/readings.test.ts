/**
 * Compares what the command `probe` concludes from the shapes of answers with what the client reads from the same answers: statuses, users and pings.
 * `codes.test.ts` does the same for codes.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NevisClient, NevisError } from '../../../src'
import { Answer } from '../../../src/client/answer'
import { decodeIntrospection } from '../../../src/client/introspection'
import { decodeStatus, decodeUser } from '../../../src/client/decode'
import { FactsReader, type Facts } from '../../../src/doctor/probe/facts-reader'
import { isPingUsable, isUnknownUserClear, statusWordIn, tokenNeedsOf } from '../../../src/doctor/probe/needs'
import { parsed, textKind } from '../../../src/doctor/probe/reply'
import { shapeOf } from '../../../src/doctor/probe/shape'
import { noteTimes, type StageContext } from '../../../src/doctor/probe/stage-context'
import { Health } from '../../../src/strategy/health'
import { closing } from '../../support/closing'

const USER_ID = '11111111-2222-4333-8444-555555555555'

/** What the probe records of an answer to the request `step`. */
function recorded(step: string, http: number, body: string, path?: string): FactsReader {
  const json = parsed(body)
  return new FactsReader({ [`${step}.http`]: String(http), [`${step}.fields`]: json === undefined ? [textKind(body)] : shapeOf(json, new Map([[USER_ID, 'the userId']]), http, path) })
}

/** What the client reads, or the code of its error. */
function client<Read>(read: () => Read): Read | string {
  try {
    return read()
  } catch (error) {
    if (error instanceof NevisError) return error.code
    throw error
  }
}

const WORDS = ['pending', 'succeeded', 'failed', 'unknown', 'SUCCEEDED', 'Failed', 'denied', 'other', '']
const STATUS_BODIES = [
  ...WORDS.map((status) => ({ status, token: 'token' })),
  ...WORDS.map((status) => ({ result: { status, token: 'token' } })),
  ...WORDS.map((status) => ({ status: null, inner: [{ status, token: 'token' }] })),
  { status: 'pending', inner: { status: 'succeeded', token: 'token' } },
  { status: 'succeeded', token: 'token', inner: { status: 'pending' } },
  { first: { status: 'succeeded', token: 'token' }, second: { status: 'pending' } },
  { status: ['succeeded'], token: 'token' },
  [{ status: 'succeeded', token: 'token' }],
  ...[200, 400, 404, 412, true, null].map((status) => ({ status })),
  { error: { status: 412 } },
  {},
].map((body) => JSON.stringify(body))

it.each([200, 201, 202, 400, 401, 403, 404, 412, 500])('HTTP %i › with any of many bodies, is the status that the client reads', (http) => {
  const differing = [...STATUS_BODIES, '', '<html>', 'failed'].filter((body) => {
    const status = client(() => decodeStatus(new Answer('getStatus', http, body, undefined)).status)
    return (String(status).startsWith('NEVIS_') ? undefined : status) !== statusWordIn(recorded('status', http, body), 'status')
  })
  expect(differing).toEqual([])
})

it.each([200, 204, 400, 403, 404, 405, 410])('HTTP %i › says clearly that a user is unknown only if the client reads so', (http) => {
  const path = '/api/v1/users?username=x'
  const named = ['/api/v1/users', path, '/x', '', null, 7].map((path) => JSON.stringify({ status: http, error: 'x', path }))
  const bodies = [...named, ...[http, 404, 400, 500, 'unknown', null].map((status) => JSON.stringify({ status, error: 'x' })), '{"error":{"status":404}}', '[{"status":404}]', '{}', '', 'null', '<html>', 'Not Found']
  const differing = bodies.filter((body) => (client(() => decodeUser(new Answer('findUserByUsername', http, body, undefined, undefined, false, path))) === 'NEVIS_NOT_FOUND') !== isUnknownUserClear(recorded('user.unknown-name', http, body, path)))
  expect(differing).toEqual([])
})

it('a token › has the claims that the client reads: those of the object itself', () => {
  const needs = (claims: object) => {
    const body = JSON.stringify({ active: true, ...claims })
    const { sub } = decodeIntrospection(new Answer('introspect', 200, body, undefined)) as { sub?: string }
    return [sub, tokenNeedsOf(recorded('introspect.push.accept', 200, body))?.subject]
  }
  expect(needs({ sub: USER_ID })).toEqual([USER_ID, 'userId'])
  expect(needs({ user: { sub: USER_ID } })).toEqual([undefined, 'none'])
  expect(needs({ sub: null, user: { sub: 'other' } })).toEqual([undefined, 'none'])
  expect(needs({ sub: USER_ID, actor: { sub: 'other' } })).toEqual([USER_ID, 'userId'])
  const nested = JSON.stringify({ data: { active: true, sub: USER_ID } })
  expect([client(() => decodeIntrospection(new Answer('introspect', 200, nested, undefined)).active), tokenNeedsOf(recorded('introspect.push.accept', 200, nested))]).toEqual(['NEVIS_UNEXPECTED_RESPONSE', undefined])
})

it.each<[iat: unknown, exp: unknown]>([
  [1_700_000_000, 1_700_000_120],
  ['1700000000', '1700000120'],
  [1_700_000_000_000, 1_700_000_120_000],
  ['1700000000000', '1700000120000'],
  ['2023-11-14T22:13:20Z', '2023-11-14T22:15:20Z'],
  ['yesterday', 'tomorrow'],
  [undefined, 1_700_000_120],
])('a token with iat %j and exp %j › has a lifetime if the client reads both times', (iat, exp) => {
  const body = JSON.stringify({ active: true, iat, exp })
  const facts: Facts = {}
  noteTimes({ caller: { facts } } as unknown as StageContext, 'introspect.push.accept', { status: 200, json: parsed(body), text: body })
  const lifetime = client(() => {
    const read = decodeIntrospection(new Answer('introspect', 200, body, undefined)) as { iat?: number; exp?: number }
    return read.iat === undefined || read.exp === undefined ? undefined : read.exp - read.iat
  })
  expect([lifetime, facts['introspect.push.accept.life']]).toEqual(typeof lifetime === 'number' ? [120, 'minutes'] : [lifetime, undefined])
})

it.each([200, 201, 204, 302, 400, 401, 403, 404, 429, 500])('HTTP %i to a ping › with any of many bodies, can be used exactly if `healthCheck` accepts it', async (http) => {
  let body = ''
  const server = closing(createServer((_req, res) => res.writeHead(http, { 'content-length': String(http === 204 ? 0 : Buffer.byteLength(body)) }).end(http === 204 ? '' : body)).listen(0, '127.0.0.1'))
  await once(server, 'listening')
  const nevis = new NevisClient({ baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, accessKey: 'key', retries: 0 })
  const differing: string[] = []
  for (body of http === 204 ? [''] : ['PONG', 'PONG\n', 'pong', '\uFEFFPONG', '', '{}', '{"status":"UP"}', '[]', '[1]', '[{"a":1}]', '"PONG"', '7', 'null', '<html>', 'OK']) {
    const isAccepted = await new Health(nevis).check().then(() => true, () => false)
    if (isAccepted !== isPingUsable(recorded('ping', http, body))) differing.push(body)
  }
  expect(differing).toEqual([])
})
