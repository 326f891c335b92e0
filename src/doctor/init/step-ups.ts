/**
 * Adds `requireSecondFactor` to the sensitive routes of an application, for example to the one that changes the password.
 *
 * Out of scope: sign-ins (`login-edit.ts`).
 */
import { routeOf, type Route } from './sign-in-calls'
import type { Edits } from './edits'
import { prefixOf } from './mount'
import type { Range, Source } from './source'

/**
 * Usual names of middleware that lets only signed-in users through, for example `ensureLoggedIn`, `requireAuth` or `authenticateUser`. All words of the name
 * must match, because `requireField` and `checkUsername` are no login guards.
 */
const GUARD = /^(?:(?:ensure|requires?|is|check|must_?(?:be)?)(?:_?(?:is|log(?:ged)?_?in|auth(?:ed|enticat(?:ed|ion)|ori[sz](?:ed|ation))?|sign(?:ed)?_?in|users?|session|middleware))+|authenticated?(?:_?(?:users?|session|middleware))*)$/i
/** Only a name of at most this length is compared with `GUARD`. For a name of many thousand letters, this regular expression would take minutes. */
const MAX_NAME = 100
const SENSITIVE = /password|passwd|e-?mail|delete|2fa|api-?key|token/i

const NAME = 'recentSecondFactor'

interface StepUps {
  /** The changed routes, for example `POST /password in routes/account.js`. */
  readonly changed: readonly string[]
  /** The sensitive routes in front of which no login guard was found. */
  readonly left: readonly string[]
}

interface Guarded {
  readonly route: Route
  /** The login guard of the route: a handler that lets only signed-in users continue. */
  readonly guard: Range
}

/**
 * Adds `requireSecondFactor` after the login guard of sensitive routes. The second factor must then be at most five minutes old. If the guard is in the call
 * that mounts a router, `requireSecondFactor` is added to this call.
 */
export function editStepUps(edits: Edits, sources: readonly Source[], waitingURL: string): StepUps {
  const covered: Place[] = []
  const declared = new Set<Source>()
  const declare = (source: Source) => {
    if (declared.has(source)) return
    declared.add(source)
    edits.use(source, 'requireSecondFactor')
    edits.declare(source, `const ${NAME} = requireSecondFactor({ maxAgeSeconds: 300, redirectTo: '${waitingURL}' })`)
  }
  const changed = sources.flatMap((source) => {
    const all = routesIn(source)
    const guarded = all.flatMap((route): Guarded[] => {
      const guard = guardIn(source, source.partsOf(route.open))
      return guard === undefined ? [] : [{ route, guard }]
    })
    const sensitive = guarded.filter(({ route }) => isSensitive(route))
    const paths = new Set(sensitive.map(({ route }) => route.path))
    if (sensitive.every(({ route }) => route.method === 'get')) return []
    // If every route of the file has a login guard, every route gets `requireSecondFactor`, also the GET routes with forms. The user is then asked for the
    // second factor before filling in a form, not after.
    const chosen = guarded.length === all.length ? guarded : guarded.filter(({ route }) => paths.has(route.path))
    if (chosen.length === 0 || hasName(source)) return []
    declare(source)
    for (const { guard } of chosen) edits.insert(source, source.token(guard.last).end, `, ${NAME}`)
    covered.push(...chosen.map(({ route }) => ({ source, route })))
    return chosen.map(({ route }) => nameOf({ source, route }))
  })
  const open = sources.flatMap((source) => routesIn(source).filter(isSensitive).filter(({ method }) => method !== 'get').map((route) => ({ source, route })))
    .filter((one) => !covered.some(({ source, route }) => source === one.source && route.open === one.route.open))
  for (const mount of sources.flatMap((source) => guardedMounts(sources, source))) {
    const behind = open.filter((one) => !covered.includes(one) && isBehind(sources, mount, one))
    if (behind.length === 0 || hasName(mount.source)) continue
    declare(mount.source)
    edits.insert(mount.source, mount.source.token(mount.guard.last).end, `, ${NAME}`)
    covered.push(...behind)
    changed.push(`all of ${mount.path}, with ${behind.map(nameOf).join(', ')},`)
  }
  return { changed, left: open.filter((one) => !covered.includes(one)).map(nameOf) }
}

const hasName = (source: Source) => source.tokens.some(({ text }) => text === NAME)

interface Place {
  readonly source: Source
  readonly route: Route
}

const nameOf = ({ source, route }: Place) => `${route.method.toUpperCase()} ${route.path} in ${source.path}`

interface GuardedMount {
  readonly source: Source
  readonly guard: Range
  /** The URL path below which the guard runs, for example `/account`. */
  readonly path: string
  /** Index of the token `use`. */
  readonly at: number
}

/** The calls `app.use('/account', ensureLoggedIn, …)` and, in the file of a mounted router, `router.use(ensureLoggedIn)`. */
function guardedMounts(sources: readonly Source[], source: Source): GuardedMount[] {
  return source.tokens.flatMap(({ text }, at): GuardedMount[] => {
    if (text !== 'use' || !source.is(at - 1, '.') || !source.is(at + 1, '(') || !source.isWord(at - 2)) return []
    const parts = source.partsOf(at + 1)
    const guard = guardIn(source, parts)
    const prefix = guard === undefined ? undefined : prefixOf(sources, source, source.token(at - 2).text)
    const [first] = parts
    const own = first === undefined || first.first !== first.last ? '' : (source.stringAt(first.first) ?? '')
    const path = prefix === undefined ? '' : `${prefix}${own}`.replace(/\/$/, '')
    // A guard without a path protects the whole app. Whether the whole app needs a second factor is for the developer to decide, not for `init`.
    return guard === undefined || path === '' ? [] : [{ source, guard, path, at }]
  })
}

function isBehind(sources: readonly Source[], { source, path, at }: GuardedMount, place: Place): boolean {
  const prefix = prefixOf(sources, place.source, place.route.owner)
  const isLater = place.source !== source || place.route.open > at
  return prefix !== undefined && isLater && `${prefix}${place.route.path}`.startsWith(`${path}/`)
}

/** The login guard among the arguments: a name such as `ensureLoggedIn`, or a call such as `requireAuth()`. */
function guardIn(source: Source, parts: readonly Range[]): Range | undefined {
  return parts.find(({ first, last }) => source.isWord(first) && source.token(first).text.length <= MAX_NAME && GUARD.test(source.token(first).text) && (first === last || source.token(first + 1).pair === last))
}

const isSensitive = ({ path }: Route) => SENSITIVE.test(path) && !/reset|forgot/i.test(path)

function routesIn(source: Source): Route[] {
  return source.tokens.flatMap((_token, i) => {
    if (!source.is(i, '(') || !source.is(i - 2, '.')) return []
    const route = routeOf(source, i + 1)
    return route?.open === i && source.partsOf(i).length > 1 ? [route] : []
  })
}
