/**
 * How long the ledger keeps its entries.
 *
 * Out of scope: what each entry means (for example in `start-budget.ts`, `code-budget.ts` and `endings.ts`).
 */

export const DAY_SECONDS = 86_400
export const YEAR_SECONDS = 365 * DAY_SECONDS

/** The ledger keeps a claim or a count this many seconds longer than needed, because the clocks of two processes may differ. */
export const MARGIN_SECONDS = 300

/** @throws RangeError for a lifetime that is not a whole number of seconds, or less than one. Stores round such lifetimes in different ways */
export function checkedSeconds(ledger: string, ttlSeconds: number): number {
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1) throw new RangeError(`${ledger}: a lifetime must be a whole number of seconds, 1 or more`)
  return ttlSeconds
}

export interface LedgerTransaction {
  readonly id: string
  /** When the transaction expires, in milliseconds since 1970. */
  readonly expiresAt: number
  /**
   * How many times a repeated start has given the session a new id and kept this transaction. Part of the transaction's key in the ledger, so that a copy of
   * the session with an old id cannot finish the transaction.
   */
  readonly moves?: number
}

/**
 * How many seconds the ledger must keep its keys about a transaction: until `firstFactorLifetimeMs` after the transaction has expired. Until then, a browser
 * can send an old session cookie that contains the transaction, to switch to another factor.
 */
export function secondsToKeep({ expiresAt }: LedgerTransaction, firstFactorLifetimeMs: number): number {
  const endsAt = expiresAt + firstFactorLifetimeMs
  return Math.max(0, Math.ceil((endsAt - Date.now()) / 1000)) + MARGIN_SECONDS
}
