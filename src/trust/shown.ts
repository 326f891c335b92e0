/**
 * Encrypts the parts of a challenge that the browser may see (QR code, app link, intent token) while they are stored in the session.
 *
 * Without the encryption, an attacker who can read the session store could scan the QR code of a user's enrolment and register the attacker's own phone. The
 * key is not in the session.
 * Out of scope: recovery codes, which are not in the session at all (`recovery-codes.ts`).
 */
import { decrypt, encrypt } from './cipher'
import type { Shown } from '../factors/transaction'

type Kept = Omit<Shown, 'recoveryCodes'>

/** @internal */
export class ShownCipher {
  /** @param keys 32 bytes each. New text is encrypted with the first key; text encrypted with any of the keys can be decrypted */
  constructor(private readonly keys: readonly Buffer[]) {}

  /**
   * @param id the transaction's id; the text can be decrypted only with the same id
   * @returns base64url; undefined if there is nothing to encrypt
   */
  encrypt(shown: Kept, id: string): string | undefined {
    if (Object.keys(shown).length === 0) return undefined
    return encrypt(JSON.stringify(shown), this.keys[0] as Buffer, contextOf(id)).toString('base64url')
  }

  /** @returns an empty object if the text was not encrypted with one of `keys` for the transaction with this id */
  decrypt(encrypted: string | undefined, id: string): Kept {
    if (encrypted === undefined) return {}
    const text = decrypt(Buffer.from(encrypted, 'base64url'), this.keys, contextOf(id))
    return text === undefined ? {} : (JSON.parse(text) as Kept)
  }
}

function contextOf(id: string): Buffer {
  return Buffer.from(`passport-nevis shown ${id}`)
}
