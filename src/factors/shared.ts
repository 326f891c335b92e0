/** Functions that several factors use: refer to a user, build a challenge from a response, read the status.
 *
 * Out of scope: anything that belongs to one factor only.
 */
import type { Approval, Enrollment, FailedStatus, NevisClient, SucceededStatus, UnknownStatus, User } from '../client/client'
import { NevisError } from '../client/errors'
import { inferredEnding } from './ending'
import type { Subject, Transaction } from './transaction'
import type { Answer, Challenge, Outcome, Succeeded } from './factor'

/** Returns one identifier of the user, because a request to Nevis may contain only one: the userId if it is known, else the username. */
export function userReference(subject: Subject): { userId: string } | { username: string } {
  if (subject.userId !== undefined) return { userId: subject.userId }
  return { username: subject.username as string }
}

/**
 * Reads the subject's user record at Nevis, by userId if that is known, else by username.
 * @throws NevisError, any code; `NEVIS_NOT_FOUND` if Nevis does not know the user
 */
export function fetchUser(nevis: NevisClient, { userId, username }: Subject): Promise<User> {
  return userId === undefined ? nevis.findUserByUsername(username as string) : nevis.getUser(userId)
}

/**
 * Like `fetchUser`, but returns undefined for a user whom Nevis does not know.
 * @throws NevisError, any code but `NEVIS_NOT_FOUND`
 */
export async function findUser(nevis: NevisClient, subject: Subject): Promise<User | undefined> {
  try {
    return await fetchUser(nevis, subject)
  } catch (error) {
    if (error instanceof NevisError && error.code === 'NEVIS_NOT_FOUND') return undefined
    throw error
  }
}

/** Adds the userId to the subject (the user). If the userId is not known, asks Nevis for it. */
export async function withUserId(nevis: NevisClient, subject: Subject): Promise<{ userId: string; username?: string }> {
  if (subject.userId !== undefined) return { userId: subject.userId }
  const { userId, username } = await fetchUser(nevis, subject)
  return { userId, ...(username !== undefined && { username }) }
}

export function approvalChallenge(approval: Approval): Challenge {
  const { raw, transactionId: id, statusToken, userId, qrCode, appLinkUri } = approval
  return {
    server: {
      id,
      statusToken,
      ...(userId !== undefined && { userId }),
      ...(typeof raw['username'] === 'string' && { username: raw['username'] }),
    },
    browser: { ...(qrCode && { qrCode: qrCode.dataUri }), ...(appLinkUri !== undefined && { appLinkUri }) },
  }
}

/** @param id a generated id, used if Nevis's answer contains no transaction id. Nevis documents a transaction id only for some channels */
export function enrollmentChallenge(enrollment: Enrollment, id: string): Challenge {
  const { transactionId, statusToken, userId, username, qrCode, appLinkUri, recoveryCodes } = enrollment
  return {
    server: {
      id: transactionId ?? id,
      ...(transactionId === undefined && { hasOwnId: true }),
      ...(userId !== undefined && { userId }),
      ...(statusToken !== undefined && { statusToken }),
      ...(username !== undefined && { username }),
      ...(showsFactor(enrollment) && { hasFactor: true }),
    },
    browser: {
      ...(qrCode && { qrCode: qrCode.dataUri }),
      ...(appLinkUri !== undefined && { appLinkUri }),
      ...(recoveryCodes && { recoveryCodes }),
    },
  }
}

/**
 * True if the user's data in a response of Nevis show that the user has a factor: a confirmed authenticator, or a status other than `new`.
 * @see https://docs.nevis.net/authcloud/api-doc/api-reference/registration-ref
 */
export function showsFactor({ status, authenticators = [] }: Partial<Pick<User, 'status' | 'authenticators'>>): boolean {
  return (status !== undefined && status !== 'new') || authenticators.length > 0
}

export function succeeded({ token, ...named }: SucceededStatus, transaction: Transaction): Outcome {
  const namesNoTransaction = named.transactionId === undefined || transaction.hasOwnId === true
  return { status: 'succeeded', token, ...identifiersIn(named, transaction), ...(namesNoTransaction && { namesNoTransaction }) }
}

/**
 * Returns the ids of the user and of the transaction from Nevis's answer to the transaction's own status token. An id that the answer does not contain is
 * absent here, too: see `outcomeMismatch` in `trust/binding.ts`. Leaves out the id of the transaction if this package generated it, because Nevis's answer
 * cannot contain the generated id.
 */
export function identifiersIn(answer: Partial<Pick<SucceededStatus, 'userId' | 'username' | 'transactionId'>>, { hasOwnId }: Transaction): Omit<Succeeded, 'status'> {
  const { userId, username, transactionId } = answer
  return {
    isBoundByStatusToken: true,
    ...(userId !== undefined && { userId }),
    ...(username !== undefined && { username }),
    ...(transactionId !== undefined && hasOwnId !== true && { transactionId }),
  }
}

/**
 * True if Nevis has blocked the user for push or SMS. Nevis does not document the form of `exceededRateLimits`. If all its entries are `false` or `null`, the
 * user is not blocked.
 */
export function isBlocked({ exceededRateLimits: limits }: Pick<User, 'exceededRateLimits'>): boolean {
  if (typeof limits !== 'object' || limits === null) return Boolean(limits)
  return Object.values(limits).some((limit) => limit !== false && limit !== null)
}

/** The outcome for Nevis's status `failed` (the user denied or did not answer in time; Nevis does not say which) and for a transaction unknown to Nevis. */
export const notApproved = { status: 'failed', code: 'not_approved', retryable: false } as const satisfies Outcome

/** The outcome `notApproved`. If the times in Nevis's answer show whether the user denied or did not answer in time, `ending` says so. */
export function notApprovedBy(answer: FailedStatus | UnknownStatus, { startedAt, expiresAt }: Transaction): Outcome {
  const ending = answer.status === 'failed' ? inferredEnding(answer, expiresAt - startedAt) : undefined
  return { ...notApproved, ...(ending !== undefined && { ending }) }
}

export const wrongCode: Outcome = { status: 'failed', code: 'wrong_code', retryable: true }

/** Gets the outcome from Nevis's own status response, never from the browser. */
export async function outcomeByStatus(nevis: NevisClient, transaction: Transaction, { status }: Answer): Promise<Outcome> {
  const answer = status ?? await nevis.getStatus(transaction.statusToken as string)
  if (answer.status === 'pending') return { status: 'pending' }
  return answer.status === 'succeeded' ? succeeded(answer, transaction) : notApprovedBy(answer, transaction)
}
