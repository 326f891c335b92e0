/**
 * What handles are sealed with, and transactions bound: the strategy's own secrets, else the access key of the moment.
 *
 * Out of scope: sealing (`handle.ts`), binding (`digest.ts`), and hiding what is shown (`shown.ts`).
 */
import { hkdfSync } from 'node:crypto'
import type { NevisClient } from '../client/client'
import { Digests } from './digest'
import { Handles } from './handle'
import { ShownCipher } from './shown'

const USES = ['passport-nevis handle', 'passport-nevis transaction', 'passport-nevis shown'] as const

/** @internal */
export interface Keys {
  readonly handles: Handles
  readonly digests: Digests
  readonly shown: ShownCipher
}

/** A promise where the app has to be asked for its access key. */
export type CurrentKeys = () => Keys | Promise<Keys>

/**
 * @param name the strategy's; handles and digests belong to one strategy at one instance
 * @param secrets the first seals, all open
 * @internal
 */
export function keysOf(name: string, secrets: readonly string[] | undefined, client: NevisClient): CurrentKeys {
  const owner = `${name} ${client.baseURL}`
  const keysFrom = (...[forHandles, forTransactions, forShown]: readonly (readonly Buffer[])[]): Keys => ({
    handles: new Handles(forHandles as readonly Buffer[], owner),
    digests: new Digests(forTransactions as readonly Buffer[], owner),
    shown: new ShownCipher(forShown as readonly Buffer[]),
  })
  if (secrets !== undefined) {
    const fixed = keysFrom(...USES.map((use) => secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', use, 32)))))
    return () => fixed
  }
  const keysFromAccessKey = (keys: readonly Buffer[]) => keysFrom(...keys.map((key) => [key]))
  return () => {
    const keys = client.deriveKeys(USES)
    return keys instanceof Promise ? keys.then(keysFromAccessKey) : keysFromAccessKey(keys)
  }
}
