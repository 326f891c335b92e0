/**
 * Functions that several factors use: refer to a user, build a challenge from a response, read the status.
 *
 * Out of scope: anything that belongs to one factor only.
 */
import type { Approval, Enrollment, FailedStatus, NevisClient, SucceededStatus, UnknownStatus, User } from '../client/client'
import { inferredEnding } from './ending'
import type { Subject, Transaction } from './transaction'
import type { Answer, Challenge, Outcome, Succeeded } from './factor'

/** Returns the userId of the subject (user) if it is known, else the username. A request to Nevis may contain only one of the two. */
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

/** Adds the userId to the subject, for calls to Nevis that need it. If the subject already has a userId, no call to Nevis is made. */
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

/**
 * @param id a generated id for the transaction. It is used if Nevis's answer has no transaction id: Nevis does not document this id for every channel
 */
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
 * True if the response shows that the user already had a factor. `authenticators` lists the confirmed authenticators, and a user has the
 * status `new` until the first one is confirmed: https://docs.nevis.net/authcloud/api-doc/api-reference/registration-ref
 */
export function showsFactor({ status, authenticators = [] }: Partial<Pick<User, 'status' | 'authenticators'>>): boolean {
  return (status !== undefined && status !== 'new') || authenticators.length > 0
}

/**
 * The outcome if Nevis's status answer says `succeeded`. The answer need not name the user or the transaction. It belongs to this transaction,
 * because the server asked with the status token of this transaction, and only the server has this token. The strategy then introspects the token in
 * the answer and compares the owner of the token with the subject.
 */
export function succeeded({ token, ...named }: SucceededStatus, transaction: Transaction): Outcome {
  const namesNoTransaction = named.transactionId === undefined || transaction.hasOwnId === true
  return { status: 'succeeded', token, ...identifiersIn(named, transaction), ...(namesNoTransaction && { namesNoTransaction }) }
}

/**
 * The user and the transaction that Nevis's answer names. Anything that the answer does not name is taken from the started transaction. If this
 * package generated the transaction's id, an id in the answer is ignored, because it can never equal the generated one.
 */
export function identifiersIn(answer: Pick<SucceededStatus, 'userId' | 'username' | 'transactionId'>, transaction: Transaction): Pick<Succeeded, 'userId' | 'username' | 'transactionId'> {
  const { userId = transaction.userId, username, transactionId } = answer
  return {
    transactionId: transaction.hasOwnId === true ? transaction.id : (transactionId ?? transaction.id),
    ...(userId !== undefined && { userId }),
    ...(username !== undefined && { username }),
  }
}

/**
 * True if Nevis has blocked the user for push or SMS. Nevis sends the field `exceededRateLimits` only while the user is blocked, and does not
 * document its form. If every entry of the field is `false` or `null`, this function concludes that the user is not blocked.
 */
export function isBlocked({ exceededRateLimits: limits }: Pick<User, 'exceededRateLimits'>): boolean {
  if (typeof limits !== 'object' || limits === null) return Boolean(limits)
  return Object.values(limits).some((limit) => limit !== false && limit !== null)
}

/**
 * The outcome if the user denied, the request timed out, or Nevis does not know the transaction. Nevis does not say whether the user denied or the
 * request timed out, so this outcome does not say it either.
 */
export const notApproved = { status: 'failed', code: 'not_approved', retryable: false } as const satisfies Outcome

/** The outcome `notApproved`. If the times in Nevis's answer show whether the user denied or the request timed out, the outcome says this as well. */
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
