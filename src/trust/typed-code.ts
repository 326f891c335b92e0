/**
 * Keeps the digest of a code that the user must type, in place of the code.
 *
 * A million codes are tried in a moment, so the digest is keyed (HMAC): a reader of the session store, who does not have the key, learns
 * nothing. The transaction's id is digested too, so the digest of one transaction is no use in another.
 * Out of scope: how many codes may be tried (`ledger/code-budget.ts`).
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** @internal */
export class TypedCodes {
  /**
   * @param keys 32 bytes each: the first makes new digests, all are accepted
   * @param owner strategy and instance
   */
  constructor(
    private readonly keys: readonly Buffer[],
    private readonly owner: string,
  ) {}

  /** @returns base64url */
  digestOf(code: string, id: string): string {
    return this.digestBy(this.keys[0] as Buffer, code, id).toString('base64url')
  }

  /** Compares in constant time. */
  matches(digest: string | undefined, code: string, id: string): boolean {
    const kept = Buffer.from(String(digest), 'base64url')
    const expected = this.keys.map((key) => this.digestBy(key, code, id))
    return expected.some((one) => one.length === kept.length && timingSafeEqual(one, kept))
  }

  private digestBy(key: Buffer, code: string, id: string): Buffer {
    return createHmac('sha256', key).update(JSON.stringify([this.owner, id, code])).digest()
  }
}
