/**
 * Reads the body of an HTTP request, and defines the type of a recorded request.
 *
 * Out of scope: validating the body (`server.ts`, `inputs.ts`).
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { OperationName } from './routes'

/** A recorded request to the simulated API. */
export interface RecordedRequest {
  /** The API operation, for example `approve`; `unknown` if no endpoint has this path. */
  readonly operation: OperationName | 'unknown'
  /** HTTP method. */
  readonly method: string
  /** The path, with the query. */
  readonly path: string
  /** The request headers. They contain the access key: do not log them outside tests. */
  readonly headers: IncomingHttpHeaders
  /** The body: an object if it is JSON or a form, otherwise a string; `undefined` if there is none. */
  readonly body: unknown
  /** When the request arrived, by the simulator's clock, in milliseconds since 1970. */
  readonly at: number
  /** The HTTP status of the response. Absent until the response is sent, and if a fault has reset the connection. */
  status?: number
}

const MAX_BODY_BYTES = 1_000_000

/**
 * Reads the body of a request.
 * @returns the text; `undefined` if the body is larger than one megabyte
 */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return length <= MAX_BODY_BYTES ? Buffer.concat(chunks).toString() : undefined
}

/** The media type of a request, without the parameters: `application/json` for `application/json;charset=utf-8`. */
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
