/**
 * Rejects requests that another website sends through the developer's browser. Without this check, such a website could press the simulator's buttons, and so
 * approve requests.
 *
 * The website could use a form, `fetch`, or a domain that resolves to 127.0.0.1 (DNS rebinding). The simulator recognises such requests by headers that scripts
 * cannot set. Out of scope: other programs on this machine.
 */
import type { IncomingMessage } from 'node:http'

/**
 * True for `127.0.0.1`, `localhost` and `[::1]`, with any port. A DNS rebinding attack fails here, because its header `Host` contains the attacker's domain.
 */
const isLoopback = (host: string | undefined): boolean => /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host ?? '')

/**
 * False if a header of the browser (`Sec-Fetch-Site` or `Origin`) says that another website has sent the request. True for programs other than browsers, which
 * do not send these headers.
 */
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
