/**
 * Reads a cookie of a request, and adds a cookie to the answer, in Express, NestJS, Fastify and Koa.
 *
 * `Set-Cookie` is appended, so that the session's own cookie is still sent. Out of scope: the content of a cookie (`trust/browsers.ts`).
 */
import type { ServerResponse } from 'node:http'
import type { NevisRequest } from './request'

/** The properties of a request that contain the response, on each web framework. */
interface Answers {
  /** The response, on Express and NestJS. On Koa, use `ctx`: Koa's `res` has no method that appends a header. */
  readonly res?: ServerResponse
  /** Koa's context. */
  readonly ctx?: { append?(name: string, value: string): unknown; headerSent?: boolean }
  /** Fastify's reply: see `answer.ts`. */
  readonly reply?: { header?(name: string, value: string): unknown; sent?: boolean }
}

/**
 * Reads a cookie.
 * @returns the value as it was sent, not decoded; undefined if the cookie is missing
 * @internal
 */
export function cookieIn({ headers }: Pick<NevisRequest, 'headers'>, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

/**
 * True if the browser uses https, either directly or through a proxy that the web framework trusts.
 * @internal
 */
export function isSecure(req: object): boolean {
  const { protocol, socket } = req as { protocol?: unknown; socket?: { encrypted?: boolean } }
  return protocol === 'https' || socket?.encrypted === true
}

/**
 * The name of a cookie for this request. The name contains the strategy's name, so that two strategies do not overwrite each other's cookie. With https, it has
 * the prefix `__Host-`, so that no other subdomain can set it (RFC 6265bis, 4.1.3.2).
 * @internal
 */
export function cookieFor(req: object, strategy: string, use: 'browser' | 'factor' | 'start'): string {
  const name = `${strategy.replace(/[^\w-]/g, '_')}-${use}`
  return isSecure(req) ? `__Host-${name}` : name
}

/**
 * Returns a function that adds a cookie to the answer. The cookie is valid for the whole site, and scripts cannot read it.
 * @returns undefined if the response headers were already sent, or if the web framework gives no access to the response
 * @internal
 */
export function cookieSetter(req: object): ((name: string, value: string, maxAgeSeconds: number) => void) | undefined {
  const append = appender(req)
  if (append === undefined) return undefined
  return (name, value, maxAgeSeconds) => append(`${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${isSecure(req) ? '; Secure' : ''}`)
}

function appender({ res, ctx, reply }: Answers): ((line: string) => unknown) | undefined {
  if (typeof ctx?.append === 'function') return ctx.headerSent === true ? undefined : (line) => ctx.append?.('Set-Cookie', line)
  if (typeof reply?.header === 'function') return reply.sent === true ? undefined : (line) => reply.header?.('set-cookie', line)
  if (typeof res?.appendHeader !== 'function' || res.headersSent) return undefined
  return (line) => res.appendHeader('Set-Cookie', line)
}
