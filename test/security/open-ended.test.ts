/**
 * The attack: an answer that was cut off.
 *
 * Nevis answers a right recovery code with HTTP 200 and an empty body, and no other proof follows. If a gateway or proxy sends headers without a length and
 * then crashes, the client also gets an empty body. In an earlier version, `{"valid":false}` was lost in this way, and a wrong code signed in. In the same
 * way, a lost phone was reported as removed. So an empty body without a length proves nothing.
 *
 * If a compressed page begins with blank lines and is cut off after its first bytes, only the blank lines can be decoded. An earlier version took these lines
 * for an empty body.
 */
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib'
import { NevisClient } from '../../src'

const ID = '5a0d5f2c-8a3b-4c1e-9f00-1c2d3e4f5a6b'
let server: Server
let answer: string | Buffer

beforeEach(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

const client = () => new NevisClient({ baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, accessKey: 'key', retries: 0 })
const outcomes = async () =>
  Promise.all([
    client().verifyCode({ userId: ID, code: 'AAAA-1111', channel: 'recovery' }).catch((error: { code: string }) => error.code),
    client().deleteAuthenticator(ID).then(() => 'deleted', (error: { code: string }) => error.code),
  ])

// Shows: T-network-4
it.each([
  'HTTP/1.1 200 OK\r\n\r\n',
  'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n',
  'HTTP/1.0 200 OK\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n',
  ...['identity', 'gzip', 'x', ''].map((coding) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\nConnection: close\r\n\r\n`),
])('%j is neither a right code nor a deletion', async (head) => {
  answer = head
  expect(await outcomes()).toEqual(['NEVIS_UNEXPECTED_RESPONSE', 'NEVIS_UNEXPECTED_RESPONSE'])
})

it.each([['gzip', gzipSync, 10], ['gzip', gzipSync, 3], ['deflate', deflateSync, 2], ['br', brotliCompressSync, 3], ['x', gzipSync, 5]] as const)(
  'a body encoded as %s and cut off, with a length that fits, is neither a right code nor a deletion',
  async (encoding, encode, length) => {
    const body = encode('{"valid":false}').subarray(0, length)
    answer = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${length}\r\n\r\n`), body])
    for (const outcome of await outcomes()) expect(outcome).toMatch(/^NEVIS_UNEXPECTED_RESPONSE|NEVIS_UNREACHABLE$/)
  },
)

// Shows: T-network-4
it.each([[undefined, 4], [constants.Z_FIXED, 12], [constants.Z_FIXED, 13], [constants.Z_FIXED, 14]])('a compressed page that begins with blank lines and is cut off is neither (%j, %i bytes)', async (strategy, length) => {
  const page = '\r\n\r\n\r\n<!doctype html><title>Blocked</title>'.padEnd(600, ' x')
  // `strategy` is zlib's compression strategy. If it is undefined, the body is complete gzip data of a page that consists only of `length` blank lines, as if
  // the server had crashed after these lines. In the other cases, the gzip data of a whole page is cut off after `length` bytes.
  const body = strategy === undefined ? gzipSync('\r\n'.repeat(length)) : gzipSync(page, { strategy }).subarray(0, length)
  expect(gunzipSync(body, { finishFlush: constants.Z_SYNC_FLUSH }).toString().trim()).toBe('')
  answer = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`), body])
  expect(await outcomes()).toEqual(['NEVIS_UNEXPECTED_RESPONSE', 'NEVIS_UNEXPECTED_RESPONSE'])
})

it.each([['gzip', gzipSync], ['deflate', deflateSync], ['deflate', deflateRawSync], ['br', brotliCompressSync]] as const)('a body encoded as %s that is whole is read, also if it is empty', async (encoding, encode) => {
  for (const body of [encode('{}'), encode('')]) {
    answer = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n\r\n`), body])
    expect(await outcomes()).toEqual([true, 'deleted'])
  }
})

it.each(['compress', 'zstd', 'gzip, br', 'constructor'])('an empty body with the encoding %s, which the client cannot read, is neither a right code nor a deletion', async (encoding) => {
  answer = `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`
  expect(await outcomes()).toEqual(['NEVIS_UNEXPECTED_RESPONSE', 'NEVIS_UNEXPECTED_RESPONSE'])
})

it('a body with an encoding that there is not is read as it is', async () => {
  answer = 'HTTP/1.1 200 OK\r\nContent-Encoding: utf-8\r\nContent-Length: 2\r\n\r\n{}'
  expect(await outcomes()).toEqual([true, 'deleted'])
})

it.each([
  'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
])('%j is both: the answer is whole', async (head) => {
  answer = head
  expect(await outcomes()).toEqual([true, 'deleted'])
})

it('204 has no body by its nature', async () => {
  answer = 'HTTP/1.1 204 No Content\r\n\r\n'
  expect((await outcomes())[1]).toBe('deleted')
})
