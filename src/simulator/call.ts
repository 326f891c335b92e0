/**
 * What an operation of the cloud is given: the request, already authorised and decoded.
 *
 * Out of scope: to decode it (see `server.ts`).
 */
import type { Cloud } from './cloud'
import type { Body } from './inputs'
import type { Intent } from './model'

export interface Call {
  readonly cloud: Cloud
  /** Empty for requests without a body. */
  readonly body: Body
  /** The id in the path; empty where there is none. */
  readonly id: string
  readonly query: URLSearchParams
  /** The intent token that was sent in place of the access key. */
  readonly intent: Intent | undefined
}
