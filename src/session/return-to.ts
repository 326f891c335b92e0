/**
 * Keeps the page from which a user was redirected to sign in or to give a second factor, and gives it back with the approval.
 *
 * The path comes from the URL of the refused page, or from the app's own `session.returnTo`; never from a field of a request, because then a
 * link could send the user to another site (open redirect). Out of scope: the redirect itself.
 */
import { loginOf } from '../host/login'
import { isOwnURL } from '../host/origin'
import type { HostRequest, SessionLike } from '../host/request'
import type { KeptReturnTo, SessionState } from './transactions'

/** Longer paths are not kept, so that sessions stay small. */
const MAX_LENGTH = 2048
/** One `/`, then printable ASCII without `\`: what a browser sends in a request line. */
const PATH = /^\/(?![/\\]|%2f|%5c)[!-[\]-~]*$/i
/** Harmless as they are, but code that decodes them once more would allow header injection or a hidden host. */
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i

/**
 * The path of a page that the app's own guard has kept: some keep a whole URL. Only its path is used, so another host can never be the target.
 * @returns undefined if it is neither a path nor a URL of this site
 * @internal
 */
export function sitePathIn(req: Pick<HostRequest, 'headers'>, value: unknown): string | undefined {
  if (typeof value !== 'string' || !isOwnURL(req, value)) return sitePathOf(value)
  const { pathname, search, hash } = new URL(value)
  return sitePathOf(`${pathname}${search}${hash}`)
}

/**
 * @returns the value if it is a path of this site, with its query; undefined if a browser, or code that decodes or normalizes the value, could
 * read it as another host
 * @internal
 */
export function sitePathOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !PATH.test(value) || ENCODED_CONTROL.test(value)) return undefined
  // `/.//host` is a path of this site, but its normalized form `//host` is another host.
  return PATH.test(new URL(value, 'http://site').pathname) ? value : undefined
}

/**
 * Keeps the path of a page whose user is redirected. For a request without such a path (a form, another host), it deletes the path that was kept
 * before.
 * @returns true if the session has changed
 * @internal
 */
export function storeReturnTo(session: SessionLike, key: string, req: HostRequest): boolean {
  const isPage = req.method === 'GET' || req.method === 'HEAD'
  const path = isPage ? sitePathOf(req.originalUrl ?? req.url) : undefined
  const login = loginOf(session)
  return write(session, key, path === undefined ? undefined : { path, ...(login !== undefined && { login }) })
}

/** @internal */
export function returnToIn(session: SessionLike, key: string): string | undefined {
  const kept = (session[key] as SessionState | undefined)?.returnTo
  return kept?.login === undefined || kept.login === loginOf(session) ? kept?.path : undefined
}

/**
 * The page that the user wanted before the sign-in: `session.returnTo`, Passport's own name, which the app's login guard (for example
 * `connect-ensure-login`) writes. It is read only before a login, because later it is out of date.
 * @internal
 */
export function returnToBeforeLogin(session: SessionLike, req: Pick<HostRequest, 'headers'>): string | undefined {
  return loginOf(session) === undefined ? sitePathIn(req, session['returnTo']) : undefined
}

/**
 * Deletes the path after it was given back. A different path, of another tab, stays; so does `session.returnTo` if Passport itself will use it.
 * @internal
 */
export function forgetReturnTo(
  session: SessionLike,
  key: string,
  path: string | undefined,
  { successReturnToOrRedirect }: { readonly successReturnToOrRedirect?: string | undefined },
  req: Pick<HostRequest, 'headers'>,
): void {
  if (path === undefined) return
  if (returnToIn(session, key) === path) write(session, key, undefined)
  if (sitePathIn(req, session['returnTo']) === path && !successReturnToOrRedirect) delete session['returnTo']
}

/**
 * The path as browsers know it, behind a proxy that takes a prefix off the path: the app sees `/account`, the browser `/sub/account`. The prefix
 * is what `callbackURL` has before the path of the callback request. It comes from the option alone: a header or a field could lie.
 * @param path what `sitePathOf` has accepted
 * @internal
 */
export function withPrefix(path: string, callbackURL: string, { originalUrl, url }: Pick<HostRequest, 'originalUrl' | 'url'>): string {
  const known = new URL(callbackURL, 'http://site').pathname
  const seen = (originalUrl ?? url ?? '').split('?', 1)[0] as string
  const prefix = seen.startsWith('/') && known.endsWith(seen) ? known.slice(0, -seen.length) : ''
  // The app's own `session.returnTo` may have the prefix already.
  return path === prefix || path.startsWith(`${prefix}/`) ? path : `${prefix}${path}`
}

function write(session: SessionLike, key: string, returnTo: KeptReturnTo | undefined): boolean {
  const { returnTo: before, ...state } = (session[key] ?? {}) as SessionState
  if (before === undefined && returnTo === undefined) return false
  session[key] = { ...state, ...(returnTo && { returnTo }) } satisfies SessionState
  return true
}
