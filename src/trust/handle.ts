/**
 * Encrypts and decrypts the handle: the string by which the browser names a transaction.
 *
 * The handle contains everything that the status endpoint needs, so any process can answer without the session. Authenticated encryption (AES-256-GCM)
 * prevents a browser from reading the status token in the handle and from forging a handle.
 * Out of scope: whether this browser may use the transaction, which must be in its session.
 */
import type { Operation } from '../client/wire'
import { decrypt, encrypt } from './cipher'

export interface HandleContent {
  readonly id: string
  readonly factor: string
  readonly operation?: Operation
  readonly statusToken?: string
  /** The recovery codes, encrypted. Only the session has the key: see `recovery-codes.ts`. */
  readonly encryptedCodes?: string
  /** The user's key in the ledger, for counting denials: a digest of the userId or, while the app knows no userId, of the username. */
  readonly budget?: string
  /**
   * Whether the user has typed the code that only the phone shows; absent if there is no such code. While the value is false, the waiting page waits for the
   * code, and this package does not poll Nevis for the status.
   */
  readonly isCodeTyped?: boolean
  /** How many times the transaction was moved into a new session, because the user started the same thing again: see `ledger/endings.ts`. */
  readonly moves?: number
  /** When the transaction expires, in milliseconds since 1970. */
  readonly expiresAt: number
  /** Until when a callback sends the browser back, in milliseconds since 1970, if the session got a new id meanwhile: see `strategy/renewed-session.ts`. */
  readonly sentBackUntil?: number
  /** The outcome that a callback has checked before it sent the browser back. It counts only for a session that contains the transaction. */
  readonly proved?: object
}

/** Every field, in the order in which a handle contains the values. With this type, TypeScript reports a missing field. */
const EVERY_FIELD: { readonly [Field in keyof HandleContent]-?: true } = {
  id: true, factor: true, expiresAt: true, statusToken: true, operation: true, encryptedCodes: true, budget: true, isCodeTyped: true, moves: true,
  sentBackUntil: true, proved: true,
}
const FIELDS = Object.keys(EVERY_FIELD) as readonly (keyof HandleContent)[]

/**
 * Copies only the fields of a handle. A whole transaction, which TypeScript also accepts here, has more: for example the QR code and the app's data.
 * @internal
 */
export function handleContentOf(given: HandleContent): HandleContent {
  return contentWith((name) => given[name])
}

function contentWith(valueOf: (name: keyof HandleContent, index: number) => unknown): HandleContent {
  const fields = FIELDS.map((name, index) => [name, valueOf(name, index)] as const)
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined && value !== null)) as unknown as HandleContent
}

/**
 * The outcome that a callback has checked before it sent the browser back, as long as it counts.
 * @internal
 */
export function provedIn({ proved, sentBackUntil = 0 }: HandleContent): object | undefined {
  return Date.now() < sentBackUntil ? proved : undefined
}

const VERSION = 1
/** Longest handle that is accepted, in characters. A handle that this package makes has some hundred characters; the status token takes most of them. */
const MAX_LENGTH = 8192

/** @internal */
export class Handles {
  private readonly context: Buffer

  /**
   * @param keys 32 bytes each. New handles are encrypted with the first key; handles of every key are accepted
   * @param owner names of the strategy and the Nevis instance, and the callback URL. A handle can be decrypted only for the same owner
   */
  constructor(
    private readonly keys: readonly Buffer[],
    owner: string,
  ) {
    this.context = Buffer.from(`passport-nevis handle ${VERSION} ${owner}`)
  }

  seal(content: HandleContent): string {
    const [key] = this.keys
    const text = JSON.stringify(FIELDS.map((name) => content[name]))
    return Buffer.concat([Buffer.of(VERSION), encrypt(text, key as Buffer, this.context)]).toString('base64url')
  }

  /** False if the handle would be too long for `open`. Leaves some room, because a transaction gets further fields later, such as `moves`. */
  fits(content: HandleContent): boolean {
    return this.seal(content).length <= MAX_LENGTH - 100
  }

  /**
   * Decrypts a handle.
   * @returns undefined if the handle was not encrypted with one of the keys, or was changed afterwards
   */
  open(handle: unknown): HandleContent | undefined {
    if (typeof handle !== 'string' || handle.length > MAX_LENGTH) return undefined
    const bytes = Buffer.from(handle, 'base64url')
    if (bytes[0] !== VERSION) return undefined
    // Node's decoder ignores unused bits and invalid characters, so several strings decode to the same bytes. Accept only one of these strings.
    if (bytes.toString('base64url') !== handle) return undefined
    const text = decrypt(bytes.subarray(1), this.keys, this.context)
    if (text === undefined) return undefined
    // An absent field is `null` in the JSON.
    const values = JSON.parse(text) as readonly unknown[]
    return contentWith((_name, index) => values[index])
  }
}
