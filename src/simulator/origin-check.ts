/**
 * Rejects requests that another website sends through the developer's browser. Recognises them by headers that scripts cannot set.
 *
 * The simulator may contain a developer's test data, and its buttons approve requests. So another website must not reach the simulator: neither under a
 * domain that resolves to 127.0.0.1 (DNS rebinding), nor by a form or a `fetch`. Out of scope: other programs on this machine.
 */
import type { IncomingMessage } from 'node:http'

/**
 * True for `127.0.0.1`, `localhost` and `[::1]`, with any port: port forwarding changes the port. DNS rebinding cannot pass this check, because it needs
 * another host name.
 */
const isLoopback = (host: string | undefined): boolean => /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host ?? '')

/** True unless a header shows that another website has sent the request. Programs other than browsers send no such header and are allowed. */
function isOwnSite({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers
  const site = headers['sec-fetch-site'] ?? 'same-origin'
  return site === 'same-origin' && (origin === undefined || origin === `http://${host ?? ''}`)
}

/**
 * Checks where a request comes from.
 * @returns the reason for a 403; `undefined` if the request is allowed
 */
export function originRefusal(request: IncomingMessage): string | undefined {
  if (!isLoopback(request.headers.host)) return 'The simulator answers to loopback names only'
  const isReading = request.method === 'GET' || request.method === 'HEAD'
  return isReading || isOwnSite(request) ? undefined : 'This request comes from another site'
}
