/**
 * Applies dialects to one call, in the order in which the dialects were given: first their refusals, then their changes of the answer.
 *
 * Out of scope: the dialects themselves, and scripted faults (`../apply-fault.ts`), which are applied after the dialects.
 */
import { isRecord, type Answer } from '../answer'
import { BoundedMap, CAPACITY } from '../memory'
import type { Problem, ProblemReason } from '../problem'
import type { Dialect, DialectRequest } from './dialect'

export class Dialects {
  /** How often each token got each answer. */
  private readonly answered = new BoundedMap<string, number>(CAPACITY.transactions)

  constructor(private readonly dialects: readonly Dialect[]) {}

  /** How far the cloud's clock is ahead, in milliseconds. */
  get clockMs(): number {
    return this.dialects.reduce((sum, { clockMs = 0 }) => sum + clockMs, 0)
  }

  /** The refusal of the first dialect that refuses this request. */
  refusalOf(request: DialectRequest): Problem | undefined {
    for (const { refuses } of this.dialects) {
      const problem = refuses?.(request)
      if (problem !== undefined) return problem
    }
    return undefined
  }

  rewritten(answer: Answer, request: DialectRequest, refusal: ProblemReason | undefined): Answer {
    if (this.dialects.length === 0) return answer
    const exchange = { ...request, refusal, earlier: this.countEarlier(answer, request) }
    return this.dialects.reduce((changed, { rewrites }) => rewrites?.(changed, exchange) ?? changed, answer)
  }

  /** Counts this answer, and returns how often the token got the same answer before. */
  private countEarlier({ body }: Answer, { operation, body: sent }: DialectRequest): number {
    const token = sent['statusToken'] ?? sent['token']
    if (typeof token !== 'string' || !isRecord(body)) return 0
    const key = JSON.stringify([operation, token, body['status'], body['active']])
    const earlier = this.answered.get(key) ?? 0
    this.answered.set(key, earlier + 1)
    return earlier
  }
}
