/**
 * Read-only copies of users, for tests.
 *
 * Out of scope: the user in API responses (`resources.ts`), which has fewer fields.
 */
import type { AuthenticatorJson } from '../client/wire'
import type { Cloud } from './cloud'
import type { LimitedChannel } from './limits'
import { authenticatorJson, userStatus } from './resources'

/** A copy of a user; `simulator.users` creates new copies each time. */
export interface UserSnapshot {
  /** Nevis's lifelong identifier. */
  readonly userId: string
  /** `undefined` if the user has no username. */
  readonly username: string | undefined
  /** `new` until the first factor is confirmed. */
  readonly status: 'new' | 'active'
  /** Phones, in the order of their registration. */
  readonly authenticators: readonly AuthenticatorJson[]
  /** The confirmed number. */
  readonly phone: string | undefined
  /** The unused recovery codes. */
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
