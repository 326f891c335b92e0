/**
 * What handles are sealed with, and transactions bound: the strategy's own secrets, else the access key of the moment.
 *
 * Not its job: to seal (`handle.ts`) or to bind (`digest.ts`).
 */
import { hkdfSync } from 'node:crypto'
import type { NevisClient } from './client/client'
import { Digests } from './digest'
import { Handles } from './handle'

const USES = ['passport-nevis handle', 'passport-nevis transaction'] as const

/** @internal */
export interface Seals {
  readonly handles: Handles
  readonly digests: Digests
}

/** A promise where the app has to be asked for its access key. */
export type CurrentSeals = () => Seals | Promise<Seals>

/**
 * @param name the strategy's
 * @param secrets the first seals, all open
 * @internal
 */
export function sealsOf(name: string, secrets: readonly string[] | undefined, client: NevisClient): CurrentSeals {
  const sealsWith = (...[forHandles, forTransactions]: readonly (readonly Buffer[])[]): Seals => ({
    handles: new Handles(forHandles as readonly Buffer[], name),
    digests: new Digests(forTransactions as readonly Buffer[], name),
  })
  if (secrets !== undefined) {
    const fixed = sealsWith(...USES.map((use) => secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', use, 32)))))
    return () => fixed
  }
  const sealsOfKeys = (keys: readonly Buffer[]) => sealsWith(...keys.map((key) => [key]))
  return () => {
    const keys = client.deriveKeys(USES)
    return keys instanceof Promise ? keys.then(sealsOfKeys) : sealsOfKeys(keys)
  }
}
