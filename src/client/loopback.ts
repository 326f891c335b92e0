/**
 * Is this URL's host this very machine? Only there may plain http carry an access key, and no forward
 * proxy is shown what stays there.
 *
 * Out of scope: name resolution. A name that happens to resolve to 127.0.0.1 can resolve to something else next time.
 */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname)
}
