/**
 * Decodes the response of the introspection endpoint: whether a token is active, whose it is, and until when.
 *
 * If a claim is present but malformed, the whole response is rejected. Otherwise the malformed claim would count as absent, and the check
 * of that claim would be skipped. Out of scope: whether the token proves a login.
 */
import type { Answer, RawAnswer } from './answer'
import { compact } from './fields'
import type { ActiveToken, Introspection } from './results'

/**
 * A time at or above this number is read as milliseconds, a smaller one as seconds: 1e11 seconds would be the year 5138, 1e11 milliseconds is 1973.
 */
const MILLISECONDS_FROM = 1e11

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/

export function decodeIntrospection(answer: Answer): Introspection {
  // A 404 means a wrong host or path here, because the request names no user and no authenticator that could be unknown.
  if (answer.status === 404) throw answer.unexpected()
  const raw = answer.json()
  // Accept only a boolean: a program would take the string "false" for true.
  const active = Object.hasOwn(raw, 'active') ? raw.active : undefined
  if (active === false) return { active, raw }
  if (active !== true) throw answer.unexpected('active is not a boolean')
  return compact<ActiveToken>({
    active,
    sub: claim(answer, raw, 'sub', asText),
    iss: claim(answer, raw, 'iss', asText),
    aud: claim(answer, raw, 'aud', asList),
    exp: claim(answer, raw, 'exp', asSeconds),
    iat: claim(answer, raw, 'iat', asSeconds),
    nbf: claim(answer, raw, 'nbf', asSeconds),
    answeredAt: answer.date,
    raw,
  })
}

function claim<T>(answer: Answer, raw: RawAnswer, name: string, read: (value: unknown) => T | undefined): T | undefined {
  // `null` counts as an absent claim. In RFC 7662, every claim but `active` is optional.
  if (!Object.hasOwn(raw, name) || raw[name] === null) return undefined
  const value = read(raw[name])
  if (value === undefined) throw answer.unexpected(`${name} is not usable`)
  return value
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** RFC 7519, section 4.1.3: a single audience may be sent as a string. */
function asList(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.every((item) => typeof item === 'string') ? list : undefined
}

/**
 * Accepts seconds, milliseconds, digits in a string, and ISO 8601. Nevis's tables say seconds, its example shows milliseconds, its Android app
 * reads a string, and all other times of the API are ISO 8601.
 */
function asSeconds(value: unknown): number | undefined {
  if (typeof value === 'string' && ISO_TIME.test(value)) return asSeconds(Date.parse(value))
  const time = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value
  if (typeof time !== 'number' || !Number.isFinite(time) || time < 0) return undefined
  return time >= MILLISECONDS_FROM ? Math.floor(time / 1000) : time
}
