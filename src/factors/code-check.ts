/**
 * Checks a code at Nevis, and finds out what an HTTP status means that the documents do not explain.
 *
 * Nevis documents "200, or 4xx otherwise" for a verification, and 401 and 403 for a wrong access key. So before a 4xx is blamed on the
 * key, the user's record is read: if that works, the key is right, and the refusal is about the user or the code. Out of scope: which
 * text is a code at all (`client/typed-input.ts`).
 *
 * Sources: https://docs.nevis.net/authcloud/api-doc/api-reference/verification-ref and …/users-endpoint-ref
 */
import type { NevisClient, VerifyCodeRequest } from '../client/client'
import { isFromPage, NevisError } from '../client/errors'
import { Refusal } from './failures'
import { isBlocked } from './shared'

const MEANS_REFUSED: readonly string[] = ['NEVIS_UNAUTHORIZED', 'NEVIS_REJECTED', 'NEVIS_RATE_LIMITED', 'NEVIS_NOT_FOUND']

/**
 * @returns false for a wrong code
 * @throws Refusal `user_blocked`; NevisError if Nevis does not say whether the code is right
 */
export async function isRightCode(nevis: NevisClient, request: VerifyCodeRequest, expected: Parameters<NevisClient['verifyCode']>[1]): Promise<boolean> {
  try {
    return await nevis.verifyCode(request, expected)
  } catch (error) {
    if (!(error instanceof NevisError) || !MEANS_REFUSED.includes(error.code) || isFromPage(error)) throw error
    const user = await nevis.getUser(request.userId).catch(() => undefined)
    if (user === undefined) throw error
    if (isBlocked(user)) throw new Refusal('user_blocked', undefined, error.retryAfterSeconds)
    if (error.code === 'NEVIS_RATE_LIMITED') throw error
    return false
  }
}
