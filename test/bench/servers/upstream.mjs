// @ts-check
// Stands in for the servers that the contestants of the benchmark call: Nevis, an OAuth server and Duo. It uses plain node:http, prepared answers and no
// state, so that it is faster than the measured code. Usage: node upstream.mjs [CERTIFICATE KEY]. Prints its address and a second address. The second
// address returns and resets the counts of requests per path and of TLS handshakes.
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { clientId, clientSecret, userName } from '../contestants/shared.mjs'
import { originOf } from './listening.mjs'

const [, , certificate, key] = process.argv
const server = certificate !== undefined && key !== undefined ? createHttpsServer({ cert: readFileSync(certificate), key: readFileSync(key) }) : createHttpServer()

/** A false signature, as long as the HMAC-SHA512 signature of Nevis's status tokens. */
const SIGNATURE = 's'.repeat(86)
const UUID_LENGTH = 36
const base64url = (/** @type {string} */ value) => Buffer.from(value).toString('base64url')

/**
 * Returns the id that follows these letters in the text.
 * @param {string} text
 * @param {string} letters
 */
const after = (text, letters) => {
  const start = text.indexOf(letters) + letters.length
  return text.slice(start, start + UUID_LENGTH)
}

const PADDING = base64url(JSON.stringify({ iss: 'https://my-instance-abc123.mauth.nevis.cloud/', exp: 1700000000, iat: 1700000000, aud: 'status' }))
/** @type {Record<string, string>} */
let answers = {}
let madeAt = 0
/**
 * Prepares the answers that contain the time. The server uses these answers for a minute, and then prepares them again.
 * @param {string} origin
 */
function make(origin) {
  madeAt = Date.now()
  const seconds = Math.floor(madeAt / 1000)
  const signed = (/** @type {string} */ alg, /** @type {object} */ claims) => {
    const text = `${base64url(JSON.stringify({ alg }))}.${base64url(JSON.stringify({ iat: seconds, exp: seconds + 300, aud: clientId, preferred_username: userName, ...claims }))}`
    return `${text}.${createHmac('sha512', clientSecret).update(text).digest('base64url')}`
  }
  const tokens = (/** @type {string} */ alg, /** @type {string} */ iss) => JSON.stringify({ access_token: 'a'.repeat(200), token_type: 'Bearer', expires_in: 3600, id_token: signed(alg, { iss, sub: userName }) })
  answers = {
    '/token': tokens('HS256', origin),
    '/userinfo': JSON.stringify({ sub: userName, name: 'A Person', email: 'person@example.com' }),
    '/oauth/v1/health_check': JSON.stringify({ stat: 'OK', response: { timestamp: seconds } }),
    // Duo's client expects an https address as the issuer.
    '/oauth/v1/token': tokens('HS512', `https://${origin.slice(origin.indexOf('//') + 2)}/oauth/v1/token`),
  }
}

/**
 * The id of a transaction is the id of its user, so that this server need not store any transactions.
 * @type {Record<string, (text: string) => string>}
 */
const nevis = {
  '/api/v1/approval': (text) => {
    const id = after(text, '"userId":"')
    return `{"transactionId":"${id}","userId":"${id}","statusToken":"eyJhbGciOiJIUzUxMiJ9.${PADDING}.${id}${SIGNATURE}"}`
  },
  '/api/v1/status': (text) => {
    const id = text.slice(-2 - SIGNATURE.length - UUID_LENGTH, -2 - SIGNATURE.length)
    return `{"transactionId":"${id}","status":"succeeded","userId":"${id}","token":"eyJhbGciOiJIUzUxMiJ9.${PADDING}.${SIGNATURE}${id}","createdAt":"2026-01-01T12:00:00Z","lastUpdatedAt":"2026-01-01T12:00:08Z"}`
  },
  '/api/v1/introspect': (text) => `{"active":true,"sub":"${text.slice(-UUID_LENGTH)}","iss":"${origin}/","aud":"transaction"}`,
}

let origin = ''
/** @type {Record<string, number>} */
let calls = {}
const count = (/** @type {string} */ what) => (calls[what] = (calls[what] ?? 0) + 1)
server.on('secureConnection', () => count('handshakes'))
server.on('request', (req, res) => {
  let text = ''
  req.on('data', (chunk) => (text += chunk))
  req.on('end', () => {
    const path = String(String(req.url).split('?')[0])
    count(path)
    if (Date.now() > madeAt + 60_000) make(origin)
    const body = nevis[path]?.(text) ?? answers[path]
    res.writeHead(path === '/api/v1/approval' ? 201 : body === undefined ? 404 : 200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body ?? '') })
    res.end(body)
  })
})
// Idle connections stay open longer than any pause between two logins of the benchmark. The server announces this time in its answers, as many servers do.
server.keepAliveTimeout = 60_000
const counts = createHttpServer((_req, res) => {
  res.end(JSON.stringify(calls))
  calls = {}
})
server.listen(0, '127.0.0.1', () => {
  origin = certificate ? originOf(server).replace('http:', 'https:') : originOf(server)
  counts.listen(0, '127.0.0.1', () => console.log(`${origin} ${originOf(counts)}`))
})
