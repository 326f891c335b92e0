/**
 * True if the URL's host is this machine. Only to this machine may plain http carry an access key, and only requests to it
 * bypass a forward proxy.
 *
 * Out of scope: name resolution. A name that resolves to 127.0.0.1 now can resolve to another address later.
 */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname)
}
