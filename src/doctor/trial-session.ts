/**
 * Stores a mark in the session of a trial request, so that a later request shows whether the session still exists. Also says which cookies a browser would
 * send with the later request.
 *
 * Out of scope: the requests (`start-trial.ts`, `callback-trial.ts`).
 */
import type { IncomingHttpHeaders } from 'node:http'

const MARK = 'passport-nevis-doctor'

interface SessionRequest {
  readonly session?: Record<string, unknown>
  readonly sessionID?: unknown
  readonly sessionStore?: { destroy?(id: unknown, done: () => void): void }
}

/** Stores the mark in the session. @returns false if the request has no session */
export function markSession(request: unknown, mark: string): boolean {
  const { session } = Object(request) as SessionRequest
  if (typeof session !== 'object' || session === null) return false
  session[MARK] = mark
  return true
}

export function markIn(request: unknown): unknown {
  return (Object(request) as SessionRequest).session?.[MARK]
}

/** Deletes the session of a trial request from the store of express-session or @fastify/session. */
export function deleteSession(request: unknown): void {
  const { sessionID, session, sessionStore } = Object(request) as SessionRequest
  const id = sessionID ?? session?.['sessionId']
  try {
    if (id !== undefined) sessionStore?.destroy?.(id, () => undefined)
  } catch {
    // The store is broken, which the check `session.store` reports. The session expires by itself.
  }
}

/**
 * The header `Cookie` that a browser would send with a request to `path`, after it got these `Set-Cookie` lines in the answer to a request to `from`.
 * @returns undefined if the browser would send no cookie
 */
export function cookiesFor(path: string, { 'set-cookie': lines = [] }: IncomingHttpHeaders, from: string): string | undefined {
  const cookies = lines.flatMap((line) => {
    const [cookie = '', ...attributes] = line.split(';').map((one) => one.trim())
    const named = attributes.flatMap((one) => /^path=(\/.*)$/i.exec(one)?.[1] ?? []).at(-1)
    const folder = (named ?? from.slice(0, from.lastIndexOf('/') + 1)).replace(/\/$/, '')
    return path === folder || path.startsWith(`${folder}/`) ? [cookie] : []
  })
  return cookies.length === 0 ? undefined : cookies.join('; ')
}
