/**
 * Dialects of the simulator (variants of Nevis's behaviour) for HTTP: media types, encodings, redirects, and responses that a gateway or firewall sends instead
 * of Nevis.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { isRecord, type Answer } from '../answer'
import type { Dialect, DialectGroup } from './dialect'
import { perStatus, refusing } from './rewrite'

const SERVERS = 'Servers and gateways differ in it, and the documents do not say.'
const GATEWAY = 'Gateways and firewalls answer in place of what is behind them.'
const PING = 'The documents show `PONG` as the text that Python prints.'
const PAGE = '<!doctype html><html><head><title>Service</title></head><body><h1>Sorry</h1></body></html>'

const withHeaders = (headers: Record<string, string>) => (answer: Answer): Answer => ({ ...answer, headers: { ...answer.headers, ...headers } })

const bytesOf = (body: unknown) => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
const encoded = (name: string, encode: (bytes: Buffer) => Buffer) => (answer: Answer): Answer =>
  answer.body === undefined ? answer : { ...answer, headers: { 'content-type': typeOf(answer), ...answer.headers, 'content-encoding': name }, body: encode(bytesOf(answer.body)) }

const typeOf = ({ body }: Answer) => (typeof body === 'string' ? 'text/plain;charset=utf-8' : 'application/json;charset=utf-8')

/** Creates a function that replaces every response by a response with these values. */
const instead = (status: number, body: unknown, headers: Record<string, string> = { 'content-type': 'text/html' }): NonNullable<Dialect['rewrites']> => () => ({ status, headers, body })

const ofJson = (headers: Record<string, string>): NonNullable<Dialect['rewrites']> => (answer) => (typeof answer.body === 'object' && answer.body !== null ? withHeaders(headers)(answer) : answer)

const ping = (name: string, says: string, answer: Answer): Dialect => ({
  name,
  says,
  because: PING,
  rewrites: (own, { operation, original }) => (operation === 'ping' && original.status === 200 ? answer : own),
})

export const wire: DialectGroup = {
  title: 'HTTP',
  dialects: [
    { name: 'json-without-charset', says: 'JSON is `application/json`, without a charset.', because: 'RFC 8259 has no charset; the documents have one.', layer: 'header', rewrites: ofJson({ 'content-type': 'application/json' }) },
    { name: 'json-as-text', says: 'JSON is `text/plain`.', because: SERVERS, layer: 'header', rewrites: ofJson({ 'content-type': 'text/plain' }) },
    { name: 'json-without-type', says: 'There is no Content-Type.', because: SERVERS, layer: 'header', rewrites: ofJson({ 'content-type': '' }) },
    {
      name: 'errors-as-problems',
      says: 'Errors are `application/problem+json`: type, title, status, detail.',
      because: 'RFC 9457.',
      layer: 'shape',
      rewrites: (answer) =>
        isRecord(answer.body) && typeof answer.body['status'] === 'number'
          ? { ...answer, headers: { ...answer.headers, 'content-type': 'application/problem+json' }, body: { type: 'about:blank', title: answer.body['error'], status: answer.status, detail: answer.body['message'] } }
          : answer,
    },
    { name: 'encoded-gzip', says: 'Answers are compressed with gzip.', because: SERVERS, layer: 'encoding', rewrites: encoded('gzip', gzipSync) },
    { name: 'encoded-brotli', says: 'Answers are compressed with br, although it was not asked for.', because: SERVERS, layer: 'encoding', rewrites: encoded('br', brotliCompressSync) },
    { name: 'encoded-deflate', says: 'Answers are compressed with deflate, although it was not asked for.', because: SERVERS, layer: 'encoding', rewrites: encoded('deflate', deflateSync) },
    { name: 'chunked', says: 'Answers come in chunks, without a length.', because: SERVERS, layer: 'header', rewrites: withHeaders({ 'transfer-encoding': 'chunked' }) },
    { name: 'connection-close', says: 'Each connection is closed after an answer.', because: SERVERS, layer: 'header', rewrites: withHeaders({ connection: 'close' }) },
    {
      name: 'more-headers',
      says: 'Answers set cookies and policies.',
      because: SERVERS,
      layer: 'header',
      rewrites: withHeaders({ 'set-cookie': 'AWSALB=x; Path=/', 'strict-transport-security': 'max-age=31536000', 'content-security-policy': "default-src 'none'", 'x-request-id': '1' }),
    },
    ...perStatus([301, 302, 307], (status) => ({
      name: `redirect-${status}`,
      says: `Every call gets ${status} to a regional host.`,
      because: GATEWAY,
      layer: 'gateway',
      rewrites: instead(status, undefined, { location: 'https://eu.mauth.nevis.cloud/' }),
    })),
    { name: 'gateway-page-502', says: 'Every call gets the page of a gateway, with 502.', because: GATEWAY, layer: 'gateway', rewrites: instead(502, PAGE) },
    { name: 'gateway-page-200', says: 'Every call gets the page of a gateway, with 200.', because: GATEWAY, layer: 'gateway', rewrites: instead(200, PAGE) },
    { name: 'firewall-page-403', says: 'Every call gets the page of a firewall, with 403.', because: GATEWAY, layer: 'gateway', rewrites: instead(403, PAGE) },
    {
      name: 'verification-page-200',
      says: 'Every verification gets the page of a gateway, with 200, whatever the code.',
      because: GATEWAY,
      layer: 'gateway',
      rewrites: (answer, { operation }) => (operation === 'verifyCode' ? { status: 200, headers: { 'content-type': 'text/html' }, body: PAGE } : answer),
    },
    { name: 'ping-refuses-json', says: '`/ping` is a text: `Accept: application/json` gets 406.', because: 'The samples of `/ping` send no `Accept`; RFC 9110 allows 406.', refuses: refusing(406, ({ operation, headers }) => operation === 'ping' && headers.accept === 'application/json') },
    { name: 'ping-takes-no-key', says: '`/ping` with a key is 404.', because: 'Nothing says that `/ping` looks at the key.', refuses: refusing(404, ({ operation, headers }) => operation === 'ping' && headers.authorization !== undefined) },
    ping('ping-json', '`/ping` is `{"status":"UP"}`.', { status: 200, headers: {}, body: { status: 'UP' } }),
    ping('ping-line-break', '`/ping` is `PONG` with a line break.', { status: 200, headers: {}, body: 'PONG\n' }),
    ping('ping-lower-case', '`/ping` is `pong`.', { status: 200, headers: {}, body: 'pong' }),
    ping('ping-byte-order-mark', '`/ping` is `PONG` after a byte order mark.', { status: 200, headers: {}, body: '\ufeffPONG' }),
    ping('ping-204', '`/ping` is 204.', { status: 204, headers: {}, body: undefined }),
  ],
}
