/**
 * Sessions like express-session's, without a server. So thousands of requests cost little, and every call of the store is awaited, so that
 * concurrent requests interleave as over a network.
 *
 * A request gets a copy of its session, and writes the copy back if it has changed. Out of scope: attributes of cookies, lifetimes, `resave` and
 * `rolling`.
 */
import { randomUUID } from 'node:crypto'

type Done = (error?: unknown) => void

export interface HostRequest {
  readonly method: string
  readonly url: string
  readonly originalUrl: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, string>>
  readonly socket: { destroyed: boolean }
  session: HostSession
  sessionID: string
  user?: object | undefined
  authInfo?: object | undefined
}

/** What a browser stores. */
export interface CookieJar {
  cookie: string | undefined
}

export class HostSession {
  [name: string]: unknown
  readonly cookie = { path: '/' }

  constructor(
    host: SessionHost,
    req: HostRequest,
    readonly id: string,
    data: object = {},
  ) {
    Object.defineProperties(this, { host: { value: host }, req: { value: req }, id: { value: id, enumerable: false } })
    Object.assign(this, data)
  }

  save(done: Done): void {
    const { host, id } = this as unknown as { host: SessionHost; id: string }
    host.set(id, JSON.stringify(this)).then(() => done(), done)
  }

  /** If the session is gone, fails with the same message as express-session, because this package recognises that message. */
  reload(done: Done): void {
    const { host, id, req } = this as unknown as { host: SessionHost; id: string; req: HostRequest }
    void host.get(id).then((text) => {
      if (text === undefined) return done(new Error('failed to load session'))
      host.use(req, id, text)
      done()
    })
  }

  regenerate(done: Done): void {
    const { host, id, req } = this as unknown as { host: SessionHost; id: string; req: HostRequest }
    void host.delete(id).then(() => {
      host.use(req, randomUUID(), undefined)
      done()
    })
  }
}

export class SessionHost {
  /** The session store: text by session id. */
  readonly store = new Map<string, string>()
  private readonly loaded = new WeakMap<HostRequest, string>()

  async get(id: string): Promise<string | undefined> {
    await turn()
    return this.store.get(id)
  }

  /** Stores the session with its object keys in another order, as a `jsonb` column of PostgreSQL does. */
  async set(id: string, text: string): Promise<void> {
    await turn()
    this.store.set(id, JSON.stringify(reordered(JSON.parse(text))))
  }

  async delete(id: string): Promise<void> {
    await turn()
    this.store.delete(id)
  }

  use(req: HostRequest, id: string, text: string | undefined): void {
    req.session = new HostSession(this, req, id, text === undefined ? {} : (JSON.parse(text) as object))
    req.sessionID = id
    this.loaded.set(req, JSON.stringify(req.session))
  }

  /** Begins a request. An unknown cookie gets a new, empty session. */
  async open(jar: CookieJar, path: string, method: string, body: Record<string, string>): Promise<HostRequest> {
    const socket = { destroyed: false }
    const req = { method, url: path, originalUrl: path, headers: { accept: 'application/json' }, body, socket } as unknown as HostRequest
    const text = jar.cookie === undefined ? undefined : await this.get(jar.cookie)
    this.use(req, text === undefined ? randomUUID() : (jar.cookie as string), text)
    return req
  }

  /** Ends a request: writes the session if it has changed, and gives the browser a cookie for a new id. */
  async close(jar: CookieJar, req: HostRequest): Promise<void> {
    const text = JSON.stringify(req.session)
    const isChanged = text !== this.loaded.get(req)
    if (isChanged && this.store.get(req.sessionID) !== text) await this.set(req.sessionID, text)
    if (!req.socket.destroyed && isChanged) jar.cookie = req.sessionID
  }
}

function reordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const sorted = Object.entries(value).sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, one]) => [name, reordered(one)]))
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
