/**
 * The Redis user of the guide "Ledgers", who may do only what the guide says.
 *
 * Out of scope: whether the ledger needs each of the rights (`test/ledger/redis-ledger.test.ts`).
 */
import { read } from './markdown'

const GUIDE = 'docs/guides/ledgers.md'

/** The name and the password with which a client connects as this user. */
export const LEDGER_USER = { username: 'passport-nevis', password: 'secret' }

/**
 * The rights that the guide gives to the user.
 * @param of `cluster`: also the rights that the guide adds for a Redis Cluster
 */
export function documentedRights(of?: 'cluster'): string[] {
  const rights = [...read(GUIDE).matchAll(/^ *ACL SETUSER passport-nevis (?:on >secret )?(.+)$/gm)].map(([, text = '']) => text.split(' '))
  if (rights.length !== 2) throw new Error('the guide must contain two commands ACL SETUSER: for every Redis, and for a Redis Cluster')
  return of === 'cluster' ? rights.flat() : (rights[0] as string[])
}

/**
 * Options with which redis-server creates the user.
 * @param keys further patterns of keys, for tests with other prefixes than the default
 */
export function userWith(rights: readonly string[], ...keys: string[]): string[] {
  const { username, password } = LEDGER_USER
  return ['--user', username, 'on', `>${password}`, ...keys, ...rights]
}
