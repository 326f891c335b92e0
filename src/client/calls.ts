/**
 * The event `passport-nevis:call`, published for each HTTP request to Nevis: how long the request took and how it ended.
 *
 * The event contains no path, token or body. Out of scope: what the response means (`client.ts`).
 */
import type { NevisErrorCode, NevisMethod } from './errors'
import { publisher } from './publisher'

/** One HTTP request to Nevis, and how it ended. For a retry, a separate event is published. */
export interface NevisCall {
  /** The method of NevisClient that sent the request, for example `approve`. */
  readonly operation: NevisMethod
  /** The base URL of the client. It tells several Nevis instances apart. */
  readonly baseURL: string
  /** 1 for the first request, 2 for its first retry. */
  readonly attempt: number
  /** Whole milliseconds from sending the request until the response was complete, or until the request failed. */
  readonly durationMs: number
  /** The HTTP status of the response; absent if no complete response arrived. */
  readonly nevisStatus?: number
  /** The code of the error, for example `NEVIS_TIMEOUT`; absent if a complete response arrived. */
  readonly code?: NevisErrorCode
}

/**
 * Publishes the event `passport-nevis:call`.
 * @internal
 */
export const publishCall = publisher<NevisCall>('call')
