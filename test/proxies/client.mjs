// @ts-check
/**
 * A browser without JavaScript: it keeps cookies, follows no redirect by itself, and uses HTTP/1.1, or HTTP/2 if the address begins with https.
 *
 * Out of scope: which requests it sends (`walk.mjs`).
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:http2'
import { createGunzip } from 'node:zlib'

/** @typedef {{ status: number, headers: Record<string, string | string[] | undefined>, body: import('node:stream').Readable }} Response body not yet read */
/** @typedef {{ status: number, location: string, headers: Response['headers'], text: string }} Answer a response whose body (`text`) was read */

export class Client {
  /** @type {Map<string, string>} */
  cookies = new Map()
  /** @type {string[]} The paths of all GET requests so far. */
  paths = []
  /** @type {import('node:http2').ClientHttp2Session | undefined} */
  #session

  /**
   * @param {string} origin
   * @param {Buffer} ca the certificate of the proxy
   * @param {Record<string, string>} [headers] sent with every request
   */
  constructor(origin, ca, headers = {}) {
    this.origin = origin
    this.headers = headers
    if (origin.startsWith('https:')) this.#session = connect(origin, { ca }).on('error', () => undefined)
  }

  close() {
    this.#session?.destroy()
  }

  /** Requests a page. @param {string} path @param {Record<string, string>} [headers] */
  get(path, headers = {}) {
    this.paths.push(path)
    return this.#whole('GET', path, headers)
  }

  /** Sends a form. @param {string} path @param {Record<string, string>} [fields] @param {Record<string, string>} [headers] */
  post(path, fields = {}, headers = {}) {
    return this.#whole('POST', path, { 'content-type': 'application/x-www-form-urlencoded', ...headers }, new URLSearchParams(fields).toString())
  }

  /** Opens an event stream. @param {string} path @param {Record<string, string>} [headers] @returns {Promise<EventStream>} */
  async stream(path, headers = {}) {
    this.paths.push(path)
    return new EventStream(await this.#send('GET', path, { accept: 'text/event-stream', ...headers }))
  }

  /**
   * Sends a request, reads the whole body, and keeps the cookies.
   * @param {string} method @param {string} path @param {Record<string, string>} headers @param {string} [form] @returns {Promise<Answer>}
   */
  async #whole(method, path, headers, form) {
    const { status, headers: received, body } = await this.#send(method, path, { accept: 'text/html', ...headers }, form)
    let text = ''
    for await (const part of body.setEncoding('utf8')) text += part
    for (const line of received['set-cookie'] ?? []) {
      const [name = '', value = ''] = /** @type {string} */ (line.split(';')[0]).split(/=(.*)/s)
      this.cookies.set(name, value)
    }
    return { status, location: String(received['location'] ?? ''), headers: received, text }
  }

  /**
   * Sends a request, with the cookies, and does not read the body.
   * @param {string} method @param {string} path @param {Record<string, string>} headers @param {string} [form] @returns {Promise<Response>}
   */
  async #send(method, path, headers, form = '') {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ')
    const sent = { ...this.headers, ...headers, ...(cookie && { cookie }), ...(form && { 'content-length': String(form.length) }) }
    if (this.#session !== undefined) {
      const stream = this.#session.request({ ':method': method, ':path': path, ...sent })
      if (method !== 'GET') stream.end(form)
      const [received] = await once(stream, 'response')
      assert.equal(this.#session.alpnProtocol, 'h2')
      assert.equal(received.connection, undefined, 'HTTP/2 has no header Connection')
      return { status: Number(received[':status']), headers: received, body: stream }
    }
    const asking = request(new URL(path, this.origin), { method, headers: sent })
    asking.end(form)
    const [answer] = await once(asking, 'response')
    return { status: answer.statusCode, headers: answer.headers, body: answer }
  }
}

/** What a browser's EventSource would receive. */
export class EventStream {
  text = ''
  isOver = false
  #news = () => {}

  /** @param {Response} response */
  constructor({ status, headers, body }) {
    this.status = status
    this.headers = headers
    this.isCompressed = headers['content-encoding'] === 'gzip'
    this.body = body
    const plain = this.isCompressed ? body.pipe(createGunzip()) : body
    const over = () => ((this.isOver = true), this.#news())
    // A proxy may end a stream by resetting the connection, which Node reports as an error. Take this error for the end of the stream.
    body.on('error', over)
    plain.on('error', over).on('close', over)
    plain.setEncoding('utf8').on('data', (part) => ((this.text += part), this.#news()))
  }

  /** Waits until this text arrives, or the stream ends. @param {string} text @returns {Promise<boolean>} */
  async says(text) {
    while (!this.text.includes(text) && !this.isOver) await new Promise((resolve) => (this.#news = () => resolve(undefined)))
    return this.text.includes(text)
  }

  async ended() {
    while (!this.isOver) await new Promise((resolve) => (this.#news = () => resolve(undefined)))
  }

  close() {
    this.body.destroy()
  }
}
