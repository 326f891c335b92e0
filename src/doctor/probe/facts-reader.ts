/**
 * Reads what the probe has recorded for each step (a named request): the HTTP status, the fields of the response, and the kinds of their values.
 *
 * Out of scope: what the values mean for this package (`questions.ts`, `../probe-findings.ts`).
 */

/**
 * What the command `probe` has recorded for each step: the HTTP status, the content type, and the fields with the kinds of their values. The values themselves
 * are not recorded.
 */
export type Facts = Record<string, string | readonly string[]>

/** What the probe records in place of the code in a text message, if the code has other characters than digits. */
export const CODE_OF_OTHER_CHARACTERS = 'other text'
/** How the probe records a request that got no answer. */
const NO_ANSWER = /^no answer \(/

/** True for the HTTP status of a server that does not handle requests at the moment. */
export function isUnavailable(http: string): boolean {
  return /^50[234]$/.test(http)
}

/** True for an HTTP status with which a server refuses a request only for a moment: because of too many requests, or because it is not available. */
export function isTransient(http: string): boolean {
  return http === '429' || isUnavailable(http)
}

/**
 * True if the request got no answer, or only an answer of a server that is busy or down for a moment. It is then not known how Nevis answers this request. In
 * the stage `limits`, 429 is an answer: this stage sends requests until Nevis refuses them.
 */
export function isLost(facts: Facts, step: string): boolean {
  const http = String(facts[`${step}.http`])
  return NO_ANSWER.test(http) || (step.startsWith('limit.') ? isUnavailable(http) : isTransient(http))
}

/** The request of the probe that a fact or a difference is about: `status.sms.verified` for `status.sms.verified.fields lacks …`. */
export function stepOf(difference: string): string {
  const [name = ''] = difference.split(' ')
  return name.slice(0, name.lastIndexOf('.'))
}

export class FactsReader {
  /** True if a caller has read a fact about a request that got no lasting answer (`isLost`). A conclusion from this fact would be a guess. */
  hasReadLost = false

  constructor(private readonly facts: Facts) {}

  /** True if the request got an answer. */
  has(step: string): boolean {
    return `${step}.http` in this.facts && !this.noteLost(step)
  }

  text(name: string): string {
    const value = this.facts[name]
    return typeof value === 'string' ? value : ''
  }

  http(step: string): string {
    return this.noteLost(step) ? '' : this.text(`${step}.http`)
  }

  fields(step: string): readonly string[] {
    this.noteLost(step)
    const value = this.facts[`${step}.fields`]
    return Array.isArray(value) ? (value as readonly string[]) : []
  }

  /** Searches the recorded response for fields with this name, at any depth. Returns the path of each field and the kind of its value, for example `UUID`. */
  found(step: string, field: string): (readonly [path: string, kind: string])[] {
    return this.fields(step)
      .map((one) => one.split(': '))
      // Each text should be `path: kind`, for example `userId: UUID`. But someone may have edited the file with the report. So leave out a text without `: `.
      .filter((parts): parts is [string, string] => parts.length > 1)
      .filter(([path]) => path.replace(/\[\]$/, '').split('.').at(-1) === field)
  }

  /**
   * The kind of the value that the client reads for a field (`client/places.ts`): the object's own field, or, without an own field, that of its inner objects.
   * @returns undefined if there is no such field, or if the values are of several kinds
   */
  read(step: string, field: string): string | undefined {
    const found = this.found(step, field).filter(([path, kind]) => kind !== 'null' && !path.startsWith('[') && !path.endsWith('[]'))
    const kinds = new Set((found.some(([path]) => path === field) ? found.filter(([path]) => path === field) : found).map(([, kind]) => kind))
    return kinds.size === 1 ? [...kinds][0] : undefined
  }

  /**
   * Lists a field and the fields within it, each as `path: kind`. Takes the field that the client reads (`client/places.ts`): the object's own field, or, without
   * an own field, that of its inner objects.
   */
  within(step: string, field: string): readonly string[] {
    const all = this.fields(step).filter((one) => (one.split(': ')[0] as string).split(/[.[\]]+/).includes(field))
    const own = all.filter((one) => one.split(/[.:[]/)[0] === field)
    return own.length > 0 ? own : all
  }

  /** Describes a field of the object itself, not of its inner objects, by the kinds of its values. Says `absent` for a missing field and for `null`. */
  ownClaim(step: string, field: string): string {
    return this.found(step, field).filter(([path, kind]) => path.replace(/\[\]$/, '') === field && kind !== 'null').map(([, kind]) => kind).join(', ') || 'absent'
  }

  kinds(step: string, field: string): string[] {
    return this.found(step, field).map(([, kind]) => kind)
  }

  /** Describes the values of a field by their kinds, for example `UUID`. Says `absent` for a missing field and for `null`. */
  claim(step: string, field: string): string {
    return this.kinds(step, field).filter((kind) => kind !== 'null').join(', ') || 'absent'
  }

  /** Describes the response to a step, for example `HTTP 412, status "failed"`. Leaves out a `status` that only repeats the HTTP status. */
  saw(step: string): string {
    const status = this.kinds(step, 'status').find((kind) => kind !== 'HTTP status')
    return `HTTP ${this.http(step)}${status === undefined ? '' : `, status ${status}`}`
  }

  private noteLost(step: string): boolean {
    const isMissing = isLost(this.facts, step)
    this.hasReadLost ||= isMissing
    return isMissing
  }
}
