/**
 * The scripted faults of the simulator: which calls fail, how often, and how.
 *
 * Out of scope: applying a fault to a response (`apply-fault.ts`).
 */
import { OPERATIONS, type OperationName } from './routes'

/** The effects of a fault. If several are given, all of them are applied. */
export interface FaultEffect {
  /** HTTP status of the response, with Nevis's documented error body for it unless `body` or `patch` is given. */
  readonly status?: number
  /** The body: a string is sent unchanged, anything else as JSON. */
  readonly body?: unknown
  /** Headers to add or replace. */
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds of real time to wait before the response. */
  readonly delayMs?: number
  /** Resets the connection instead of responding. */
  readonly reset?: true
  /** Closes the connection before `Content-Length` bytes were sent. */
  readonly truncate?: true
  /** Milliseconds of real time before each byte of the body. */
  readonly drip?: number
  /**
   * Replaces `token` in a status response, with a string or with a genuine token of the wrong kind or user. Applies to `getStatus`
   * unless `on` names other operations.
   */
  readonly swapToken?: 'status' | 'intent' | 'accessKey' | 'otherUser' | (string & {})
  /** Answers 429, as the simulator does for a blocked user. */
  readonly rateLimit?: true
  /** The value of the header `Retry-After` for `rateLimit`, in seconds. Default: no such header. */
  readonly retryAfterSeconds?: number
  /** Redirects (302) to this URL. */
  readonly redirect?: string
  /** Properties that are merged into the JSON of the real response; `undefined` as a value removes the property. */
  readonly patch?: Readonly<Record<string, unknown>>
}

export interface Fault extends FaultEffect {
  /** The operations that fail; all by default. */
  readonly on?: OperationName | readonly OperationName[]
  /** How many calls fail; all by default. */
  readonly times?: number
  /** The share of calls that fail, 0 to 1; 1 by default. */
  readonly share?: number
  /** How many calls succeed before the first one fails; 0 by default. */
  readonly skip?: number
  /**
   * Only for a fault that replaces the response: `before` (the default) means that the call has no effect, `after` that it has. If the real
   * response is only changed, truncated or delayed, the call always takes effect.
   */
  readonly when?: 'before' | 'after'
}

/** A fault that was added. */
export interface FaultHandle {
  /** How many calls have failed because of this fault. */
  readonly hits: number
  /** Removes the fault. */
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

/** The scripted faults: `simulator.faults`. */
export class Faults {
  private scripted: Scripted[] = []
  private randomState: number

  /**
   * Starts without faults.
   * @param seed seed of the random numbers behind `share`: with the same seed the same calls fail
   */
  constructor(seed: number) {
    this.randomState = seed >>> 0
  }

  /**
   * Adds a fault. If several faults match a call, the one that was added first is applied.
   *
   * @throws TypeError for an unknown option or operation, or if no effect is given
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

  /** The fault for this call, if any. Called by the server once per call. @internal */
  take(operation: OperationName): Fault | undefined {
    let taken: Scripted | undefined
    for (const each of this.scripted) {
      if (!each.operations.includes(operation)) continue
      // Count `skip` down for every fault that matches this call, even if another fault is applied to the call.
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

  /** A random number from 0 to 1, made with the generator Mulberry32. */
  private random(): number {
    this.randomState = (this.randomState + 0x6d2b79f5) >>> 0
    let value = Math.imul(this.randomState ^ (this.randomState >>> 15), this.randomState | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}
