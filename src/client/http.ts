/**
 * One call over HTTP: the deadline over all of it, retries where they do no harm, agents, no redirects. For an `https:` base URL
 * only what came over an encrypted connection is an answer.
 *
 * Out of scope: to know what an endpoint means. It gives back any complete answer, whatever its status, and throws a
 * NevisError where there is none. Errors of axios hold the request with its Authorization header, the URL and the
 * body: they end here.
 */
import { request as requestHttp, type Agent, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { Axios, type AxiosResponse } from 'axios'
import type { AccessKey } from './access-key'
import { newHttpAgent, newHttpsAgent, newTunnelAgent } from './agents'
import { Answer, httpDate } from './answer'
import { publishCall, type NevisCall } from './calls'
import { withDeadline } from './deadline'
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
  /** Default `application/json`. */
  readonly accept?: string
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

type Respond = (response: IncomingMessage) => void

/** Nevis's answers have a few kilobytes, most of it the QR code; nothing good needs more than this. */
const MAX_BYTES = 1_048_576
const FIRST_PAUSE_MS = 100
const REPEATABLE_STATUSES: readonly number[] = [429, 502, 503, 504]
const STRICT = { insecureHTTPParser: false }
/**
 * How axios sends a request: by Node itself, with what no option of axios gives.
 *
 * - Node's parser at its strictest, also in a process that was started with `--insecure-http-parser`: axios hands `insecureHTTPParser` on
 *   only where it is true.
 * - For an `https:` base URL, a look at the connection before the answer is read. A proxy agent of the app may hand on, as if Nevis had sent
 *   it, what the proxy replies in the clear. Which certificates the app's agent trusts is the app's decision.
 */
const TRANSPORTS = {
  'http:': {
    request(options: RequestOptions, respond: Respond): ClientRequest {
      const request = requestHttp(Object.assign(options, STRICT), (answer) => respond(noted(request, answer)))
      return request
    },
  },
  'https:': {
    request(options: RequestOptions, respond: Respond): ClientRequest {
      const request = requestHttps(Object.assign(options, STRICT), (answer) => {
        if ('encrypted' in answer.socket && answer.socket.encrypted === true) respond(noted(request, answer))
        else request.destroy(Object.assign(new Error('NOT_ENCRYPTED'), { code: 'NOT_ENCRYPTED' }))
      })
      return request
    },
  },
}

/** A request, with the answer that came over its connection. The answer of a test that replaces Node's own requests is not noted. */
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
  #isUp: boolean | undefined

  constructor(options: ResolvedOptions, accessKey: AccessKey) {
    this.#options = options
    this.#accessKey = accessKey
    const { protocol } = new URL(options.baseURL)
    this.#agents = agentsOf(options)
    // Not `axios.create`, which starts from what the app has set on `axios.defaults`: headers, credentials, a proxy, transforms.
    this.#axios = new Axios({
      baseURL: options.baseURL,
      adapter: 'http',
      transport: TRANSPORTS[protocol as keyof typeof TRANSPORTS],
      proxy: false,
      maxRedirects: 0,
      maxContentLength: MAX_BYTES,
      responseType: 'text',
      // Any status is an answer, and its text is read here.
      validateStatus: null,
      transformRequest: [],
      transformResponse: [],
    })
  }

  /** True if the last request got an answer that is no error of the server; undefined before the first. */
  get isUp(): boolean | undefined {
    return this.#isUp
  }

  async send(call: HttpCall): Promise<Answer> {
    const { timeoutMs, retries } = this.#options
    const expired = () => new NevisError('NEVIS_TIMEOUT', call.operation)
    return withDeadline(timeoutMs, expired, async (deadline) => {
      const headers = headersOf(call, call.withoutKey === true ? undefined : await this.#accessKey.current())
      for (let attempt = 0; ; attempt++) {
        const outcome = await this.#attempt(call, headers, deadline.signal, attempt + 1)
        const again = call.repeatable === true && attempt < retries && isTransient(outcome)
        const pauseMs = outcome.retryAfterSeconds === undefined ? backoffMs(attempt) : outcome.retryAfterSeconds * 1000
        // A pause that does not fit into the deadline would only hide this error behind a time-out.
        if (!again || pauseMs >= deadline.remainingMs()) {
          if (outcome instanceof NevisError) throw outcome
          return outcome
        }
        await pause(pauseMs)
      }
    })
  }

  /** One request, with its event. */
  async #attempt(call: HttpCall, headers: Record<string, string>, signal: AbortSignal, attempt: number): Promise<Answer | NevisError> {
    const { operation } = call
    // The access key may have come too late.
    if (signal.aborted) return new NevisError('NEVIS_TIMEOUT', operation)
    const startedAt = performance.now()
    const outcome = await this.#request(call, headers, signal)
    this.#isUp = outcome instanceof Answer && outcome.status < 500
    publishCall(() => ({ operation, baseURL: this.#options.baseURL, attempt, durationMs: Math.round(performance.now() - startedAt), ...resultOf(outcome, signal) }))
    return outcome
  }

  /** The one place where errors of axios become ours. They hold the request with its key, and end here. */
  async #request(call: HttpCall, headers: Record<string, string>, signal: AbortSignal): Promise<Answer | NevisError> {
    const { operation, path, method, body, alone } = call
    const agent = alone === true ? this.#agents.forOneCall : this.#agents.shared
    const data = typeof body === 'object' ? JSON.stringify(body) : body
    try {
      return answerOf(operation, await this.#axios.request<string>({ url: path, method, headers, data, signal, httpAgent: agent, httpsAgent: agent }))
    } catch (error) {
      return transportError(operation, error)
    }
  }
}

/** For the event. A request that was ended by the deadline of its call has timed out. */
function resultOf(outcome: Answer | NevisError, { aborted }: AbortSignal): Pick<NevisCall, 'nevisStatus' | 'code'> {
  if (outcome instanceof Answer) return { nevisStatus: outcome.status }
  const { code, nevisStatus } = outcome
  return { code: aborted ? 'NEVIS_TIMEOUT' : code, ...(nevisStatus !== undefined && { nevisStatus }) }
}

/** The answer, or the reason why what came is none. */
function answerOf(operation: NevisMethod, { status, data, headers, request }: AxiosResponse<string>): Answer | NevisError {
  const raw = (request as Sent)[ANSWER]
  // A compressed body that is cut off within its first bytes is decoded to nothing, or to the blank lines with which a page begins. Neither must
  // look like an answer without a body.
  if (data.trim() === '' && hasEncodedBody(raw)) return new NevisError('NEVIS_UNEXPECTED_RESPONSE', operation, { nevisStatus: status, reason: 'an encoded body that is blank' })
  const { 'retry-after': retryAfter, date } = headers as Record<string, unknown>
  return new Answer(operation, status, data, retryAfterSeconds(retryAfter), date, isOpenEnded(raw))
}

/** Read from the raw headers: axios takes `Content-Encoding` away once it has decoded the body. */
function hasEncodedBody(answer: IncomingMessage | undefined): boolean {
  const { rawHeaders = [], statusCode, headers } = answer ?? {}
  const encoding = rawHeaders.find((_value, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'content-encoding') ?? 'identity'
  return encoding.trim().toLowerCase() !== 'identity' && headers?.['content-length'] !== '0' && statusCode !== 204
}

/**
 * Without a length, a body ends where the connection does (RFC 9112, 6.3): a gateway that dies after the head looks like a whole answer
 * without a body. 204 never has one.
 */
function isOpenEnded(answer: IncomingMessage | undefined): boolean {
  if (answer === undefined) return false
  const { headers, statusCode } = answer
  const isChunked = /(^|[\s,])chunked\s*$/i.test(headers['transfer-encoding'] ?? '')
  return headers['content-length'] === undefined && !isChunked && statusCode !== 204
}

/** The connections to Nevis. */
interface Agents {
  readonly shared: Agent
  /** Each connection carries one call. */
  readonly forOneCall: Agent
}

function agentsOf({ baseURL, httpAgent, httpsAgent }: ResolvedOptions): Agents {
  const url = new URL(baseURL)
  const agentOf = (keepAlive: boolean) => (url.protocol === 'https:' ? (httpsAgent ?? ownHttpsAgent(url, keepAlive)) : (httpAgent ?? newHttpAgent(keepAlive)))
  return { shared: agentOf(true), forOneCall: agentOf(false) }
}

/** What stays on this machine is shown to no proxy. */
function ownHttpsAgent(url: URL, keepAlive: boolean): Agent {
  const proxy = isLoopback(url) ? undefined : proxyFor(url)
  return proxy === undefined ? newHttpsAgent(keepAlive) : newTunnelAgent(proxy, `${url.hostname}:${url.port || 443}`, keepAlive)
}

function headersOf({ body, accept = 'application/json' }: HttpCall, accessKey: string | undefined): Record<string, string> {
  // Of the encodings that axios can undo, the one that all servers know.
  const headers: Record<string, string> = { Accept: accept, 'Accept-Encoding': 'gzip', 'User-Agent': 'passport-nevis' }
  if (typeof body === 'string') headers['Content-Type'] = 'application/x-www-form-urlencoded'
  else if (body !== undefined) headers['Content-Type'] = 'application/json;charset=utf-8'
  if (accessKey !== undefined) headers['Authorization'] = `Bearer ${accessKey}`
  return headers
}

function isTransient(outcome: Answer | NevisError): boolean {
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
