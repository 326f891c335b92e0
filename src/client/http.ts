/**
 * One call over HTTP: the deadline over all of it, retries where they do no harm, agents, no redirects. For an `https:` base URL
 * only what came over an encrypted connection is an answer.
 *
 * Out of scope: to know what an endpoint means. It gives back any complete answer, whatever its status, and throws a
 * NevisError where there is none. Errors of axios hold the request with its Authorization header, the URL and the
 * body: they end here.
 */
import { Agent, request as requestHttp, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { createRequire } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'
import { urlToHttpOptions } from 'node:url'
import type { AxiosAdapter, AxiosStatic, InternalAxiosRequestConfig } from 'axios'
import type { AccessKey } from './access-key'
import { newHttpAgent, newHttpsAgent, newTunnelAgent } from './agents'
import { Answer, httpDate } from './answer'
import { withDeadline, type Deadline } from './deadline'
import { NevisError, type NevisMethod } from './errors'
import { isLoopback } from './loopback'
import { proxyFor } from './proxy'
import type { ResolvedOptions } from './options'

export interface HttpCall {
  /** The client's method, for errors. */
  readonly operation: NevisMethod
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  /** An object travels as JSON, a text as the form that it is. */
  readonly body?: object | string
  /** The status endpoint needs no key: what does not need it does not get it. */
  readonly withoutKey?: true
  /** Only for calls that notify nobody, spend no code and change nothing. */
  readonly repeatable?: true
  /**
   * Nothing in the answer says to which call it belongs. On a connection that others use, too, an answer that comes twice or late would
   * be taken for the next one's: such a call gets a connection of its own. An agent of the app decides for itself.
   */
  readonly alone?: true
}

/** Nevis's answers have a few kilobytes, most of it the QR code; nothing good needs more than this. */
const MAX_BYTES = 1_048_576
const FIRST_PAUSE_MS = 100
const REPEATABLE_STATUSES: readonly number[] = [429, 502, 503, 504]
/** The transport has the agent that knows the proxy. axios would look for a proxy in an agent of the app, or in the global one. */
const UNUSED = new Agent()

export class Http {
  readonly #options: ResolvedOptions
  readonly #accessKey: AccessKey
  readonly #target: Target
  readonly #send: AxiosAdapter

  constructor(options: ResolvedOptions, accessKey: AccessKey) {
    this.#options = options
    this.#accessKey = accessKey
    this.#target = targetOf(options)
    // Not with this file, because axios takes longer to load than all the rest; not with the first call, so that no
    // login waits for it. Its adapter alone: what axios does before and after it is not needed and costs half of a call,
    // and defaults and interceptors that the app puts on its own axios must not reach these requests, nor these
    // requests' key them.
    const axios = createRequire(__filename)('axios') as AxiosStatic
    this.#send = axios.getAdapter('http')
  }

  async send(call: HttpCall): Promise<Answer> {
    const { timeoutMs, retries } = this.#options
    const expired = () => new NevisError('NEVIS_TIMEOUT', call.operation)
    return withDeadline(timeoutMs, expired, async (deadline) => {
      const headers = headersOf(call, call.withoutKey === true ? undefined : await this.#accessKey.current())
      for (let attempt = 0; ; attempt++) {
        const outcome = await this.#attempt(call, headers, deadline)
        const again = call.repeatable === true && attempt < retries && isPassing(outcome)
        const pauseMs = outcome.retryAfterSeconds === undefined ? backoffMs(attempt) : outcome.retryAfterSeconds * 1000
        // A pause that does not fit only delays the same error until the deadline hides it.
        if (!again || pauseMs >= deadline.remainingMs()) {
          if (outcome instanceof NevisError) throw outcome
          return outcome
        }
        await pause(pauseMs)
      }
    })
  }

  async #attempt(call: HttpCall, headers: OutgoingHttpHeaders, deadline: Deadline): Promise<Answer | NevisError> {
    // The key may have come too late.
    if (deadline.aborted) return new NevisError('NEVIS_TIMEOUT', call.operation)
    const transport = new Transport(this.#target, call, headers)
    const config = {
      url: `${this.#options.baseURL}${call.path}`,
      method: call.method,
      transport,
      signal: deadline,
      proxy: false,
      httpAgent: UNUSED,
      httpsAgent: UNUSED,
      maxRedirects: 0,
      maxContentLength: MAX_BYTES,
      responseType: 'text',
    }
    try {
      const response = await this.#send(config as unknown as InternalAxiosRequestConfig)
      const { 'retry-after': retryAfter, date } = response.headers as Record<string, unknown>
      const text = String(response.data)
      if (text === '' && transport.isEncoded) return new NevisError('NEVIS_UNEXPECTED_RESPONSE', call.operation, { nevisStatus: response.status, reason: 'an encoded body that is empty' })
      return new Answer(call.operation, response.status, text, retryAfterSeconds(retryAfter), date, isOpenEnded(transport.answer))
    } catch (error) {
      return transportError(call.operation, error)
    }
  }
}

/**
 * Without a length, a body ends where the connection does (RFC 9112, 6.3): a gateway that dies after the head looks like a whole answer
 * without a body. 204 never has one.
 */
function isOpenEnded(answer: IncomingMessage | undefined): boolean {
  const { headers = {}, statusCode, socket } = answer ?? {}
  const isChunked = /(^|[\s,])chunked\s*$/i.test(headers['transfer-encoding'] ?? '')
  if (headers['content-length'] !== undefined || isChunked || statusCode === 204) return false
  // What never came over a connection, as in tests that replace Node's own requests, has no end that could be lost.
  return socket?.readableEnded === true && socket.bytesRead !== 0
}

/** Where Nevis is, and by which connections it is reached. */
interface Target {
  readonly protocol: RequestOptions['protocol']
  /** Without the brackets of an IPv6 address. */
  readonly hostname: RequestOptions['hostname']
  readonly port: RequestOptions['port']
  /** The path of the base URL, without a trailing slash. */
  readonly basePath: string
  readonly agent: Agent
  /** Of which each connection carries one call. */
  readonly agentForOne: Agent
}

function targetOf({ baseURL, httpAgent, httpsAgent }: ResolvedOptions): Target {
  const url = new URL(baseURL)
  const { protocol, hostname, port } = urlToHttpOptions(url)
  const agentOf = (keepAlive: boolean) => (protocol === 'https:' ? (httpsAgent ?? ownHttpsAgent(url, keepAlive)) : (httpAgent ?? newHttpAgent(keepAlive)))
  return { protocol, hostname, port, basePath: baseURL.slice(url.origin.length), agent: agentOf(true), agentForOne: agentOf(false) }
}

/** What stays on this machine is shown to no proxy. */
function ownHttpsAgent(url: URL, keepAlive: boolean): Agent {
  const proxy = isLoopback(url) ? undefined : proxyFor(url)
  return proxy === undefined ? newHttpsAgent(keepAlive) : newTunnelAgent(proxy, `${url.hostname}:${url.port || 443}`, keepAlive)
}

function headersOf({ body }: HttpCall, accessKey: string | undefined): OutgoingHttpHeaders {
  // Of the encodings that axios can undo, the one that all servers know.
  const headers: OutgoingHttpHeaders = { Accept: 'application/json', 'Accept-Encoding': 'gzip', 'User-Agent': 'passport-nevis' }
  if (typeof body === 'string') headers['Content-Type'] = 'application/x-www-form-urlencoded'
  else if (body !== undefined) headers['Content-Type'] = 'application/json;charset=utf-8'
  if (accessKey !== undefined) headers.Authorization = `Bearer ${accessKey}`
  return headers
}

/**
 * Sends a request for axios. Its headers and body are ours alone: what axios copies, and hands out with its errors, never holds
 * a key, token or code. And Node gets what a request needs and no more: it copies the options three times, and those of axios
 * are many and slow to copy.
 */
class Transport {
  /** Its head, once it has come. */
  answer: IncomingMessage | undefined
  /**
   * It has a body that is compressed, or says so. Cut off within its first bytes, it is decoded to nothing, which must not look like an
   * answer without a body. Noted before axios takes the header away.
   */
  isEncoded = false
  readonly #target: Target
  readonly #call: HttpCall
  readonly #headers: OutgoingHttpHeaders

  constructor(target: Target, call: HttpCall, headers: OutgoingHttpHeaders) {
    this.#target = target
    this.#call = call
    this.#headers = headers
  }

  request(_axios: RequestOptions, respond: (response: IncomingMessage) => void): ClientRequest {
    const { protocol, hostname, port, basePath, agent: shared, agentForOne } = this.#target
    const { path, method, body, alone } = this.#call
    const agent = alone === true ? agentForOne : shared
    // Named one by one: where a literal begins with a spread, each further name costs V8 a hidden class that outlives the object.
    const options = { protocol, hostname, port, path: `${basePath}${path}`, method, headers: this.#headers, agent, insecureHTTPParser: false }
    const answered = (response: IncomingMessage) => {
      this.answer = response
      const { 'content-encoding': encoding = 'identity', 'content-length': length } = response.headers
      this.isEncoded = encoding.trim().toLowerCase() !== 'identity' && length !== '0' && response.statusCode !== 204
      respond(response)
    }
    const request = protocol === 'https:' ? requestHttps(options, (response) => respondIfEncrypted(request, response, answered)) : requestHttp(options, answered)
    // Ended here, in one piece with its head; that axios ends it once more does nothing.
    return request.end(typeof body === 'object' ? JSON.stringify(body) : body)
  }
}

/**
 * The connections of this package are encrypted and their certificates checked before a request is sent. An agent of the app may be a
 * proxy agent that hands on, as if Nevis had sent it, what the proxy replies in the clear. Which certificates the app's agent
 * trusts is the app's decision.
 */
function respondIfEncrypted(request: ClientRequest, response: IncomingMessage, respond: (response: IncomingMessage) => void): void {
  if ('encrypted' in response.socket && response.socket.encrypted === true) return respond(response)
  request.emit('error', Object.assign(new Error('NOT_ENCRYPTED'), { code: 'NOT_ENCRYPTED' }))
  request.destroy()
}

function isPassing(outcome: Answer | NevisError): boolean {
  return outcome instanceof NevisError ? outcome.code === 'NEVIS_UNREACHABLE' : REPEATABLE_STATUSES.includes(outcome.status)
}

/** Doubles each time; the half that is random keeps many clients from coming back in step. */
function backoffMs(attempt: number): number {
  return FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random())
}

/** Seconds or an HTTP date: RFC 9110, section 10.2.3. */
function retryAfterSeconds(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value)
  const at = httpDate(value)
  return at === undefined ? undefined : Math.max(0, Math.ceil((at - Date.now()) / 1000))
}

/** Keeps the code of the error and nothing else of it. */
function transportError(operation: NevisMethod, error: unknown): NevisError {
  const { code, response } = Object(error) as { code?: unknown; response?: unknown }
  const name = typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'UNKNOWN'
  // axios gives a body that is too large and one that was cut off the same code; only the latter has a response.
  if (name === 'ERR_BAD_RESPONSE' && response === undefined) {
    return new NevisError('NEVIS_UNEXPECTED_RESPONSE', operation, { reason: 'the answer is too large' })
  }
  // HPE_: not HTTP. Z_: not what its Content-Encoding says.
  if (/^(HPE|Z)_/.test(name)) {
    return new NevisError('NEVIS_UNEXPECTED_RESPONSE', operation, { reason: 'the answer cannot be read', causeCode: name })
  }
  return new NevisError('NEVIS_UNREACHABLE', operation, { causeCode: name })
}
