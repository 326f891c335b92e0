/**
 * A session store that is slow, like one on a network: during its delay, parallel requests all read the session before the first one changes it.
 *
 * Out of scope: storing the sessions. The store `inner` does that.
 */
import session from 'express-session'

type Done = (error?: unknown, value?: unknown) => void

export class SlowStore extends session.Store {
  /** The number of calls so far, by name. */
  readonly calls: Record<string, number> = {}

  constructor(
    private readonly inner: session.Store = new session.MemoryStore(),
    private readonly latencyMs = 20,
  ) {
    super()
  }

  override get(id: string, done: (error: unknown, session?: session.SessionData | null) => void): void {
    this.slowly('get', () => this.inner.get(id, done))
  }

  override set(id: string, value: session.SessionData, done?: (error?: unknown) => void): void {
    this.slowly('set', () => this.inner.set(id, value, done))
  }

  override destroy(id: string, done?: (error?: unknown) => void): void {
    this.slowly('destroy', () => this.inner.destroy(id, done))
  }

  override touch(id: string, value: session.SessionData, done?: () => void): void {
    this.slowly('touch', () => (this.inner.touch === undefined ? (done as Done | undefined)?.() : this.inner.touch(id, value, done)))
  }

  get total(): number {
    return Object.values(this.calls).reduce((sum, calls) => sum + calls, 0)
  }

  private slowly(name: string, call: () => void): void {
    this.calls[name] = (this.calls[name] ?? 0) + 1
    setTimeout(call, this.latencyMs)
  }
}
