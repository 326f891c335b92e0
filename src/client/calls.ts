/**
 * The event `passport-nevis:call`: one HTTP request to Nevis, how long it took and how it ended.
 *
 * The event contains no path, token or body. Out of scope: what the answer means (`client.ts`).
 */
import type { NevisErrorCode, NevisMethod } from './errors'
import { publisher } from './publisher'

/** One HTTP request to Nevis. If the client retries a request, each attempt is published. */
export interface NevisCall {
  /** The client's method, for example `approve`. */
  readonly operation: NevisMethod
  /** Base URL of the client, which tells instances apart. */
  readonly baseURL: string
  /** The number of the attempt: 1 for the first request, 2 for the first retry. */
  readonly attempt: number
  /** Whole milliseconds until the answer was complete, or until the request failed. */
  readonly durationMs: number
  /** The HTTP status of the answer; absent if there was no answer. */
  readonly nevisStatus?: number
  /** Why there was no answer: the code of the error. Absent if there was an answer. */
  readonly code?: NevisErrorCode
}

/**
 * Publishes the event.
 * @internal
 */
export const publishCall = publisher<NevisCall>('call')
