/**
 * Decides whether a request, or a URL, belongs to this site.
 *
 * A browser says itself where a POST comes from: `Sec-Fetch-Site` (Fetch Metadata), and `Origin` in browsers without it. A page of another
 * site can change neither. Nor can it set `X-Forwarded-Host`, so that header may name this site where a proxy has replaced `Host`.
 * Out of scope: the app's CSRF token, and what follows from the answer (`strategy/dispatch.ts`, `session/return-to.ts`).
 */
import { parseURL } from '../client/parse-url'
import type { HostRequest } from './request'

type Headers = Pick<HostRequest, 'headers'>

/**
 * True if a browser says that another site has sent this request. False if no browser says anything: programs send neither header.
 * @param trusted origins whose requests are accepted, beside those of this host
 * @see https://www.w3.org/TR/fetch-metadata/, https://www.rfc-editor.org/rfc/rfc6454#section-7
 * @internal
 */
export function isFromOtherSite(req: Headers, trusted: readonly string[]): boolean {
  const { origin } = req.headers
  if (origin !== undefined && trusted.includes(origin)) return false
  const site = req.headers['sec-fetch-site']
  // The browser has compared the addresses that it sees, so a proxy that changes `Host` does not matter.
  if (site !== undefined) return site === 'cross-site'
  return origin !== undefined && !isOwnURL(req, origin)
}

/**
 * True if the URL has the host to which the browser has sent this request. The scheme is not compared, because a proxy may end TLS.
 * @internal
 */
export function isOwnURL(req: Headers, url: string): boolean {
  const parsed = parseURL(url)
  return parsed !== undefined && /^https?:$/.test(parsed.protocol) && hostsOf(req).some((host) => hostIn(`${parsed.protocol}//${host}`) === parsed.host)
}

/** The hosts that the browser may have named: what this server received, and what proxies say that they received. */
function hostsOf({ headers }: Headers): string[] {
  const forwarded = /(?:^|[;,\s])host="?([^";,\s]+)/i.exec(headers.forwarded ?? '')?.[1]
  return [headers.host, headers[':authority'], headers['x-forwarded-host'], forwarded]
    .flatMap((names) => String(names ?? '').split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

/** Without the default port of the scheme. */
function hostIn(url: string): string | undefined {
  return parseURL(url)?.host
}
