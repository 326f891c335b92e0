/**
 * Sessions as express-session keeps them, without a server. Thousands of requests cost little, and every call of the store is awaited, so that
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

/** What a browser keeps. */
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

  /** The same words as express-session's, which the code under test compares. */
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
  /** As a store keeps them: text by session id. */
  readonly store = new Map<string, string>()
  private readonly loaded = new WeakMap<HostRequest, string>()

  async get(id: string): Promise<string | undefined> {
    await turn()
    return this.store.get(id)
  }

  async set(id: string, text: string): Promise<void> {
    await turn()
    this.store.set(id, text)
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

  /** The beginning of a request: an unknown cookie is a new, empty session. */
  async open(jar: CookieJar, path: string, method: string, body: Record<string, string>): Promise<HostRequest> {
    const socket = { destroyed: false }
    const req = { method, url: path, originalUrl: path, headers: { accept: 'application/json' }, body, socket } as unknown as HostRequest
    const text = jar.cookie === undefined ? undefined : await this.get(jar.cookie)
    this.use(req, text === undefined ? randomUUID() : (jar.cookie as string), text)
    return req
  }

  /** Its end: what has changed is written, and the browser gets the cookie of a new id. */
  async close(jar: CookieJar, req: HostRequest): Promise<void> {
    const text = JSON.stringify(req.session)
    const isChanged = text !== this.loaded.get(req)
    if (isChanged && this.store.get(req.sessionID) !== text) await this.set(req.sessionID, text)
    if (!req.socket.destroyed && isChanged) jar.cookie = req.sessionID
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
