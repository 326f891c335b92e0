/**
 * Encrypts and decrypts a text with AES-256-GCM, which also authenticates it: a text that was changed is not decrypted.
 *
 * Out of scope: the keys (`keys.ts`), and what is encrypted (`handle.ts`, `shown.ts`, `browsers.ts`, `recovery-codes.ts`).
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * AES-256-GCM with a random nonce.
 * @param context additional data, which is authenticated but not encrypted. `decrypt` needs the same data
 * @returns nonce, ciphertext and tag
 * @internal
 */
export function encrypt(text: string, key: Buffer, context: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context)
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/**
 * Decrypts bytes that `encrypt` has returned.
 * @param keys the keys with which the text may have been encrypted
 * @returns undefined if the bytes were not encrypted with one of these keys and this context, or were changed afterwards
 * @internal
 */
export function decrypt(bytes: Buffer, keys: readonly Buffer[], context: Buffer): string | undefined {
  for (const key of keys) {
    const text = decryptWith(key, bytes, context)
    if (text !== undefined) return text
  }
  return undefined
}

function decryptWith(key: Buffer, bytes: Buffer, context: Buffer): string | undefined {
  if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(context)
      .setAuthTag(bytes.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString()
  } catch {
    return undefined
  }
}
