/**
 * Read-only copies of users, for tests.
 *
 * Out of scope: the user in API responses (`resources.ts`), which has fewer fields.
 */
import type { AuthenticatorJson } from '../client/wire'
import type { Cloud } from './cloud'
import type { LimitedChannel } from './limits'
import { authenticatorJson, userStatus } from './resources'

/** A copy of a user, made when a test reads `simulator.users`. */
export interface UserSnapshot {
  /** The userId, a UUID. It never changes. */
  readonly userId: string
  /** The username; `undefined` if the user has none. */
  readonly username: string | undefined
  /** `new` until the user's first factor is enrolled. */
  readonly status: 'new' | 'active'
  /** The user's phones, in order of registration. */
  readonly authenticators: readonly AuthenticatorJson[]
  /** The phone number for SMS, after the user has confirmed it. */
  readonly phone: string | undefined
  /** The recovery codes that the user has not used yet. */
  readonly recoveryCodes: readonly string[]
  /** The channels for which the user is blocked now. */
  readonly exceededRateLimits: readonly LimitedChannel[]
}

export function snapshots(cloud: Cloud): UserSnapshot[] {
  return [...cloud.users.values()].map((user) => ({
    userId: user.userId,
    username: user.username,
    status: userStatus(user),
    authenticators: user.authenticators.map(authenticatorJson),
    phone: user.phone,
    recoveryCodes: [...user.recoveryCodes],
    exceededRateLimits: cloud.limits.blockedChannels(user.userId),
  }))
}
