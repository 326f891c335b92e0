/**
 * What the body of an HTTP 200 says about a code or a deletion: yes, no, or nothing that can be trusted.
 *
 * Nevis documents the status line of a verification and no body. But maintenance pages and web application firewalls send
 * HTTP 200 too, so that the status alone proves nothing: the body must be empty, or a JSON object that contains no refusal.
 * Out of scope: HTTP statuses, and what a verdict means for a login.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/verification-ref
 */
import { isJsonObject, type Answer, type RawAnswer } from './answer'

/** `unclear`: a page, a text, a list, broken JSON, or a JSON object with a message for people and no word for yes. */
export type Verdict = 'yes' | 'no' | 'unclear'

/** What one field says; `text` counts against the answer unless another field says yes. */
type Finding = Verdict | 'text' | undefined

/** The last word of a field's name: it holds the result, so that `false`, `null` or any word outside {@link YES} is a no. */
const RESULTS = words(
  'status state result outcome verdict decision valid verified verification success successful succeeded ok correct',
  'accepted approved authenticated authorized confirmed match matches matched passed allowed granted',
)
const YES = words(
  'succeeded success successful ok yes true valid verified confirmed approved accepted authenticated authorized active',
  'registered enrolled completed done correct matched passed allowed granted',
)
/** The last word of a field's name: whatever the field holds is a no, unless it is empty or `false`. */
const REFUSALS = words('failure failures failed invalid wrong incorrect denied rejected blocked locked expired')
/** The same, as any word of a field's name: `errorCode`, `error_description`. */
const ERRORS = words('error errors fault exception')
/** Any word of a field's name: text for people, or the number that a firewall's block page gives them. */
const TEXTS = words('message msg description detail details title reason support incident')
/** Fields of Nevis's user, who may be what a right code is answered with. They say nothing about the code. */
const OF_USER: readonly string[] = ['exceededRateLimits', 'lastLoginDateSuccess', 'lastLoginDateFailure']
const MAX_DEPTH = 8

export function verdictOf(answer: Answer): Verdict {
  if (answer.isEmpty) return 'yes'
  const json = answer.jsonObject()
  return json === undefined ? 'unclear' : (verdictIn(json, 0) ?? 'yes')
}

/** @returns undefined for an object that says nothing either way */
function verdictIn(json: RawAnswer, depth: number): Verdict | undefined {
  if (depth > MAX_DEPTH) return 'unclear'
  const findings = Object.entries(json).map(([name, value]) => findingOf(json, name, value, depth))
  if (findings.includes('no')) return 'no'
  if (findings.includes('unclear')) return 'unclear'
  if (findings.includes('yes')) return 'yes'
  return findings.includes('text') ? 'unclear' : undefined
}

function findingOf(json: RawAnswer, name: string, value: unknown, depth: number): Finding {
  if (OF_USER.includes(name) || isStatusOfNewUser(json, name, value)) return undefined
  const parts = name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase().split(/[^a-z]+/)
  const last = parts.at(-1) as string
  if (REFUSALS.has(last) || parts.some((part) => ERRORS.has(part))) return isSomething(value) ? 'no' : undefined
  // Deeper inside, `state` is that of an authenticator, for which Nevis names no closed list.
  if (RESULTS.has(last) && !(last === 'state' && depth > 0)) return verdictOfValue(value, depth)
  if (parts.some((part) => TEXTS.has(part))) return isSomething(value) ? 'text' : undefined
  return isJsonObject(value) ? verdictIn(value, depth + 1) : undefined
}

function verdictOfValue(value: unknown, depth: number): Finding {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return YES.has(value.trim().toLowerCase()) ? 'yes' : 'no'
  if (value === null) return 'no'
  if (isJsonObject(value)) return verdictIn(value, depth + 1)
  return typeof value === 'number' && value >= 200 && value < 300 ? 'yes' : 'unclear'
}

/** A user without a confirmed authenticator is `new`: https://docs.nevis.net/authcloud/api-doc/api-reference/users-endpoint-ref */
function isStatusOfNewUser(json: RawAnswer, name: string, value: unknown): boolean {
  return name === 'status' && value === 'new' && Object.hasOwn(json, 'userId') && Object.hasOwn(json, 'authenticators')
}

function isSomething(value: unknown): boolean {
  return Boolean(value) && !(typeof value === 'object' && Object.keys(value as object).length === 0)
}

function words(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.join(' ').split(' '))
}
