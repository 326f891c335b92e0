/**
 * What the strategy reads of a request, whatever host it comes from.
 *
 * Out of scope: whether it is true. Anybody can send a field: it may be missing, an array, or kilobytes long.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { AuthenticateOptions } from 'passport'

/** A request as Express, NestJS, Fastify or Koa hand it to Passport. */
export type NevisRequest = IncomingMessage &
  Express.Request & {
    /** With the path at which a router is mounted. */
    readonly originalUrl?: string
    /** The parsed query; without it the address is read. */
    readonly query?: unknown
    /** The parsed body of a form or of JSON. */
    readonly body?: unknown
  }

/**
 * What the pages and guards read of a request: Express's, NestJS's or Fastify's, or a Koa context, which keeps who is
 * signed in under `state` and the body under `request`.
 */
export interface HostRequest {
  /** HTTP method. */
  readonly method?: string | undefined
  /** Path and query. */
  readonly url?: string | undefined
  /** With the path at which a router is mounted. */
  readonly originalUrl?: string | undefined
  /** With names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** The parsed query; without it the address is read. */
  readonly query?: unknown
  /** The parsed body of a form or of JSON. */
  readonly body?: unknown
  /** Of the host's session middleware. */
  readonly session?: unknown
  /** Passport's: who is signed in. */
  readonly user?: unknown
  /** Passport's: what was approved. */
  readonly authInfo?: unknown
  /** Of a Koa context: holds `user` and `authInfo`. */
  readonly state?: unknown
  /** Of a Koa context: holds `body`. */
  readonly request?: unknown
}

/** The part of a session that every host has; `save` and `regenerate` are missing in some. */
export interface SessionLike {
  [key: string]: unknown
  save?: (done: (error?: unknown) => void) => unknown
  regenerate?: (done: (error?: unknown) => void) => unknown
  reload?: (done: (error?: unknown) => void) => unknown
  /** Of some: what they store. */
  toJSON?: () => object
  /** Of some that are behind a proxy: all that is in it. */
  data?: () => unknown
}

type Fields = Pick<HostRequest, 'body' | 'originalUrl' | 'query' | 'url'>

/**
 * A field of the body, else of the query.
 * @returns undefined when it is not there, or null in JSON; null when it is there but is no string
 * @internal
 */
export function fieldOf(req: Fields, name: string): string | null | undefined {
  const value = own(req.body, name) ?? own(req.query ?? queryOf(req), name)
  if (value === undefined) return undefined
  return typeof value === 'string' ? value : null
}

/**
 * A field of the body alone: what starts something is never read from an address, which a link could have made.
 * @internal
 */
export function bodyFieldOf(req: Pick<HostRequest, 'body'>, name: string): string | null | undefined {
  return fieldOf({ body: req.body, query: {} }, name)
}

/**
 * A field of the query of a request that may not have passed any parser.
 * @internal
 */
export function queryFieldOf(req: Fields, name: string): string | null | undefined {
  const value = own(queryOf(req), name)
  if (value === undefined) return undefined
  return typeof value === 'string' ? value : null
}

/**
 * Of a Koa context `body` is the answer's.
 * @internal
 */
export function bodyOf(req: HostRequest): unknown {
  return req.state === undefined ? req.body : (req.request as HostRequest | undefined)?.body
}

/** @internal */
export function userOf(req: HostRequest): unknown {
  return (req.user ?? (req.state as HostRequest | undefined)?.user) || undefined
}

/** @internal */
export function authInfoOf(req: HostRequest): Express.AuthInfo | undefined {
  return (req.authInfo ?? (req.state as HostRequest | undefined)?.authInfo) as Express.AuthInfo | undefined
}

/** @internal */
export function sessionOf(req: object): SessionLike | undefined {
  const { session } = req as { session?: SessionLike | null }
  return session ?? undefined
}

/**
 * Does Passport sign the user in at a success? Not with `passport.authorize` and `session: false`.
 * @internal
 */
export function logsIn({ assignProperty, session }: AuthenticateOptions): boolean {
  return assignProperty === undefined && session !== false
}

/**
 * Does the one who asks want a page rather than data?
 * @internal
 */
export function wantsPage(req: HostRequest): boolean {
  return (req.headers.accept ?? '').includes('text/html')
}

function own(fields: unknown, name: string): unknown {
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, name)) return undefined
  return (fields as Record<string, unknown>)[name]
}

/** In one pass: an address of many names must not cost the square of them. */
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
