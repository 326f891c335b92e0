/**
 * Sends a response of the simulator, completely or broken as a fault demands.
 *
 * Out of scope: the content of the response.
 */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Answer } from './answer'

export interface DeliveryFault {
  readonly reset: boolean
  readonly truncate: boolean
  /** Milliseconds to wait before each byte of the body; undefined to send the body at once. */
  readonly dripMs: number | undefined
}

export type Wait = (ms: number) => Promise<void>

/**
 * Serialises the body, and adds default headers. The media type of JSON is the one that Nevis documents: https://docs.nevis.net/apidoc/authcloud/ (Media
 * Type).
 */
function encoded(answer: Answer): { bytes: Buffer; headers: Record<string, string> } {
  const { body } = answer
  const bytes = bytesOf(body)
  const type = typeof body === 'string' ? 'text/plain;charset=utf-8' : 'application/json;charset=utf-8'
  const defaults: Record<string, string> = body === undefined ? {} : { 'content-type': type }
  // Content-Length is forbidden with status 204 (RFC 9110, section 8.6) and with a chunked body.
  if (answer.status !== 204 && answer.headers['transfer-encoding'] === undefined) defaults['content-length'] = String(bytes.length)
  const headers = { ...defaults, ...answer.headers }
  // A fault removes a header by setting it to an empty string.
  return { bytes, headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== '')) }
}

function bytesOf(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0)
  return Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

async function drip(response: ServerResponse, bytes: Buffer, wait: () => Promise<void>): Promise<void> {
  response.flushHeaders()
  for (const byte of bytes) {
    await wait()
    if (response.destroyed) return
    response.write(Buffer.of(byte))
  }
  response.end()
}

/**
 * Sends a response.
 * @param now the time for the `Date` header, in milliseconds since 1970, by the simulator's clock
 */
export async function deliver(response: ServerResponse, now: number, answer: Answer, deliveryFault: DeliveryFault | undefined, wait: Wait): Promise<void> {
  if (deliveryFault?.reset) {
    response.socket?.resetAndDestroy()
    return
  }
  const { bytes, headers: own } = encoded(answer)
  const headers = { date: new Date(now).toUTCString(), ...own }
  if (deliveryFault?.truncate) {
    const sent = bytes.subarray(0, bytes.length >> 1)
    response.writeHead(answer.status, { ...headers, 'content-length': String(bytes.length + 1) })
    response.flushHeaders()
    response.write(sent, () => response.socket?.destroySoon())
    return
  }
  response.writeHead(answer.status, headers)
  const { dripMs } = deliveryFault ?? {}
  if (dripMs !== undefined) return drip(response, bytes, () => wait(dripMs))
  response.end(bytes)
  // If the connection is already destroyed, for example by `close()`, the response never emits `finish`. So do not wait then.
  if (!response.writableFinished && !response.destroyed) await Promise.race([once(response, 'finish'), once(response, 'close')])
}
