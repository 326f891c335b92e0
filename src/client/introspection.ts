/**
 * The answer of the introspection endpoint, decoded: is a token active, whose is it, until when.
 *
 * Out of scope: whether the token proves a login. Every claim that is there but unusable refuses the whole
 * answer: a check that somebody skips because a claim "is absent" must not be skipped because it was garbled.
 */
import type { Answer, RawAnswer } from './answer'
import { compact } from './fields'
import type { ActiveToken, Introspection } from './results'

/** 1e11 seconds is the year 5138, 1e11 milliseconds is 1973: larger numbers are milliseconds. */
const MILLISECONDS_FROM = 1e11

export function decodeIntrospection(answer: Answer): Introspection {
  // There is no user or authenticator here that could be missing: a 404 is a wrong host or path.
  if (answer.status === 404) throw answer.unexpected()
  const raw = answer.json(200)
  // Exactly a boolean: the text "false" is truthy.
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
    raw,
  })
}

function claim<T>(answer: Answer, raw: RawAnswer, name: string, read: (value: unknown) => T | undefined): T | undefined {
  if (!Object.hasOwn(raw, name)) return undefined
  const value = read(raw[name])
  if (value === undefined) throw answer.unexpected(`${name} is not usable`)
  return value
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** RFC 7519, section 4.1.3: one audience may stand without a list. */
function asList(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.every((item) => typeof item === 'string') ? list : undefined
}

/** The tables of Nevis's documents say seconds, their example shows milliseconds, and their Android app reads text. */
function asSeconds(value: unknown): number | undefined {
  const time = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value
  if (typeof time !== 'number' || !Number.isFinite(time) || time < 0) return undefined
  return time >= MILLISECONDS_FROM ? Math.floor(time / 1000) : time
}
