/**
 * Stores the page from which a user was redirected to sign in or to give a second factor, and returns it with the approval.
 *
 * The path comes from the URL of the refused page, or from the app's own `session.returnTo`. The path never comes from a field of a request: otherwise a link
 * could send the user to another site (open redirect). Out of scope: the redirect itself.
 */
import { loginOf } from '../host/login'
import { isOwnURL } from '../host/origin'
import type { HostRequest, SessionLike } from '../host/request'
import type { StoredReturnTo, SessionState } from './transactions'

/** The options `callbackURL` and `waitingURL`: the URLs as a browser requests them, before a proxy removes a prefix from their paths. */
type OwnURLs = Readonly<Record<'callbackURL' | 'waitingURL', string>>

/** Longest path that is stored, in characters, so that sessions stay small. */
const MAX_LENGTH = 2048
/**
 * A path: `/`, then printable ASCII without `\`. If `/` or `\` (also percent-encoded) follows directly after the first `/`, the path is refused, because a
 * browser could read the next part as a host.
 */
const PATH = /^\/(?![/\\]|%2f|%5c)[!-[\]-~]*$/i
/** Percent-encoded control characters. Other code may decode the path once more, and a decoded line break would allow header injection. */
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i

/**
 * Returns the path from a value that the app's own login guard has stored. Some guards store a whole URL; then this function returns the path of the URL.
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
 * @returns the path with its query; undefined if the value could lead a browser to another host
 * @internal
 */
export function sitePathOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !PATH.test(value) || ENCODED_CONTROL.test(value)) return undefined
  // Check the path also as a browser normalizes it: `/.//host` becomes `//host`, which is another host.
  return PATH.test(new URL(value, 'http://site').pathname) ? value : undefined
}

/**
 * Stores the path of the page from which the user is redirected. Deletes the stored path if the user cannot return to this page, as after a POST.
 * @returns true if the session has changed
 * @internal
 */
export function storeReturnTo(session: SessionLike, key: string, req: HostRequest): boolean {
  const isPage = req.method === 'GET' || req.method === 'HEAD'
  const path = isPage ? sitePathOf(req.originalUrl ?? req.url) : undefined
  const login = loginOf(session)
  const wanted = path === undefined ? undefined : { path, ...(login !== undefined && { login }) }
  const kept = (session[key] as SessionState | undefined)?.returnTo
  if (kept?.path === wanted?.path && kept?.login === wanted?.login) return false
  write(session, key, wanted)
  return true
}

/**
 * Returns the stored path; undefined if the path was stored while another user was signed in.
 * @internal
 */
export function returnToIn(session: SessionLike, key: string): string | undefined {
  const kept = (session[key] as SessionState | undefined)?.returnTo
  return kept?.login === undefined || kept.login === loginOf(session) ? kept?.path : undefined
}

/**
 * Returns the page that the user wanted before the sign-in. A login guard of the app (for example `connect-ensure-login`) has written it to
 * `session.returnTo`. Returns undefined while a user is signed in, because the property is then out of date.
 * @internal
 */
export function returnToBeforeLogin(session: SessionLike, req: Pick<HostRequest, 'headers'>): string | undefined {
  return loginOf(session) === undefined ? sitePathIn(req, session['returnTo']) : undefined
}

/**
 * Deletes the path of the page to return to from the session, after its use. If the session contains a path other than `path`, that path stays, because it
 * belongs to another tab. `session.returnTo` stays if the route has `successReturnToOrRedirect`, because Passport itself will use and delete that property.
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
 * Adds the prefix that a proxy has removed from the path. If `callbackURL` is `/sub/nevis/callback` and the app sees the request at `/nevis/callback`, the
 * prefix is `/sub`; in the same way with `waitingURL`. The prefix never comes from a header or field, because an attacker could set it. At every other route,
 * such as the login route, this function cannot find out the prefix, and returns the path as it is.
 * @param path a path that `sitePathOf` has accepted
 * @internal
 */
export function withPrefix(path: string, { callbackURL, waitingURL }: OwnURLs, req: Pick<HostRequest, 'originalUrl' | 'url'>): string {
  const prefix = strippedPrefix(callbackURL, req) ?? strippedPrefix(waitingURL, req) ?? ''
  // Do not add the prefix twice: the app may have written `session.returnTo` with the prefix.
  return path === prefix || path.startsWith(`${prefix}/`) ? path : `${prefix}${path}`
}

/**
 * The prefix that a proxy has removed from the path of a request for this URL.
 * @returns undefined if the path of the request is not the end of `ownURL`
 * @internal
 */
export function strippedPrefix(ownURL: string, { originalUrl, url }: Pick<HostRequest, 'originalUrl' | 'url'>): string | undefined {
  const known = new URL(ownURL, 'http://site').pathname
  const seen = (originalUrl ?? url ?? '').split('?')[0] as string
  return seen.startsWith('/') && known.endsWith(seen) ? known.slice(0, -seen.length) : undefined
}

function write(session: SessionLike, key: string, returnTo: StoredReturnTo | undefined): void {
  const { returnTo: _before, ...state } = (session[key] ?? {}) as SessionState
  session[key] = { ...state, ...(returnTo && { returnTo }) } satisfies SessionState
}
