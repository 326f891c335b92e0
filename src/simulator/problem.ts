/**
 * The error responses of the simulated Nevis: an HTTP status and one of the two error bodies that Nevis documents.
 *
 * Out of scope: deciding when an error occurs (the API operations), and faults (`faults.ts`).
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/ (Errors).
 */
import { STATUS_CODES } from 'node:http'
import type { ErrorJson } from '../client/wire'
import type { Answer } from './answer'
import { isoSeconds } from './clock'

/** Reasons of errors whose HTTP status Nevis does not document. A dialect (a variant of Nevis's behaviour) can change the status for one of these reasons. */
export type ProblemReason = 'unknown-user' | 'no-factor' | 'no-room' | 'blocked' | 'wrong-code' | 'wrong-key'

/** An error that an API operation throws. The server turns it into a response. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
    readonly reason?: ProblemReason,
  ) {
    super(message)
    this.name = 'Problem'
  }
}

/** Creates the response for a Problem. As Nevis documents: a 403 has a numeric `timestamp`; a 400 has an ISO `timestamp` and a `message`. */
export function problemAnswer(problem: Problem, path: string, now: number): Answer {
  const { status, message, headers } = problem
  const error = STATUS_CODES[status] ?? 'Error'
  const body: ErrorJson =
    status === 403
      ? { error, path, status, timestamp: now }
      : { error, message, path, status, timestamp: isoSeconds(now) }
  return { status, headers: { ...headers }, body }
}
