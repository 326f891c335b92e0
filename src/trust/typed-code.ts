/**
 * Computes and compares the digest of a code that the user must type. The session stores this digest instead of the code.
 *
 * A six-digit code has only a million values. With a plain digest, an attacker could try all of them and find the code. The digest is therefore keyed
 * (HMAC), and an attacker who can read the session store does not have the key. The digest also covers the transaction's id, so that it matches in
 * this transaction only. Out of scope: how many codes may be tried (`ledger/code-budget.ts`).
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** @internal */
export class TypedCodes {
  /**
   * @param keys 32 bytes each. New digests are made with the first key; digests of every key are accepted
   * @param owner the strategy, the Nevis instance and the callback URL. A digest of one owner does not match for another
   */
  constructor(
    private readonly keys: readonly Buffer[],
    private readonly owner: string,
  ) {}

  digestOf(code: string, id: string): string {
    return this.digestBy(this.keys[0] as Buffer, code, id).toString('base64url')
  }

  /** Compares the code with a digest, in constant time. */
  matches(digest: string | undefined, code: string, id: string): boolean {
    const kept = Buffer.from(String(digest), 'base64url')
    const expected = this.keys.map((key) => this.digestBy(key, code, id))
    return expected.some((one) => one.length === kept.length && timingSafeEqual(one, kept))
  }

  private digestBy(key: Buffer, code: string, id: string): Buffer {
    return createHmac('sha256', key).update(JSON.stringify([this.owner, id, code])).digest()
  }
}
