/**
 * One connection through a forward proxy, opened by CONNECT: a stream that carries TLS to Nevis and nothing else.
 *
 * The attack: a proxy, or someone who answers in its place, replies to CONNECT with `200 OK {"status":"succeeded"}` or a bare
 * 404. An HTTP client that hands this reply on has signed someone in without a certificate of Nevis. So no byte that the proxy
 * sends before the tunnel is open leaves this file: any answer but 2xx, and bytes that come together with that answer,
 * destroy the stream with a code. What comes afterwards is read by TLS alone, which checks the certificate.
 *
 * Why not a package. `https-proxy-agent` hands a refusal on as the answer of the origin. `hpagent` 1.2 refuses it, but opens
 * one CONNECT per waiting call (200 calls, 200 CONNECTs, whatever `maxSockets` says, because Node counts a connection only when
 * the agent gives it back), leaves a CONNECT open when its call has been given up, writes IPv6 hosts without brackets, and throws at
 * credentials that are not well escaped. `proxyEnv` of Node is not in Node 20. This stream exists before the proxy has
 * answered, so Node's own agent counts it, limits it, and closes it at the deadline of its call.
 *
 * Out of scope: which proxy, if any (`proxy.ts`), and how many tunnels there may be (`agents.ts`).
 * Source: RFC 9110, section 9.3.6
 */
import { request as requestHttp, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Proxy } from './proxy'

/** What `cause.code` of a `NEVIS_UNREACHABLE` says, besides the codes of the system and of TLS. */
type TunnelCode =
  /** The proxy answered CONNECT with something else than 2xx. */
  | 'PROXY_REFUSED'
  /** The same, with 407: it wants credentials, or others. */
  | 'PROXY_AUTHENTICATION_REQUIRED'
  /** The answer is not HTTP, has too many headers, or does not end where the tunnel begins. */
  | 'PROXY_INVALID_RESPONSE'

export class Tunnel extends Duplex {
  readonly #connect: ClientRequest
  #socket: Duplex | undefined
  /** The first bytes for Nevis, while the proxy has not answered. */
  #waiting: (() => void) | undefined

  /** @param authority host and port of Nevis, with the brackets of an IPv6 address */
  constructor(proxy: Proxy, authority: string) {
    super()
    const { protocol, hostname, port, authorization } = proxy
    const headers = { Host: authority, Connection: 'keep-alive', ...(authorization !== undefined && { 'Proxy-Authorization': authorization }) }
    // An agent of its own each time: the app's global agent may have a proxy, too.
    const options: RequestOptions = { protocol, hostname, port, method: 'CONNECT', path: authority, headers, agent: false, insecureHTTPParser: false }
    this.#connect = (protocol === 'https:' ? requestHttps : requestHttp)(Object.assign(options, { rejectUnauthorized: true }))
      .once('connect', (answer: IncomingMessage, socket: Duplex, early: Buffer) => this.#answered(answer, socket, early))
      .on('error', ({ code }: NodeJS.ErrnoException) => this.destroy(fault(code?.startsWith('HPE_') === false ? code : 'PROXY_INVALID_RESPONSE')))
      .end()
  }

  /** @param early what came in one piece with the answer: TLS is begun by us, so there is nothing to say yet */
  #answered({ statusCode = 0 }: IncomingMessage, socket: Duplex, early: Buffer): void {
    this.#socket = socket
      .on('error', (error) => this.destroy(error))
      .on('close', () => this.destroy())
    if (statusCode < 200 || statusCode > 299) return void this.destroy(fault(statusCode === 407 ? 'PROXY_AUTHENTICATION_REQUIRED' : 'PROXY_REFUSED'))
    if (early.length > 0) return void this.destroy(fault('PROXY_INVALID_RESPONSE'))
    socket.on('data', (chunk: Buffer) => this.push(chunk) || socket.pause()).on('end', () => this.push(null))
    this.#waiting?.()
  }

  /** An idle tunnel must not keep the process alive: agents say so to what they take for a socket. */
  unref(): this {
    ;(this.#socket as Partial<Socket> | undefined)?.unref?.()
    return this
  }

  ref(): this {
    ;(this.#socket as Partial<Socket> | undefined)?.ref?.()
    return this
  }

  override _read(): void {
    this.#socket?.resume()
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#socket === undefined) this.#waiting = () => this._write(chunk, encoding, done)
    else this.#socket.write(chunk, done)
  }

  override _final(done: () => void): void {
    if (this.#socket === undefined) done()
    else this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#connect.destroy()
    this.#socket?.destroy()
    done(error)
  }
}

/** Holds a code and nothing that the proxy has said. */
function fault(code: TunnelCode | (string & {})): Error {
  return Object.assign(new Error(code), { code })
}
