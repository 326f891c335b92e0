/**
 * Functions that create parts of a dialect (one possible behaviour of Nevis where its documentation leaves something open). Such a part changes a response or
 * refuses a request.
 *
 * Out of scope: the dialects themselves.
 */
import { isRecord, type Answer } from '../answer'
import { Problem, problemAnswer, type ProblemReason } from '../problem'
import type { OperationName } from '../routes'
import type { Dialect, DialectRequest, Exchange } from './dialect'

export type Json = Record<string, unknown>

type Rewrite = NonNullable<Dialect['rewrites']>

/** Creates a function that changes the JSON object in successful responses to these operations. */
export function inAnswers(operations: OperationName | readonly OperationName[], change: (json: Json, exchange: Exchange) => unknown): Rewrite {
  return (answer, exchange) => {
    const isMeant = ([] as string[]).concat(operations).includes(exchange.operation)
    if (!isMeant || answer.status >= 400 || !isRecord(answer.body)) return answer
    return { ...answer, body: change(answer.body, exchange) }
  }
}

/** Creates a function that changes the HTTP status of successful responses to this operation, if `isMeant` is true for them. */
export function withStatus(operation: OperationName, status: number, isMeant: (exchange: Exchange) => boolean = () => true): Rewrite {
  return (answer, exchange) => (exchange.operation === operation && answer.status < 400 && isMeant(exchange) ? { ...answer, status } : answer)
}

/** Creates a function that changes the HTTP status of errors with this reason. The body becomes Nevis's documented error body for the new status. */
export function refusedWith(reason: ProblemReason, status: number): Rewrite {
  return (answer, exchange) => (exchange.refusal === reason ? { ...errorAnswer(status, exchange), headers: answer.headers } : answer)
}

export function errorAnswer(status: number, { path, cloud }: DialectRequest): Answer {
  return problemAnswer(new Problem(status, 'Refused by a dialect'), path, cloud.clock.now())
}

/** Creates a function that refuses the requests for which `isMeant` is true, with this HTTP status. */
export function refusing(status: number, isMeant: (request: DialectRequest) => boolean): NonNullable<Dialect['refuses']> {
  return (request) => (isMeant(request) ? new Problem(status, 'Refused by a dialect') : undefined)
}

/** Changes all strings in fields with one of these names, at any depth. */
export function withEach(value: unknown, names: readonly string[], change: (text: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => withEach(each, names, change))
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, names.includes(name) && typeof each === 'string' ? change(each) : withEach(each, names, change)]),
  )
}

export function without(json: Json, ...names: readonly string[]): Json {
  return Object.fromEntries(Object.entries(json).filter(([name]) => !names.includes(name)))
}

/** Returns the object in this field; an empty object if the field has no object. */
export function objectIn(json: Json, name: string): Json {
  const value = json[name]
  return isRecord(value) ? value : {}
}

/** Creates one dialect (one possible behaviour of Nevis) for each HTTP status in the list. */
export function perStatus(statuses: readonly number[], dialectOf: (status: number) => Dialect): Dialect[] {
  return statuses.map(dialectOf)
}
