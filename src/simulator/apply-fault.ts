/**
 * Changes one response as a fault demands. A fault is a failure that a test has added with `simulator.faults.add`.
 *
 * Out of scope: choosing the fault (`faults.ts`), and sending the response (`delivery.ts`).
 */
import { isRecord, type Answer } from './answer'
import type { Cloud } from './cloud'
import type { DeliveryFault } from './delivery'
import type { Fault } from './faults'
import { Problem, problemAnswer } from './problem'
import type { OperationName } from './routes'

export interface FaultContext {
  readonly cloud: Cloud
  readonly operation: OperationName
  readonly path: string
  /** The status token in the request body; undefined for requests without one. */
  readonly statusToken: string | undefined
  /** Runs the operation and returns its response, as if there were no fault. */
  real(): Answer
  wait(ms: number): Promise<void>
}

function wrongToken({ cloud, statusToken }: FaultContext, kind: string, userId: string | undefined): string {
  const other = [...cloud.users.values()].find((user) => user.userId !== userId) ?? cloud.createUser(undefined)
  switch (kind) {
    case 'status':
      return statusToken ?? ''
    case 'intent':
      return cloud.tokens.mint('intent', 600, userId)
    case 'accessKey':
      return cloud.accessKey
    case 'otherUser':
      return cloud.tokens.mint('transaction', 600, other.userId)
    default:
      return kind
  }
}

/** Returns the operation's own response, with the fault's status and with the body properties that the fault changes. */
function patchedAnswer(context: FaultContext, fault: Fault, real: Answer): Answer {
  if (!isRecord(real.body)) return real
  const body: Record<string, unknown> = { ...real.body, ...fault.patch }
  if (fault.swapToken !== undefined && 'token' in body) {
    const userId = typeof body['userId'] === 'string' ? body['userId'] : undefined
    body['token'] = wrongToken(context, fault.swapToken, userId)
  }
  return { ...real, status: fault.status ?? real.status, body }
}

/** Returns the response that the fault sends in place of the operation's own: the fault's status, and the fault's body or, for an error, Nevis's error body. */
function replacementAnswer(context: FaultContext, fault: Fault): Answer {
  const { cloud, operation, path } = context
  const status = fault.rateLimit ? 429 : fault.redirect !== undefined ? 302 : (fault.status ?? 200)
  const headers: Record<string, string> = {}
  if (fault.retryAfterSeconds !== undefined) headers['retry-after'] = String(fault.retryAfterSeconds)
  if (fault.redirect !== undefined) headers['location'] = fault.redirect
  if (fault.body !== undefined) return { status, headers: { 'content-type': 'application/json', ...headers }, body: fault.body }
  if (status < 400) return { status, headers, body: undefined }
  if (operation === 'getStatus' && status === 404) return { status, headers, body: { status: 'unknown' } }
  if (operation === 'getStatus' && status === 412) {
    // Nevis's body for a 412 contains the ids of the transaction. So run `getStatus`, which changes nothing, and take the ids from its response.
    const real = context.real()
    if (isRecord(real.body)) return { status, headers, body: { ...real.body, status: 'failed' } }
  }
  return problemAnswer(new Problem(status, 'Scripted by a fault', headers), path, cloud.clock.now())
}

export async function applyFault(context: FaultContext, fault: Fault): Promise<{ answer: Answer; deliveryFault: DeliveryFault }> {
  const { when = 'before', delayMs = 0, drip, truncate, reset } = fault
  const changes = fault.patch !== undefined || fault.swapToken !== undefined
  const replaces =
    fault.status !== undefined || fault.body !== undefined || fault.rateLimit || fault.redirect !== undefined || reset
  const executes = when === 'after' || !replaces || changes || truncate || drip !== undefined
  if (when === 'before') await context.wait(delayMs)
  const real = executes ? context.real() : undefined
  if (when === 'after') await context.wait(delayMs)
  const answer =
    real !== undefined && (changes || !replaces) ? patchedAnswer(context, fault, real) : replacementAnswer(context, fault)
  return {
    answer: { ...answer, headers: { ...answer.headers, ...fault.headers } },
    deliveryFault: { reset: reset === true, truncate: truncate === true, dripMs: drip },
  }
}
