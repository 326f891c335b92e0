/**
 * Finds the forward proxy for calls to Nevis in the environment variables `https_proxy`, `all_proxy` and `no_proxy`, in lower or upper case.
 *
 * Uses the package `proxy-from-env`, as axios does, so that `NO_PROXY` means the same as for the application's own axios requests. Out of scope: opening a
 * tunnel (`tunnel.ts`), and which hosts bypass the proxy in any case (`agents.ts`).
 */
import { getProxyForUrl } from 'proxy-from-env'
import { hasWrongPort, parseURL } from './parse-url'

export interface Proxy {
  readonly protocol: 'http:' | 'https:'
  /** The host name of the proxy, without the brackets of an IPv6 address. */
  readonly hostname: string
  /** The port of the proxy; empty for the default port of the protocol. */
  readonly port: string
  /** The header `Proxy-Authorization`, if the URL of the proxy contains credentials. */
  readonly authorization: string | undefined
}

/**
 * Finds the forward proxy for a URL.
 * @param target the base URL, `https:`
 * @throws TypeError if the environment names a proxy that is not an http: or https: URL with a valid port. The message omits this URL, because it may contain a
 * password.
 */
export function proxyFor(target: URL): Proxy | undefined {
  const address = getProxyForUrl(target.href)
  if (address === '') return undefined
  const url = parseURL(address)
  const protocol = url?.protocol
  if (hasWrongPort(address)) throw new TypeError('NevisClient: the proxy in the environment (HTTPS_PROXY, ALL_PROXY) must have a port from 1 to 65535, or none')
  if (url === undefined || (protocol !== 'http:' && protocol !== 'https:')) {
    throw new TypeError('NevisClient: the proxy in the environment (HTTPS_PROXY, ALL_PROXY) must be an http: or https: URL')
  }
  const { hostname, username, password, port } = url
  const hasCredentials = username !== '' || password !== ''
  return {
    protocol,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port,
    authorization: hasCredentials ? `Basic ${Buffer.from(`${unescaped(username)}:${unescaped(password)}`).toString('base64')}` : undefined,
  }
}

/** Decodes percent-encoding: `us%40er` becomes `us@er`. Returns invalid percent-encoding unchanged. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
