/**
 * Reads the fields of a request body and checks them against Nevis's documentation. An invalid field throws a Problem with status 400.
 *
 * Out of scope: rules that depend on the state, for example whether a user exists.
 */
import { isRecord } from './answer'
import type { Subject } from './model'
import { Problem } from './problem'

export type Body = Readonly<Record<string, unknown>>

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Allows up to 300 characters, as Nevis's newer documentation does. The older documentation allows 50. */
const USERNAME = /^[A-Za-z0-9_.@-]{1,300}$/

/** Matches texts that an SMS can contain: GSM 03.38, basic table and extension table. */
const GSM_7 = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€\f]*$/

const PLACEHOLDER = '{{CODE}}'
const DEFAULT_SMS = `Your code is ${PLACEHOLDER}`

export function asBody(value: unknown): Body {
  if (!isRecord(value)) throw new Problem(400, 'Required request body is missing or not a JSON object')
  return value
}

export function text(body: Body, field: string): string | undefined {
  const value = body[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string' || value === '') throw new Problem(400, `The field '${field}' must be a text`)
  return value
}

export function requiredText(body: Body, field: string): string {
  const value = text(body, field)
  if (value === undefined) throw new Problem(400, `The field '${field}' is required`)
  return value
}

export function uuid(body: Body, field: string): string | undefined {
  const value = text(body, field)
  if (value !== undefined && !UUID.test(value)) throw new Problem(400, `The field '${field}' must be a UUID`)
  return value
}

export function flag(body: Body, field: string): boolean {
  const value = body[field] ?? false
  if (typeof value !== 'boolean') throw new Problem(400, `The field '${field}' must be true or false`)
  return value
}

export function oneOf<const Value extends string>(value: string, field: string, allowed: readonly Value[]): Value {
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw new Problem(400, `The field '${field}' must be one of ${allowed.join(', ')}`)
  return found
}

export function username(value: string): string {
  if (!USERNAME.test(value)) throw new Problem(400, `The username '${value}' contains invalid characters or is too long`)
  return value
}

/**
 * Reads the user of a request: username or userId. Throws if both are present: Nevis documents that each is "only allowed when the other is not present".
 */
export function subject(body: Body): Subject | undefined {
  const name = text(body, 'username')
  const userId = uuid(body, 'userId')
  if (name !== undefined && userId !== undefined) throw new Problem(400, 'Only one of username and userId is allowed')
  if (name !== undefined) return { username: username(name) }
  return userId === undefined ? undefined : { userId }
}

export function requiredSubject(body: Body): Subject {
  const found = subject(body)
  if (found === undefined) throw new Problem(400, 'One of username and userId is required')
  return found
}

export function phoneNumber(body: Body): string {
  const value = requiredText(body, 'phone')
  if (!/^\+[1-9][0-9 ()-]{5,24}$/.test(value)) throw new Problem(400, 'The phone must be in the international form')
  return value
}

export function smsTemplate(body: Body): string {
  const value = text(body, 'message') ?? DEFAULT_SMS
  if (!value.includes(PLACEHOLDER)) throw new Problem(400, `The message must contain ${PLACEHOLDER}`)
  if (!GSM_7.test(value)) throw new Problem(400, 'The message contains characters outside of GSM-7')
  return value
}

export const withCode = (template: string, code: string): string => template.replaceAll(PLACEHOLDER, code)

/** Reads the message for the Access App. An `<html>` message may contain six formatting tags, without attributes. */
export function appMessage(body: Body, prompt: boolean): string | undefined {
  const value = text(body, 'message')
  if (prompt && value === undefined) throw new Problem(400, 'A message is required when prompt is true')
  const formatted = /^<html>([^]*)<\/html>$/.exec(value ?? '')?.[1]
  if (formatted?.replace(/<\/?(b|br|em|i|strong|u)\s*\/?>/g, '').includes('<')) {
    throw new Problem(400, 'The message contains a tag or an attribute that is not allowed')
  }
  return value
}
