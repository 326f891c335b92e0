/**
 * Builds the JSON of users, authenticators, approvals and enrolments for responses.
 *
 * Out of scope: the HTTP status of a response, and changes of the simulator's state.
 */
import type { ApprovalJson, AuthenticatorJson, QrCodeJson, UserJson } from '../client/wire'
import { isoMicroseconds, isoSeconds } from './clock'
import type { Cloud } from './cloud'
import type { Authenticator, Transaction, User } from './model'
import { pngDataUri } from './png'
import { qrModules } from './qr'

const QR_CODE_PIXELS = 300

/**
 * The status of a user. Nevis documents that `active` needs "at least one authenticator". In the simulator, a phone number counts as an authenticator, because
 * a user can sign in with it.
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
 * Builds the JSON of a user.
 * @param time formats dates: enrolment responses have microseconds, all others whole seconds
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
    // Nevis documents that this field is present while a user is blocked, but not its form. The simulator sends a list of channels.
    ...(exceeded.length > 0 && { exceededRateLimits: exceeded }),
  }
}

export const enrollmentJson = (cloud: Cloud, user: User, enrollment: object) => ({
  ...userJson(cloud, user, isoMicroseconds),
  enrollment,
})

/** The QR code and the app link of a transaction; an empty object if the transaction has no link. */
export function linkJson(cloud: Cloud, transaction: Transaction): { qrCode?: QrCodeJson; appLinkUri?: string } {
  if (transaction.dispatchToken === undefined) return {}
  const appLinkUri = `${cloud.baseURL}/open?dispatchTokenResponse=${transaction.dispatchToken}`
  const dataUri = pngDataUri(qrModules(appLinkUri), QR_CODE_PIXELS)
  return { qrCode: { type: 'image/png', size: QR_CODE_PIXELS, dataUri }, appLinkUri }
}

export function approvalJson(cloud: Cloud, transaction: Transaction): ApprovalJson {
  const { transactionId, statusToken, user } = transaction
  const userId = user && { userId: user.userId }
  // Nevis's documents print `statusToken` first for an approval by SMS, and after `userId` for the other channels.
  if (transaction.channel === 'sms') return { statusToken, transactionId, ...userId }
  return { transactionId, ...userId, statusToken, ...linkJson(cloud, transaction) }
}
