/**
 * Users as a test may look at them: copies that change nothing.
 *
 * Out of scope: the user of the API (see `resources.ts`), which shows less.
 */
import type { AuthenticatorJson } from '../client/wire'
import type { Cloud } from './cloud'
import type { LimitedChannel } from './limits'
import { authenticatorJson, userStatus } from './resources'

/** A user at one moment; `simulator.users` makes new ones. */
export interface UserSnapshot {
  /** Nevis's lifelong identifier. */
  readonly userId: string
  /** `undefined` for a user without one. */
  readonly username: string | undefined
  /** `new` until the first factor is confirmed. */
  readonly status: 'new' | 'active'
  /** Phones, in the order of their registration. */
  readonly authenticators: readonly AuthenticatorJson[]
  /** The confirmed number. */
  readonly phone: string | undefined
  /** The codes that are not used up. */
  readonly recoveryCodes: readonly string[]
  /** The channels for which the user is blocked. */
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
