/**
 * How users, authenticators, approvals and enrolments look in an answer.
 *
 * Out of scope: to choose the status code, or to change anything.
 */
import type { ApprovalJson, AuthenticatorJson, QrCodeJson, UserJson } from '../client/wire'
import { isoMicroseconds, isoSeconds } from './clock'
import type { Cloud } from './cloud'
import type { Authenticator, Transaction, User } from './model'
import { pngDataUri } from './png'
import { qrModules } from './qr'

const QR_CODE_PIXELS = 300

/**
 * `active` needs "at least one authenticator". Whether a phone number alone makes a user active is not documented;
 * here it does, because such a user is able to log in.
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

/** @param time enrolment answers show microseconds, all others whole seconds */
export function userJson(cloud: Cloud, user: User, time = isoSeconds): UserJson {
  const exceeded = cloud.limits.blockedChannels(user.userId)
  return {
    userId: user.userId,
    ...(user.username !== undefined && { username: user.username }),
    status: userStatus(user),
    createdAt: time(user.createdAt),
    updatedAt: time(user.updatedAt),
    authenticators: user.authenticators.map(authenticatorJson),
    // Documented as present while the user is blocked; its shape is the simulator's own.
    ...(exceeded.length > 0 && { exceededRateLimits: exceeded }),
  }
}

export const enrollmentJson = (cloud: Cloud, user: User, enrollment: object) => ({
  ...userJson(cloud, user, isoMicroseconds),
  enrollment,
})

/** What a phone can scan or open; nothing for a transaction without an app link. */
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
