/**
 * Creates the HTTP agents for requests to Nevis. An agent limits the number of connections and keeps idle ones open for later requests.
 *
 * If the server closes an idle connection just as the client sends a request on it, the client cannot know whether the request arrived. Sending the request
 * again could send the user a second push. So the client closes an idle connection before the server does:
 * - after 30 s, which is less than the idle time-out of most servers and load balancers;
 * - if the server announces its time-out (`Keep-Alive: timeout=5`): one second earlier, which Node's agent does by itself;
 * - if the server has closed an idle connection before: after 80 % of the idle time of that connection.
 *
 * If a server closes idle connections sooner without announcing it, a request can fail with `NEVIS_UNREACHABLE` before the client has learnt the server's
 * time-out.
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
/** If a server closes a connection after less idle time than this, the agent learns nothing from it: the server is probably restarting. */
const SHORTEST_TIMEOUT_MS = 1000
/** The agent forgets the observed idle time-out after one hour, because a server that was restarting may have closed connections sooner than usual. */
const MEMORY_MS = 3_600_000
/** The agent closes an idle connection after 80 % of the observed idle time-out, before the server closes it. */
const SAFE_SHARE = 0.8

const OPTIONS = {
  keepAlive: true,
  // If all 50 connections are in use, further requests wait for a free connection, at most until their deadline.
  maxSockets: 50,
  timeout: KEEP_IDLE_MS,
  // axios sets the same value on the socket before each request. If the values differed, Node and axios would overwrite each other's value again and again.
  keepAliveMsecs: 60_000,
}

/** @param keepAlive false: each connection is used for one request only */
export function newHttpAgent(keepAlive = true): HttpAgent {
  return learning(new HttpAgent({ ...OPTIONS, keepAlive }))
}

/** `rejectUnauthorized: true` overrules `NODE_TLS_REJECT_UNAUTHORIZED=0`. Without certificate checks, an attacker in the network could read the access key. */
const TLS_OPTIONS = { ...OPTIONS, rejectUnauthorized: true }

export function newHttpsAgent(keepAlive = true): HttpsAgent {
  return learning(new HttpsAgent({ ...TLS_OPTIONS, keepAlive }))
}

/** Creates the agent for a base URL. For https, uses the forward proxy of the environment (`proxy.ts`), except for a URL of this machine. */
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
    // Node's agent calls `ref` and `unref` on an idle connection. But a TLS socket does not pass these calls to a stream that is not a socket of Node, such as
    // the tunnel. So pass them on here.
    return socket && Object.assign(socket, { ref: () => (tunnel.ref(), socket), unref: () => (tunnel.unref(), socket) })
  }
  return learning(agent)
}

/** Makes the agent observe after which idle time the server closes connections, and close idle connections earlier itself. */
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
    // If the agent's own time-out closes the socket, the event `timeout` comes before `close`. `forget` then removes the socket, so that `learn` ignores it.
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
