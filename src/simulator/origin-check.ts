/**
 * Rejects requests that another website sends through the user's browser. It recognises them by headers that scripts cannot set.
 *
 * The simulator has no secrets, but it can contain a developer's test data, and its buttons approve requests. So a website must not reach it
 * through the developer's browser: neither under a domain that resolves to 127.0.0.1 (DNS rebinding), nor by a form or `fetch` on the website's
 * pages. Out of scope: other programs on this machine.
 */
import type { IncomingMessage } from 'node:http'

/**
 * True for a host name of this machine. The port does not matter, because with port forwarding the browser sends another port. This is safe: DNS
 * rebinding needs a domain name, not an IP address.
 */
const isLoopback = (host: string | undefined): boolean => /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host ?? '')

/** True if no header shows that another site has sent the request. Tools other than browsers send none of these headers, so they are allowed. */
function isOwnSite({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers
  const site = headers['sec-fetch-site'] ?? 'same-origin'
  return site === 'same-origin' && (origin === undefined || origin === `http://${host ?? ''}`)
}

/**
 * Decides whether a request is allowed.
 * @returns the reason for a 403; `undefined` if the request is allowed
 */
export function originRefusal(request: IncomingMessage): string | undefined {
  if (!isLoopback(request.headers.host)) return 'The simulator answers to loopback names only'
  const isReading = request.method === 'GET' || request.method === 'HEAD'
  return isReading || isOwnSite(request) ? undefined : 'This request comes from another site'
}
