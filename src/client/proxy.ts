/**
 * The forward proxy for calls to Nevis, taken from the environment: `https_proxy`, `all_proxy`, `no_proxy`, in lower or upper case.
 *
 * The package `proxy-from-env` reads the variables. axios uses it, too, so `NO_PROXY` means the same here as for the app's own axios requests.
 * The variables are read once, when a client is created; a later change of the environment has no effect on that client.
 * Out of scope: opening a tunnel (`tunnel.ts`), and which hosts never use a proxy (`http.ts`).
 */
import { getProxyForUrl } from 'proxy-from-env'
import { parseURL } from './parse-url'

export interface Proxy {
  readonly protocol: 'http:' | 'https:'
  /** The host name of the proxy, without the brackets of an IPv6 address. */
  readonly hostname: string
  /** The port of the proxy; empty for the default port of the protocol. */
  readonly port: string
  /** The value of `Proxy-Authorization`, if the URL of the proxy contains credentials. */
  readonly authorization: string | undefined
}

/**
 * Finds the forward proxy for a URL.
 * @param target the base URL, `https:`
 * @throws TypeError if the environment names a proxy that is not an http: or https: URL. The message does not repeat the value, which may contain a
 * password.
 */
export function proxyFor(target: URL): Proxy | undefined {
  const address = getProxyForUrl(target.href)
  if (address === '') return undefined
  const url = parseURL(address)
  const protocol = url?.protocol
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

/** Decodes percent-encoding: `us%40er` becomes `us@er`. If the text is not valid percent-encoding, it stays unchanged. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
