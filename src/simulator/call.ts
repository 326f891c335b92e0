/**
 * The input of an operation of the cloud: the request, already authorised and decoded.
 *
 * Out of scope: decoding the request (`server.ts`).
 */
import type { Cloud } from './cloud'
import type { Body } from './inputs'
import type { Intent } from './model'

export interface Call {
  readonly cloud: Cloud
  /** The decoded body; an empty object for requests without a body. */
  readonly body: Body
  /** The id in the path; empty if there is none. */
  readonly id: string
  readonly query: URLSearchParams
  /** The intent, if the request has sent an intent token instead of the access key. */
  readonly intent: Intent | undefined
}
