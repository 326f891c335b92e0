/**
 * The error responses of the cloud: a status code and one of the two documented error bodies.
 *
 * Out of scope: deciding what is an error (the operations), and scripted faults (`faults.ts`).
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/ (Errors).
 */
import { STATUS_CODES } from 'node:http'
import type { ErrorJson } from '../client/wire'
import type { Answer } from './answer'
import { isoSeconds } from './clock'

/** The reasons for a refusal whose HTTP status Nevis does not document. Dialects answer these with other statuses. */
export type ProblemReason = 'unknown-user' | 'no-factor' | 'no-room' | 'blocked' | 'wrong-code' | 'wrong-key'

/** Thrown by an operation; the server turns it into a response. */
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

/**
 * Makes the response for a problem. The body has two forms, as in the documents: a 403 has its time in milliseconds and no `message`; a 400 has an
 * ISO time and a message.
 */
export function problemAnswer(problem: Problem, path: string, now: number): Answer {
  const { status, message, headers } = problem
  const error = STATUS_CODES[status] ?? 'Error'
  const body: ErrorJson =
    status === 403
      ? { error, path, status, timestamp: now }
      : { error, message, path, status, timestamp: isoSeconds(now) }
  return { status, headers: { ...headers }, body }
}
