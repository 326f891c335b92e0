/**
 * Finds login guards: middleware that lets only signed-in users through. A guard stands in a route, or in a call of `use` that mounts a router.
 *
 * Out of scope: what `init` changes behind a guard (`step-ups.ts`).
 */
import { prefixOf } from './mount'
import { routeOf, type Route } from './sign-in-calls'
import type { Range, Source } from './source'

/**
 * Usual names of middleware that lets only signed-in users through, for example `ensureLoggedIn`, `requireAuth` or `authenticateUser`. The whole name must
 * match, because `requireField` and `checkUsername` are no login guards.
 */
const GUARD = /^(?:(?:ensure|requires?|is|check|must_?(?:be)?)(?:_?(?:is|log(?:ged)?_?in|auth(?:ed|enticat(?:ed|ion)|ori[sz](?:ed|ation))?|sign(?:ed)?_?in|users?|session|middleware))+|authenticated?(?:_?(?:users?|session|middleware))*)$/i
/** Only a name of at most this length is compared with the regular expression `GUARD`, which would take minutes for a name of many thousand letters. */
const MAX_NAME = 100

export const isGuardName = (name: string): boolean => name.length <= MAX_NAME && GUARD.test(name)

/** The login guard among the arguments: a name such as `ensureLoggedIn`, or a call such as `requireAuth()`. */
export function guardIn(source: Source, parts: readonly Range[]): Range | undefined {
  return parts.find(({ first, last }) => source.isWord(first) && isGuardName(source.token(first).text) && (first === last || source.token(first + 1).pair === last))
}

export interface Place {
  readonly source: Source
  readonly route: Route
}

export interface GuardedMount {
  readonly source: Source
  readonly guard: Range
  /** The URL path below which the guard runs, for example `/account`. */
  readonly path: string
  /** Index of the token `use`. */
  readonly at: number
}

/**
 * The calls `app.use('/account', ensureLoggedIn, …)` and, in the file of a mounted router, `router.use(ensureLoggedIn)`.
 * @param find returns the guard among the arguments of `use`, if there is one
 */
export function guardedMounts(sources: readonly Source[], source: Source, find = guardIn): GuardedMount[] {
  return source.tokens.flatMap(({ text }, at): GuardedMount[] => {
    if (text !== 'use' || !source.is(at - 1, '.') || !source.is(at + 1, '(') || !source.isWord(at - 2)) return []
    const parts = source.partsOf(at + 1)
    const guard = find(source, parts)
    const prefix = guard === undefined ? undefined : prefixOf(sources, source, source.token(at - 2).text)
    const [first] = parts
    const own = first === undefined || first.first !== first.last ? '' : (source.stringAt(first.first) ?? '')
    const path = prefix === undefined ? '' : `${prefix}${own}`.replace(/\/$/, '')
    // A guard without a path protects the whole app. Leave it out: whether the whole app needs a second factor is for the developer to decide, not for `init`.
    return guard === undefined || path === '' ? [] : [{ source, guard, path, at }]
  })
}

/** True if the guard in the call of `use` runs before the route at `place`. */
export function isBehind(sources: readonly Source[], { source, path, at }: GuardedMount, place: Place): boolean {
  const prefix = prefixOf(sources, place.source, place.route.owner)
  const isLater = place.source !== source || place.route.open > at
  return prefix !== undefined && isLater && `${prefix}${place.route.path}`.startsWith(`${path}/`)
}

export function routesIn(source: Source): Route[] {
  return source.tokens.flatMap((_token, i) => {
    if (!source.is(i, '(') || !source.is(i - 2, '.')) return []
    const route = routeOf(source, i + 1)
    return route?.open === i && source.partsOf(i).length > 1 ? [route] : []
  })
}
