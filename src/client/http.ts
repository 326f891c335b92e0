/**
 * Sends a request to Nevis over HTTP, with one deadline for the request and all its retries. Retries only requests that are safe to repeat. Does not follow
 * redirects.
 *
 * Returns every complete response, whatever its status; throws a NevisError if no complete response arrives. Errors of axios never leave this file, because
 * they contain the access key. Out of scope: what a response means (`client.ts`).
 */
import { request as requestHttp, type Agent, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { Axios, type AxiosResponse } from 'axios'
import { getProxyForUrl } from 'proxy-from-env'
import type { AccessKey } from './access-key'
import { newAgent } from './agents'
import { Answer, httpDate } from './answer'
import { publishCall, type NevisCall } from './calls'
import { withDeadline, type Deadline } from './deadline'
import { NevisError, type NevisMethod } from './errors'
import type { ResolvedOptions } from './options'

interface HttpCall {
  /** The method of NevisClient that sends the request. Errors and events name this method. */
  readonly operation: NevisMethod
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  /** An object is sent as JSON, a string as `application/x-www-form-urlencoded`. */
  readonly body?: object | string
  /** The `Accept` header. Default `application/json`. */
  readonly accept?: string
  /** True: do not send the access key. Only for the status endpoint, which usually does not need it. */
  readonly withoutKey?: boolean
  /** True: the request may be retried, because it notifies no user, uses up no code and changes nothing at Nevis. */
  readonly repeatable?: true
  /**
   * True: use a new connection for this request, because its response does not show to which transaction it belongs. On a shared connection, a
   * faulty proxy could send the late response of an earlier request. Has no effect if the application sets its own agent.
   */
  readonly alone?: true
}

type Respond = (response: IncomingMessage) => void

/** Responses with more bytes than this are rejected. Nevis's responses have a few kilobytes, most of them for the QR code. */
const MAX_BYTES = 1_048_576
const FIRST_PAUSE_MS = 100
const REPEATABLE_STATUSES: readonly number[] = [429, 502, 503, 504]
/** What decompresses a body, by its `Content-Encoding`. The client asks for gzip only, but a gateway may compress in another way. */
const DECODERS = new Map<string, (body: Buffer, options: { readonly maxOutputLength: number }) => Buffer>([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  // Some servers send `deflate` without the header of zlib (RFC 9110, 8.4.1.2). The last four bits of this header are 8.
  ['deflate', (body, options) => ((body[0] ?? 0) & 0x0f) === 8 ? inflateSync(body, options) : inflateRawSync(body, options)],
  ['br', brotliDecompressSync],
])
/**
 * The functions with which axios sends a request. They call Node's `request` with two additions:
 *
 * - For an `https:` base URL, an unencrypted response is rejected before it is read. Otherwise a proxy agent of the application could return the proxy's own
 *   response as if Nevis had sent it.
 * - The request keeps its response (`noted`), from which `isOpenEnded` finds out whether the body may be cut off.
 *
 * For each call, `Http.#request` adds a third one: it sets the agent again.
 */
const TRANSPORTS = {
  'http:': (options: RequestOptions, respond: Respond): ClientRequest => {
    const request = requestHttp(options, (answer) => respond(noted(request, answer)))
    return request
  },
  'https:': (options: RequestOptions, respond: Respond): ClientRequest => {
    const request = requestHttps(options, (answer) => {
      if ('encrypted' in answer.socket && answer.socket.encrypted === true) respond(noted(request, answer))
      else request.destroy(Object.assign(new Error('NOT_ENCRYPTED'), { code: 'NOT_ENCRYPTED' }))
    })
    return request
  },
}

/**
 * True if the environment names a proxy for this URL. axios would then use this proxy by itself, although the agents of `agents.ts` already use it. The option
 * `proxy: false` of axios prevents that. But with this option, axios 1.21 keeps each request in memory for so long that the garbage collector costs a sixth of
 * the CPU time of a call. So set the option only if the environment names a proxy.
 */
const namesProxy = (baseURL: string) => getProxyForUrl(baseURL) !== ''

/** A request of Node, and its response, whose raw headers this file reads. The response is absent if a test of the application mocks Node's `request`. */
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
    // Do not use `axios.create`: it copies what the application has set on `axios.defaults`, for example headers, credentials or a proxy.
    this.#axios = new Axios({
      baseURL: options.baseURL,
      adapter: 'http',
      maxRedirects: 0,
      maxContentLength: MAX_BYTES,
      // axios returns every response, also with an error status, and leaves the body as it is: `textOf` decompresses it, and `answer.ts` parses it.
      responseType: 'arraybuffer',
      decompress: false,
      validateStatus: null,
      transformRequest: [],
      transformResponse: [],
    })
  }

  /** True if the last request got a response with a status below 500; undefined before the first request. */
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
        // If the deadline would come during the pause before the retry, end now with the result of this attempt instead of a time-out.
        if (!again || pauseMs >= deadline.remainingMs()) {
          if (outcome instanceof NevisError) throw outcome
          return outcome
        }
        await pause(pauseMs)
      }
    })
  }

  async #attempt(call: HttpCall, headers: Record<string, string>, deadline: Deadline, attempt: number): Promise<Answer | NevisError> {
    const { operation } = call
    // The application's function `accessKey` ran before this attempt, and may have used up the time of the call.
    if (deadline.signal.aborted) return new NevisError('NEVIS_TIMEOUT', operation)
    const startedAt = performance.now()
    const outcome = await this.#request(call, headers, deadline)
    this.#isUp = outcome instanceof Answer && outcome.status < 500
    publishCall(() => ({ operation, baseURL: this.#options.baseURL, attempt, durationMs: Math.round(performance.now() - startedAt), ...resultOf(outcome, deadline) }))
    return outcome
  }

  /** Sends one request. Replaces an error of axios, because it contains the access key. */
  async #request(call: HttpCall, headers: Record<string, string>, deadline: Deadline): Promise<Answer | NevisError> {
    const { operation, path, method, body, alone } = call
    const agent = alone === true ? this.#agents.forOneCall : this.#agents.shared
    const data = typeof body === 'object' ? JSON.stringify(body) : body
    // Set the agent again: because of `proxy: false`, axios may have replaced the app's own agent if that agent uses a proxy.
    const transport = { request: (options: RequestOptions, respond: Respond): ClientRequest => this.#transport(Object.assign(options, { agent }), respond) }
    const { signal } = deadline
    try {
      return answerOf(call, await this.#axios.request<Buffer>({ url: path, method, headers, data, signal, transport, httpAgent: agent, httpsAgent: agent, ...(namesProxy(this.#options.baseURL) && { proxy: false as const }) }))
    } catch (error) {
      return transportError(operation, error)
    }
  }
}

/** Returns how the request ended, for the event `passport-nevis:call`. */
function resultOf(outcome: Answer | NevisError, deadline: Deadline): Pick<NevisCall, 'nevisStatus' | 'code'> {
  if (outcome instanceof Answer) return { nevisStatus: outcome.status }
  const { code, nevisStatus } = outcome
  return { code: deadline.signal.aborted ? 'NEVIS_TIMEOUT' : code, ...(nevisStatus !== undefined && { nevisStatus }) }
}

function answerOf({ operation, path }: HttpCall, { status, data, headers, request }: AxiosResponse<Buffer>): Answer | NevisError {
  const { 'retry-after': retryAfter, date } = headers as Record<string, unknown>
  try {
    return new Answer(operation, status, textOf(data, status, headers), retryAfterSeconds(retryAfter), date, isOpenEnded((request as Sent)[ANSWER]), path)
  } catch (error) {
    const causeCode = codeOf(error)
    const reason = causeCode === 'ERR_BUFFER_TOO_LARGE' ? 'the answer is too large' : 'the answer cannot be read'
    return new NevisError('NEVIS_UNEXPECTED_RESPONSE', operation, { nevisStatus: status, reason, causeCode })
  }
}

/**
 * Decompresses a body, if necessary, and decodes its text. axios could do so, too, but it accepts a compressed body that was cut off: its text would be empty,
 * and an empty body can mean "the code is right".
 *
 * A gateway that compresses a response gives it a length of its own. If Nevis's response was cut off, this length does not show it. So this function does not
 * accept a compressed body of blank lines only: a page may begin with them.
 * @throws Error if the body cannot be decompressed completely, or has more than `MAX_BYTES` without the compression
 */
function textOf(body: Buffer, status: number, { 'content-encoding': encoding, 'content-length': length }: AxiosResponse['headers']): string {
  const coding = typeof encoding === 'string' ? encoding.trim().toLowerCase() : ''
  const hasNoBody = body.length === 0 && (length === '0' || status === 204)
  if (['', 'identity'].includes(coding) || hasNoBody) return withoutMark(body.toString())
  const decompress = DECODERS.get(coding)
  // Some servers write a wrong value, such as `utf-8`, so read a body with an unknown coding as it is. But such a body proves nothing if it is empty.
  const text = withoutMark((decompress?.(body, { maxOutputLength: MAX_BYTES }) ?? body).toString())
  if (text.trim() === '' && (text !== '' || decompress === undefined)) throw new Error('the body may be cut off')
  return text
}

/** Removes the byte order mark, which JSON does not allow (RFC 8259, 8.1). */
function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, '')
}

/**
 * True if only the closed connection marks the end of the body, because the response declares no length (RFC 9112, 6.3). If a gateway crashes after the
 * headers, such a response looks complete. Status 204 never has a body.
 */
function isOpenEnded(answer: IncomingMessage | undefined): boolean {
  if (answer === undefined) return false
  const { headers, statusCode } = answer
  const isChunked = /(^|[\s,])chunked\s*$/i.test(headers['transfer-encoding'] ?? '')
  return headers['content-length'] === undefined && !isChunked && statusCode !== 204
}

interface Agents {
  readonly shared: Agent
  /** An agent that uses each connection for one request only. */
  readonly forOneCall: Agent
}

function agentsOf({ baseURL, httpAgent, httpsAgent }: ResolvedOptions): Agents {
  const url = new URL(baseURL)
  const agentOf = (keepAlive: boolean) => (url.protocol === 'https:' ? httpsAgent : httpAgent) ?? newAgent(url, keepAlive)
  return { shared: agentOf(true), forOneCall: agentOf(false) }
}

function headersOf({ body, accept = 'application/json' }: HttpCall, accessKey: string | undefined): Record<string, string> {
  // Ask for gzip as the only compression, because all servers support it.
  const headers: Record<string, string> = { Accept: accept, 'Accept-Encoding': 'gzip', 'User-Agent': 'passport-nevis' }
  if (typeof body === 'string') headers['Content-Type'] = 'application/x-www-form-urlencoded'
  else if (body !== undefined) headers['Content-Type'] = 'application/json;charset=utf-8'
  if (accessKey !== undefined) headers['Authorization'] = `Bearer ${accessKey}`
  return headers
}

function isTransient(outcome: Answer | NevisError): boolean {
  return outcome instanceof NevisError ? outcome.code === 'NEVIS_UNREACHABLE' : REPEATABLE_STATUSES.includes(outcome.status)
}

/** Milliseconds to wait before a retry. Doubles with each retry, and varies at random so that many clients do not retry at the same moment. */
function backoffMs(attempt: number): number {
  return FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random())
}

/** Parses the header Retry-After, in seconds or as an HTTP date (RFC 9110, section 10.2.3). */
function retryAfterSeconds(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value)
  const at = httpDate(value)
  return at === undefined ? undefined : Math.max(0, Math.ceil((at - Date.now()) / 1000))
}

function transportError(operation: NevisMethod, error: unknown): NevisError {
  const causeCode = codeOf(error)
  // axios uses the code ERR_BAD_RESPONSE for a body that is too large and for a cut-off body. Only the error for the cut-off body has a `response`.
  if (causeCode === 'ERR_BAD_RESPONSE' && (error as { response?: unknown }).response === undefined) {
    return new NevisError('NEVIS_UNEXPECTED_RESPONSE', operation, { reason: 'the answer is too large' })
  }
  // `HPE_…` comes from Node's HTTP parser: the response is not valid HTTP.
  if (causeCode.startsWith('HPE_')) return new NevisError('NEVIS_UNEXPECTED_RESPONSE', operation, { reason: 'the answer cannot be read', causeCode })
  return new NevisError('NEVIS_UNREACHABLE', operation, { causeCode })
}

/** The code of an error. Checks its form, because the code becomes part of a message. */
function codeOf(error: unknown): string {
  const { code } = Object(error) as { code?: unknown }
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'UNKNOWN'
}
