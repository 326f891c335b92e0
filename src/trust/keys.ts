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

/** @internal */
export interface Keys {
  readonly handles: Handles
  readonly digests: Digests
  readonly shown: ShownCipher
  readonly browsers: BrowserCookies
  readonly typedCodes: TypedCodes
}

/** The label with which the key for each purpose is derived. Another label gives another key. */
const LABELS = {
  handles: 'passport-nevis handle',
  digests: 'passport-nevis transaction',
  shown: 'passport-nevis shown',
  browsers: 'passport-nevis browser',
  typedCodes: 'passport-nevis typed code',
} as const satisfies Record<keyof Keys, string>

/** The keys of each purpose. New handles, digests and cookies are made with the first key; those made with any of the keys are accepted. */
type KeyLists = Readonly<Record<keyof Keys, readonly Buffer[]>>

/** @param keysFor gets the label of a purpose, and its place in `LABELS` */
function keyListsBy(keysFor: (label: string, index: number) => readonly Buffer[]): KeyLists {
  return Object.fromEntries(Object.entries(LABELS).map(([purpose, label], index) => [purpose, keysFor(label, index)])) as unknown as KeyLists
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
  const keysFrom = ({ handles, digests, shown, browsers, typedCodes }: KeyLists): Keys => ({
    handles: new Handles(handles, owner),
    digests: new Digests(digests, owner),
    shown: new ShownCipher(shown),
    browsers: new BrowserCookies(browsers, strategy),
    typedCodes: new TypedCodes(typedCodes, owner),
  })
  if (secrets !== undefined) {
    const fixed = keysFrom(keyListsBy((label) => secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', label, 32)))))
    return () => fixed
  }
  const keysFromAccessKey = (keys: readonly Buffer[]) => keysFrom(keyListsBy((_label, index) => [keys[index] as Buffer]))
  return () => {
    const keys = client.deriveKeys(Object.values(LABELS))
    return keys instanceof Promise ? keys.then(keysFromAccessKey) : keysFromAccessKey(keys)
  }
}
