/**
 * The faults of the simulator: which API calls fail, how often, and how. A test adds a fault with `simulator.faults.add`.
 *
 * Out of scope: applying a fault to a response (`apply-fault.ts`).
 */
import { OPERATIONS, type OperationName } from './routes'

/** What a fault does. A fault can have several of these effects. */
export interface FaultEffect {
  /** The HTTP status of the response. The body is Nevis's documented error body for this status, unless `body` or `patch` is set. */
  readonly status?: number | undefined
  /** The body of the response. A string is sent unchanged, any other value as JSON. */
  readonly body?: unknown
  /** Headers to add or replace. An empty string removes the header. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Milliseconds to wait before the response is sent. The method `advance` does not shorten this time. */
  readonly delayMs?: number | undefined
  /** Resets the connection; no response is sent. */
  readonly reset?: true | undefined
  /** Closes the connection before the whole body has been sent. `Content-Length` is that of the whole body. */
  readonly truncate?: true | undefined
  /** Milliseconds to wait before each byte of the body. The method `advance` does not shorten this time. */
  readonly drip?: number | undefined
  /**
   * Replaces `token` in status responses by one of these tokens, or by any other string. Each of these tokens is valid, but does not prove an approval of
   * this user. Applies to `getStatus`, unless `on` names other operations.
   */
  readonly swapToken?: 'status' | 'intent' | 'accessKey' | 'otherUser' | (string & {}) | undefined
  /** Responds with 429, as the simulator does for a user who is blocked for a channel. */
  readonly rateLimit?: true | undefined
  /** The `Retry-After` header for `rateLimit`, in seconds. Default: no such header. */
  readonly retryAfterSeconds?: number | undefined
  /** Responds with 302 and this URL in `Location`. */
  readonly redirect?: string | undefined
  /** Properties to merge into the JSON of the operation's own response. A property with the value `undefined` is removed. */
  readonly patch?: Readonly<Record<string, unknown>> | undefined
}

export interface Fault extends FaultEffect {
  /** The operations that fail. Default: all. */
  readonly on?: OperationName | readonly OperationName[] | undefined
  /** How many calls fail. The calls after them succeed. Default: all fail. */
  readonly times?: number | undefined
  /** The share of calls that fail, from 0 to 1. Default 1. */
  readonly share?: number | undefined
  /** How many calls succeed before the first one fails. Default 0. */
  readonly skip?: number | undefined
  /**
   * For a fault that replaces the response: whether the operation runs. `before` (the default): the operation does not run. `after`: the operation runs; for
   * example, a push arrives on the phone, but the client gets an error. If a fault only changes, truncates or delays the response, the operation always runs.
   */
  readonly when?: 'before' | 'after' | undefined
}

/** A fault that was added with `faults.add`. */
export interface FaultHandle {
  /** How many calls have failed because of this fault. */
  readonly hits: number
  /** Removes this fault. */
  remove(): void
}

const EFFECTS: readonly string[] = [
  'status',
  'body',
  'headers',
  'delayMs',
  'reset',
  'truncate',
  'drip',
  'swapToken',
  'rateLimit',
  'redirect',
  'patch',
]
const CONDITIONS: readonly string[] = ['on', 'times', 'share', 'skip', 'when', 'retryAfterSeconds']

function check(fault: Fault): void {
  const names = Object.keys(fault)
  const unknown = names.find((name) => !EFFECTS.includes(name) && !CONDITIONS.includes(name))
  if (unknown !== undefined) throw new TypeError(`faults.add: the option ${unknown} is unknown`)
  if (!names.some((name) => EFFECTS.includes(name))) throw new TypeError(`faults.add needs one of the options ${EFFECTS.join(', ')}`)
  for (const operation of operationsOf(fault)) {
    if (!OPERATIONS.includes(operation)) throw new TypeError(`faults.add: on: the operation ${operation} is unknown`)
  }
  const { share = 1, status = 200 } = fault
  if (!(share >= 0 && share <= 1)) throw new TypeError('faults.add: share must be from 0 to 1')
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new TypeError('faults.add: status must be a whole number from 200 to 599')
  }
}

function operationsOf(fault: Fault): readonly OperationName[] {
  const on = fault.on ?? (fault.swapToken === undefined ? OPERATIONS : 'getStatus')
  return typeof on === 'string' ? [on] : on
}

interface Scripted {
  readonly fault: Fault
  readonly operations: readonly OperationName[]
  toSkip: number
  hits: number
}

/** The faults of a simulator: `simulator.faults`. */
export class Faults {
  private scripted: Scripted[] = []
  private randomState: number

  /**
   * Creates an empty list of faults.
   * @param seed seed of the random numbers for the option `share` of a fault. With the same seed, the same calls fail
   */
  constructor(seed: number) {
    this.randomState = seed >>> 0
  }

  /**
   * Adds a fault. If several faults match a call, only the first one that was added is applied.
   *
   * @throws TypeError for an unknown option or operation, or for a fault without an effect
   */
  add(fault: Fault): FaultHandle {
    check(fault)
    const scripted: Scripted = { fault: { ...fault }, operations: operationsOf(fault), toSkip: fault.skip ?? 0, hits: 0 }
    this.scripted.push(scripted)
    return {
      get hits() {
        return scripted.hits
      },
      remove: () => {
        this.scripted = this.scripted.filter((each) => each !== scripted)
      },
    }
  }

  /** Removes all faults. */
  clear(): void {
    this.scripted = []
  }

  /** Returns the fault to apply to this call; undefined if there is none. The server calls this method once per call. @internal */
  take(operation: OperationName): Fault | undefined {
    let taken: Scripted | undefined
    for (const each of this.scripted) {
      if (!each.operations.includes(operation)) continue
      // If this fault still has calls to skip (option `skip`), this call counts as skipped, even if another fault is applied to the call.
      if (each.toSkip > 0) each.toSkip--
      else if (taken === undefined && each.hits < (each.fault.times ?? Infinity) && this.isHit(each.fault)) taken = each
    }
    if (taken === undefined) return undefined
    taken.hits++
    return taken.fault
  }

  private isHit({ share = 1 }: Fault): boolean {
    return share >= 1 || this.random() < share
  }

  /** A random number from 0 to 1, from the generator Mulberry32. */
  private random(): number {
    this.randomState = (this.randomState + 0x6d2b79f5) >>> 0
    let value = Math.imul(this.randomState ^ (this.randomState >>> 15), this.randomState | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}
