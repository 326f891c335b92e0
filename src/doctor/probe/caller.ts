/**
 * Sends the requests of the command `probe` and records the shape of each response: its status, its fields, and the kinds of their values, but no value.
 * Limits the number of requests and the duration of each.
 *
 * Out of scope: choosing the requests (`*-stage.ts`), HTTP itself (`raw-request.ts`), and describing a shape (`shape.ts`).
 */
import type { IncomingHttpHeaders } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Verdict } from '../../client/verdict'
import { withDeadline } from '../deadline'
import { codesIn, textAt } from './answers'
import { isUnavailable, type Facts } from './facts-reader'
import { Connections } from './raw-request'
import { EndpointMemory, endpointOf, isOfGateway, isRefusal, isRepeatable, parsed, textKind, verdictOnCode, type Call, type Reply } from './reply'
import { BASE_URL, mediaTypeOf, shapeOf } from './shape'
import { wordOf } from './word-of'

const NO_REPLY: Reply = { status: 0, json: undefined, text: '' }

export const CALL_DEADLINE_MS = 15_000
/** The report lists which of these response headers are present. The report never contains their values. */
const NOTED_HEADERS = ['content-encoding', 'location', 'retry-after', 'set-cookie', 'www-authenticate']

/** Thrown if the probe was interrupted, or has sent its maximum number of requests. The remaining stages are skipped; the test users are still deleted. */
export class ProbeEnded extends Error {}

/** Thrown if Nevis no longer answers or no longer accepts the access key, or if something in front of Nevis answers in its place. */
export class NevisUnreachable extends ProbeEnded {}

/** The probe ends after this many requests in a row that got no answer within their time limit, because each further request would take as long. */
const MOST_TIMEOUTS = 2
const PROGRESS_MS = 5000
/** The pause before the probe repeats a request that got a 429 without `Retry-After`. */
const PAUSE_MS = 2000
/** The longest pause after a 429, even if `Retry-After` asks for a longer one. */
const MOST_PAUSE_MS = 10_000
/** A username in the form of the test users' names, which the probe never gives to a test user. */
const UNKNOWN_USERNAME = 'Passport-Nevis-Probe-nobody'

export class Caller {
  readonly facts: Facts = {}
  /** Values that must not be in the report, each with the words that replace it, for example `the userId`. */
  readonly known = new Map<string, string>()
  calls = 0
  /** The steps that were recorded in the current stage: `stages.ts` clears this set before each stage. */
  readonly steps = new Set<string>()
  private readonly connections: Connections
  /** How many requests in a row have got no answer within their time limit. */
  private timeouts = 0
  /** True if the latest request got the same 5xx twice. The probe then does not repeat further requests, until one of them gets another answer. */
  private isUnavailable = false
  /** True if the latest request got a 429 twice. The probe then does not repeat further requests after a 429, until one of them gets another answer. */
  private hasTooMany = false
  private hasSeenJson = false
  /** The endpoints for which `checkOrigin` has checked that an unexpected answer comes from Nevis. */
  private readonly checked = new Set<string>()
  private readonly endpoints = new EndpointMemory()
  /** The numbers of all responses, of those with a body, of those with a body in chunks, and of those after which the server closed the connection. */
  private readonly responses = { all: 0, withBody: 0, inChunks: 0, closing: 0 }
  /** Nevis's clock minus this machine's clock, in milliseconds, from the latest `Date` header. */
  clockMs: number | undefined

  constructor(
    baseURL: string,
    private readonly accessKey: string,
    private readonly maxCalls: number,
    private readonly signal: AbortSignal,
    /** The time limit of each request, in milliseconds. */
    private readonly callMs = CALL_DEADLINE_MS,
    private readonly say: (line: string) => void = () => undefined,
    private readonly pause: (ms: number) => Promise<unknown> = wait,
  ) {
    this.connections = new Connections(baseURL)
    this.known.set(baseURL, BASE_URL).set(accessKey, 'the access key')
  }

  /**
   * Sends one request and records the shape of its response under the name `step`. Replaces an earlier record of the same step.
   * @param step undefined: record nothing
   * @throws ProbeEnded if the probe was interrupted or has sent its maximum number of requests
   * @throws NevisUnreachable if Nevis no longer answers, or no longer accepts the access key
   */
  async call(step: string | undefined, call: Call): Promise<Reply> {
    if (this.signal.aborted) throw new ProbeEnded('interrupted')
    if (this.calls >= this.maxCalls) throw new ProbeEnded(`stopped after ${this.calls} calls`)
    const first = await this.sendInTime(call, this.signal, step)
    const reply = isRepeatable(call) ? await this.confirmed(await this.afterPause(first, call, step), call, step) : this.unconfirmed(first, step)
    if (this.signal.aborted) throw new ProbeEnded('interrupted')
    if (this.timeouts >= MOST_TIMEOUTS) throw new NevisUnreachable(`${this.timeouts} requests in a row got no answer within ${this.callMs / 1000} s`)
    await this.checkOrigin(reply, call)
    await this.checkKey(reply)
    return this.ofNevis(reply, call, step)
  }

  /**
   * Sends a request once more if it got a 5xx: a gateway in front of Nevis sends such an answer while Nevis is restarted. If the second answer has another
   * status, records "no answer": neither answer shows for certain how Nevis answers.
   */
  private async confirmed(reply: Reply, call: Call, step: string | undefined): Promise<Reply> {
    if (reply.status < 500) this.isUnavailable = false
    if (reply.status < 500 || this.isUnavailable || this.signal.aborted) return reply
    const again = await this.sendInTime(call.again ?? call, this.signal)
    this.isUnavailable = again.status === reply.status
    if (this.isUnavailable) return reply
    this.noteLost(step, `HTTP ${reply.status} only once`)
    return NO_REPLY
  }

  /** If a request that must not be repeated gets a 502, 503 or 504, records "no answer": nothing shows whether Nevis would answer the same again. */
  private unconfirmed(reply: Reply, step: string | undefined): Reply {
    if (isUnavailable(String(reply.status))) this.noteLost(step, `HTTP ${reply.status}, not repeated`)
    return reply
  }

  /** Sends a request once more, after a pause, if Nevis has refused it because of too many requests. Not in the stage `limits`, which tests this refusal. */
  private async afterPause(reply: Reply, call: Call, step: string | undefined): Promise<Reply> {
    if (reply.status !== 429) this.hasTooMany = false
    if (reply.status !== 429 || this.hasTooMany || step?.startsWith('limit.') === true) return reply
    const seconds = /^\d+$/.test(reply.retryAfter ?? '') ? Number(reply.retryAfter) : PAUSE_MS / 1000
    await this.pause(Math.min(seconds * 1000, MOST_PAUSE_MS))
    const again = await this.sendInTime(call, this.signal, step)
    this.hasTooMany = again.status === 429
    return again
  }

  /**
   * Sends a request once more if its answer is a page, or another body that is not JSON: a gateway may send such a body for a moment only. Records
   * - this kind of answer, if it comes again and Nevis itself probably sent both answers (`isRepeated`);
   * - the second answer to a GET, if it came from Nevis and not from a gateway;
   * - otherwise "no answer": if Nevis has handled the first POST, it may answer the second one differently.
   */
  private async ofNevis(reply: Reply, call: Call, step: string | undefined): Promise<Reply> {
    if (reply.status === 0 || reply.status >= 500 || (reply.json === undefined && !isOfGateway(reply)) || this.endpoints.isLasting(call, reply)) return reply
    const isSafe = call.method === 'GET'
    if (isRepeatable(call)) {
      const again = await this.sendInTime(call.again ?? call, this.signal, isSafe ? step : undefined)
      if (this.endpoints.isRepeated(call, reply, again) || (isSafe && again.status !== 0 && !isOfGateway(again))) return isSafe ? again : reply
    }
    this.noteLost(step, `HTTP ${reply.status} without JSON`)
    return NO_REPLY
  }

  private noteLost(step: string | undefined, why: string): void {
    if (step === undefined) return
    this.forget(step)
    this.steps.add(step)
    this.facts[`${step}.http`] = `no answer (${why})`
  }

  /**
   * Checks, after an unexpected kind of answer, whether Nevis still answers. For this, introspects the access key: Nevis always answers that request with JSON.
   * Checks only once for each endpoint: if Nevis itself always gives this kind of answer at an endpoint, a second check would show nothing new.
   */
  private async checkOrigin(reply: Reply, call: Call): Promise<void> {
    this.hasSeenJson ||= reply.json !== undefined
    const endpoint = endpointOf(call)
    if (!this.hasSeenJson || !isOfGateway(reply) || this.checked.has(endpoint)) return
    this.checked.add(endpoint)
    const again = await this.sendInTime({ path: '/api/v1/introspect', form: { token: this.accessKey } }, this.signal)
    const keyWasAnswered = /^[1-4]/.test(String(this.facts['introspect.key.http']))
    if (again.json !== undefined && again.status >= 500 && keyWasAnswered) throw new NevisUnreachable(`Nevis, or a gateway in front of it, no longer answers (HTTP ${again.status})`)
    if (again.json === undefined && again.status !== 0) throw lostToGateway(again)
  }

  /**
   * Checks, after a 401 or 403, whether Nevis still accepts the access key: repeats a request that Nevis has not refused before. Checks after each 401 or 403,
   * and not only once for each endpoint: an endpoint may first refuse a request for another reason, and the key may become invalid later.
   */
  private async checkKey(reply: Reply): Promise<void> {
    if (!isRefusal(reply) || isOfGateway(reply)) return
    const wasAccepted = (step: string) => /^(2|4(?!01|03|29))/.test(String(this.facts[`${step}.http`]))
    const byIntrospection: Call = { path: '/api/v1/introspect', form: { token: this.accessKey } }
    const byLookUp: Call = { method: 'GET', path: `/api/v1/users?username=${UNKNOWN_USERNAME}` }
    const check = wasAccepted('introspect.key') ? byIntrospection : wasAccepted('user.unknown-name') ? byLookUp : undefined
    if (check === undefined) return
    const again = await this.sendInTime(check, this.signal)
    if (!isRefusal(again)) return
    if (isOfGateway(again)) throw lostToGateway(again)
    throw new NevisUnreachable(`the access key was accepted at first, but is refused since (HTTP ${again.status}): look under "Access Keys" in the management console`)
  }

  /** Sends a request that helps to delete test users, even after an interruption and beyond the maximum number of requests. Records nothing. */
  cleanUp(call: Call): Promise<Reply> {
    return this.sendInTime(call, undefined)
  }

  private async sendInTime(call: Call, signal: AbortSignal | undefined, step?: string): Promise<Reply> {
    let seconds = 0
    const progress = setInterval(() => {
      seconds += PROGRESS_MS / 1000
      if (seconds * 1000 < this.callMs) this.say(`Nevis has not answered for ${seconds} s; waiting up to ${this.callMs / 1000} s …`)
    }, PROGRESS_MS)
    try {
      return await withDeadline(this.callMs, signal, (inTime) => this.send(call, inTime, step))
    } finally {
      clearInterval(progress)
    }
  }

  /** Deletes what was recorded under the name `step`. */
  forget(step: string): void {
    this.steps.delete(step)
    for (const kind of ['http', 'type', 'headers', 'fields', 'verdict']) delete this.facts[`${step}.${kind}`]
  }

  /**
   * True if a response has the same HTTP status and the same field names as the recorded response to `step`, or the same kind of text if neither response is
   * JSON.
   */
  isAnsweredLike(step: string, reply: Reply): boolean {
    const namesIn = (fields: readonly string[]) => [...new Set(fields.map((field) => field.split(': ')[0]))].sort().join()
    return this.facts[`${step}.http`] === String(reply.status) && namesIn([this.facts[`${step}.fields`] ?? []].flat()) === namesIn(this.fieldsOf(reply))
  }

  /** Hides a value, such as a userId: where a later response contains this value, the report says `label` instead, for example "the userId". */
  learn(value: unknown, label: string): void {
    if (typeof value === 'string' && value !== '') this.known.set(value, label)
  }

  private async send(call: Call, signal: AbortSignal, step?: string): Promise<Reply> {
    const { method = 'POST', path, json, form, withKey = true, bearer = this.accessKey, accept = 'application/json', learns = [] } = call
    this.calls++
    if (step !== undefined) this.steps.add(step)
    const headers: Record<string, string> = { Accept: accept }
    if (withKey) headers['Authorization'] = `Bearer ${bearer}`
    if (json !== undefined) headers['Content-Type'] = 'application/json;charset=utf-8'
    if (form !== undefined) headers['Content-Type'] = 'application/x-www-form-urlencoded;charset=UTF-8'
    const body = json === undefined ? form && new URLSearchParams(form).toString() : JSON.stringify(json)
    let reply: Reply
    try {
      const { status, text, headers: received, mayBeCutOff } = await this.connections.send(path, { method, headers, body, signal })
      reply = { status, json: parsed(text), text, retryAfter: received['retry-after'], mayBeCutOff, requestedPath: path }
      this.timeouts = 0
      this.countDelivery(text, received)
      for (const name of learns) {
        if (name !== 'recovery code') this.learn(textAt(reply.json, name), `the ${name}`)
        else for (const code of codesIn(reply.json)) this.learn(code, name)
      }
      if (step !== undefined) this.note(step, reply, received, verdictOnCode(reply, call))
    } catch (reason) {
      reply = NO_REPLY
      this.timeouts = wordOf(reason) === 'TimeoutError' ? this.timeouts + 1 : 0
      this.noteLost(step, wordOf(reason))
    }
    return reply
  }

  /** Records that bodies come in chunks, or that the server closes connections, only if all responses show it: a gateway may have changed one response. */
  noteDelivery(): void {
    const { all, withBody, inChunks, closing } = this.responses
    const isAlways = (count: number, of: number) => of > 0 && count === of
    this.facts['delivery'] = [...(isAlways(inChunks, withBody) ? ['bodies in chunks'] : []), ...(isAlways(closing, all) ? ['connections closed after each response'] : [])]
  }

  private countDelivery(text: string, headers: IncomingHttpHeaders): void {
    this.responses.all++
    if (headers.connection === 'close') this.responses.closing++
    if (text === '') return
    this.responses.withBody++
    if (headers['transfer-encoding'] === 'chunked') this.responses.inChunks++
  }

  private fieldsOf({ status, json, text, requestedPath }: Reply): string[] {
    return json === undefined ? [textKind(text)] : shapeOf(json, this.known, status, requestedPath)
  }

  private note(step: string, reply: Reply, headers: IncomingHttpHeaders, verdict: Verdict | undefined): void {
    const date = Date.parse(headers.date ?? '')
    if (!Number.isNaN(date)) this.clockMs = date - Date.now()
    this.facts[`${step}.http`] = String(reply.status)
    this.facts[`${step}.type`] = mediaTypeOf(headers['content-type'] ?? null)
    const noted = NOTED_HEADERS.filter((name) => name in headers)
    if (noted.length > 0) this.facts[`${step}.headers`] = noted
    else delete this.facts[`${step}.headers`]
    this.facts[`${step}.fields`] = this.fieldsOf(reply)
    if (verdict !== undefined) this.facts[`${step}.verdict`] = verdict
    else delete this.facts[`${step}.verdict`]
  }
}

function lostToGateway({ status }: Reply): NevisUnreachable {
  return new NevisUnreachable(`something in front of Nevis answers in its place (HTTP ${status}, no JSON): check the proxy or gateway`)
}
