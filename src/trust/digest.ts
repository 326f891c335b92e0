/**
 * Protects a transaction from changes in the session: a keyed digest (HMAC) covers every field that must stay the same until the transaction ends.
 *
 * Without the digest, an attacker who can write to the session store could change the amount of a payment after the phone has shown it. The key of the HMAC
 * is not in the session. Out of scope: refusing the request (`strategy-request.ts`).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Transaction } from '../factors/transaction'
import { withSortedNames } from '../host/canonical'

/** @internal */
export class Digests {
  /**
   * @param keys 32 bytes each. New digests are made with the first key; digests of every key are accepted
   * @param owner names of the strategy and the Nevis instance, and the callback URL. A digest matches only for the same owner
   */
  constructor(
    private readonly keys: readonly Buffer[],
    private readonly owner: string,
  ) {}

  /** Adds the digest of the transaction, and a digest of the status token. The latter stays when the status token is deleted at the end of the transaction. */
  withDigest(transaction: Omit<Transaction, 'digest'>): Transaction {
    const [key] = this.keys
    const { statusToken } = transaction
    const whole = { ...transaction, ...(statusToken !== undefined && { statusTokenDigest: sha256(statusToken) }) }
    return { digest: this.digestOf(whole, key as Buffer).toString('base64url'), ...whole }
  }

  /**
   * Compares the digest in the transaction with the computed one.
   * @returns false if the transaction was changed, or has no digest because an older version of this package made it
   */
  matches(transaction: Transaction): boolean {
    const { closed, statusToken, statusTokenDigest } = transaction
    // In a transaction of an older version of this package, the status token has no digest. Accept this: the transaction expires within minutes.
    if (statusTokenDigest !== undefined && (statusToken === undefined ? closed === undefined : sha256(statusToken) !== statusTokenDigest)) return false
    const digest = Buffer.from(String(transaction.digest), 'base64url')
    const expected = this.keys.map((key) => this.digestOf(transaction, key))
    return expected.some((one) => one.length === digest.length && timingSafeEqual(one, digest))
  }

  /**
   * A keyed digest (HMAC) of a phone number, which the session stores instead of the number. An attacker who can read the session does not have the key, and
   * so cannot try all phone numbers.
   * @returns base64url
   */
  digestOfPhone(phone: string, id: string): string {
    return this.phoneDigest(this.keys[0] as Buffer, phone, id).toString('base64url')
  }

  isPhone(digest: string, phone: string, id: string): boolean {
    return this.keys.some((key) => this.phoneDigest(key, phone, id).toString('base64url') === digest)
  }

  /**
   * A keyed digest of the user and the factor, for the cookie that keeps the factor used last. So the cookie reveals neither the user nor the factor.
   * @param subject the user's key in the ledger
   * @returns base64url
   */
  digestOfFactor(subject: string, factor: string): string {
    return this.factorDigest(this.keys[0] as Buffer, subject, factor).toString('base64url')
  }

  isFactor(digest: string, subject: string, factor: string): boolean {
    return this.keys.some((key) => this.factorDigest(key, subject, factor).toString('base64url') === digest)
  }

  private factorDigest(key: Buffer, subject: string, factor: string): Buffer {
    return createHmac('sha256', key).update(JSON.stringify(['factor', this.owner, subject, factor])).digest()
  }

  private phoneDigest(key: Buffer, phone: string, id: string): Buffer {
    return createHmac('sha256', key).update(JSON.stringify(['phone', this.owner, id, phone])).digest()
  }

  private digestOf(transaction: Omit<Transaction, 'digest'>, key: Buffer): Buffer {
    const { available, budget, data, enrolments, expiresAt, factor, factors, firstFactorAmr, hasOwnId, id, isCodeTyped, isUnsent, login, message, operation, phone, purpose } = transaction
    const { browser, client, forgetMarks, isInPlaceOfApproval, isUserIdNamed, moves, origin, remember, slots, startedAt, statusTokenDigest, subject, typedCode, userId } = transaction
    const names = { id, factor, operation, subject: withSortedNames(subject), userId, startedAt, expiresAt, message, data: withSortedNames(data), factors, login }
    const rules = { phone, purpose, budget, slots, enrolments: withSortedNames(enrolments), firstFactorAmr, remember, typedCode, isCodeTyped, isUnsent, available, isUserIdNamed, hasOwnId, isInPlaceOfApproval, moves, forgetMarks: withSortedNames(forgetMarks), browser, client, origin, statusTokenDigest }
    return createHmac('sha256', key).update(JSON.stringify([this.owner, names, rules])).digest()
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')
