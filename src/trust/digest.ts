/**
 * Binds a transaction to what was started: a keyed digest of all that must be the same when it is finished.
 *
 * Between the two it lies in the session, where a careless merge or whoever else writes to the store could change the
 * amount after the phone has shown it. The key never is in the session, so a changed transaction cannot be given a
 * digest that fits. Out of scope: what follows from that (`exchange.ts`), and whose the transaction is.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Transaction } from '../factors/transaction'
import { withSortedNames } from '../host/canonical'

/** @internal */
export class Digests {
  /**
   * @param keys the first binds, all fit; 32 bytes each
   * @param owner strategy and instance: a transaction of one strategy does not fit another one in the same session
   */
  constructor(
    private readonly keys: readonly Buffer[],
    private readonly owner: string,
  ) {}

  withDigest(transaction: Omit<Transaction, 'digest'>): Transaction {
    const [key] = this.keys
    return { digest: this.digestOf(transaction, key as Buffer).toString('base64url'), ...transaction }
  }

  /** @returns false for one that was changed, and for one without a digest, as of a version that made none: who waits starts again */
  matches(transaction: Transaction): boolean {
    const digest = Buffer.from(String(transaction.digest), 'base64url')
    const fitting = this.keys.map((key) => this.digestOf(transaction, key))
    return fitting.some((one) => one.length === digest.length && timingSafeEqual(one, digest))
  }

  private digestOf(transaction: Omit<Transaction, 'digest'>, key: Buffer): Buffer {
    const { budget, data, enrolments, expiresAt, factor, factors, id, login, message, operation, purpose, slots, startedAt, subject, userId } = transaction
    const names = { id, factor, operation, subject: withSortedNames(subject), userId, startedAt, expiresAt, message, data: withSortedNames(data), factors, login }
    const rules = { purpose, budget, slots, enrolments: withSortedNames(enrolments) }
    return createHmac('sha256', key).update(JSON.stringify([this.owner, names, rules])).digest()
  }
}
