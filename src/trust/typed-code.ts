/**
 * Computes and compares the digest of a code that the user must type. The session stores this digest instead of the code.
 *
 * A six-digit code has only a million values, so an attacker could find the code behind a plain digest. The digest is therefore keyed (HMAC), and the key is
 * not in the session. The digest also covers the transaction's id, so it matches in this transaction only.
 * Out of scope: how many codes may be tried (`ledger/code-budget.ts`).
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** @internal */
export class TypedCodes {
  /**
   * @param keys 32 bytes each. New digests are made with the first key; digests of every key are accepted
   * @param owner names of the strategy and the Nevis instance, and the callback URL. A digest matches only for the same owner
   */
  constructor(
    private readonly keys: readonly Buffer[],
    private readonly owner: string,
  ) {}

  digestOf(code: string, id: string): string {
    return this.digestBy(this.keys[0] as Buffer, code, id).toString('base64url')
  }

  /** Compares the code that the user has typed with a stored digest, in constant time. */
  matches(digest: string | undefined, code: string, id: string): boolean {
    const kept = Buffer.from(String(digest), 'base64url')
    const expected = this.keys.map((key) => this.digestBy(key, code, id))
    return expected.some((one) => one.length === kept.length && timingSafeEqual(one, kept))
  }

  private digestBy(key: Buffer, code: string, id: string): Buffer {
    return createHmac('sha256', key).update(JSON.stringify([this.owner, id, code])).digest()
  }
}
