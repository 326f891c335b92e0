/**
 * Records for a moment which browser has just started a transaction. So a double click on a sign-in is noticed even if its two requests reach two processes.
 *
 * Out of scope: what identifies a browser (`strategy/request-origin.ts`), and what happens with the second request (`strategy/parallel.ts`).
 */
import { createHash } from 'node:crypto'
import type { Ledger } from './ledger'

/** @internal */
export class ParallelStarts {
  constructor(private readonly ledger: Ledger) {}

  /** @returns false if the same start was already noted in the last `seconds` seconds */
  note(start: readonly unknown[], seconds: number): Promise<boolean> {
    return this.ledger.claim(keyOf(start), seconds)
  }

  /** Call this function if a start has failed, so that the next start does not wait for its result. */
  forget(start: readonly unknown[]): Promise<void> {
    return this.ledger.forget(keyOf(start))
  }
}

function keyOf(start: readonly unknown[]): string {
  const digest = createHash('sha256').update(JSON.stringify(start)).digest('base64url').slice(0, 22)
  return `starting:${digest}`
}
