/**
 * Building blocks of dialects: functions that change the JSON of an answer, or the answer to a refused request.
 *
 * Out of scope: the dialects themselves.
 */
import { isRecord, type Answer } from '../answer'
import { Problem, problemAnswer, type ProblemReason } from '../problem'
import type { OperationName } from '../routes'
import type { Dialect, DialectRequest, Exchange } from './dialect'

export type Json = Record<string, unknown>

type Rewrite = NonNullable<Dialect['rewrites']>

/** Changes the JSON object of successful answers. */
export function inAnswers(operations: OperationName | readonly OperationName[], change: (json: Json, exchange: Exchange) => unknown): Rewrite {
  return (answer, exchange) => {
    const isMeant = ([] as string[]).concat(operations).includes(exchange.operation)
    if (!isMeant || answer.status >= 400 || !isRecord(answer.body)) return answer
    return { ...answer, body: change(answer.body, exchange) }
  }
}

/** Changes the HTTP status of successful answers. */
export function withStatus(operation: OperationName, status: number, isMeant: (exchange: Exchange) => boolean = () => true): Rewrite {
  return (answer, exchange) => (exchange.operation === operation && answer.status < 400 && isMeant(exchange) ? { ...answer, status } : answer)
}

/** Gives refusals for this reason another HTTP status, with the documented error body. */
export function refusedWith(reason: ProblemReason, status: number): Rewrite {
  return (answer, exchange) => (exchange.refusal === reason ? { ...errorAnswer(status, exchange), headers: answer.headers } : answer)
}

/** Makes an error response with the documented body. */
export function errorAnswer(status: number, { path, cloud }: DialectRequest): Answer {
  return problemAnswer(new Problem(status, 'Refused by a dialect'), path, cloud.clock.now())
}

/** Refuses requests that meet a condition. */
export function refusing(status: number, isMeant: (request: DialectRequest) => boolean): NonNullable<Dialect['refuses']> {
  return (request) => (isMeant(request) ? new Problem(status, 'Refused by a dialect') : undefined)
}

/** Changes the value of each field with one of these names that is a string, at any depth. */
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

/** The object in a field, or an empty object if the field has none. */
export function objectIn(json: Json, name: string): Json {
  const value = json[name]
  return isRecord(value) ? value : {}
}

/** Makes several dialects that differ in the HTTP status only, one per status. */
export function perStatus(statuses: readonly number[], dialectOf: (status: number) => Dialect): Dialect[] {
  return statuses.map(dialectOf)
}
