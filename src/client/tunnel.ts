/**
 * One connection through a forward proxy, opened with CONNECT. It is a stream that carries only the TLS connection to Nevis.
 *
 * The attack: a proxy, or an attacker who answers in its place, replies to CONNECT with `200 OK {"status":"succeeded"}` or a bare
 * 404. If the HTTP client returned this reply as Nevis's response, a user would be signed in without Nevis's certificate. So no byte
 * that the proxy sends before the tunnel is open leaves this file: any answer but 2xx, and bytes that arrive together with that
 * answer, destroy the stream with an error code. All later bytes go to TLS, which checks the certificate.
 *
 * Why no package is used: `https-proxy-agent` returns the proxy's refusal as the response of the origin. `hpagent` 1.2 rejects it,
 * but opens one CONNECT per waiting request (200 requests, 200 CONNECTs, regardless of `maxSockets`, because Node counts a connection only
 * when the agent returns it). It also leaves a CONNECT open when its request is aborted, writes IPv6 hosts without brackets, and throws on
 * credentials that are not well escaped. Node 20 has no `proxyEnv`. The stream in this file exists before the proxy has answered. So Node's
 * own agent counts it, limits it, and closes it at the deadline of its request.
 *
 * Out of scope: which proxy, if any (`proxy.ts`), and the limit on the number of tunnels (`agents.ts`).
 * Source: RFC 9110, section 9.3.6
 */
import { request as requestHttp, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Proxy } from './proxy'

/** Values of `cause.code` of a `NEVIS_UNREACHABLE`, besides the codes of the system and of TLS. */
type TunnelCode =
  /** The proxy answered CONNECT with a status other than 2xx. */
  | 'PROXY_REFUSED'
  /** The proxy answered 407: credentials are missing or wrong. */
  | 'PROXY_AUTHENTICATION_REQUIRED'
  /** The proxy's answer is not HTTP, has too many headers, or has bytes after its end. */
  | 'PROXY_INVALID_RESPONSE'

export class Tunnel extends Duplex {
  readonly #connect: ClientRequest
  #socket: Duplex | undefined
  /** A write to Nevis that waits until the proxy has answered. */
  #waiting: (() => void) | undefined

  /**
   * Opens the tunnel.
   * @param authority host and port of Nevis, with the brackets of an IPv6 address
   */
  constructor(proxy: Proxy, authority: string) {
    super()
    const { protocol, hostname, port, authorization } = proxy
    const headers = { Host: authority, Connection: 'keep-alive', ...(authorization !== undefined && { 'Proxy-Authorization': authorization }) }
    // `agent: false`: the app's global agent may itself use a proxy, so do not use it.
    const options: RequestOptions = { protocol, hostname, port, method: 'CONNECT', path: authority, headers, agent: false, insecureHTTPParser: false }
    this.#connect = (protocol === 'https:' ? requestHttps : requestHttp)(Object.assign(options, { rejectUnauthorized: true }))
      .once('connect', (answer: IncomingMessage, socket: Duplex, early: Buffer) => this.#answered(answer, socket, early))
      .on('error', ({ code }: NodeJS.ErrnoException) => this.destroy(fault(code?.startsWith('HPE_') === false ? code : 'PROXY_INVALID_RESPONSE')))
      .end()
  }

  /**
   * Handles the proxy's answer to CONNECT.
   * @param early bytes that arrived together with the proxy's answer. There must be none, because in TLS the client sends first
   */
  #answered({ statusCode = 0 }: IncomingMessage, socket: Duplex, early: Buffer): void {
    this.#socket = socket
      .on('error', (error) => this.destroy(error))
      .on('close', () => this.destroy())
    if (statusCode < 200 || statusCode > 299) return void this.destroy(fault(statusCode === 407 ? 'PROXY_AUTHENTICATION_REQUIRED' : 'PROXY_REFUSED'))
    if (early.length > 0) return void this.destroy(fault('PROXY_INVALID_RESPONSE'))
    socket.on('data', (chunk: Buffer) => this.push(chunk) || socket.pause()).on('end', () => this.push(null))
    this.#waiting?.()
  }

  /** Node's agent calls this method, as on a socket, so that an idle tunnel does not keep the process alive. */
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

/** An error with a code, and without any text from the proxy. */
function fault(code: TunnelCode | (string & {})): Error {
  return Object.assign(new Error(code), { code })
}
