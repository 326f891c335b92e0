/**
 * Decides to which calls of `req.login` `init` must not add the start of a second factor. They are of two kinds: an admin signs in as another user, or the
 * call is in a GET route, which never starts a second factor.
 *
 * If an admin who signs in as a customer started the customer's second factor, the admin could set up a factor in the customer's name, with the admin's own
 * phone. In doubt, a call counts as one by an admin, and the developer must change it. Out of scope: finding the calls (`sign-in-calls.ts`).
 */
import { namesOfFunctions } from './behind-sign-in'
import { isGuardName } from './guard-names'
import { guardedMounts, isBehind, routesIn, type GuardedMount, type Place } from './login-guards'
import { isSessionOff } from './own-callback'
import { routeOf } from './routes'
import { IMPERSONATION, type SignInCall } from './sign-in-calls'
import { isFunction, type Range, type Source } from './source'

const OTHER_USER = "if a signed-in user, such as an admin, signs in here as another user: do not start the other user's second factor, because the admin could set up a factor in that user's name. Put requireSecondFactor in front of this handler, so that the admin confirms with the admin's own second factor: docs/guides/existing-app.md, \"Change every other place that signs users in\""
const GET = 'a GET request never starts a second factor: do not sign in here, but show a page with a form, and sign in at the POST of this form, with { session: false } and then passport.authenticate(\'nevis\'), as in docs/guides/hosts/express.md, "After an OAuth 2 login"'

/** Middleware that lets only some users through, for example `isAdmin` or `requireRole('staff')`. */
const ROLE = /admin|role|permission|permit|privilege|staff|superuser|authori[sz]e/i
const REQUEST = /^_?(?:req|request)$/
/** At most this many tokens in front of a sign-in are examined. Without this limit, a very long handler with many sign-ins would take too much time. */
const MAX_TOKENS = 2000

/** @returns a function that replaces the remedy (what the developer must do) of a `req.login` call if `init` must not start the second factor there */
export function loginRoutes(sources: readonly Source[]): (signInCall: SignInCall) => SignInCall {
  let mounts: GuardedMount[] | undefined
  let uses: Use[] | undefined
  let places: Map<string, Place[]> | undefined
  const isGuarded = (place: Place): boolean => {
    mounts ??= sources.flatMap((source) => guardedMounts(sources, source, anyGuardIn)).filter(({ path }) => path !== '')
    uses ??= sources.flatMap(usesOfGuards)
    const isUsed = uses.some(({ source, owner, at }) => source === place.source && owner === place.route.owner && at < place.route.open)
    return isUsed || isGuardedInRoute(place) || mounts.some((mount) => isBehind(sources, mount, place))
  }
  return (signInCall) => {
    const { source, at } = signInCall
    const [user, options] = /^log[iI]n$/.test(source.token(at).text) && source.is(at + 1, '(') ? source.partsOf(at + 1) : []
    const isOff = options !== undefined && isSessionOff(source, options)
    // In a callback of `passport.authenticate`, the strategy has checked the user who is signed in. So the call is no admin's sign-in as another user.
    if (user === undefined || (signInCall.remedy === undefined && !isOff) || isInAuthenticate(source, at)) return signInCall
    const own = routeOf(source, at)
    const names = namesOfFunctions(source, at)
    if (own === undefined) places ??= placesByName(sources)
    const used = own === undefined ? names.flatMap((name) => places?.get(name) ?? []) : [{ source, route: own }]
    const isSelf = /^_?req(?:uest)?\.user$/.test(source.textOf(user))
    const isOther = !isSelf && (names.some((name) => IMPERSONATION.test(name)) || readsSignedIn(source, own?.open, at) || used.some((place) => IMPERSONATION.test(place.route.path) || isGuarded(place)))
    if (isOther) return { ...signInCall, kind: 'other', remedy: OTHER_USER }
    return used.some(({ route }) => route.method === 'get') ? { ...signInCall, kind: 'other', remedy: GET } : signInCall
  }
}

/** Maps each name in the arguments of a route, such as the name of a handler, to the routes that contain this name. */
function placesByName(sources: readonly Source[]): Map<string, Place[]> {
  const places = new Map<string, Place[]>()
  for (const source of sources) {
    for (const route of routesIn(source)) {
      const words = source.tokens.slice(route.open, source.token(route.open).pair).filter(({ kind }) => kind === 'word')
      for (const name of new Set(words.map(({ text }) => text))) {
        const known = places.get(name)
        if (known === undefined) places.set(name, [{ source, route }])
        else known.push({ source, route })
      }
    }
  }
  return places
}

/**
 * The first argument that is a login guard, or a handler that lets only some users through, also in a list or as `auth.isAdmin`. An argument that is a
 * single string is never a guard: it is the path of the route.
 */
function anyGuardIn(source: Source, parts: readonly Range[]): Range | undefined {
  return parts.find(({ first, last }) => {
    if ((first === last && !source.isWord(first)) || isFunction(source, { first, last })) return false
    return source.tokens.slice(first, last + 1).some(({ kind, text }, i) => {
      // What a handler itself calls, such as an own function `authenticate`, is no guard in front of it.
      if ((kind !== 'word' && kind !== 'string') || source.blockOf(first + i) > first) return false
      return ROLE.test(text) || (isGuardName(text) && !(text === 'authenticate' && source.is(first + i - 1, '.')))
    })
  })
}

/** True if a guard stands in the route in front of its last handler. */
function isGuardedInRoute({ source, route }: Place): boolean {
  const parts = source.partsOf(route.open)
  return anyGuardIn(source, parts.filter((part, i) => i < parts.length - 1 || source.is(part.first, '['))) !== undefined
}

interface Use {
  readonly source: Source
  readonly owner: string
  readonly at: number
}

/** Finds the calls that put a guard in front of all later routes of an app or router: `app.use(ensureLoggedIn)`. */
function usesOfGuards(source: Source): Use[] {
  return source.tokens.flatMap(({ text }, at): Use[] => {
    if (text !== 'use' || !source.is(at - 1, '.') || !source.isWord(at - 2) || !source.is(at + 1, '(')) return []
    const parts = source.partsOf(at + 1)
    const isForAll = parts[0] !== undefined && source.stringAt(parts[0].first) === undefined && anyGuardIn(source, parts) !== undefined
    return isForAll ? [{ source, owner: source.token(at - 2).text, at }] : []
  })
}

function isInAuthenticate(source: Source, at: number): boolean {
  for (let open = source.token(at).parent; open !== -1; open = source.token(open).parent) if (source.is(open, '(') && source.is(open - 1, 'authenticate')) return true
  return false
}

/** True if the handler, before it signs in, reads who is signed in, as `req.user.isAdmin`, `!req.user` and `!req.isAuthenticated()` do. */
function readsSignedIn(source: Source, open: number | undefined, at: number): boolean {
  const start = open ?? startOfHandler(source, at)
  if (start === undefined) return false
  if (at - start > MAX_TOKENS) return true
  return source.tokens.slice(start, at).some(({ text }, i) => {
    const index = start + i
    if (!source.is(index - 1, '.') || !REQUEST.test(source.tokens[index - 2]?.text ?? '')) return false
    const isDenied = source.is(index - 3, '!')
    if (text === 'user') return isDenied || source.is(index + 1, '.') || source.is(index + 1, '?.')
    return text === 'isUnauthenticated' || (text === 'isAuthenticated' && isDenied)
  })
}

/** The opening brace of the innermost function around the token that has a parameter such as `req`. */
function startOfHandler(source: Source, at: number): number | undefined {
  for (let open = source.blockOf(at); open !== -1; open = source.blockOf(open)) {
    if (source.parametersOf(open)?.some((name) => REQUEST.test(name)) === true) return open
  }
  return undefined
}
