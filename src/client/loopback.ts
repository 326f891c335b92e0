/**
 * True if the URL's host is this machine. Only requests to this machine may send the access key over plain http, and only they bypass a
 * forward proxy.
 *
 * Out of scope: name resolution. A name that resolves to 127.0.0.1 now can resolve to another address later.
 */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname)
}
