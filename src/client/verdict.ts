/**
 * What the body of an HTTP 200 says about a code or a deletion: yes, no, or nothing that can be trusted.
 *
 * Nevis documents the status line of a verification and no body. But maintenance pages, gateways and web application firewalls send
 * HTTP 200 too, some of them with JSON. So a body is a yes only if it is empty, if it says yes in so many words, or if it holds
 * nothing but fields that Nevis's own answers have; and never if any part of it says no. Out of scope: HTTP statuses, and what a
 * verdict means for a login.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/verification-ref
 */
import { isJsonObject, type Answer, type RawAnswer } from './answer'

/** `unclear`: a page, a text, a list, broken JSON, or a JSON object that says neither yes nor no. */
export type Verdict = 'yes' | 'no' | 'unclear'

/**
 * What one field says. `maybe` is a word for yes that other servers use for themselves (`ok`); a `text` for people, or a field
 * that Nevis is not known to send (`unknown`), counts against the answer unless another field says yes.
 */
type FieldVerdict = Verdict | 'maybe' | 'text' | 'unknown' | undefined

/** The last word of a field's name: it holds the result, so that `false`, `null` or any word outside {@link YES_VALUES} is a no. */
const RESULT_NAMES = wordSet(
  'status state result outcome verdict decision valid verified verification success successful succeeded ok correct',
  'accepted approved authenticated authorized confirmed match matches matched passed allowed granted',
)
const YES_VALUES = wordSet('succeeded success successful true valid verified confirmed approved accepted authenticated authorized registered enrolled correct matched')
const MAYBE_VALUES = wordSet('ok yes completed done passed allowed granted')
/** The last word of a field's name: whatever the field holds is a no, unless it is empty or `false`. */
const REFUSAL_NAMES = wordSet('failure failures failed invalid wrong incorrect denied rejected blocked locked expired unauthorized forbidden')
/** The same, as any word of a field's name: `errorCode`, `error_description`. */
const ERROR_NAMES = wordSet('error errors fault exception')
/** Any word of a field's name: text for people, or the number that a firewall's block page gives them. */
const TEXT_NAMES = wordSet('message msg description detail details title reason support incident')
/** Fields of Nevis's user that say nothing about the code, whatever is in them. */
const USER_FIELDS: readonly string[] = ['exceededRateLimits', 'lastLoginDateSuccess', 'lastLoginDateFailure']
/** Fields of Nevis's documented answers that say nothing either way: a user, a transaction, or one inside of another object. */
const NEUTRAL_NAMES = new Set([
  'userId', 'username', 'createdAt', 'updatedAt', 'lastUpdatedAt', 'transactionId', 'statusToken', 'token', 'user', 'enrollment', 'recoveryCodes', 'qrCode', 'appLinkUri',
])
/** A number, whole or masked. */
const PHONE = /^(?=.*\d)[+\d\s().*•x/-]{1,40}$/i
const MAX_DEPTH = 8

export function verdictOf(answer: Answer): Verdict {
  if (answer.isEmpty) return 'yes'
  const json = answer.jsonObject()
  if (json === undefined) return 'unclear'
  const verdict = verdictOfObject(json, 0) ?? 'yes'
  return verdict === 'yes' && hasDuplicateNames(answer.text, json) ? 'unclear' : verdict
}

/** Where both are there, a no outweighs everything, and what cannot be read outweighs a yes. */
const BY_STRENGTH: readonly [FieldVerdict, Verdict][] = [['no', 'no'], ['unclear', 'unclear'], ['yes', 'yes'], ['text', 'unclear'], ['unknown', 'unclear'], ['maybe', 'yes']]

/** @returns undefined for an object that says nothing either way */
function verdictOfObject(json: RawAnswer, depth: number): Verdict | undefined {
  if (depth > MAX_DEPTH) return 'unclear'
  const verdicts = Object.entries(json).map(([name, value]) => verdictOfField(json, name, value, depth))
  return strongest(verdicts)
}

function strongest(verdicts: readonly FieldVerdict[]): Verdict | undefined {
  return BY_STRENGTH.find(([verdict]) => verdicts.includes(verdict))?.[1]
}

function verdictOfField(json: RawAnswer, name: string, value: unknown, depth: number): FieldVerdict {
  if (Object.hasOwn(json, 'userId') && (USER_FIELDS.includes(name) || (name === 'authenticators' && Array.isArray(value)) || isStatusOfUser(json, name, value))) return undefined
  const parts = name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase().split(/[^a-z]+/)
  const last = parts.at(-1) as string
  if (name === 'phone' || name === 'phones') return verdictOfPhone(value, depth)
  if (REFUSAL_NAMES.has(last) || parts.some((part) => ERROR_NAMES.has(part))) return isNonEmpty(value) ? 'no' : undefined
  if (RESULT_NAMES.has(last) && !(last === 'state' && depth > 0)) return verdictOfValue(last, value, depth)
  if (value === false && parts.some((part) => RESULT_NAMES.has(part))) return 'no'
  if (parts.some((part) => TEXT_NAMES.has(part))) return isNonEmpty(value) ? 'text' : undefined
  if (Array.isArray(value)) return NEUTRAL_NAMES.has(name) ? undefined : (verdictOfList(value, depth) ?? 'unknown')
  // An object of a name that Nevis is not known to send must say yes itself: `{"maintenance": {}}` says nothing.
  if (isJsonObject(value)) return verdictOfObject(value, depth + 1) ?? (NEUTRAL_NAMES.has(name) ? undefined : 'unknown')
  return NEUTRAL_NAMES.has(name) ? undefined : 'unknown'
}

/** A number, objects that describe phones, or a list of such: which of them Nevis shows is not documented. */
function verdictOfPhone(value: unknown, depth: number): FieldVerdict {
  if (typeof value === 'string') return PHONE.test(value) ? undefined : 'unknown'
  const described = (Array.isArray(value) ? value : [value]).filter(isJsonObject)
  return described.some((one) => verdictOfObject(one, depth + 1) === 'no') ? 'no' : undefined
}

function verdictOfList(list: readonly unknown[], depth: number): FieldVerdict {
  return strongest(list.map((item) => (isJsonObject(item) ? verdictOfObject(item, depth + 1) : typeof item === 'string' ? 'unknown' : undefined)))
}

function verdictOfValue(name: string, value: unknown, depth: number): FieldVerdict {
  if (typeof value === 'boolean') return value ? (MAYBE_VALUES.has(name) ? 'maybe' : 'yes') : 'no'
  if (typeof value === 'string') {
    const word = value.trim().toLowerCase()
    return YES_VALUES.has(word) ? 'yes' : MAYBE_VALUES.has(word) ? 'maybe' : 'no'
  }
  if (value === null) return 'no'
  if (isJsonObject(value)) return verdictOfObject(value, depth + 1)
  return typeof value === 'number' && value >= 200 && value < 300 ? 'maybe' : 'unclear'
}

/** A user is `new` or `active`, which says nothing about a code: https://docs.nevis.net/authcloud/api-doc/api-reference/users-endpoint-ref */
function isStatusOfUser(json: RawAnswer, name: string, value: unknown): boolean {
  return name === 'status' && (value === 'new' || value === 'active') && Object.hasOwn(json, 'authenticators')
}

/** `{"success":false,"success":true}`: of a name that stands there twice, `JSON.parse` keeps the last value alone. */
function hasDuplicateNames(text: string, json: RawAnswer): boolean {
  const namesInText = text.match(/"(?:[^"\\]|\\.)*"\s*:?/g)?.filter((token) => token.endsWith(':')).length ?? 0
  let namesParsed = 0
  const rest: object[] = [json]
  for (let value = rest.pop(); value !== undefined; value = rest.pop()) {
    const parts: unknown[] = Object.values(value)
    if (!Array.isArray(value)) namesParsed += parts.length
    for (const part of parts) if (typeof part === 'object' && part !== null) rest.push(part)
  }
  return namesInText !== namesParsed
}

function isNonEmpty(value: unknown): boolean {
  return Boolean(value) && !(typeof value === 'object' && Object.keys(value as object).length === 0)
}

function wordSet(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.join(' ').split(' '))
}
