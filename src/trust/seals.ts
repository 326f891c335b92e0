/**
 * What handles are sealed with, and transactions bound: the strategy's own secrets, else the access key of the moment.
 *
 * Out of scope: sealing (`handle.ts`), binding (`digest.ts`), and hiding what is shown (`shown.ts`).
 */
import { hkdfSync } from 'node:crypto'
import type { NevisClient } from '../client/client'
import { Digests } from './digest'
import { Handles } from './handle'
import { ShownBox } from './shown'

const USES = ['passport-nevis handle', 'passport-nevis transaction', 'passport-nevis shown'] as const

/** @internal */
export interface Seals {
  readonly handles: Handles
  readonly digests: Digests
  readonly box: ShownBox
}

/** A promise where the app has to be asked for its access key. */
export type CurrentSeals = () => Seals | Promise<Seals>

/**
 * @param name the strategy's; handles and digests belong to one strategy at one instance
 * @param secrets the first seals, all open
 * @internal
 */
export function sealsOf(name: string, secrets: readonly string[] | undefined, client: NevisClient): CurrentSeals {
  const owner = `${name} ${client.baseURL}`
  const sealsWith = (...[forHandles, forTransactions, forShown]: readonly (readonly Buffer[])[]): Seals => ({
    handles: new Handles(forHandles as readonly Buffer[], owner),
    digests: new Digests(forTransactions as readonly Buffer[], owner),
    box: new ShownBox(forShown as readonly Buffer[]),
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
