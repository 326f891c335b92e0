/**
 * Decides whether two parallel requests come from the same browser, by the client's address, the browser's headers and its cookies.
 *
 * This decision is needed for a double click: the second request is sent before the first response can set a cookie (`same-browser.ts`). An attacker can send
 * the same headers as the user. But the attacker does not have the user's address and does not know the user's other cookies.
 * Out of scope: what follows from the answer (`parallel.ts`, `pending-start.ts`).
 */
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { NevisRequest } from '../host/request'
import { sessionIdOf } from '../host/session'
import type { StartResult } from './start-queue'

/** From which browser a request came. The two requests of a double click have the same source. */
export type RequestSource = Pick<StartResult, 'sessionId' | 'origin'> & {
  /** A digest of the client's address and the browser's headers. Without cookies, which change during a sign-in, so two browsers can have the same digest. */
  readonly client: string
}

/**
 * The headers that a browser sends equally with a form and with `fetch`. Other headers, such as `accept` and `sec-fetch-mode`, depend on the kind of request,
 * and a proxy may add a new id to each request. If these headers were compared, a double click would send two pushes.
 */
const BROWSER_HEADERS = ['user-agent', 'accept-language', 'sec-ch-ua', 'sec-ch-ua-mobile', 'sec-ch-ua-platform', 'dnt', 'sec-gpc'] as const

/** The headers in which a proxy may send the client's address, such as `x-forwarded-for`, `x-real-ip` and `cf-connecting-ip`. */
const ADDRESS_HEADER = /forwarded|ip(?:v6)?$|address$/

/** Ports are removed only from an address header of at most this many characters, enough for ten proxies. An attacker's longer header is slow to search. */
const MAX_LENGTH = 500

/** One value in an address header, for example `192.0.2.1:4711`, or `[2001:db8::1]:4711` of `for="[2001:db8::1]:4711";proto=https`. */
const VALUE = /[^\s,;="]+/g

/**
 * From which browser this request comes. Call this function before the first await: if the browser closes the connection meanwhile, the socket no longer has
 * an address.
 * @internal
 */
export function sourceOf(req: NevisRequest): RequestSource {
  const client = clientPartsOf(req)
  return { sessionId: sessionIdOf(req), origin: digestOf([...client, cookiesOf(req.headers.cookie)]), client: digestOf(client) }
}

/**
 * A digest of all that identifies a browser in a request. The session stores only this digest, because cookies are secret.
 * @internal
 */
export function originOf(req: NevisRequest): string {
  return sourceOf(req).origin
}

/** The client's address and the browser's headers. */
function clientPartsOf(req: NevisRequest): unknown[] {
  return [addressOf(req), BROWSER_HEADERS.map((name) => req.headers[name])]
}

function digestOf(parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
}

/**
 * The client's address. Without a trusted proxy (`trust proxy` of Express, `trustProxy` of Fastify, `proxy` of Koa), an attacker can write any address into the
 * headers. So in this case, the connection's address counts as well.
 */
function addressOf({ socket, headers, ip }: NevisRequest & { readonly ip?: string }): unknown[] {
  const { remoteAddress } = socket ?? {}
  const forwarded = headers['x-forwarded-for'] ?? ''
  // Behind a trusted proxy, leave out the connection's address: it is the proxy's. Include the number of addresses in `X-Forwarded-For`. If the app trusts all
  // proxies, `ip` is the first address, which an attacker can forge. But the proxy appends the attacker's own address, so there is one address more than usual.
  if (ip !== undefined && ip !== remoteAddress) return [withoutPorts(ip), String(forwarded).split(',').length]
  const named = Object.entries(headers).filter(([name]) => ADDRESS_HEADER.test(name))
  return [remoteAddress, named.map(([name, value]) => [name, withoutPorts(String(value))]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1))]
}

/** Removes the ports after IP addresses: some proxies send the client's port as well, which differs for each connection. */
function withoutPorts(addresses: string): string {
  return addresses.length > MAX_LENGTH ? addresses : addresses.replace(VALUE, addressIn)
}

/**
 * The address in `192.0.2.1:4711`, `[2001:db8::1]:4711`, `[2001:db8::1]` or `2001:db8::1:54321`. A value such as `2001:db8::1:4711` stays as it is, because it
 * is a valid address itself. But its last part may be a port. Then the two requests of a double click seem to have different addresses, and count as those of
 * two browsers.
 */
function addressIn(value: string): string {
  if (isIP(value) !== 0) return value
  const { address } = /^\[?(?<address>[^[\]]+?)\]?(?::\d+)?$/.exec(value)?.groups ?? {}
  return address !== undefined && isIP(address) !== 0 ? address : value
}

/**
 * The cookies, without those of scripts that count visits. By convention, the names of these cookies begin with `_`, such as `_ga`. Such a script may change
 * its cookie at each click.
 */
function cookiesOf(cookie = ''): string[] {
  const all = cookie.split(';').map((one) => one.trim())
  return all.filter((one) => !one.startsWith('_') || /^__(?:Host|Secure)-/.test(one)).sort()
}
