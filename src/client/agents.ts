/**
 * The connections to Nevis: how many there may be, and how long an idle one is kept for the next request.
 *
 * Keeping connections saves TLS handshakes: a handshake takes one or two round trips, and several times the CPU of a request. But if the
 * server closes a connection just as the client sends a request on it, the client cannot know whether the request arrived, and a request
 * that notifies a user must never be sent twice. So the client closes an idle connection before the server does:
 * - after 30 s, which is less than the idle time-out of most servers and load balancers;
 * - one second before the time that the server announces (`Keep-Alive: timeout=5`), which Node's agent does by itself;
 * - if a server has closed an idle connection before, after 80 % of the time for which that connection was idle.
 *
 * One case remains: the first connection that a server closes without an announcement. A request that is sent at that moment fails with
 * `NEVIS_UNREACHABLE`, and is retried only if its method may be retried. Tunnels through a forward proxy are kept, counted and closed in
 * the same way.
 *
 * Out of scope: sending and retrying a request (`http.ts`), opening a tunnel (`tunnel.ts`).
 *
 * Source: RFC 9112, section 9.5; https://datatracker.ietf.org/doc/html/draft-thomson-hybi-http-timeout-03
 */
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Socket } from 'node:net'
import { isLoopback } from './loopback'
import { proxyFor, type Proxy } from './proxy'
import { Tunnel } from './tunnel'

const KEEP_IDLE_MS = 30_000
/** A server that closes an idle connection sooner than this is probably restarting, so the agent does not learn an idle time-out from it. */
const SHORTEST_TIMEOUT_MS = 1000
/** The agent forgets a learned idle time-out after an hour, because the server may have closed the connection for a restart. */
const MEMORY_MS = 3_600_000
/** The agent keeps an idle connection for this share of the learned idle time-out. */
const SAFE_SHARE = 0.8

const OPTIONS = {
  keepAlive: true,
  // At most 50 connections. In a burst of logins, further requests wait for a free one until their deadline.
  maxSockets: 50,
  timeout: KEEP_IDLE_MS,
  // axios sets the same value. With another value, each use of a socket would set the option twice, and each setting is a system call.
  keepAliveMsecs: 60_000,
}

/**
 * Makes the agent for plain http.
 * @param keepAlive false if each connection is to be used for one request only
 */
export function newHttpAgent(keepAlive = true): HttpAgent {
  return learning(new HttpAgent({ ...OPTIONS, keepAlive }))
}

/**
 * `rejectUnauthorized` is set explicitly, because `NODE_TLS_REJECT_UNAUTHORIZED=0` would switch certificate checks off for the whole process.
 * An attacker in the network could then read the access key.
 */
const TLS_OPTIONS = { ...OPTIONS, rejectUnauthorized: true }

export function newHttpsAgent(keepAlive = true): HttpsAgent {
  return learning(new HttpsAgent({ ...TLS_OPTIONS, keepAlive }))
}

/** The agent of this package for a base URL. Requests to this machine never go through a proxy. */
export function newAgent(url: URL, keepAlive = true): HttpAgent {
  if (url.protocol === 'http:') return newHttpAgent(keepAlive)
  const proxy = isLoopback(url) ? undefined : proxyFor(url)
  return proxy === undefined ? newHttpsAgent(keepAlive) : newTunnelAgent(proxy, `${url.hostname}:${url.port || 443}`, keepAlive)
}

/**
 * Makes the agent that reaches Nevis through a forward proxy.
 * @param authority host and port of Nevis, with the brackets of an IPv6 address
 */
export function newTunnelAgent(proxy: Proxy, authority: string, keepAlive = true): HttpsAgent {
  const agent = new HttpsAgent({ ...TLS_OPTIONS, keepAlive })
  const createConnection = agent.createConnection.bind(agent)
  agent.createConnection = (options, connected) => {
    const tunnel = new Tunnel(proxy, authority)
    const socket = createConnection({ ...options, socket: tunnel } as typeof options, connected)
    tunnel.on('error', (error) => socket?.destroy(error))
    return socket
  }
  return learning(agent)
}

/** Extends the agent so that it learns how long the server keeps an idle connection open, and closes idle connections earlier. */
function learning<A extends HttpAgent>(agent: A): A {
  let keepMs = KEEP_IDLE_MS
  let forgetAt = Infinity
  /** For each open connection, the time (`performance.now()`) since which the connection is idle; Infinity while it is in use. */
  const idleSince = new Map<object, number>()
  const keepSocketAlive = agent.keepSocketAlive.bind(agent)
  const reuseSocket = agent.reuseSocket.bind(agent)

  function learn(this: Socket) {
    const now = performance.now()
    const idleMs = now - (idleSince.get(this) ?? Infinity)
    idleSince.delete(this)
    if (idleMs < SHORTEST_TIMEOUT_MS) return
    keepMs = Math.min(keepMs, idleMs * SAFE_SHARE)
    forgetAt = now + MEMORY_MS
  }
  function forget(this: Socket) {
    idleSince.delete(this)
  }

  agent.keepSocketAlive = (stream) => {
    const socket = stream as Socket
    const now = performance.now()
    if (now >= forgetAt) keepMs = KEEP_IDLE_MS
    // If our own time-out closes the socket, the event `timeout` comes first and removes the entry, so `learn` does nothing. A `close` without
    // `timeout` means that the server has closed the connection, so learn from it.
    if (!idleSince.has(socket)) socket.once('timeout', forget).once('close', learn)
    idleSince.set(socket, now)
    const keeps: unknown = keepSocketAlive(socket)
    if ((socket.timeout ?? Infinity) > keepMs) socket.setTimeout(keepMs)
    return keeps
  }
  agent.reuseSocket = (socket, request) => {
    idleSince.set(socket, Infinity)
    reuseSocket(socket, request)
  }
  return agent
}
