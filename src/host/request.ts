/**
 * What the strategy reads of a request, whatever host it comes from.
 *
 * Out of scope: whether it is true. Anybody can send a field: it may be missing, an array, or kilobytes long.
 */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { AuthenticateOptions } from 'passport'
import { ordered } from '../trust/digest'
import type { SessionLike } from './session'

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
 * A digest of who is signed in, taken from all that the app's `serializeUser` gave. The same login gives the same digest
 * in every process, also where a store gives its names back in another order (PostgreSQL's `jsonb`).
 * @returns undefined while nobody is signed in
 * @internal
 */
export function loginOf(session: SessionLike): string | undefined {
  const login = isFastifys(session) ? (session.passport ?? undefined) : loginOfPassport(session.passport)
  if (login === undefined) return undefined
  // The session may still hold what `serializeUser` gave, such as a Date: the store will give back what JSON makes of it.
  const stored: unknown = JSON.parse(JSON.stringify(login))
  return createHash('sha256').update(JSON.stringify(ordered(stored))).digest('base64url')
}

/**
 * The same digest of what the host would keep for this request's user, if it were signed in now.
 * @returns undefined where the host does not say how it would
 * @internal
 */
export async function loginOfUser(req: object, session: SessionLike): Promise<string | undefined> {
  const { user, _sessionManager: passports, passport: fastifys } = req as {
    user?: unknown
    _sessionManager?: { _serializeUser?: (user: unknown, req: object, done: (error: unknown, serialized?: unknown) => void) => void }
    passport?: { serializeUser?: (user: unknown, req: object) => Promise<unknown> }
  }
  if (user === undefined || user === null) return undefined
  if (isFastifys(session)) {
    if (typeof fastifys?.serializeUser !== 'function') return undefined
    return loginOf({ get: session['get'], set: session['set'], passport: await fastifys.serializeUser(user, req) })
  }
  if (typeof passports?._serializeUser !== 'function') return undefined
  const serialized = await new Promise((resolve, reject) => passports._serializeUser?.(user, req, (error, kept) => (error ? reject(error) : resolve(kept))))
  return loginOf({ passport: { user: serialized } })
}

/**
 * Does @fastify/passport keep the login of this session? It calls the session's methods `get` and `set`, which the
 * sessions of Express, NestJS and Koa do not have. The login itself must not decide: an app can serialize a user as
 * `{ user, tenant }`, which looks like Passport's own object. What a store gives back holds no functions.
 */
function isFastifys(session: SessionLike): boolean {
  return typeof session['get'] === 'function' && typeof session['set'] === 'function'
}

/** Passport keeps the login under `user`, beside what an app may put there, and takes only 0 of what is falsy for a login. */
function loginOfPassport(kept: unknown): unknown {
  const user = typeof kept === 'object' && kept !== null ? (kept as { user?: unknown }).user : undefined
  return user || user === 0 ? user : undefined
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
