/**
 * Where a person was when a fresh second factor, or a login, was asked for: kept in the session, given back with the approval.
 *
 * Taken from the address of the refused page, or from where the app keeps its own, never from a field of a request, so that no
 * link decides where somebody ends up. Not its job: to go there.
 */
import { loginOf } from '../host/login'
import { type HostRequest } from '../host/request'
import type { SessionLike } from '../host/request'
import type { KeptReturnTo, SessionState } from './transactions'


/** Longer addresses are not kept: sessions stay small. */
const MAX_LENGTH = 2048
/** Printable ASCII without `\`, after one `/`: what a request line of a browser holds. */
const PATH = /^\/(?![/\\]|%2f|%5c)[!-[\]-~]*$/i
/** They do no harm as they are; decoded once too often they would end a header or hide a host. */
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i

/**
 * @returns the value if it is a path of this site, query included; undefined for everything that a browser, or code
 * that decodes or normalizes it, could take for another host
 * @internal
 */
export function sitePathOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !PATH.test(value) || ENCODED_CONTROL.test(value)) return undefined
  // `/.//host` is a path of this site whose normalized form, `//host`, is not.
  return PATH.test(new URL(value, 'http://site').pathname) ? value : undefined
}

/**
 * Keeps the address of a page that is sent away; what has none that may be kept (a form, another host) forgets the last.
 * @returns whether the session has changed
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
 * Where somebody was going before they were asked to sign in: Passport's own word for it, which an app's guard
 * (`connect-ensure-login`, or three lines of its own) writes. Only before a login: later it is old.
 * @internal
 */
export function returnToBeforeLogin(session: SessionLike): string | undefined {
  return loginOf(session) === undefined ? sitePathOf(session['returnTo']) : undefined
}

/**
 * Forgets it once it was given back; another one, of another tab, stays, and so does what Passport itself is to follow.
 * @internal
 */
export function forgetReturnTo(
  session: SessionLike,
  key: string,
  path: string | undefined,
  { successReturnToOrRedirect }: { readonly successReturnToOrRedirect?: string | undefined } = {},
): void {
  if (path === undefined) return
  if (returnToIn(session, key) === path) write(session, key, undefined)
  if (session['returnTo'] === path && !successReturnToOrRedirect) delete session['returnTo']
}

function write(session: SessionLike, key: string, returnTo: KeptReturnTo | undefined): boolean {
  const { returnTo: before, ...state } = (session[key] ?? {}) as SessionState
  if (before === undefined && returnTo === undefined) return false
  session[key] = { ...state, ...(returnTo && { returnTo }) } satisfies SessionState
  return true
}
