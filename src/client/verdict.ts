/**
 * Decides whether the body of an HTTP 200 says that a code was right, or that a deletion was carried out: yes, no, or unclear.
 *
 * Nevis documents the HTTP status of these responses, but not the body. Maintenance pages, gateways and web application firewalls respond with HTTP 200 as
 * well. So a body means yes only if it is empty or white space, if a field says yes, or if it has only fields of Nevis's own responses. If any field says no,
 * the body never means yes. Out of scope: HTTP statuses, and what the result means for a login. Source:
 * https://docs.nevis.net/authcloud/api-doc/api-reference/verification-ref
 */
import { isJsonObject, type Answer, type RawAnswer } from './answer'

/**
 * Whether a body says that the code was right, or that the requested deletion was carried out. `unclear`: an HTML page, a text, a list, invalid JSON, or a
 * JSON object that says neither yes nor no.
 */
export type Verdict = 'yes' | 'no' | 'unclear'

/**
 * What one field of a response says about the question whether the code was right.
 * - `maybe`: a word such as `ok`. A server other than Nevis may send it to report that it is running.
 * - `text`: text for people. `unknown`: a field that Nevis is not known to send. Both make the body unclear, unless another field says yes.
 * - undefined: the field says neither yes nor no.
 */
type FieldVerdict = Verdict | 'maybe' | 'text' | 'unknown' | undefined

/** A field whose name ends with one of these words says whether Nevis has accepted the code. `false`, `null` and any unknown word mean no. */
const RESULT_NAMES = wordSet(
  'status state result outcome verdict decision valid verified verification success successful succeeded ok correct',
  'accepted approved authenticated authorized confirmed match matches matched passed allowed granted',
)
const YES_VALUES = wordSet('succeeded success successful true valid verified confirmed approved accepted authenticated authorized registered enrolled correct matched')
const MAYBE_VALUES = wordSet('ok yes completed done passed allowed granted')
/** A field whose name ends with one of these words means that Nevis has not accepted the code, unless the value is empty or `false`. */
const REFUSAL_NAMES = wordSet('failure failures fail failed invalid wrong incorrect mismatch deny denied reject rejected refused blocked locked lockout expired pending unauthorized forbidden')
/** A field whose name contains one of these words, for example `errorCode`, means that the code is not accepted, unless the value is empty or `false`. */
const ERROR_NAMES = wordSet('error errors errno fault exception')
const NEGATIONS = wordSet('not non never')
const NO_WORDS = wordSet('no none false')
/** A field whose name ends with one of these words says no if its value is `false`. Another value, such as a date, does not mean yes. */
const ENROLLED_NAMES = wordSet('enrolled registered')
/** A field whose name contains one of these words is a text for users, or a number for support. Its verdict is `text`, unless a word of its value refuses. */
const TEXT_NAMES = wordSet('message msg description detail details title reason support incident')
/** Fields of Nevis's user object. Their values say nothing about whether the code that the user sent is right. */
const USER_FIELDS: readonly string[] = ['exceededRateLimits', 'lastLoginDateSuccess', 'lastLoginDateFailure']
/** Fields that Nevis documents for its responses. Their values do not say whether Nevis has accepted the code. */
const NEUTRAL_NAMES = new Set([
  'userId', 'username', 'createdAt', 'updatedAt', 'lastUpdatedAt', 'transactionId', 'statusToken', 'token', 'user', 'enrollment', 'recoveryCodes', 'qrCode', 'appLinkUri',
])
/** A phone number, complete or masked. */
const PHONE = /^(?=.*\d)[+\d\s().*•x/-]{1,40}$/i
const MAX_DEPTH = 8

/** The user and the transaction of the code that was sent, or the user or authenticator to delete. If the response names another one, it is not trusted. */
export interface ExpectedNames {
  readonly userId?: string | undefined
  readonly username?: string | undefined
  readonly transactionId?: string | undefined
  readonly authenticatorId?: string | undefined
}

/**
 * Decides whether the body of a response confirms the code that was sent, or the deletion that was requested.
 * @param expected if the body names another user, transaction or authenticator anywhere, the verdict is `unclear`
 * @param ofRecord the verdict of a body that has only fields of Nevis's own responses, such as a user record
 */
export function verdictOf(answer: Answer, expected: ExpectedNames = {}, ofRecord: Verdict = 'yes'): Verdict {
  if (answer.isEmpty) return 'yes'
  const json = answer.jsonObject()
  if (json === undefined) return 'unclear'
  const verdict = verdictOfObject(json, 0) ?? (isNonEmpty(json) ? ofRecord : 'yes')
  return verdict === 'yes' && (hasDuplicateNames(answer.text, json) || namesAnother(json, expected)) ? 'unclear' : verdict
}

/** Names of fields that contain a user, a transaction or an authenticator. The names are reduced to lower-case letters: `user_id` becomes `userid`. */
const NAMES_OF_OWNER: ReadonlyMap<string, keyof ExpectedNames> = new Map([['userid', 'userId'], ['sub', 'userId'], ['username', 'username'], ['transactionid', 'transactionId'], ['authenticatorid', 'authenticatorId']])

/** True if a field names another user, transaction or authenticator than expected, or is nested too deeply to be searched. */
function namesAnother(value: unknown, expected: ExpectedNames, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (depth > MAX_DEPTH) return true
  return Object.entries(value).some(([name, field]: [string, unknown]) => {
    const known = NAMES_OF_OWNER.get(name.toLowerCase().replace(/[^a-z]/g, ''))
    const own = known && expected[known]
    if (own === undefined || field === null) return namesAnother(field, expected, depth + 1)
    return typeof field !== 'string' || (known === 'username' ? field !== own : field.toLowerCase() !== own.toLowerCase())
  })
}

/** Pairs of the verdict of one field and the resulting verdict of the whole object. The first pair whose field verdict occurs in the object decides. */
const BY_STRENGTH: readonly [FieldVerdict, Verdict][] = [['no', 'no'], ['unclear', 'unclear'], ['yes', 'yes'], ['text', 'unclear'], ['unknown', 'unclear'], ['maybe', 'yes']]

/** @returns undefined if no field of the object says whether Nevis has accepted the code */
function verdictOfObject(json: RawAnswer, depth: number): Verdict | undefined {
  if (depth > MAX_DEPTH) return 'unclear'
  const verdicts = Object.entries(json).map(([name, value]) => verdictOfField(json, name, value, depth))
  return strongest(verdicts)
}

function strongest(verdicts: readonly FieldVerdict[]): Verdict | undefined {
  return BY_STRENGTH.find(([verdict]) => verdicts.includes(verdict))?.[1]
}

function verdictOfField(json: RawAnswer, name: string, value: unknown, depth: number): FieldVerdict {
  if (Object.hasOwn(json, 'userId')) {
    if (USER_FIELDS.includes(name) || (name === 'authenticators' && Array.isArray(value))) return undefined
    // Without the list of authenticators, the object may be something else than a user.
    if (isStatusOfUser(name, value)) return Object.hasOwn(json, 'authenticators') ? undefined : 'unknown'
  }
  const parts = wordsOf(name)
  const last = parts.at(-1) as string
  // The name of this field negates, for example `notVerified`. Such a field never says yes.
  if (parts.some((part) => NEGATIONS.has(part))) return isNonEmpty(value) ? 'unclear' : undefined
  if (name === 'phone' || name === 'phones') return verdictOfPhone(value, depth)
  if (REFUSAL_NAMES.has(last) || parts.some((part) => ERROR_NAMES.has(part))) return isNonEmpty(value) ? 'no' : undefined
  // A number in a field such as `statusCode` is an HTTP status. A status of 300 or more means no success.
  if (typeof value === 'number' && value >= 300 && value < 1e9 && parts.includes('status')) return 'unclear'
  if (RESULT_NAMES.has(last) && !(last === 'state' && depth > 0)) return verdictOfValue(last, value, depth)
  if (value === false && (ENROLLED_NAMES.has(last) || parts.some((part) => RESULT_NAMES.has(part)))) return 'no'
  if (parts.some((part) => TEXT_NAMES.has(part))) return refusesInText(value, depth) ? 'unclear' : isNonEmpty(value) ? 'text' : undefined
  if ((!NEUTRAL_NAMES.has(name) || isWord(name, value)) && mayRefuse(parts, value)) return 'unclear'
  if (Array.isArray(value)) return NEUTRAL_NAMES.has(name) ? verdictOfNeutralList(json, name, value, depth) : (verdictOfList(value, depth) ?? 'unknown')
  // The field `{"maintenance": {}}` is `unknown`: its name is not documented, and its object does not say whether Nevis has accepted the code.
  if (isJsonObject(value)) return verdictOfObject(value, depth + 1) ?? (NEUTRAL_NAMES.has(name) ? undefined : 'unknown')
  return NEUTRAL_NAMES.has(name) ? undefined : 'unknown'
}

/** True if a documented field has a word in place of its documented value, as in `{"user": "rejected"}`. But a username may be any word. */
function isWord(name: string, value: unknown): boolean {
  return name !== 'username' && (value === false || (typeof value === 'string' && /^[a-z][a-z _-]{0,30}$/i.test(value)))
}

/** True for an unknown field that may mean that Nevis has refused the code: `"code": "WRONG_CODE"`, `"wrongCode": true`, `"codeIsRight": false`. */
function mayRefuse(parts: readonly string[], value: unknown): boolean {
  const words = typeof value === 'string' ? wordsOf(value) : value === true ? parts : []
  const isMissing = value === null && parts.some((part) => RESULT_NAMES.has(part))
  return value === false || isMissing || words.some((word) => REFUSAL_NAMES.has(word) || ERROR_NAMES.has(word) || NEGATIONS.has(word) || NO_WORDS.has(word))
}

/** True if a text for users refuses, as `Request blocked` does. For a list or an object in place of the text: true if anything in it refuses or is unclear. */
function refusesInText(value: unknown, depth: number): boolean {
  if (depth > MAX_DEPTH) return true
  if (typeof value === 'string') return wordsOf(value).some((word) => REFUSAL_NAMES.has(word))
  if (isJsonObject(value)) return Object.entries(value).some(([name, field]) => ['no', 'unclear'].includes(verdictOfField(value, name, field, depth + 1) ?? ''))
  return Array.isArray(value) && value.some((item) => item === false || refusesInText(item, depth + 1))
}

/** Nevis does not document what a field `phone` contains: it may be a phone number, an object that describes the phone, or a list of such objects. */
function verdictOfPhone(value: unknown, depth: number): FieldVerdict {
  if (typeof value === 'string') return PHONE.test(value) ? undefined : 'unknown'
  if (depth > MAX_DEPTH) return 'unclear'
  if (Array.isArray(value)) return strongest(value.map((one) => verdictOfPhone(one, depth + 1)))
  return value === false || (isJsonObject(value) && verdictOfObject(value, depth + 1) === 'no') ? 'no' : undefined
}

/** A list in a documented field, such as `recoveryCodes`, says something about the code only if one of its items does. */
function verdictOfNeutralList(json: RawAnswer, name: string, list: readonly unknown[], depth: number): FieldVerdict {
  if (depth > MAX_DEPTH) return 'unclear'
  return strongest(list.map((item) => verdictOfField(json, name, item, depth + 1)))
}

function verdictOfList(list: readonly unknown[], depth: number): FieldVerdict {
  if (depth > MAX_DEPTH) return 'unclear'
  return strongest(list.map((item) => {
    if (isJsonObject(item)) return verdictOfObject(item, depth + 1)
    if (Array.isArray(item)) return verdictOfList(item, depth + 1)
    return item === false ? 'unclear' : typeof item === 'string' ? 'unknown' : undefined
  }))
}

function verdictOfValue(name: string, value: unknown, depth: number): FieldVerdict {
  if (typeof value === 'boolean') return value ? (MAYBE_VALUES.has(name) ? 'maybe' : 'yes') : 'no'
  if (typeof value === 'string') {
    const word = value.trim().toLowerCase()
    return YES_VALUES.has(word) ? 'yes' : MAYBE_VALUES.has(word) ? 'maybe' : 'no'
  }
  if (value === null) return 'no'
  // `{"result": {}}` does not say whether Nevis has accepted the code, so it is unclear.
  if (isJsonObject(value)) return verdictOfObject(value, depth + 1) ?? 'unclear'
  return typeof value === 'number' && value >= 200 && value < 300 ? 'maybe' : 'unclear'
}

/**
 * True for the status `new` or `active` of a user, which says nothing about whether the sent code is right.
 * @see https://docs.nevis.net/authcloud/api-doc/api-reference/users-endpoint-ref
 */
function isStatusOfUser(name: string, value: unknown): boolean {
  return name === 'status' && (value === 'new' || value === 'active')
}

/** Detects a duplicate name, as in `{"success":false,"success":true}`. `JSON.parse` would keep only the last value. */
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

/** The words of a name, in lower case: `resultCode` and `RESULT_CODE` have the words `result` and `code`. */
function wordsOf(name: string): string[] {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase().split(/[^a-z]+/)
}

function isNonEmpty(value: unknown): boolean {
  return Boolean(value) && !(typeof value === 'object' && Object.keys(value as object).length === 0)
}

function wordSet(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.join(' ').split(' '))
}
