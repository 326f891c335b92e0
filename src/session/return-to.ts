/**
 * Stores the page from which a user was redirected to sign in or to give a second factor, and returns it with the approval.
 *
 * The path comes from the URL of the refused page, or from the app's own `session.returnTo`. It never comes from a field of a request, because
 * then a link could send the user to another site (open redirect). Out of scope: the redirect itself.
 */
import { loginOf } from '../host/login'
import { isOwnURL } from '../host/origin'
import type { HostRequest, SessionLike } from '../host/request'
import type { StoredReturnTo, SessionState } from './transactions'

/** Length of the longest path that is stored, in characters. The limit keeps sessions small. */
const MAX_LENGTH = 2048
/**
 * A path: one `/`, then printable ASCII without `\`, because a browser sends only these characters in a request line. A second `/` or `\`, also
 * percent-encoded, is refused, because a browser could read the next part as a host.
 */
const PATH = /^\/(?![/\\]|%2f|%5c)[!-[\]-~]*$/i
/**
 * Percent-encoded control characters. They are refused, because other code may decode the path a second time. Decoded, they would allow header
 * injection, or would hide the name of another host.
 */
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i

/**
 * Returns the path from a value that the app's own login guard has stored. Some guards store a whole URL; then only the path of the URL is used, so
 * that the target can never be another host.
 * @returns undefined if the value is neither a path nor a URL of this site
 * @internal
 */
export function sitePathIn(req: Pick<HostRequest, 'headers'>, value: unknown): string | undefined {
  if (typeof value !== 'string' || !isOwnURL(req, value)) return sitePathOf(value)
  const { pathname, search, hash } = new URL(value)
  return sitePathOf(`${pathname}${search}${hash}`)
}

/**
 * Accepts only a path of this site.
 * @returns the path with its query; undefined if the value could lead a browser to another host, also after other code has decoded or normalized the
 * value
 * @internal
 */
export function sitePathOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !PATH.test(value) || ENCODED_CONTROL.test(value)) return undefined
  // Check the normalized form as well: `/.//host` is a path of this site, but its normalized form `//host` is another host.
  return PATH.test(new URL(value, 'http://site').pathname) ? value : undefined
}

/**
 * Stores the path of the page from which the user is redirected. If the user cannot return to the request's path (it was a POST), this function
 * deletes the path that was stored before.
 * @returns true if the session has changed
 * @internal
 */
export function storeReturnTo(session: SessionLike, key: string, req: HostRequest): boolean {
  const isPage = req.method === 'GET' || req.method === 'HEAD'
  const path = isPage ? sitePathOf(req.originalUrl ?? req.url) : undefined
  const login = loginOf(session)
  return write(session, key, path === undefined ? undefined : { path, ...(login !== undefined && { login }) })
}

/**
 * Returns the stored path. Undefined if another user was signed in when the path was stored.
 * @internal
 */
export function returnToIn(session: SessionLike, key: string): string | undefined {
  const kept = (session[key] as SessionState | undefined)?.returnTo
  return kept?.login === undefined || kept.login === loginOf(session) ? kept?.path : undefined
}

/**
 * Returns the page that the user wanted before the sign-in. The app's login guard (for example `connect-ensure-login`) writes this page to
 * `session.returnTo`, the property that Passport uses. This function reads it only while no user is signed in, because after a sign-in it is out of
 * date.
 * @internal
 */
export function returnToBeforeLogin(session: SessionLike, req: Pick<HostRequest, 'headers'>): string | undefined {
  return loginOf(session) === undefined ? sitePathIn(req, session['returnTo']) : undefined
}

/**
 * Deletes the stored path after the strategy has used it. If the session meanwhile contains a different path, that path stays, because it belongs to
 * another tab. `session.returnTo` stays if the route has `successReturnToOrRedirect`, because Passport itself will then use and delete it.
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
 * Adds the prefix that a proxy has removed from the path: the browser requests `/sub/account`, but the app sees `/account`. For example, with
 * `callbackURL` `/sub/nevis/callback`, the app sees the callback request at `/nevis/callback`, so the prefix is `/sub`. A header or field is never
 * used for this, because an attacker could set it.
 * @param path a path that `sitePathOf` has accepted
 * @internal
 */
export function withPrefix(path: string, callbackURL: string, { originalUrl, url }: Pick<HostRequest, 'originalUrl' | 'url'>): string {
  const known = new URL(callbackURL, 'http://site').pathname
  const seen = (originalUrl ?? url ?? '').split('?', 1)[0] as string
  const prefix = seen.startsWith('/') && known.endsWith(seen) ? known.slice(0, -seen.length) : ''
  // Add the prefix only if it is missing, because the app may have written `session.returnTo` with the prefix.
  return path === prefix || path.startsWith(`${prefix}/`) ? path : `${prefix}${path}`
}

function write(session: SessionLike, key: string, returnTo: StoredReturnTo | undefined): boolean {
  const { returnTo: before, ...state } = (session[key] ?? {}) as SessionState
  if (before === undefined && returnTo === undefined) return false
  session[key] = { ...state, ...(returnTo && { returnTo }) } satisfies SessionState
  return true
}
