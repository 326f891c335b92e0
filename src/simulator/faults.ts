/**
 * The script of what the cloud does wrong: which calls are hit, how often, and by what.
 *
 * Out of scope: to spoil an answer (see `apply-fault.ts`).
 */
import { OPERATIONS, type OperationName } from './routes'

/** What a fault does. Everything given happens together. */
export interface FaultEffect {
  /** HTTP status of the answer, with the documented error body for it unless `body` or `patch` is given. */
  readonly status?: number
  /** The body: a string as it is, anything else as JSON. */
  readonly body?: unknown
  /** Headers added to the answer, or put in place of those it has. */
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds of real time to wait. */
  readonly delayMs?: number
  /** The connection is reset in place of an answer. */
  readonly reset?: true
  /** The connection ends before as many bytes as `Content-Length` says were sent. */
  readonly truncate?: true
  /** Milliseconds of real time between two bytes of the body. */
  readonly drip?: number
  /**
   * Put in place of `token` in a status answer: a text, or a genuine token of the wrong kind or user. Unless `on`
   * says otherwise, such a fault hits `getStatus` only.
   */
  readonly swapToken?: 'status' | 'intent' | 'accessKey' | 'otherUser' | (string & {})
  /** 429, which is what this simulator answers to a blocked user. */
  readonly rateLimit?: true
  /** Seconds in the `Retry-After` of `rateLimit`; without it there is no such header. */
  readonly retryAfterSeconds?: number
  /** 302 to this URL. */
  readonly redirect?: string
  /** Merged into the JSON of the real answer; a member that is `undefined` is taken out. */
  readonly patch?: Readonly<Record<string, unknown>>
}

export interface Fault extends FaultEffect {
  /** The operations that are hit; all of them by default. */
  readonly on?: OperationName | readonly OperationName[]
  /** How many calls are hit; all of them by default. */
  readonly times?: number
  /** The part of the calls that is hit, 0 to 1; 1 by default. */
  readonly share?: number
  /** How many calls pass before the first is hit; 0 by default. */
  readonly skip?: number
  /**
   * Whether the call takes effect before its answer is spoilt. `before` by default: a call whose answer is replaced
   * has no effect. A real answer that is merely changed, cut or slow always has had its effect.
   */
  readonly when?: 'before' | 'after'
}

/** A fault that was added. */
export interface FaultHandle {
  /** How many calls it has hit. */
  readonly hits: number
  /** Takes it out again. */
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
  if (!names.some((name) => EFFECTS.includes(name))) throw new TypeError(`faults.add: give one of ${EFFECTS.join(', ')}`)
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

/** What the cloud does wrong: `simulator.faults`. */
export class Faults {
  private scripted: Scripted[] = []
  private randomState: number

  /** @param seed of the small generator behind `share`: the same seed and calls hit the same calls */
  constructor(seed: number) {
    this.randomState = seed >>> 0
  }

  /**
   * Of several faults for one call, the first added hits it.
   *
   * @throws TypeError for an unknown option or operation, or without any effect
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

  /** Takes all out. */
  clear(): void {
    this.scripted = []
  }

  /** Called by the server, once for every call. @internal */
  take(operation: OperationName): Fault | undefined {
    let taken: Scripted | undefined
    for (const each of this.scripted) {
      if (!each.operations.includes(operation)) continue
      // Every fault counts the calls that it lets pass, whether or not another one hits them.
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

  /** Mulberry32. */
  private random(): number {
    this.randomState = (this.randomState + 0x6d2b79f5) >>> 0
    let value = Math.imul(this.randomState ^ (this.randomState >>> 15), this.randomState | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}
