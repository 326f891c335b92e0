/**
 * Recovery codes on their one way to the person: locked in the handle, under a key that only the session has.
 *
 * So they are stored nowhere. Whoever reads the session store has the key alone; an access log or a browser's history has
 * the handle alone, and the key goes with the transaction. Not its job: to make codes; Nevis does.
 */
import { randomBytes } from 'node:crypto'
import { decrypt, encrypt } from './handle'

const CONTEXT = Buffer.from('passport-nevis recovery codes')
/** How many there are in a set is not documented; this many still fit a handle. */
const MAX_BYTES = 3000

export interface LockedCodes {
  readonly key: string
  readonly locked: string
}

/** @throws RangeError when no address could carry them */
export function lockCodes(codes: readonly string[]): LockedCodes {
  const text = JSON.stringify(codes)
  if (Buffer.byteLength(text) > MAX_BYTES) throw new RangeError('NevisStrategy: more recovery codes than an address can carry')
  const key = randomBytes(32)
  return { key: key.toString('base64url'), locked: encrypt(text, key, CONTEXT).toString('base64url') }
}

/** @returns undefined where one of the two is missing, or they do not belong together */
export function unlockCodes(key: string | undefined, locked: string | undefined): readonly string[] | undefined {
  if (key === undefined || locked === undefined) return undefined
  const text = decrypt(Buffer.from(locked, 'base64url'), Buffer.from(key, 'base64url'), CONTEXT)
  return text === undefined ? undefined : (JSON.parse(text) as string[])
}
