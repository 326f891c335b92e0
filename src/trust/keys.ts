/**
 * Derives a separate key for each purpose: to encrypt handles (references to transactions in URLs) and parts of the session, and to make digests of
 * transactions, typed codes and cookies. The keys come from the option `secret`; without that option, from the current access key.
 *
 * Out of scope: using the keys (`handle.ts`, `digest.ts`, `shown.ts`, `browsers.ts`, `typed-code.ts`).
 */
import { hkdfSync } from 'node:crypto'
import type { NevisClient } from '../client/client'
import { BrowserCookies } from './browsers'
import { Digests } from './digest'
import { Handles } from './handle'
import { ShownCipher } from './shown'
import { TypedCodes } from './typed-code'

const USES = ['passport-nevis handle', 'passport-nevis transaction', 'passport-nevis shown', 'passport-nevis browser', 'passport-nevis typed code'] as const

/** @internal */
export interface Keys {
  readonly handles: Handles
  readonly digests: Digests
  readonly shown: ShownCipher
  readonly browsers: BrowserCookies
  readonly typedCodes: TypedCodes
}

/** Returns the keys. Returns a promise only if the keys come from an access key that the app's function `accessKey` must provide first. */
export type CurrentKeys = () => Keys | Promise<Keys>

/**
 * Returns a function that returns the strategy's current `Keys`. Without `secrets`, the keys come from the access key, and change with it.
 * @param name the strategy's name. A strategy with another name accepts none of the handles, digests and cookies of this strategy
 * @param callbackURL handles and digests are valid only for this URL, because two strategies may have the same name
 * @param secrets the first secret is used for new handles and cookies; handles and cookies of all secrets are accepted
 * @internal
 */
export function keysOf(name: string, callbackURL: string, secrets: readonly string[] | undefined, client: NevisClient): CurrentKeys {
  const strategy = `${name} ${client.baseURL}`
  const owner = `${strategy} ${callbackURL}`
  const keysFrom = (...[forHandles, forTransactions, forShown, forBrowsers, forTypedCodes]: readonly (readonly Buffer[])[]): Keys => ({
    handles: new Handles(forHandles as readonly Buffer[], owner),
    digests: new Digests(forTransactions as readonly Buffer[], owner),
    shown: new ShownCipher(forShown as readonly Buffer[]),
    browsers: new BrowserCookies(forBrowsers as readonly Buffer[], strategy),
    typedCodes: new TypedCodes(forTypedCodes as readonly Buffer[], owner),
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
