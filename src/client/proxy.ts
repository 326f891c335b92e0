/**
 * The forward proxy that carries the calls to Nevis, if the environment names one: `https_proxy`, `all_proxy`, `no_proxy`, in
 * lower or upper case.
 *
 * The variables are read by `proxy-from-env`, as axios reads them, so that `NO_PROXY` means here what it means elsewhere in the
 * app. They are read once, when a client is made: a later change of the environment does not change a client.
 * Out of scope: to open a tunnel (`tunnel.ts`), and which hosts never go to a proxy (`http.ts`).
 */
import { getProxyForUrl } from 'proxy-from-env'
import { parseURL } from './parse-url'

export interface Proxy {
  readonly protocol: 'http:' | 'https:'
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string
  /** Empty for the default port of the protocol. */
  readonly port: string
  /** The value of `Proxy-Authorization`, where the address of the proxy holds credentials. */
  readonly authorization: string | undefined
}

/**
 * @param target the base URL, `https:`
 * @throws TypeError where the environment names something else than a proxy that is reached by http: or https:. It does not
 * repeat the value, which may hold a password.
 */
export function proxyFor(target: URL): Proxy | undefined {
  const address = getProxyForUrl(target.href)
  if (address === '') return undefined
  const url = parseURL(address)
  const protocol = url?.protocol
  if (url === undefined || (protocol !== 'http:' && protocol !== 'https:')) {
    throw new TypeError('NevisClient: the proxy that the environment names (HTTPS_PROXY, ALL_PROXY) must be an http: or https: URL')
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

/** `us%40er` is `us@er`. A percent sign that escapes nothing stands for itself. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
