/**
 * What the strategy reads of a request, whatever host it comes from.
 *
 * Not its job: to believe it. Fields come from strangers: they may be missing, arrays, or kilobytes long.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type {} from 'passport'
import type { SessionLike } from './session'

/** A request as Express, NestJS, Fastify or Koa hand it to Passport. */
export type NevisRequest = IncomingMessage &
  Express.Request & {
    readonly originalUrl?: string
    readonly query?: unknown
    readonly body?: unknown
  }

type Fields = Pick<NevisRequest, 'body' | 'originalUrl' | 'query' | 'url'>

/**
 * A field of the body, else of the query.
 * @returns undefined when it is not there; null when it is there but is no string
 * @internal
 */
export function fieldOf(req: Fields, name: string): string | null | undefined {
  const value = own(req.body, name) ?? own(req.query ?? queryOf(req), name)
  if (value === undefined) return undefined
  return typeof value === 'string' ? value : null
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

/** @internal */
export function sessionOf(req: object): SessionLike | undefined {
  const { session } = req as { session?: SessionLike | null }
  return session ?? undefined
}

/**
 * A digest of who is signed in: Passport keeps the serialized user under `passport.user`, and none after a logout.
 * @internal
 */
export function loginOf(session: SessionLike): string | undefined {
  const { user } = (session['passport'] ?? {}) as { user?: unknown }
  if (user === undefined || user === null) return undefined
  return createHash('sha256').update(JSON.stringify(user)).digest('base64url')
}

/** Does the one who asks want a page rather than data? */
export function wantsPage(req: IncomingMessage): boolean {
  return (req.headers.accept ?? '').includes('text/html')
}

function own(fields: unknown, name: string): unknown {
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, name)) return undefined
  return (fields as Record<string, unknown>)[name]
}

function queryOf(req: Fields): Record<string, string | string[]> {
  const url = req.originalUrl ?? req.url ?? ''
  const start = url.indexOf('?')
  const params = new URLSearchParams(start < 0 ? '' : url.slice(start))
  return Object.fromEntries([...new Set(params.keys())].map((key) => [key, single(params.getAll(key))]))
}

function single(values: string[]): string | string[] {
  return values.length === 1 ? (values[0] as string) : values
}
