/**
 * The types of a request and a response of the command `probe`, and functions that tell Nevis's own responses from those of a gateway in front of Nevis.
 *
 * Out of scope: sending requests and recording responses (`caller.ts`).
 */
import { Answer } from '../../client/answer'
import { verdictOf, type ExpectedNames, type Verdict } from '../../client/verdict'

export interface Reply {
  /** The HTTP status; 0 if no response came. */
  readonly status: number
  readonly json: unknown
  readonly text: string
  /** The header `Retry-After`. */
  readonly retryAfter?: string | undefined
  /** True if nothing shows that the body is complete. */
  readonly mayBeCutOff?: boolean
  /** The path of the request. */
  readonly requestedPath?: string
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly json?: object
  readonly form?: Readonly<Record<string, string>>
  /** False: send the request without the access key. Default true. */
  readonly withKey?: boolean
  /** A token to send in the Authorization header instead of the access key. */
  readonly bearer?: string
  readonly accept?: string
  /**
   * What the probe sends instead if it must repeat this request: Nevis may accept a request only once, for example one with a recovery code. Default: the same
   * request.
   */
  readonly again?: Call
  /** For a request with a code: the user and the transaction of this code. The probe then records how the client reads the response (`verdictOnCode`). */
  readonly codeOf?: ExpectedNames
  /** Fields of the response whose values the report never shows: where a later response contains such a value, the report says, for example, "the userId". */
  readonly learns?: readonly ('userId' | 'transactionId' | 'recovery code')[]
}

/** True for an answer that probably comes from a gateway, a proxy or a firewall: a redirect, a 5xx, or a body that is neither JSON nor the text PONG. */
export function isOfGateway({ status, json, text }: Reply): boolean {
  return (status >= 300 && status < 400) || status >= 500 || (json === undefined && text !== '' && text.trim().toUpperCase() !== 'PONG')
}

/**
 * False for a request that sends a push or an SMS: Nevis may have sent it although the answer is an error, and a second one would disturb a person or cost
 * money.
 */
export function isRepeatable({ method = 'POST', json }: Call): boolean {
  const { channel, phone } = Object(json) as { channel?: unknown; phone?: unknown }
  return method !== 'POST' || (channel !== 'sms' && channel !== 'push' && phone === undefined)
}

export function isRefusal({ status }: Reply): boolean {
  return status === 401 || status === 403
}

/** The method and the path, without the ids in the path. */
export function endpointOf({ method = 'POST', path }: Call): string {
  return `${method} ${path.replace(/\?.*$/, '').replace(/users\/(?!enroll$)[^/]+/, 'users/*')}`
}

/** Returns whether the client reads an HTTP 200 as "the code is right". Undefined for a request without a code, and for another HTTP status. */
export function verdictOnCode({ status, text, mayBeCutOff }: Reply, { codeOf }: Call): Verdict | undefined {
  if (status !== 200 || codeOf === undefined) return undefined
  // Ignore a byte order mark, as the client does.
  return verdictOf(new Answer('verifyCode', status, text.replace(/^\uFEFF/, ''), undefined, undefined, mayBeCutOff), codeOf)
}

/** Parses JSON, also after a byte order mark, which some servers send. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown
  } catch {
    return undefined
  }
}

export function textKind(text: string): string {
  if (text === '') return 'empty body'
  if (text === '\uFEFFPONG') return 'the text PONG after a byte order mark'
  if (text.trim() === 'PONG') return text === 'PONG' ? 'the text PONG' : 'the text PONG with other white space'
  if (text.trim().toUpperCase() === 'PONG') return 'the text PONG in another case'
  return /^\s*</.test(text) ? 'a page' : 'other text'
}

/** Describes a response by its status and the kind of its body, so that two responses can be compared. */
export function kindOf({ status, json, text }: Reply): string {
  return `${status} ${json === undefined ? textKind(text) : 'JSON'}`
}

/**
 * Remembers how each endpoint has answered. If Nevis itself answers at an endpoint with a body that is not JSON, it does so every time. A gateway in front of
 * Nevis may send a page, or JSON that is cut off. The gateway may do so for a moment, now and then, or from the middle of a run on.
 */
export class EndpointMemory {
  readonly #inJson = new Set<string>()
  /** Kinds of answers that an endpoint has sent twice in a row to the same request. */
  readonly #repeated = new Set<string>()

  /**
   * True if Nevis itself probably sent the response: the body is JSON, or the endpoint has already repeated an answer with the same status and the same kind of
   * body. False for a page from an endpoint that has also sent JSON.
   */
  isLasting(call: Call, reply: Reply): boolean {
    if (reply.json !== undefined) this.#inJson.add(endpointOf(call))
    return reply.json !== undefined || (this.#repeated.has(this.#kindAt(call, reply)) && !(textKind(reply.text) === 'a page' && this.#inJson.has(endpointOf(call))))
  }

  /** Compares the answers to a request that was sent twice. True if both are of the same kind, and Nevis itself probably sent them. */
  isRepeated(call: Call, reply: Reply, again: Reply): boolean {
    const isSame = kindOf(reply) === kindOf(again)
    if (isSame) this.#repeated.add(this.#kindAt(call, again))
    return this.isLasting(call, again) && isSame
  }

  /**
   * Makes the key of an answer in `#repeated`: its endpoint and its kind. Until an answer with JSON has come, the key is only the kind: after one endpoint has
   * repeated a kind, that kind counts as repeated at all endpoints. So the probe does not send every request twice to an address without a Nevis instance.
   */
  #kindAt(call: Call, reply: Reply): string {
    return `${this.#inJson.size === 0 ? '' : endpointOf(call)} ${kindOf(reply)}`
  }
}
