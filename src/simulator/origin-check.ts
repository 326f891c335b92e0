/**
 * Decides whether a request may be answered at all, by the headers that only a browser's own rules can set.
 *
 * The simulator has no secrets, but it may hold a developer's test data, and its buttons approve. A page on the internet must not
 * reach it through the developer's browser: neither under a name that its owner points at 127.0.0.1 (DNS rebinding), nor by a
 * form or `fetch` from another site. Out of scope: other programs on this machine.
 */
import type { IncomingMessage } from 'node:http'

/** Without the port: behind a forwarded port the browser names another one, and rebinding needs a name of the attacker's. */
const isLoopback = (host: string | undefined): boolean => /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host ?? '')

/** Tools other than browsers send neither header. */
function isOwnSite({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers
  const site = headers['sec-fetch-site'] ?? 'same-origin'
  return site === 'same-origin' && (origin === undefined || origin === `http://${host ?? ''}`)
}

/** @returns why the request is refused with 403; `undefined` for one that may be answered */
export function originRefusal(request: IncomingMessage): string | undefined {
  if (!isLoopback(request.headers.host)) return 'The simulator answers to loopback names only'
  const isReading = request.method === 'GET' || request.method === 'HEAD'
  return isReading || isOwnSite(request) ? undefined : 'This request comes from another site'
}
