/**
 * Makes one call to Nevis over HTTP: sends the request and retries it if that is safe, with one deadline for everything. It follows no
 * redirects. For an `https:` base URL, it accepts only an answer that came over an encrypted connection.
 *
 * It returns every complete answer, whatever its status, and throws a NevisError if there is none. An error of axios contains the request
 * with its Authorization header, the URL and the body, so no error of axios leaves this file.
 * Out of scope: what an answer means (`client.ts`).
 */
import { request as requestHttp, type Agent, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { Axios, type AxiosResponse } from 'axios'
import type { AccessKey } from './access-key'
import { newAgent } from './agents'
import { Answer, httpDate } from './answer'
import { publishCall, type NevisCall } from './calls'
import { withDeadline, type Deadline } from './deadline'
import { NevisError, type NevisMethod } from './errors'
import type { ResolvedOptions } from './options'

export interface HttpCall {
  /** The client's method that makes the call; errors name it. */
  readonly operation: NevisMethod
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  /** An object is sent as JSON, a string as `application/x-www-form-urlencoded`. */
  readonly body?: object | string
  /** The header `Accept`. Default `application/json`. */
  readonly accept?: string
  /** If true, the request is sent without the access key. The status endpoint usually needs no key, and the key is sent only where it is needed. */
  readonly withoutKey?: true
  /** True if the request may be retried: only if it notifies nobody, uses up no code and changes nothing. */
  readonly repeatable?: true
  /**
   * True if the request gets a connection of its own, because nothing in its answer says to which request it belongs. On a shared connection,
   * an answer that a faulty proxy sends twice or late would be taken for the answer to the next request. If the app sets its own agent, that
   * agent decides about connections.
   */
  readonly alone?: true
}

type Respond = (response: IncomingMessage) => void

/** A larger answer than this is refused. Nevis's answers have a few kilobytes, most of them for the QR code. */
const MAX_BYTES = 1_048_576
const FIRST_PAUSE_MS = 100
const REPEATABLE_STATUSES: readonly number[] = [429, 502, 503, 504]
const STRICT = { insecureHTTPParser: false }
/**
 * The functions with which axios sends a request. They call Node's `request` and add two things for which axios has no option:
 *
 * - `insecureHTTPParser: false`. It keeps Node's parser strict even in a process that was started with `--insecure-http-parser`. axios passes
 *   this option on only if it is true.
 * - For an `https:` base URL, a check that the connection is encrypted, before the answer is read. A proxy agent of the app may otherwise
 *   return the proxy's own unencrypted reply as if it came from Nevis. Which certificates the app's agent trusts is the app's decision.
 */
const TRANSPORTS = {
  'http:': (options: RequestOptions, respond: Respond): ClientRequest => {
    const request = requestHttp(Object.assign(options, STRICT), (answer) => respond(noted(request, answer)))
    return request
  },
  'https:': (options: RequestOptions, respond: Respond): ClientRequest => {
    const request = requestHttps(Object.assign(options, STRICT), (answer) => {
      if ('encrypted' in answer.socket && answer.socket.encrypted === true) respond(noted(request, answer))
      else request.destroy(Object.assign(new Error('NOT_ENCRYPTED'), { code: 'NOT_ENCRYPTED' }))
    })
    return request
  },
}

/**
 * A request with Node's own answer object, which has the raw headers. The answer is missing if nothing came over a real connection, as in a test
 * of the app that replaces Node's requests.
 */
type Sent = ClientRequest & { [ANSWER]?: IncomingMessage }
const ANSWER = Symbol('answer')

function noted(request: Sent, answer: IncomingMessage): IncomingMessage {
  if (answer.socket.bytesRead > 0) request[ANSWER] = answer
  return answer
}

export class Http {
  readonly #options: ResolvedOptions
  readonly #accessKey: AccessKey
  readonly #agents: Agents
  readonly #axios: InstanceType<typeof Axios>
  readonly #transport: (options: RequestOptions, respond: Respond) => ClientRequest
  #isUp: boolean | undefined

  constructor(options: ResolvedOptions, accessKey: AccessKey) {
    this.#options = options
    this.#accessKey = accessKey
    const { protocol } = new URL(options.baseURL)
    this.#agents = agentsOf(options)
    this.#transport = TRANSPORTS[protocol as keyof typeof TRANSPORTS]
    // Do not use `axios.create`: the requests would take over what the app has set on `axios.defaults`, such as headers, credentials or a proxy.
    this.#axios = new Axios({
      baseURL: options.baseURL,
      adapter: 'http',
      proxy: false,
      maxRedirects: 0,
      maxContentLength: MAX_BYTES,
      responseType: 'text',
      // Let axios return every answer, also one with an error status, and leave its text unparsed: `answer.ts` parses it.
      validateStatus: null,
      transformRequest: [],
      transformResponse: [],
    })
  }

  /** True if the last request got an answer with a status below 500; undefined before the first request. */
  get isUp(): boolean | undefined {
    return this.#isUp
  }

  async send(call: HttpCall): Promise<Answer> {
    const { timeoutMs, retries } = this.#options
    const expired = () => new NevisError('NEVIS_TIMEOUT', call.operation)
    return withDeadline(timeoutMs, expired, async (deadline) => {
      const headers = headersOf(call, call.withoutKey === true ? undefined : await this.#accessKey.current())
      for (let attempt = 0; ; attempt++) {
        const outcome = await this.#attempt(call, headers, deadline, attempt + 1)
        const again = call.repeatable === true && attempt < retries && isTransient(outcome)
        const pauseMs = outcome.retryAfterSeconds === undefined ? backoffMs(attempt) : outcome.retryAfterSeconds * 1000
        // If the pause would last beyond the deadline, fail now: after the pause, the caller would get a time-out instead of this error.
        if (!again || pauseMs >= deadline.remainingMs()) {
          if (outcome instanceof NevisError) throw outcome
          return outcome
        }
        await pause(pauseMs)
      }
    })
  }

  /** Sends one request and publishes the event `passport-nevis:call` for it. */
  async #attempt(call: HttpCall, headers: Record<string, string>, deadline: Deadline, attempt: number): Promise<Answer | NevisError> {
    const { operation } = call
    // The deadline may have passed while the app's function got the access key. Then send nothing.
    if (deadline.isOver()) return new NevisError('NEVIS_TIMEOUT', operation)
    const startedAt = performance.now()
    const outcome = await this.#request(call, headers, deadline)
    this.#isUp = outcome instanceof Answer && outcome.status < 500
    publishCall(() => ({ operation, baseURL: this.#options.baseURL, attempt, durationMs: Math.round(performance.now() - startedAt), ...resultOf(outcome, deadline) }))
    return outcome
  }

  /** Sends one request. An error of axios contains the request with its access key, so it is replaced by a NevisError here. */
  async #request(call: HttpCall, headers: Record<string, string>, deadline: Deadline): Promise<Answer | NevisError> {
    const { operation, path, method, body, alone } = call
    const agent = alone === true ? this.#agents.forOneCall : this.#agents.shared
    const data = typeof body === 'object' ? JSON.stringify(body) : body
    // The deadline destroys the request itself. Given an AbortSignal, axios adds and removes listeners for each request.
    const transport = {
      request: (options: RequestOptions, respond: Respond): ClientRequest => {
        const request = this.#transport(options, respond)
        deadline.applyTo(request)
        return request
      },
    }
    try {
      return answerOf(operation, await this.#axios.request<string>({ url: path, method, headers, data, transport, httpAgent: agent, httpsAgent: agent }))
    } catch (error) {
      return transportError(operation, error)
    }
  }
}

/** The result for the event. If the deadline ended the request, the code is `NEVIS_TIMEOUT`. */
function resultOf(outcome: Answer | NevisError, deadline: Deadline): Pick<NevisCall, 'nevisStatus' | 'code'> {
  if (outcome instanceof Answer) return { nevisStatus: outcome.status }
  const { code, nevisStatus } = outcome
  return { code: deadline.isOver() ? 'NEVIS_TIMEOUT' : code, ...(nevisStatus !== undefined && { nevisStatus }) }
}

/** Returns the answer, or a NevisError if the body was cut off. */
function answerOf(operation: NevisMethod, { status, data, headers, request }: AxiosResponse<string>): Answer | NevisError {
  const raw = (request as Sent)[ANSWER]
  // If a compressed body is cut off within its first bytes, it decodes to an empty text, or to the blank lines at the beginning of a page. It
  // must not be accepted as an answer without a body, which can mean "the code is right".
  if (data.trim() === '' && hasEncodedBody(raw)) return new NevisError('NEVIS_UNEXPECTED_RESPONSE', operation, { nevisStatus: status, reason: 'an encoded body that is blank' })
  const { 'retry-after': retryAfter, date } = headers as Record<string, unknown>
  return new Answer(operation, status, data, retryAfterSeconds(retryAfter), date, isOpenEnded(raw))
}

/** True if the body was compressed. Reads the raw headers, because axios removes `Content-Encoding` after decoding the body. */
function hasEncodedBody(answer: IncomingMessage | undefined): boolean {
  const { rawHeaders = [], statusCode, headers } = answer ?? {}
  const encoding = rawHeaders.find((_value, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'content-encoding') ?? 'identity'
  return encoding.trim().toLowerCase() !== 'identity' && headers?.['content-length'] !== '0' && statusCode !== 204
}

/**
 * True if only the end of the connection marks the end of the body, because the answer has no length (RFC 9112, 6.3). If a gateway crashes
 * after it has sent the headers, such an answer looks complete and without a body. An answer with status 204 never has a body.
 */
function isOpenEnded(answer: IncomingMessage | undefined): boolean {
  if (answer === undefined) return false
  const { headers, statusCode } = answer
  const isChunked = /(^|[\s,])chunked\s*$/i.test(headers['transfer-encoding'] ?? '')
  return headers['content-length'] === undefined && !isChunked && statusCode !== 204
}

/** The agents, which keep the connections to Nevis. */
interface Agents {
  readonly shared: Agent
  /** For requests that must not share a connection with others. */
  readonly forOneCall: Agent
}

function agentsOf({ baseURL, httpAgent, httpsAgent }: ResolvedOptions): Agents {
  const url = new URL(baseURL)
  const agentOf = (keepAlive: boolean) => (url.protocol === 'https:' ? httpsAgent : httpAgent) ?? newAgent(url, keepAlive)
  return { shared: agentOf(true), forOneCall: agentOf(false) }
}

function headersOf({ body, accept = 'application/json' }: HttpCall, accessKey: string | undefined): Record<string, string> {
  // Ask for gzip: among the encodings that axios can decode, it is the one that all servers support.
  const headers: Record<string, string> = { Accept: accept, 'Accept-Encoding': 'gzip', 'User-Agent': 'passport-nevis' }
  if (typeof body === 'string') headers['Content-Type'] = 'application/x-www-form-urlencoded'
  else if (body !== undefined) headers['Content-Type'] = 'application/json;charset=utf-8'
  if (accessKey !== undefined) headers['Authorization'] = `Bearer ${accessKey}`
  return headers
}

function isTransient(outcome: Answer | NevisError): boolean {
  return outcome instanceof NevisError ? outcome.code === 'NEVIS_UNREACHABLE' : REPEATABLE_STATUSES.includes(outcome.status)
}

/** The pause before a retry. It doubles with each attempt, and varies at random so that many clients do not retry at the same moment. */
function backoffMs(attempt: number): number {
  return FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random())
}

/** Parses the header Retry-After, which contains seconds or an HTTP date: RFC 9110, section 10.2.3. */
function retryAfterSeconds(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value)
  const at = httpDate(value)
  return at === undefined ? undefined : Math.max(0, Math.ceil((at - Date.now()) / 1000))
}

/** Replaces an error of axios by a NevisError, which keeps only its code. */
function transportError(operation: NevisMethod, error: unknown): NevisError {
  const { code, response } = Object(error) as { code?: unknown; response?: unknown }
  const name = typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'UNKNOWN'
  // axios has one code for a body that is too large and for one that was cut off. The two differ in one point: only the error for a cut-off body has
  // a response.
  if (name === 'ERR_BAD_RESPONSE' && response === undefined) {
    return new NevisError('NEVIS_UNEXPECTED_RESPONSE', operation, { reason: 'the answer is too large' })
  }
  // Codes with `HPE_` are from Node's parser, which found invalid HTTP. Codes with `Z_` are from zlib, which could not decode the body.
  if (/^(HPE|Z)_/.test(name)) {
    return new NevisError('NEVIS_UNEXPECTED_RESPONSE', operation, { reason: 'the answer cannot be read', causeCode: name })
  }
  return new NevisError('NEVIS_UNREACHABLE', operation, { causeCode: name })
}
