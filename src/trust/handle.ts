/**
 * Encrypts and decrypts the handle, the browser's only name for a transaction.
 *
 * The handle holds what the status endpoint needs to answer in any process and without a session. Authenticated encryption (AES-256-GCM)
 * prevents a browser from reading the status token in it and from forging a handle. Out of scope: whether this browser may use the
 * transaction, which the session decides.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Operation } from '../client/wire'

export interface Sealed {
  readonly id: string
  readonly factor: string
  readonly operation?: Operation
  readonly statusToken?: string
  /** Recovery codes, encrypted with a key that is only in the session: see `recovery-codes.ts`. */
  readonly lockedCodes?: string
  /** The subject's name in the ledger, for counting denials; a digest. */
  readonly budget?: string
  /** Whether the code that only the phone shows was typed right; undefined if there is none. Until then Nevis is not asked for the status. */
  readonly isCodeTyped?: boolean
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** A status token is a JWT of a few hundred bytes. Browsers and proxies reject URLs much longer than this limit. */
const MAX_LENGTH = 8192

/** @internal */
export class Handles {
  private readonly context: Buffer

  /**
   * @param keys 32 bytes each: the first encrypts, all decrypt
   * @param owner strategy and instance: a handle of one cannot be opened by another
   */
  constructor(
    private readonly keys: readonly Buffer[],
    owner: string,
  ) {
    this.context = Buffer.from(`passport-nevis handle ${VERSION} ${owner}`)
  }

  seal({ id, factor, expiresAt, statusToken, operation, lockedCodes, budget, isCodeTyped }: Sealed): string {
    const [key] = this.keys
    const text = JSON.stringify([id, factor, expiresAt, statusToken, operation, lockedCodes, budget, isCodeTyped])
    return Buffer.concat([Buffer.of(VERSION), encrypt(text, key as Buffer, this.context)]).toString('base64url')
  }

  /** @returns undefined for a value that was not sealed with one of these keys, or was changed in a single bit */
  open(handle: unknown): Sealed | undefined {
    if (typeof handle !== 'string' || handle.length > MAX_LENGTH) return undefined
    const bytes = Buffer.from(handle, 'base64url')
    if (bytes[0] !== VERSION) return undefined
    // Node's decoder ignores unused bits and invalid characters, so only canonical base64url is accepted: one handle, one spelling.
    if (bytes.toString('base64url') !== handle) return undefined
    for (const key of this.keys) {
      const text = decrypt(bytes.subarray(1), key, this.context)
      if (text !== undefined) return parse(text)
    }
    return undefined
  }
}

function parse(text: string): Sealed {
  type Optional = string | null | undefined
  type Kept = [string, string, number, Optional, Optional, Optional, Optional, boolean | null | undefined]
  const [id, factor, expiresAt, statusToken, operation, lockedCodes, budget, isCodeTyped] = JSON.parse(text) as Kept
  return {
    id,
    factor,
    expiresAt,
    ...(statusToken && { statusToken }),
    ...(operation && { operation: operation as Operation }),
    ...(lockedCodes && { lockedCodes }),
    ...(budget && { budget }),
    ...(typeof isCodeTyped === 'boolean' && { isCodeTyped }),
  }
}

/**
 * AES-256-GCM with a random nonce.
 * @param context must be the same to decrypt
 * @returns nonce, ciphertext and tag
 * @internal
 */
export function encrypt(text: string, key: Buffer, context: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context)
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/**
 * @returns undefined if the bytes were not encrypted with this key and context
 * @internal
 */
export function decrypt(bytes: Buffer, key: Buffer, context: Buffer): string | undefined {
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
