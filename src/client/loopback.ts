/**
 * True if the host of the URL is this machine, for example `localhost` or `127.0.0.1`. Only to this machine may the access key be sent over plain http.
 * Requests to this machine also bypass a forward proxy.
 *
 * Out of scope: DNS. A name that resolves to 127.0.0.1 now can resolve to another address later.
 */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname)
}
