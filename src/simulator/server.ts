/**
 * The HTTP server of the simulated Nevis: reads a request, checks authorisation and media type, runs the operation, and responds.
 *
 * Out of scope: the API operations, and the page with the phones (`pages.ts`).
 */
import { setMaxListeners } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRecord, type Answer } from './answer'
import type { Call } from './call'
import type { Cloud } from './cloud'
import { deliver, type DeliveryFault } from './delivery'
import type { Dialects } from './dialects/apply'
import type { DialectRequest } from './dialects/dialect'
import type { Faults } from './faults'
import { asBody, type Body } from './inputs'
import { Problem, problemAnswer } from './problem'
import type { RequestLog } from './request-log'
import { decodeBody, mediaType, readBody, type RecordedRequest } from './requests'
import { findRoute, type Route } from './routes'
import { applyFault } from './apply-fault'
import { originRefusal } from './origin-check'

const MEDIA_TYPES = { json: 'application/json', form: 'application/x-www-form-urlencoded' } as const

interface Read {
  readonly request: IncomingMessage
  readonly url: URL
  readonly found: ReturnType<typeof findRoute>
  readonly type: string
  /** The body; `undefined` if it was too long. */
  readonly text: string | undefined
  readonly body: unknown
}

export class CloudServer {
  private readonly closing = new AbortController()

  constructor(
    private readonly cloud: Cloud,
    private readonly faults: Faults,
    private readonly requests: RequestLog,
    private readonly latencyMs: number,
    private readonly dialects: Dialects,
  ) {
    // Each delayed response adds a listener to this signal. Without this line, Node warns of a memory leak above ten listeners.
    setMaxListeners(0, this.closing.signal)
  }

  /** Ends all delayed responses. The HTTP server closes the connections. */
  close(): void {
    this.closing.abort()
  }

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    try {
      await this.answer(request, response, url)
    } catch {
      // No response can be sent: the client has closed the connection, or the simulator is closing.
      response.destroy()
    }
  }

  private async answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { method = '' } = request
    const at = this.cloud.clock.now()
    const refusal = originRefusal(request)
    if (refusal !== undefined) {
      await deliver(response, at, problemAnswer(new Problem(403, refusal), url.pathname, at), undefined, (ms) => this.wait(ms))
      return
    }
    const found = findRoute(method, url.pathname)
    const type = mediaType(request)
    const text = await readBody(request)
    const body = text === undefined ? undefined : decodeBody(type, text)
    const operation = found?.route.operation ?? 'unknown'
    const path = url.pathname + url.search
    const record: RecordedRequest = { operation, method, path, headers: request.headers, body, at }
    this.requests.add(record, request.rawHeaders.join('').length + path.length + (text?.length ?? 0))
    await this.wait(this.latencyMs)
    const { answer, deliveryFault } = await this.result({ request, url, found, type, text, body })
    if (!deliveryFault?.reset) record.status = answer.status
    await deliver(response, this.cloud.clock.now(), answer, deliveryFault, (ms) => this.wait(ms))
  }

  private async result(read: Read): Promise<{ answer: Answer; deliveryFault?: DeliveryFault }> {
    const operation = read.found?.route.operation
    const fault = operation && this.faults.take(operation)
    const real = () => this.execute(read)
    if (fault === undefined) return { answer: real() }
    const sent = isRecord(read.body) ? read.body['statusToken'] : undefined
    const statusToken = typeof sent === 'string' ? sent : undefined
    const wait = (ms: number) => this.wait(ms)
    return applyFault({ cloud: this.cloud, operation: operation as Route['operation'], path: read.url.pathname, statusToken, real, wait }, fault)
  }

  private execute(read: Read): Answer {
    const request = this.dialectRequest(read)
    let answer: Answer
    let refusal: Problem['reason']
    try {
      answer = this.run(read, request)
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(500, 'The simulator has failed')
      refusal = problem.reason
      answer = problemAnswer(problem, read.url.pathname, this.cloud.clock.now())
    }
    return request === undefined ? answer : this.dialects.rewritten(answer, request, refusal)
  }

  private run(read: Read, request: DialectRequest | undefined): Answer {
    if (read.found === undefined || request === undefined) throw new Problem(405, 'The endpoint does not exist')
    const { route, id } = read.found
    const refusal = this.dialects.refusalOf(request)
    if (refusal !== undefined) throw refusal
    const intent = this.authorize(read.request, route)
    return route.run({ cloud: this.cloud, body: bodyOf(read, route), id, query: read.url.searchParams, intent })
  }

  private dialectRequest({ found, url, request, body }: Read): DialectRequest | undefined {
    if (found === undefined) return undefined
    const fields = isRecord(body) ? body : {}
    const transaction = this.cloud.transactions.ofStatusToken(String(fields['statusToken']))
    return { operation: found.route.operation, path: url.pathname, body: fields, headers: request.headers, transaction, cloud: this.cloud }
  }

  /**
   * Checks the access key or the intent token of a request.
   * @returns the intent if the request has an intent token; undefined if it has the access key
   */
  private authorize(request: IncomingMessage, route: Route): Call['intent'] {
    if (route.authorization === 'none') return undefined
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (token === undefined) throw new Problem(401, 'The Authorization header is missing')
    if (this.cloud.isAccessKey(token)) return undefined
    const intent = this.intentFor(route, token)
    if (intent === undefined) throw new Problem(403, 'The access key is not valid', {}, 'wrong-key')
    return intent
  }

  private intentFor({ authorization }: Route, token: string): Call['intent'] {
    if (authorization === 'key or intent') return this.cloud.intent(token)
    return authorization === 'key or used intent' ? this.cloud.usableOrUsedIntent(token) : undefined
  }

  private async wait(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.closing.signal })
  }
}

function bodyOf({ type, text, body }: Read, { media }: Route): Body {
  if (media === 'none') return {}
  if (text === undefined) throw new Problem(413, 'The request body is longer than one megabyte')
  if (type !== MEDIA_TYPES[media]) throw new Problem(415, `The media type must be ${MEDIA_TYPES[media]}`)
  return asBody(body)
}
