/**
 * Decides whether a request, or a URL, belongs to this site.
 *
 * The browser itself says which site has sent a POST: in `Sec-Fetch-Site` (Fetch Metadata), or in `Origin` if the browser does not support that header. A
 * page of another site cannot change these two headers. Such a page cannot set `X-Forwarded-Host` either. So behind a proxy, this file also accepts the host
 * name in `X-Forwarded-Host` as this site's.
 * Out of scope: the app's CSRF token, and how the request is answered (`strategy/dispatch.ts`, `session/return-to.ts`).
 */
import { parseURL } from '../client/parse-url'
import type { HostRequest } from './request'

type Headers = Pick<HostRequest, 'headers'>

/**
 * True if the browser says that another site has sent this request. False if the request has neither `Sec-Fetch-Site` nor `Origin`: then no
 * browser has sent it.
 * @param trusted origins of other sites whose requests are accepted
 * @see https://www.w3.org/TR/fetch-metadata/, https://www.rfc-editor.org/rfc/rfc6454#section-7
 * @internal
 */
export function isFromOtherSite(req: Headers, trusted: readonly string[]): boolean {
  const { origin } = req.headers
  if (origin !== undefined && trusted.includes(origin)) return false
  const site = req.headers['sec-fetch-site']
  // For `Sec-Fetch-Site`, the browser itself has compared this site with the page's site, so the header is right even if a proxy rewrites `Host`.
  if (site !== undefined) return site === 'cross-site'
  return origin !== undefined && !isOwnURL(req, origin)
}

/**
 * True if the URL names the host to which the browser has sent this request. Ignores the scheme: behind a proxy that terminates TLS, this server sees http.
 * @internal
 */
export function isOwnURL(req: Headers, url: string): boolean {
  const parsed = parseURL(url)
  return parsed !== undefined && /^https?:$/.test(parsed.protocol) && hostsOf(req).some((host) => hostIn(`${parsed.protocol}//${host}`) === parsed.host)
}

/** A chain of proxies reports a few host names. An attacker could send thousands of host names, and each of them costs time. */
const MAX_NAMES = 10

/** The host names to which the browser may have sent the request: the one that this server received, and those that proxies report. */
function hostsOf({ headers }: Headers): string[] {
  const forwarded = /(?:^|[;,\s])host="?([^";,\s]+)/i.exec(headers.forwarded ?? '')?.[1]
  return [headers.host, headers[':authority'], headers['x-forwarded-host'], forwarded]
    .flatMap((names) => String(names ?? '').split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .slice(0, MAX_NAMES)
}

/** The host and port of a URL; without the port if it is the default of the scheme. */
function hostIn(url: string): string | undefined {
  return parseURL(url)?.host
}
