/**
 * Adds `requireSecondFactor` to the sensitive routes of an application, for example to the one that changes the password.
 *
 * Out of scope: finding login guards (`login-guards.ts`), and sign-ins (`login-edit.ts`).
 */
import type { Edits } from './edits'
import { guardedMounts, guardIn, handlersOf, isBehind, routesIn, type Place } from './login-guards'
import { prefixOf } from './mount'
import { tableRoutesIn } from './route-tables'
import type { Route } from './routes'
import type { Range, Source } from './source'

const SENSITIVE = /password|passwd|e-?mail|address|phone|iban|delete|2fa|api-?key|token/i
/** A path such as `/login/password` signs users in, so no login guard can be in front of it. */
const SIGN_IN = /(?:^|\/)(?:log|sign)-?in(?:\/|$)/i
const SIGN_OUT = /(?:log|sign)-?out|session/i

const NAME = 'recentSecondFactor'

interface StepUps {
  /** The changed routes, for example `POST /password in routes/account.js`. */
  readonly changed: readonly string[]
  /** The sensitive routes in front of which no login guard was found, one sentence each. */
  readonly left: readonly string[]
  /** Those of the changed routes for which no page with their form was found. */
  readonly withoutPage: readonly string[]
}

interface Guarded {
  readonly route: Route
  /** The offset in the file at which `requireSecondFactor` is added to the route. */
  readonly at: number
  readonly text: string
}

/**
 * Adds `requireSecondFactor` to sensitive routes behind a login guard. The second factor must then be at most five minutes old. If the guard stands where a
 * router is mounted, `requireSecondFactor` is still added to the single routes of the router: the router may also have a landing page or a logout.
 * @param landing the paths of the pages after a sign-in. A landing page never gets `requireSecondFactor`, because users often open it without a sensitive purpose
 */
export function editStepUps(edits: Edits, sources: readonly Source[], waitingURL: string, landing: readonly string[]): StepUps {
  const covered: Place[] = []
  const mounts = sources.flatMap((source) => guardedMounts(sources, source))
  const withoutPage: string[] = []
  const pathOf = (place: Place) => wholePath(sources, place)
  const nameOf = (place: Place) => named(sources, place)
  const changed = sources.flatMap((source) => {
    const guarded = routesIn(source).flatMap((route): Guarded[] => {
      const guard = guardIn(source, source.partsOf(route.open))
      if (guard !== undefined) return [{ route, at: source.token(guard.last).end, text: `, ${NAME}` }]
      const first = handlersOf(source, route)[0]
      const isGuarded = first !== undefined && mounts.some((mount) => isBehind(sources, mount, { source, route }))
      return isGuarded ? [{ route, at: source.token(first.first).start, text: `${NAME}, ` }] : []
    })
    const sensitive = guarded.filter(({ route }) => isSensitive(route))
    const changing = sensitive.filter(({ route }) => route.method !== 'get').map(({ route }) => route)
    // With each sensitive route that is no GET, choose the pages that probably contain its form: `GET /account` for `POST /account/password`. The user is then
    // asked for the second factor before filling in the form, not after.
    const isAbove = (page: Route, route: Route) => pathOf({ source, route }).startsWith(`${pathOf({ source, route: page })}/`)
    const isPage = (page: Route) => page.method === 'get' && changing.length > 0 && !landing.includes(pathOf({ source, route: page })) && (isSensitive(page) || changing.some((route) => isAbove(page, route)))
    const pages = guarded.map(({ route }) => route).filter(isPage)
    const chosen = guarded.filter(({ route }) => changing.includes(route) || pages.includes(route) || (route.method === 'delete' && !SIGN_OUT.test(route.path)))
    withoutPage.push(...changing.filter((route) => !pages.some((page) => page.path === route.path || isAbove(page, route))).map((route) => nameOf({ source, route })))
    if (chosen.length === 0 || hasName(source)) return []
    edits.use(source, 'requireSecondFactor')
    edits.declare(source, `const ${NAME} = requireSecondFactor({ maxAgeSeconds: 300, redirectTo: '${waitingURL}' })`)
    for (const { at, text } of chosen) edits.insert(source, at, text)
    covered.push(...chosen.map(({ route }) => ({ source, route })))
    return chosen.map(({ route }) => nameOf({ source, route }))
  })
  const left = sensitiveChanges(sources).filter((one) => !covered.some(({ source, route }) => source === one.source && route.open === one.route.open))
  return { changed, withoutPage, left: left.map((place) => `${nameOf(place)}: ${place.route.owner === '' ? 'init changes no table of routes' : 'init found no login guard in front of it'}, and added no requireSecondFactor`) }
}

/** In an app that already uses this package: the sensitive routes without `requireSecondFactor`, one sentence each. */
export function withoutStepUp(sources: readonly Source[]): string[] {
  const names = new Set(['requireSecondFactor'])
  const own: string[] = []
  for (const source of sources) {
    for (const [at, { text }] of source.tokens.entries()) {
      if (text === 'requireSecondFactor' && (source.is(at - 1, '=') || source.is(at - 1, ':')) && source.is(at + 1, '(')) names.add(source.token(at - 2).text)
      if (/^(?:waiting|callback|status)URL$/.test(text) && source.is(at + 1, ':')) own.push(source.stringAt(at + 2) ?? '')
    }
  }
  const find = (source: Source, parts: readonly Range[]) => parts.find(({ first, last }) => source.tokens.slice(first, last + 1).some(({ kind, text }) => kind === 'word' && names.has(text)))
  const mounts = sources.flatMap((source) => guardedMounts(sources, source, find))
  const isOwn = (place: Place) => own.some((path) => {
    if (path === '' || prefixOf(sources, place.source, place.route.owner) !== undefined) return path !== '' && `${wholePath(sources, place)}/`.startsWith(`${path}/`)
    return [path, `${path}/callback`].some((whole) => whole.endsWith(wholePath(sources, place))) // the path of the router is not clear
  })
  const isCovered = (place: Place) => find(place.source, place.source.partsOf(place.route.open)) !== undefined || mounts.some((mount) => isBehind(sources, mount, place))
  return sensitiveChanges(sources).filter((place) => !isOwn(place) && !isCovered(place)).map((place) => `${named(sources, place)}: init found no requireSecondFactor in front of it`)
}

/** The sensitive routes that are no GET routes, with or without a login guard. */
function sensitiveChanges(sources: readonly Source[]): Place[] {
  return sources.flatMap((source) => [...routesIn(source), ...tableRoutesIn(source)].filter((route) => isSensitive(route) && route.method !== 'get' && !SIGN_IN.test(route.path)).map((route) => ({ source, route })))
}

const wholePath = (sources: readonly Source[], { source, route: { owner, path } }: Place) => `${prefixOf(sources, source, owner) ?? ''}${path}`.replace(/(.)\/$/, '$1')
const named = (sources: readonly Source[], place: Place) => `${place.route.method.toUpperCase()} ${wholePath(sources, place)} in ${place.source.path}`


const hasName = (source: Source) => source.tokens.some(({ text }) => text === NAME)

const isSensitive = ({ path }: Route) => SENSITIVE.test(path) && !/reset|forgot/i.test(path)
