/**
 * Creates the HTTP agents for requests to Nevis. An agent limits the number of connections and keeps idle ones open for later requests.
 *
 * A kept connection saves the TLS handshake: one or two round trips, and several times the CPU time of a request. But the server may close
 * an idle connection just as the client sends a request on it. The client then cannot know whether the request arrived. It must not repeat a
 * request that notifies a user. So the client closes an idle connection before the server does:
 * - after 30 s, which is less than the idle time-out of most servers and load balancers;
 * - one second before the time that the server announces (`Keep-Alive: timeout=5`), which Node's agent does by itself;
 * - if the server has closed an idle connection earlier: after 80 % of the time for which that connection had been idle.
 *
 * One case cannot be prevented. The server announces no idle time-out, and has not closed an idle connection yet. Now it closes one just as a request is
 * sent on it. This request fails with `NEVIS_UNREACHABLE`. The client retries it only if the client method is marked "Retried on failure". Tunnels through
 * a forward proxy are kept, counted and closed in the same way.
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
/** If a server closes a connection that was idle for less than this, the server is probably restarting. The agent ignores such a connection. */
const SHORTEST_TIMEOUT_MS = 1000
/**
 * The agent forgets the server's learned idle time-out after one hour, because this time-out may be too short: a server that restarts closes its
 * connections early.
 */
const MEMORY_MS = 3_600_000
/** The agent closes an idle connection after 80 % of the idle time-out that it has learned for the server. */
const SAFE_SHARE = 0.8

const OPTIONS = {
  keepAlive: true,
  // During a burst of logins, these 50 connections may all be in use. Further requests then wait for a free connection, at most until their deadline.
  maxSockets: 50,
  timeout: KEEP_IDLE_MS,
  // axios sets this keep-alive delay of the socket to 60 s before each request. With another value here, Node and axios would overwrite each other's value,
  // each time with a system call.
  keepAliveMsecs: 60_000,
}

/**
 * Creates an agent for `http:` URLs.
 * @param keepAlive false: each connection is used for one request only
 */
export function newHttpAgent(keepAlive = true): HttpAgent {
  return learning(new HttpAgent({ ...OPTIONS, keepAlive }))
}

/**
 * `rejectUnauthorized` is set because its default is false in a process with `NODE_TLS_REJECT_UNAUTHORIZED=0`. Without certificate checks, an
 * attacker in the network could read the access key.
 */
const TLS_OPTIONS = { ...OPTIONS, rejectUnauthorized: true }

export function newHttpsAgent(keepAlive = true): HttpsAgent {
  return learning(new HttpsAgent({ ...TLS_OPTIONS, keepAlive }))
}

/** Creates an agent for a base URL: for http, for https, or for https through the forward proxy that `https_proxy` names. Loopback URLs bypass the proxy. */
export function newAgent(url: URL, keepAlive = true): HttpAgent {
  if (url.protocol === 'http:') return newHttpAgent(keepAlive)
  const proxy = isLoopback(url) ? undefined : proxyFor(url)
  return proxy === undefined ? newHttpsAgent(keepAlive) : newTunnelAgent(proxy, `${url.hostname}:${url.port || 443}`, keepAlive)
}

/**
 * Creates an agent that reaches Nevis through a forward proxy.
 * @param authority host and port of Nevis, for example `my-instance.mauth.nevis.cloud:443`, an IPv6 address in brackets
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

/**
 * Makes the agent learn the server's idle time-out from connections that the server closes. The agent then closes idle connections before the server does.
 */
function learning<A extends HttpAgent>(agent: A): A {
  let keepMs = KEEP_IDLE_MS
  let forgetAt = Infinity
  /** For each open connection: `performance.now()` when it became idle; Infinity while a request uses it. */
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
    // Learn from the event `close` only if the server has closed the connection. If our own time-out closes the socket, the event `timeout` comes
    // first, and `forget` removes the connection from `idleSince`.
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
