/**
 * Reads the body of a request, and defines the record of one.
 *
 * Out of scope: validating it (`server.ts`, `inputs.ts`).
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { OperationName } from './routes'

/** One recorded request. */
export interface RecordedRequest {
  /** `unknown` if no endpoint matches. */
  readonly operation: OperationName | 'unknown'
  /** HTTP method. */
  readonly method: string
  /** The path with the query. */
  readonly path: string
  /** Contains the access key: do not log it outside tests. */
  readonly headers: IncomingHttpHeaders
  /** JSON and forms are decoded; any other body is a string; `undefined` if there is none. */
  readonly body: unknown
  /** Time of arrival by the simulator's clock, in milliseconds since 1970. */
  readonly at: number
  /** The HTTP status of the response; absent until then, and if the connection was reset. */
  status?: number
}

const MAX_BODY_BYTES = 1_000_000

/** @returns the text, or `undefined` for a body above one megabyte, which is read but discarded */
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
