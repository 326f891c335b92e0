/**
 * The request, as an API operation of the simulator gets it: authorised and parsed.
 *
 * Out of scope: parsing the request (`server.ts`).
 */
import type { Cloud } from './cloud'
import type { Body } from './inputs'
import type { Intent } from './model'

export interface Call {
  readonly cloud: Cloud
  /** The parsed body; an empty object if the request has no body. */
  readonly body: Body
  /** The id in the URL path; an empty string if the path has none. */
  readonly id: string
  readonly query: URLSearchParams
  /** The intent (what Nevis's widget may do) whose token authorised the request. Undefined if the access key authorised the request. */
  readonly intent: Intent | undefined
}
