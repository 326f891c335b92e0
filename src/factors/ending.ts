/**
 * Infers whether a request that Nevis reports as failed was denied or timed out.
 *
 * Nevis has one answer for both (HTTP 412, `failed`). The answer contains the times at which the transaction was created and last changed. Both times
 * are from Nevis's own clock, so a wrong clock of this server does no harm. Nevis does not document how long the user can answer a request. So this
 * file computes the time between creation and last change, and compares it with the lifetime of the transaction in this package. Out of scope:
 * telling the browser, which must not learn whether the user denied or did not answer.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/status-ref
 */
import type { FailedStatus } from '../client/client'

/** How a request ended without an approval. */
export type Ending = 'denied' | 'timed_out'

/** Nevis truncates its times to whole seconds. So a request that ended up to one second before the end of its lifetime counts as timed out. */
const PRECISION_MS = 1000

/**
 * Compares the two times in Nevis's answer.
 * @param lifetimeMs how long the user can answer the transaction, in milliseconds
 * @returns undefined if the answer does not have both times
 */
export function inferredEnding({ createdAt, lastUpdatedAt }: Pick<FailedStatus, 'createdAt' | 'lastUpdatedAt'>, lifetimeMs: number): Ending | undefined {
  const tookMs = Date.parse(lastUpdatedAt ?? '') - Date.parse(createdAt ?? '')
  if (!(tookMs >= 0)) return undefined
  return tookMs >= lifetimeMs - PRECISION_MS ? 'timed_out' : 'denied'
}
