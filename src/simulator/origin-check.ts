/**
 * Rejects requests that another website sends through the user's browser. It recognises them by headers that scripts cannot set.
 *
 * The simulator has no secrets, but it can contain a developer's test data, and its buttons approve requests. So a website must not reach it
 * through the developer's browser: neither under a domain that resolves to 127.0.0.1 (DNS rebinding), nor by a form or `fetch` on the website's
 * pages. Out of scope: other programs on this machine.
 */
import type { IncomingMessage } from 'node:http'

/**
 * Ignores the port, because with port forwarding the browser sends another port. This is safe: DNS rebinding needs a domain name, not an IP
 * address.
 */
const isLoopback = (host: string | undefined): boolean => /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host ?? '')

/** Allows requests without these headers, because tools other than browsers do not send them. */
function isOwnSite({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers
  const site = headers['sec-fetch-site'] ?? 'same-origin'
  return site === 'same-origin' && (origin === undefined || origin === `http://${host ?? ''}`)
}

/** @returns the reason for a 403; `undefined` if the request is allowed */
export function originRefusal(request: IncomingMessage): string | undefined {
  if (!isLoopback(request.headers.host)) return 'The simulator answers to loopback names only'
  const isReading = request.method === 'GET' || request.method === 'HEAD'
  return isReading || isOwnSite(request) ? undefined : 'This request comes from another site'
}
