/**
 * Decodes the response of the introspection endpoint (RFC 7662): whether a token is active, to which user it belongs, and when it expires.
 *
 * If a field is malformed, for example `"exp": "tomorrow"`, this file rejects the whole response. If it ignored this `exp`, the token would never expire.
 * Out of scope: whether the token proves that the user has approved.
 */
import type { Answer, RawAnswer } from './answer'
import { compact } from './fields'
import type { ActiveToken, Introspection } from './results'

/** Times from this number on are milliseconds, smaller ones are seconds. 1e11 seconds is the year 5138, 1e11 milliseconds is 1973. */
const MILLISECONDS_FROM = 1e11

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/

export function decodeIntrospection(answer: Answer): Introspection {
  // A 404 to an introspection means that the host or the path is wrong. It says nothing about the token.
  if (answer.status === 404) throw answer.unexpected()
  const raw = answer.json()
  // Accept only a boolean, because the string "false" is truthy in JavaScript.
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
  // Treat `null` like an absent field. In RFC 7662, every field but `active` is optional.
  if (!Object.hasOwn(raw, name) || raw[name] === null) return undefined
  const value = read(raw[name])
  if (value === undefined) throw answer.unexpected(`${name} is not usable`)
  return value
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Returns a string as a list with one element, because RFC 7519, section 4.1.3, allows a single audience as a string. */
function asList(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.every((item) => typeof item === 'string') ? list : undefined
}

/**
 * Converts a time to seconds since 1970. Nevis's sources disagree: its tables say seconds, its example shows milliseconds, its Android app reads a string,
 * and the rest of the API uses ISO 8601. This function accepts all four.
 */
export function asSeconds(value: unknown): number | undefined {
  if (typeof value === 'string' && ISO_TIME.test(value)) return asSeconds(Date.parse(value))
  const time = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value
  if (typeof time !== 'number' || !Number.isFinite(time) || time < 0) return undefined
  return time >= MILLISECONDS_FROM ? Math.floor(time / 1000) : time
}
