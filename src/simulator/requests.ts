/**
 * Reads the body of a request, and defines the type of a recorded request.
 *
 * Out of scope: validating the body (`server.ts`, `inputs.ts`).
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { OperationName } from './routes'

/** One recorded request. */
export interface RecordedRequest {
  /** The API operation; `unknown` if no endpoint matches the path. */
  readonly operation: OperationName | 'unknown'
  /** HTTP method. */
  readonly method: string
  /** The path with the query. */
  readonly path: string
  /** The headers. They contain the access key: do not log them outside tests. */
  readonly headers: IncomingHttpHeaders
  /** The body. JSON and forms are decoded; any other body is a string; `undefined` if there is none. */
  readonly body: unknown
  /** Time of arrival by the simulator's clock, in milliseconds since 1970. */
  readonly at: number
  /** The HTTP status of the response. Absent before the response, and if the connection was reset. */
  status?: number
}

const MAX_BODY_BYTES = 1_000_000

/**
 * Reads the body of a request.
 * @returns the text, or `undefined` for a body above one megabyte, which is read but discarded
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

/** The media type of a request without its parameters, such as `application/json` of `application/json;charset=utf-8`. */
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
