/**
 * Encrypts new recovery codes on their way to the user. The encrypted codes are in the handle, which is in the URL of the waiting page. The key is in the
 * session.
 *
 * So an attacker who can read the session store gets only the key. An attacker who can read an access log or the browser's history gets only the encrypted
 * codes. Out of scope: generating codes, which Nevis does.
 */
import { randomBytes } from 'node:crypto'
import { decrypt, encrypt } from './cipher'

const CONTEXT = Buffer.from('passport-nevis recovery codes')
/** The most bytes of codes that fit into the URL of the waiting page. Nevis does not document how many codes it generates. */
const MAX_BYTES = 3000

interface EncryptedCodes {
  readonly key: string
  readonly encrypted: string
}

/**
 * Encrypts the codes with a new key.
 * @throws RangeError if the codes are too long for a URL
 */
export function encryptCodes(codes: readonly string[]): EncryptedCodes {
  const text = JSON.stringify(codes)
  if (Buffer.byteLength(text) > MAX_BYTES) throw new RangeError('NevisStrategy: the recovery codes are too long for a URL')
  const key = randomBytes(32)
  return { key: key.toString('base64url'), encrypted: encrypt(text, key, CONTEXT).toString('base64url') }
}

/** @returns undefined if the key or the encrypted codes are missing, or if the codes were encrypted with another key */
export function decryptCodes(key: string | undefined, encrypted: string | undefined): readonly string[] | undefined {
  if (key === undefined || encrypted === undefined) return undefined
  const text = decrypt(Buffer.from(encrypted, 'base64url'), [Buffer.from(key, 'base64url')], CONTEXT)
  return text === undefined ? undefined : (JSON.parse(text) as string[])
}
