/**
 * One connection through a forward proxy, opened with CONNECT. This connection is a stream that carries only the TLS connection to Nevis.
 *
 * The attack: a proxy, or an attacker in its place, responds to CONNECT with `200 OK {"status":"succeeded"}`. If the HTTP client returned this as Nevis's
 * response, a user would be signed in without a check of Nevis's certificate. So any status but 2xx, and any bytes that arrive together with a 2xx, destroy
 * the stream. All later bytes go to TLS, which checks the certificate.
 *
 * The stream is returned at once, before the proxy responds, so that Node's own agent counts it for `maxSockets` and closes it at the deadline of its request.
 * The usual packages cannot replace this file: `https-proxy-agent` returns the proxy's refusal as Nevis's response, and `hpagent` 1.2 ignores `maxSockets`.
 *
 * Out of scope: which proxy, if any (`proxy.ts`), and the limit on the number of tunnels (`agents.ts`). Source: RFC 9110, section 9.3.6
 */
import { request as requestHttp, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Proxy } from './proxy'

/** Possible values of `cause.code` of a `NEVIS_UNREACHABLE`, besides the codes of Node (for example `ECONNREFUSED`). */
type TunnelCode =
  /** The proxy responded to CONNECT with a status other than 2xx. */
  | 'PROXY_REFUSED'
  /** The proxy responded with 407: the credentials are missing or wrong. */
  | 'PROXY_AUTHENTICATION_REQUIRED'
  /** The proxy's response is not HTTP, has too many headers, or is followed by bytes before the TLS handshake. */
  | 'PROXY_INVALID_RESPONSE'

export class Tunnel extends Duplex {
  readonly #connect: ClientRequest
  #socket: Duplex | undefined
  /** Continues the first write to Nevis, which waits until the tunnel is open. */
  #waiting: (() => void) | undefined

  /**
   * Opens the tunnel through the proxy.
   * @param authority host and port of Nevis, for example `my-instance.mauth.nevis.cloud:443`, an IPv6 address in brackets
   */
  constructor(proxy: Proxy, authority: string) {
    super()
    const { protocol, hostname, port, authorization } = proxy
    const headers = { Host: authority, Connection: 'keep-alive', ...(authorization !== undefined && { 'Proxy-Authorization': authorization }) }
    // `agent: false`, because the application's global agent may itself use a proxy.
    const options: RequestOptions = { protocol, hostname, port, method: 'CONNECT', path: authority, headers, agent: false, insecureHTTPParser: false }
    this.#connect = (protocol === 'https:' ? requestHttps : requestHttp)(Object.assign(options, { rejectUnauthorized: true }))
      .once('connect', (answer: IncomingMessage, socket: Duplex, early: Buffer) => this.#answered(answer, socket, early))
      .on('error', ({ code }: NodeJS.ErrnoException) => this.destroy(fault(code?.startsWith('HPE_') === false ? code : 'PROXY_INVALID_RESPONSE')))
      .end()
  }

  /**
   * Handles the proxy's response to CONNECT.
   * @param early bytes that arrived together with the response. There must be none, because in TLS the client sends first
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

  /** Node's agent calls `unref` on an idle connection, so that the connection does not keep the process alive. */
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

/** Creates an error that has only a code. Text from the proxy is left out, because it may be an attacker's. */
function fault(code: TunnelCode | (string & {})): Error {
  return Object.assign(new Error(code), { code })
}
