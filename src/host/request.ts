/**
 * Reads a request of Express, NestJS, Fastify or Koa.
 *
 * The folder `host/` hides the differences between these web frameworks: how to read a request, how to answer it (`answer.ts`), and how to save, renew and
 * reload its session (`session.ts`).
 * Out of scope of this file: whether a field is valid. Any client can send any field: it may be missing, an array, or kilobytes long.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { AuthenticateOptions } from 'passport'

/** A request as Express, NestJS, Fastify or Koa pass it to Passport. */
export type NevisRequest = IncomingMessage &
  Express.Request & {
    /** The URL including the path at which a router is mounted. */
    readonly originalUrl?: string
    /** The parsed query. If the web framework does not set it, this package parses the URL. */
    readonly query?: unknown
    /** The parsed body of a form or of JSON. */
    readonly body?: unknown
  }

/** A request of Express, NestJS or Fastify, or a Koa context: the properties that the pages and guards of this package read. */
export interface HostRequest {
  /** HTTP method. */
  readonly method?: string | undefined
  /** Path and query. */
  readonly url?: string | undefined
  /** The URL including the path at which a router is mounted. */
  readonly originalUrl?: string | undefined
  /** The headers, with names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** The parsed query. If the web framework does not set it, this package parses the URL. */
  readonly query?: unknown
  /** The parsed body of a form or of JSON. */
  readonly body?: unknown
  /** Set by the app's session middleware. */
  readonly session?: unknown
  /** Set by Passport: the signed-in user. */
  readonly user?: unknown
  /** Set by Passport: the user who has approved, and what was approved. */
  readonly authInfo?: unknown
  /** On a Koa context: holds `user` and `authInfo`. */
  readonly state?: unknown
  /** On a Koa context: holds `body`. */
  readonly request?: unknown
}

/** The session of any web framework; some have no `save`, `regenerate` or `reload`. */
export interface SessionLike {
  [key: string]: unknown
  save?: (done: (error?: unknown) => void) => unknown
  regenerate?: (done: (error?: unknown) => void) => unknown
  reload?: (done: (error?: unknown) => void) => unknown
  /** In some session packages: returns the content of the session, without the package's internal fields. */
  toJSON?: () => object
  /** In session packages whose session is a JavaScript `Proxy`: returns the content of the session. */
  data?: () => unknown
}

type Fields = Pick<HostRequest, 'body' | 'originalUrl' | 'query' | 'url'>

/**
 * Reads a field from the body, or from the query if the body does not have the field.
 * @returns undefined if the field is missing or null; null if its value is not a string
 * @internal
 */
export function fieldOf(req: Fields, name: string): string | null | undefined {
  const value = own(req.body, name) ?? own(req.query ?? queryOf(req), name)
  if (value === undefined) return undefined
  return typeof value === 'string' ? value : null
}

/**
 * Reads a field from the body only. A field in the URL could come from an attacker's link.
 * @internal
 */
export function bodyFieldOf(req: Pick<HostRequest, 'body'>, name: string): string | null | undefined {
  return fieldOf({ body: req.body, query: {} }, name)
}

/**
 * Reads a field from the query of the URL, for web frameworks that do not parse the query.
 * @internal
 */
export function queryFieldOf(req: Fields, name: string): string | null | undefined {
  const value = own(queryOf(req), name)
  if (value === undefined) return undefined
  return typeof value === 'string' ? value : null
}

/**
 * Reads a check box. Browsers send nothing for a box that is not ticked, so a form may have a hidden field with the same name and the value `0` before it.
 * The last value counts.
 * @returns undefined if the request does not have the field
 * @internal
 */
export function checkBoxOf(req: Fields, name: string): boolean | undefined {
  const value = own(req.body, name) ?? own(req.query ?? queryOf(req), name)
  if (value === undefined) return undefined
  return [true, 'true', '1', 'on'].includes((Array.isArray(value) ? value.at(-1) : value) as string | boolean)
}

/**
 * The body of the request. On Koa, it is `ctx.request.body`, because `ctx.body` is the body of the response.
 * @internal
 */
export function bodyOf(req: HostRequest): unknown {
  return req.state === undefined ? req.body : (req.request as HostRequest | undefined)?.body
}

/**
 * The user of the request. Passport sets it as `req.user`, or under the name in Passport's option `userProperty`; on Koa, it sets the property of `ctx.state`.
 * @internal
 */
export function userOf(req: HostRequest): unknown {
  const { _userProperty: ofPassport, passport: ofFastify } = req as { _userProperty?: unknown; passport?: { userProperty?: unknown } }
  const property = [ofPassport, ofFastify?.userProperty].find((name) => typeof name === 'string') ?? 'user'
  return (req[property as 'user'] ?? (req.state as HostRequest | undefined)?.[property as 'user']) || undefined
}

/**
 * What Passport has set as `req.authInfo`; on Koa, as `ctx.state.authInfo`.
 * @internal
 */
export function authInfoOf(req: HostRequest): Express.AuthInfo | undefined {
  return (req.authInfo ?? (req.state as HostRequest | undefined)?.authInfo) as Express.AuthInfo | undefined
}

/**
 * The session that the app's session middleware has set, if any.
 * @internal
 */
export function sessionOf(req: object): SessionLike | undefined {
  const { session } = req as { session?: SessionLike | null }
  return session ?? undefined
}

/** True if Passport signs the user in after a success: always, except with `passport.authorize` or `session: false`. */
export function logsIn({ assignProperty, session }: AuthenticateOptions): boolean {
  return assignProperty === undefined && session !== false
}

/**
 * True if the browser wants an HTML page rather than data.
 * @internal
 */
export function wantsPage(req: HostRequest): boolean {
  return (req.headers.accept ?? '').includes('text/html')
}

function own(fields: unknown, name: string): unknown {
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, name)) return undefined
  return (fields as Record<string, unknown>)[name]
}

/** Parses the whole query once. Searching the URL for each name would be slow if an attacker sends a URL with many names. */
function queryOf(req: Fields): Record<string, string | string[]> {
  const url = req.originalUrl ?? req.url ?? ''
  const start = url.indexOf('?')
  const fields = Object.create(null) as Record<string, string | string[]>
  for (const [name, value] of new URLSearchParams(start < 0 ? '' : url.slice(start))) {
    const before = fields[name]
    if (before === undefined) fields[name] = value
    else if (typeof before === 'string') fields[name] = [before, value]
    else before.push(value)
  }
  return fields
}
