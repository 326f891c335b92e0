/**
 * Checks an SMS code or a recovery code at Nevis. Finds out whether a 4xx answer means a wrong code or a wrong access key.
 *
 * For a verification, Nevis documents only "200, or 4xx otherwise". But 401 and 403 can also mean a wrong access key. So after a 4xx such as 401 or 403
 * (not after those that can only mean a wrong code), this file requests the user's record with the same access key. If Nevis returns the record, the access key
 * is right, and the answer means a wrong code; a 429 never does.
 * Out of scope: whether a text has the form of a code (`client/typed-input.ts`).
 *
 * Sources: https://docs.nevis.net/authcloud/api-doc/api-reference/verification-ref and …/users-endpoint-ref
 */
import type { NevisClient, VerifyCodeRequest } from '../client/client'
import { isFromPage, NevisError } from '../client/errors'
import { Refusal } from './failures'
import { isBlocked } from './shared'

const MEANS_REFUSED: readonly string[] = ['NEVIS_UNAUTHORIZED', 'NEVIS_REJECTED', 'NEVIS_RATE_LIMITED', 'NEVIS_NOT_FOUND']

/**
 * Asks Nevis whether a code is right.
 * @returns true for a right code, false for a wrong one
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
