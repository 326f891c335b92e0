/**
 * Infers whether the user denied a request or did not answer in time.
 *
 * Nevis sends the same answer in both cases (HTTP 412, `failed`). The answer contains the times at which the transaction was created and last changed. If
 * almost the whole lifetime of the transaction lies between these two times, the user did not answer in time. Both times come from Nevis's own clock, so a
 * wrong clock of this server does no harm.
 * Out of scope: telling the browser, which must not learn whether the user denied or did not answer.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/status-ref
 */
import type { FailedStatus } from '../client/client'

/** How a request ended without an approval. */
export type Ending = 'denied' | 'timed_out'

/** Nevis truncates its times to whole seconds. So a request counts as timed out if it ended at most one second before its expiry. */
const PRECISION_MS = 1000

/**
 * Compares the times `createdAt` and `lastUpdatedAt` in Nevis's answer.
 * @param lifetimeMs how much time the user had to answer, in milliseconds
 * @returns undefined if a time is missing or invalid, or if the second time is before the first
 */
export function inferredEnding({ createdAt, lastUpdatedAt }: Pick<FailedStatus, 'createdAt' | 'lastUpdatedAt'>, lifetimeMs: number): Ending | undefined {
  const tookMs = Date.parse(lastUpdatedAt ?? '') - Date.parse(createdAt ?? '')
  if (!(tookMs >= 0)) return undefined
  return tookMs >= lifetimeMs - PRECISION_MS ? 'timed_out' : 'denied'
}
