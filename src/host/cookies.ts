/**
 * Reads a cookie of a request, and adds one to its answer, in Express, NestJS, Fastify and Koa.
 *
 * `Set-Cookie` is appended, so the session's cookie stays. Out of scope: the content of a cookie (`trust/browsers.ts`).
 */
import type { ServerResponse } from 'node:http'
import type { NevisRequest } from './request'

/** Where a host keeps the answer of a request. */
interface Answers {
  /** Express, NestJS. On Koa: a stand-in that cannot append. */
  readonly res?: ServerResponse
  /** Koa's context. */
  readonly ctx?: { append?(name: string, value: string): unknown; headerSent?: boolean }
  /** Fastify's reply; a hook of the app puts it here, because Fastify gives a strategy the request alone. */
  readonly reply?: { header?(name: string, value: string): unknown; sent?: boolean }
}

/**
 * @returns the value of the cookie as it was set; undefined if it is missing
 * @internal
 */
export function cookieIn({ headers }: Pick<NevisRequest, 'headers'>, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

/**
 * True if the browser has come by https, also through a proxy that the host trusts.
 * @internal
 */
export function isSecure(req: object): boolean {
  const { protocol, socket } = req as { protocol?: unknown; socket?: { encrypted?: boolean } }
  return protocol === 'https' || socket?.encrypted === true
}

/**
 * The name of a cookie for this request. By https it has the prefix `__Host-`, so that no subdomain can set or shadow it (RFC 6265bis, 4.1.3.2).
 * @internal
 */
export function cookieName(req: object, name: string): string {
  return isSecure(req) ? `__Host-${name}` : name
}

/**
 * The function that adds a cookie to the answer: for the whole site, not readable by scripts.
 * @returns undefined if the answer has begun, or the host gives no access to it
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
