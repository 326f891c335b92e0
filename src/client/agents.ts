/**
 * The connections to Nevis: how many there may be, and how long an idle one is kept for the next call.
 *
 * A new connection costs a TLS handshake: one or two round trips, and several times the CPU of a call. But if the server closes a
 * connection while a call starts on it, the client cannot know whether the call arrived, and a call that notifies a user is never
 * repeated. So the client closes an idle connection before the server does:
 * - after 30 s, which is less than the idle time-out of most servers and load balancers;
 * - one second before the time that the server announces (`Keep-Alive: timeout=5`), which Node's agent does by itself;
 * - if a server has closed an idle connection before, after 80 % of the time for which that connection was idle.
 *
 * One case remains: the first connection that a server closes without an announcement. A call that starts at that moment fails with
 * `NEVIS_UNREACHABLE`, and is repeated only if its method may be repeated. Tunnels through a forward proxy are kept, counted and closed
 * in the same way.
 *
 * Out of scope: sending and repeating a call (`http.ts`), opening a tunnel (`tunnel.ts`).
 *
 * Source: RFC 9112, section 9.5; https://datatracker.ietf.org/doc/html/draft-thomson-hybi-http-timeout-03
 */
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Socket } from 'node:net'
import type { Proxy } from './proxy'
import { Tunnel } from './tunnel'

const KEEP_IDLE_MS = 30_000
/** A server that closes a connection sooner is probably restarting. That says nothing about its idle time-out. */
const SHORTEST_TIMEOUT_MS = 1000
/** A learned idle time-out is forgotten after an hour, because it may have been a restart. */
const MEMORY_MS = 3_600_000
/** The share of the server's idle time-out for which a connection is kept. */
const SAFE_SHARE = 0.8

const OPTIONS = {
  keepAlive: true,
  // In a burst of logins, further calls wait for a free connection, within their deadline.
  maxSockets: 50,
  timeout: KEEP_IDLE_MS,
  // The value that axios sets. If ours differed, each use of a socket would set it twice, which costs system calls.
  keepAliveMsecs: 60_000,
}

/** @param keepAlive false: each connection carries one call */
export function newHttpAgent(keepAlive = true): HttpAgent {
  return learning(new HttpAgent({ ...OPTIONS, keepAlive }))
}

/** Set explicitly, because `NODE_TLS_REJECT_UNAUTHORIZED=0` changes the default for the whole process, and then anyone could read the access key. */
const TLS_OPTIONS = { ...OPTIONS, rejectUnauthorized: true }

export function newHttpsAgent(keepAlive = true): HttpsAgent {
  return learning(new HttpsAgent({ ...TLS_OPTIONS, keepAlive }))
}

/** @param authority host and port of Nevis, with the brackets of an IPv6 address */
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

/** Makes the agent learn for how long the server keeps an idle connection open. */
function learning<A extends HttpAgent>(agent: A): A {
  let keepMs = KEEP_IDLE_MS
  let forgetAt = Infinity
  /** For each open connection, the time (`performance.now()`) since which it is idle; Infinity while it is in use. */
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
    // If our own time-out closes the socket, `timeout` comes first and removes its entry. Otherwise the server has closed the connection.
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
