/**
 * Adds `requireSecondFactor` to the sensitive routes of an application, for example to the one that changes the password.
 *
 * Out of scope: finding login guards (`login-guards.ts`), and sign-ins (`login-edit.ts`).
 */
import type { Edits } from './edits'
import { guardedMounts, guardIn, isBehind, routesIn, type Place } from './login-guards'
import type { Route } from './sign-in-calls'
import type { Range, Source } from './source'

const SENSITIVE = /password|passwd|e-?mail|address|phone|iban|delete|2fa|api-?key|token/i
/** A path such as `/login/password` signs users in, so no login guard can be in front of it. */
const SIGN_IN = /(?:^|\/)(?:log|sign)-?in(?:\/|$)/i
const SIGN_OUT = /(?:log|sign)-?out|session/i

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
 * Adds `requireSecondFactor` after the login guard of sensitive routes. The second factor must then be at most five minutes old. If a guard is in the call
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
    const isChanging = sensitive.some(({ route }) => route.method !== 'get')
    // If the file has a sensitive route that is no GET, add `requireSecondFactor` to each route with the path of a sensitive route; or to all routes of the
    // file, if all have a login guard. So a GET route with a form asks for the second factor, too: before the user fills in the form, not after.
    const isChosen = ({ path }: Route) => isChanging && (guarded.length === all.length || paths.has(path))
    const chosen = guarded.filter(({ route }) => isChosen(route) || (route.method === 'delete' && !SIGN_OUT.test(route.path)))
    if (chosen.length === 0 || hasName(source)) return []
    declare(source)
    for (const { guard } of chosen) edits.insert(source, source.token(guard.last).end, `, ${NAME}`)
    covered.push(...chosen.map(({ route }) => ({ source, route })))
    return chosen.map(({ route }) => nameOf({ source, route }))
  })
  const open = sources.flatMap((source) => routesIn(source).filter(isSensitive).filter(({ method, path }) => method !== 'get' && !SIGN_IN.test(path)).map((route) => ({ source, route })))
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

const nameOf = ({ source, route }: Place) => `${route.method.toUpperCase()} ${route.path} in ${source.path}`

const isSensitive = ({ path }: Route) => SENSITIVE.test(path) && !/reset|forgot/i.test(path)
