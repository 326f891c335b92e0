/**
 * Checks a Nevis instance: that it responds, that it accepts the access key, and that its clock agrees with this machine's clock.
 *
 * Sends a ping and an introspection of the access key. These two requests notify no user and change nothing at Nevis. Out of scope: reading base URL and key
 * of the instance (`environment.ts`, or the application's own strategy).
 */
import { withoutSlash } from '../trust/binding'
import type { Answer } from '../client/answer'
import type { Introspection, NevisClient } from '../client/client'
import { NevisError } from '../client/errors'
import { parseURL } from '../client/parse-url'
import { CLOCK_EFFECT } from './clock-effect'
import { error, ok, unchecked, warning, type Finding } from './findings'
import { isWord } from './printable'

const SECONDS_PER_DAY = 86_400
/** The end of the year 9999, which the report names for an access key that expires later. `new Date()` is invalid for very large numbers. */
const LAST_DATE_SECONDS = 253_402_300_799
const WARN_BEFORE_DAYS = 14
const WARN_SKEW_SECONDS = 5

/** @param issuers the token issuers (`iss`) that the strategy accepts, without trailing slash */
export async function cloudFindings(client: NevisClient, issuers: readonly string[]): Promise<Finding[]> {
  const settings = ok('cloud.settings', `the API is ${client.baseURL}`)
  const sentAt = Date.now()
  const answer = await resultOf(client.answerToPing())
  if (!(answer instanceof NevisError) && !('status' in answer)) return [settings, keyFunctionFinding()]
  const reachable = reachableFinding(client, answer)
  if (answer instanceof NevisError) return [settings, reachable]
  const clock = clockFinding(answer, sentAt, Date.now())
  if (reachable.level === 'error') return [settings, reachable, clock]
  return [settings, reachable, clock, ...keyFindings(await resultOf(client.introspectAccessKey()), issuers)]
}

/**
 * Waits for a call of the client. If the call throws a NevisError, returns this error. If the call throws any other error, returns `{}`, because the text of
 * that error may contain a secret.
 */
function resultOf<T>(work: Promise<T>): Promise<T | NevisError | object> {
  return work.catch((reason: unknown) => (reason instanceof NevisError ? reason : {}))
}

function keyFunctionFinding(): Finding {
  return error('cloud.access-key', 'the accessKey function throws, or returns no usable key', 'call the function yourself: it must return the access key as a string without spaces')
}

function reachableFinding({ baseURL }: NevisClient, answer: Answer | NevisError): Finding {
  if (answer instanceof NevisError) {
    const { code } = Object(answer.cause) as { code?: unknown }
    const reason = [answer.code, code].filter(isWord).join(', ')
    const remedy =
      code === 'ENOTFOUND'
        ? 'compare the instance id with the address of your management console'
        : 'allow https connections from this machine to Nevis; behind a proxy, set HTTPS_PROXY'
    return error('cloud.reachable', `${baseURL} does not answer (${reason})`, remedy)
  }
  const { status, text } = answer
  const isThere = status === 401 || status === 403 || (status === 200 && text.trim().toUpperCase() === 'PONG')
  if (isThere) return ok('cloud.reachable', `${baseURL} answers`)
  const remedy = status === 429 || status >= 500 ? 'try again later; see the state of the service at https://status.nevis.net' : 'compare the instance id, or the base URL, with your management console'
  return error('cloud.reachable', `${baseURL} answers a ping, but not as Nevis does (HTTP ${status}, ${kindOf(text)})`, remedy)
}

/** Describes a response body in words, for example "a page". The report never quotes a body, which may come from an unknown server. */
function kindOf(text: string): string {
  if (text.trim() === '') return 'an empty body'
  if (/^\s*</.test(text)) return 'a page'
  return /^\s*[[{]/.test(text) ? 'JSON' : 'other text'
}

/**
 * Reports the difference between Nevis's clock and this machine's clock. Allows for the duration of the request, and for the header `Date`, which has only
 * whole seconds.
 */
function clockFinding({ date }: Answer, sentAt: number, receivedAt: number): Finding {
  if (date === undefined) {
    // If Nevis sends no `Date` header, `binding.ts` compares the times in tokens with the clock of this machine.
    return unchecked('cloud.clock', 'the response has no Date header; without it, approvals fail with binding_mismatch if the clocks differ by more than 60 s', 'compare the clock of this machine with a time server')
  }
  const earliest = sentAt - 1000
  const skewMs = date > receivedAt ? date - receivedAt : Math.min(0, date - earliest)
  const seconds = Math.ceil(Math.abs(skewMs) / 1000)
  if (seconds > WARN_SKEW_SECONDS) {
    const text = `the clock of this machine is at least ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'} Nevis`
    return warning('cloud.clock', `${text}; ${CLOCK_EFFECT}`, 'synchronise the clock with a time server (NTP)')
  }
  return ok('cloud.clock', `the clocks of this machine and of Nevis differ by at most ${WARN_SKEW_SECONDS} s`)
}

function keyFindings(answer: Introspection | NevisError | object, issuers: readonly string[]): Finding[] {
  const replace = 'configure a key from "Access Keys" in the management console of this instance'
  if (answer instanceof NevisError && answer.code === 'NEVIS_UNAUTHORIZED') {
    return [error('cloud.access-key', `Nevis refuses the access key (HTTP ${answer.nevisStatus})`, replace)]
  }
  if (answer instanceof NevisError) {
    return [error('cloud.access-key', `the access key could not be introspected (${answer.code})`, 'try again later; approvals need the same introspection')]
  }
  if (!('active' in answer)) return [keyFunctionFinding()]
  if (!answer.active) return [error('cloud.access-key', 'Nevis says that the access key is not active', replace)]
  const isKey = answer.aud === undefined || answer.aud.includes('api')
  return [
    isKey
      ? ok('cloud.access-key', 'Nevis accepts the access key')
      : warning('cloud.access-key', 'Nevis accepts the access key, but reports that the key is not for the API', replace),
    expiryFinding(answer.exp),
    issuerFinding(answer.iss, issuers),
  ]
}

function expiryFinding(exp: number | undefined): Finding {
  if (exp === undefined) return ok('cloud.key-expiry', 'Nevis reports no expiry date for the access key')
  const days = Math.floor((exp - Date.now() / 1000) / SECONDS_PER_DAY)
  const on = new Date(Math.min(Math.max(exp, 0), LAST_DATE_SECONDS) * 1000).toISOString().slice(0, 10)
  if (days >= WARN_BEFORE_DAYS) return ok('cloud.key-expiry', `the access key is valid until ${on}`)
  const remedy = 'create a new key in the management console before that date; for rotation, accessKey may be a function'
  if (days < 1) return error('cloud.key-expiry', `the access key expires within a day, on ${on}`, remedy)
  return warning('cloud.key-expiry', `the access key expires on ${on}`, remedy)
}

function issuerFinding(iss: string | undefined, issuers: readonly string[]): Finding {
  if (iss === undefined) {
    return unchecked('cloud.issuer', 'Nevis reports no issuer for the access key', 'test a sign-in: if it fails with binding_mismatch for the field iss, set the option issuer')
  }
  if (issuers.includes(withoutSlash(iss))) return ok('cloud.issuer', 'the strategy accepts the issuer of the access key')
  return warning(
    'cloud.issuer',
    'the strategy does not accept the issuer of the access key; if approvals have the same issuer, they fail with binding_mismatch',
    `use a key of this instance, or set the option issuer: ${JSON.stringify(originOf(iss))}`,
  )
}

/** Returns the origin of an issuer URL, for the report. The rest of the URL may be secret. */
function originOf(iss: string): string {
  return parseURL(iss)?.origin ?? 'its iss'
}
