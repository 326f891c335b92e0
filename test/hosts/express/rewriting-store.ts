/**
 * A session store that behaves like a database: it is slow, and returns JSON with the fields in another order. So a test fails if this package relies on the
 * object that it has stored.
 *
 * Out of scope: deleting expired sessions.
 */
import session from 'express-session'

const LATENCY_MS = 5

export class RewritingStore extends session.Store {
  private readonly rows = new Map<string, string>()

  override get(id: string, done: (error: unknown, data?: session.SessionData | null) => void): void {
    setTimeout(() => {
      const row = this.rows.get(id)
      const data = row === undefined ? null : (rewritten(JSON.parse(row)) as session.SessionData & { nevis?: unknown })
      deepFreeze(data?.nevis)
      done(null, data)
    }, LATENCY_MS)
  }

  override set(id: string, data: session.SessionData, done?: (error?: unknown) => void): void {
    setTimeout(() => {
      this.rows.set(id, JSON.stringify(data))
      done?.()
    }, LATENCY_MS)
  }

  override destroy(id: string, done?: (error?: unknown) => void): void {
    setTimeout(() => {
      this.rows.delete(id)
      done?.()
    }, LATENCY_MS)
  }
}

function rewritten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewritten)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, rewritten(field)] as const).reverse())
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Object.values(value).forEach(deepFreeze)
  Object.freeze(value)
}
