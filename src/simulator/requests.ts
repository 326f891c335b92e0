/**
 * The body and the record of one request to the cloud.
 *
 * Out of scope: to refuse a request for what it contains (see `server.ts`, `inputs.ts`).
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { OperationName } from './routes'

/** One request that the simulator was asked. */
export interface RecordedRequest {
  /** `unknown` where no endpoint fits. */
  readonly operation: OperationName | 'unknown'
  /** HTTP method. */
  readonly method: string
  /** With the query. */
  readonly path: string
  /** With the access key: not for logs outside of tests. */
  readonly headers: IncomingHttpHeaders
  /** JSON and forms decoded; anything else as text; `undefined` for none. */
  readonly body: unknown
  /** Milliseconds since 1970 by the simulator's clock, at the arrival. */
  readonly at: number
  /** The HTTP status that was answered; absent before, and where the connection was reset. */
  status?: number
}

const MAX_BODY_BYTES = 1_000_000

/** @returns the text, or `undefined` for a body above one megabyte, which is read to its end but not kept */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return length <= MAX_BODY_BYTES ? Buffer.concat(chunks).toString() : undefined
}

/** `application/json` of `application/json;charset=utf-8`. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}

export function decodeBody(type: string, text: string): unknown {
  if (text === '') return undefined
  if (type === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(text))
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
