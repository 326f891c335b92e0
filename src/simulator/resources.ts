/**
 * The JSON of users, authenticators, approvals and enrolments in responses.
 *
 * Out of scope: the status code, and changes of state.
 */
import type { ApprovalJson, AuthenticatorJson, QrCodeJson, UserJson } from '../client/wire'
import { isoMicroseconds, isoSeconds } from './clock'
import type { Cloud } from './cloud'
import type { Authenticator, Transaction, User } from './model'
import { pngDataUri } from './png'
import { qrModules } from './qr'

const QR_CODE_PIXELS = 300

/**
 * The status of a user. Nevis's documents say that `active` needs "at least one authenticator", but not whether a phone number alone is enough. Here
 * a phone number is enough, because a user who has one can sign in.
 */
export function userStatus(user: User): 'new' | 'active' {
  return user.authenticators.length > 0 || user.phone !== undefined ? 'active' : 'new'
}

export function authenticatorJson(authenticator: Authenticator): AuthenticatorJson {
  const { authenticatorId, name, type, enrolledAt, updatedAt } = authenticator
  return {
    authenticatorId,
    name,
    type,
    authenticatorType: 'app',
    state: 'active',
    enrolledAt: isoSeconds(enrolledAt),
    updatedAt: isoSeconds(updatedAt),
  }
}

/**
 * The JSON of a user.
 * @param time the date format: enrolment responses have microseconds, all others whole seconds
 */
export function userJson(cloud: Cloud, user: User, time = isoSeconds): UserJson {
  const exceeded = cloud.limits.blockedChannels(user.userId)
  return {
    userId: user.userId,
    ...(user.username !== undefined && { username: user.username }),
    status: userStatus(user),
    createdAt: time(user.createdAt),
    updatedAt: time(user.updatedAt),
    authenticators: user.authenticators.map(authenticatorJson),
    // Nevis documents that this field is present while the user is blocked, but not its shape. The shape is the simulator's own.
    ...(exceeded.length > 0 && { exceededRateLimits: exceeded }),
  }
}

export const enrollmentJson = (cloud: Cloud, user: User, enrollment: object) => ({
  ...userJson(cloud, user, isoMicroseconds),
  enrollment,
})

/** QR code and app link; empty for a transaction without a link. */
export function linkJson(cloud: Cloud, transaction: Transaction): { qrCode?: QrCodeJson; appLinkUri?: string } {
  if (transaction.dispatchToken === undefined) return {}
  const appLinkUri = `${cloud.baseURL}/open?dispatchTokenResponse=${transaction.dispatchToken}`
  const dataUri = pngDataUri(qrModules(appLinkUri), QR_CODE_PIXELS)
  return { qrCode: { type: 'image/png', size: QR_CODE_PIXELS, dataUri }, appLinkUri }
}

export function approvalJson(cloud: Cloud, transaction: Transaction): ApprovalJson {
  const { transactionId, statusToken, user } = transaction
  return {
    transactionId,
    ...(user !== undefined && { userId: user.userId }),
    statusToken,
    ...linkJson(cloud, transaction),
  }
}
