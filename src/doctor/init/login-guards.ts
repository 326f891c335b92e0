/**
 * Finds login guards: middleware that lets only signed-in users through. A guard stands in a route, or in a call of `use`.
 *
 * Out of scope: what `init` changes behind a guard (`step-ups.ts`).
 */
import { isGuardName } from './guard-names'
import { mountsOf, pathAmong, prefixOf } from './mount'
import { routeOf, type Route } from './routes'
import type { Range, Source } from './source'

/** The login guard among the arguments, also in a list: a name such as `ensureLoggedIn`, or a call such as `requireAuth()`. */
export function guardIn(source: Source, parts: readonly Range[]): Range | undefined {
  const each = parts.flatMap((part) => (source.is(part.first, '[') && source.token(part.first).pair === part.last ? source.partsOf(part.first) : [part]))
  return each.find(({ first, last }) => source.isWord(first) && isGuardName(source.token(first).text) && (first === last || source.token(first + 1).pair === last))
}

export interface Place {
  readonly source: Source
  readonly route: Route
}

export interface GuardedMount {
  readonly source: Source
  readonly guard: Range
  /** The URL path below which the guard runs, for example `/account`; empty for the whole app; undefined if the path is not clear. */
  readonly path: string | undefined
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
    if (guard === undefined) return []
    const prefix = prefixOf(sources, source, source.token(at - 2).text)
    const own = guard === parts[0] ? '' : pathAmong(sources, source, parts)
    return [{ source, guard, path: prefix === undefined || own === undefined ? undefined : `${prefix}${own}`.replace(/\/$/, ''), at }]
  })
}

/** True if the guard in the call of `use` runs before the route at `place`. */
export function isBehind(sources: readonly Source[], { source, guard, path, at }: GuardedMount, place: Place): boolean {
  const prefix = prefixOf(sources, place.source, place.route.owner)
  const isBelow = path !== undefined && prefix !== undefined && `${prefix}${place.route.path}/`.startsWith(`${path}/`)
  // Follow the mounts from the route to the app or router that has the guard. There, compare the positions: Express runs its `use` calls and routes in order.
  const owner = source.token(at - 2).text
  let on = { source: place.source, owner: place.route.owner, at: place.route.open }
  while (on.source !== source || on.owner !== owner) {
    const [mount] = mountsOf(sources, on.source, on.owner)
    if (mount === undefined) return isBelow && (place.source !== source || place.route.open > at)
    on = mount
  }
  // If one call of `use` has the guard and mounts the router of the route, the guard runs before the route at any path.
  const isForAll = source.partsOf(at + 1)[0] === guard
  return on.at === at || ((isBelow || isForAll) && on.at > at)
}

export function routesIn(source: Source): Route[] {
  return source.tokens.flatMap((_token, i) => {
    if (!source.is(i, '(') || !source.is(i - 2, '.')) return []
    const route = routeOf(source, i + 1)
    return route?.open === i && handlersOf(source, route).length > 0 ? [route] : []
  })
}

/** The arguments of `app.post('/path', …)` without the path, or all arguments of `app.route('/path').post(…)`. */
export function handlersOf(source: Source, { open, statement }: Route): readonly Range[] {
  const parts = source.partsOf(open)
  const owner = source.is(statement.first, 'this') ? statement.first + 2 : statement.first
  return source.is(owner + 1, '.') && source.is(owner + 2, 'route') ? parts : parts.slice(1)
}
