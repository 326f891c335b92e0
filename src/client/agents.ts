/**
 * The connections to Nevis: how many there may be, and how long an idle one is kept for the next call.
 *
 * A new connection costs a TLS handshake: a round trip or two, and several times the CPU of a call. But a call that is
 * never repeated must not start on a connection that the server is just closing, since nobody could say whether it
 * arrived. So an idle connection is closed well before the server would do it:
 * - after 30 s, which is less than most servers and load balancers wait;
 * - a second before the time that the server announces (`Keep-Alive: timeout=5`); Node's agent sees to that;
 * - after a server has closed one of ours that was idle, in four fifths of the time that it was. A server that announces
 *   nothing and closes after 5 s is thus found out by the first connection that it closes.
 *
 * Left is the moment in which a server closes for the first time: a call that meets it fails with `NEVIS_UNREACHABLE`,
 * and only a call that may be repeated is repeated. Through a forward proxy the same holds for the tunnels: each is kept, counted
 * and closed like a direct connection.
 *
 * Out of scope: to send or repeat a call (`http.ts`), to open a tunnel (`tunnel.ts`).
 *
 * Source: RFC 9112, section 9.5; https://datatracker.ietf.org/doc/html/draft-thomson-hybi-http-timeout-03
 */
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Socket } from 'node:net'
import type { Proxy } from './proxy'
import { Tunnel } from './tunnel'

const KEEP_IDLE_MS = 30_000
/** Whoever closes sooner is restarting, and teaches nothing about its habits. */
const SHORTEST_LESSON_MS = 1000
/** A restart may look like a habit: then the lesson is forgotten after a while. */
const LESSON_MS = 3_600_000
const SAFE_SHARE = 0.8

const OPTIONS = {
  keepAlive: true,
  // A burst of logins queues here, within its deadline, and does not open a connection each.
  maxSockets: 50,
  timeout: KEEP_IDLE_MS,
  // axios asks for this too: of two that differ, each would cost system calls at every use.
  keepAliveMsecs: 60_000,
}

/** @param keepAlive false: each connection carries one call */
export function newHttpAgent(keepAlive = true): HttpAgent {
  return learning(new HttpAgent({ ...OPTIONS, keepAlive }))
}

/** Said, because `NODE_TLS_REJECT_UNAUTHORIZED=0` changes the default for the whole process: the access key goes to Nevis alone. */
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

/** An agent that learns from the server for how long it may keep a connection idle. */
function learning<A extends HttpAgent>(agent: A): A {
  let keepMs = KEEP_IDLE_MS
  let forgetAt = Infinity
  /** Since when each open connection is idle: in `performance.now()`, or Infinity while it is in use. */
  const idleSince = new Map<object, number>()
  const keepSocketAlive = agent.keepSocketAlive.bind(agent)
  const reuseSocket = agent.reuseSocket.bind(agent)

  function learn(this: Socket) {
    const now = performance.now()
    const idleMs = now - (idleSince.get(this) ?? Infinity)
    idleSince.delete(this)
    if (idleMs < SHORTEST_LESSON_MS) return
    keepMs = Math.min(keepMs, idleMs * SAFE_SHARE)
    forgetAt = now + LESSON_MS
  }
  function forget(this: Socket) {
    idleSince.delete(this)
  }

  agent.keepSocketAlive = (stream) => {
    const socket = stream as Socket
    const now = performance.now()
    if (now >= forgetAt) keepMs = KEEP_IDLE_MS
    // Where it is not our own time-out that closes it, it is the server.
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
