/**
 * Applies the chosen dialects (`dialect.ts`) to one request. Each dialect may refuse the request and change the response.
 *
 * Out of scope: the dialects themselves, and faults (`../apply-fault.ts`), which are applied after the dialects.
 */
import { isRecord, type Answer } from '../answer'
import { BoundedMap, CAPACITY } from '../memory'
import type { Problem, ProblemReason } from '../problem'
import { LAYERS, type Dialect, type DialectRequest } from './dialect'

export class Dialects {
  /**
   * Counts responses that are alike, because some dialects change only a repeated response. The key consists of the operation, the token in the request, and
   * the values of `status` and `active` in the response.
   */
  private readonly answered = new BoundedMap<string, number>(CAPACITY.transactions)

  /**
   * The chosen dialects, in the order in which they change a response: by layer (`LAYERS`), and within a layer in the order of the option `dialect`. If two of
   * them change the same field, the later one wins.
   */
  private readonly dialects: readonly Dialect[]

  constructor(dialects: readonly Dialect[]) {
    const rankOf = ({ layer = 'field' }: Dialect) => LAYERS.indexOf(layer)
    this.dialects = [...dialects].sort((one, other) => rankOf(one) - rankOf(other))
  }

  /** Milliseconds by which the simulated Nevis's clock is ahead of the machine's clock. */
  get clockMs(): number {
    return this.dialects.reduce((sum, { clockMs = 0 }) => sum + clockMs, 0)
  }

  /** Returns the error of the last dialect (variant of Nevis's behaviour) that refuses this request; undefined if no dialect refuses it. */
  refusalOf(request: DialectRequest): Problem | undefined {
    for (const { refuses } of [...this.dialects].reverse()) {
      const problem = refuses?.(request)
      if (problem !== undefined) return problem
    }
    return undefined
  }

  rewritten(answer: Answer, request: DialectRequest, refusal: ProblemReason | undefined): Answer {
    if (this.dialects.length === 0) return answer
    const facts = { ...request, refusal, earlier: this.countEarlier(answer, request) }
    const isAddition = ({ layer }: Dialect) => layer === 'addition'
    const changed = (given: Answer, dialects: readonly Dialect[]) =>
      dialects.reduce((changing, { rewrites }) => rewrites?.(changing, { ...facts, original: given }) ?? changing, given)
    return changed(changed(answer, this.dialects.filter(isAddition)), this.dialects.filter((one) => !isAddition(one)))
  }

  /** Counts this response. Returns how many earlier responses for the same token had the same `status` or `active` value. */
  private countEarlier({ body }: Answer, { operation, body: sent }: DialectRequest): number {
    const token = sent['statusToken'] ?? sent['token']
    if (typeof token !== 'string' || !isRecord(body)) return 0
    const key = JSON.stringify([operation, token, body['status'], body['active']])
    const earlier = this.answered.get(key) ?? 0
    this.answered.set(key, earlier + 1)
    return earlier
  }
}
