/**
 * What a browser may be shown of a challenge (QR code, app link, intent token), encrypted while it lies in the session.
 *
 * Whoever reads the session store could otherwise scan a victim's enrolment QR code and register a phone of their own. The key
 * is the strategy's and is never stored; the transaction's id is authenticated with the text, so that an encrypted QR code
 * cannot be moved to another transaction. Out of scope: recovery codes (`recovery-codes.ts`), which no session holds at all.
 */
import { decrypt, encrypt } from './handle'
import type { Shown } from '../factors/transaction'

type Kept = Omit<Shown, 'recoveryCodes'>

/** @internal */
export class ShownCipher {
  /** @param keys the first encrypts, all decrypt; 32 bytes each */
  constructor(private readonly keys: readonly Buffer[]) {}

  /** @returns base64url; undefined where there is nothing to hide */
  encrypt(shown: Kept, id: string): string | undefined {
    if (Object.keys(shown).length === 0) return undefined
    return encrypt(JSON.stringify(shown), this.keys[0] as Buffer, contextOf(id)).toString('base64url')
  }

  /** @returns nothing to show for a text that was not encrypted here for this transaction */
  decrypt(box: string | undefined, id: string): Kept {
    if (box === undefined) return {}
    const bytes = Buffer.from(box, 'base64url')
    for (const key of this.keys) {
      const text = decrypt(bytes, key, contextOf(id))
      if (text !== undefined) return JSON.parse(text) as Kept
    }
    return {}
  }
}

function contextOf(id: string): Buffer {
  return Buffer.from(`passport-nevis shown ${id}`)
}
