/**
 * Checks an SMS code or a recovery code at Nevis. Finds out whether a 4xx answer means a wrong code or a wrong access key.
 *
 * For a verification, Nevis documents only "200, or 4xx otherwise". This package takes a 400, 404, 409, 412 or 422 as "wrong code". But a 401 or 403 can
 * also mean a wrong access key. So after a 401, a 403 or any other 4xx, this file requests the user's record with the same access key. If Nevis returns the
 * record, the access key is right, so the code was wrong. There are three exceptions: a 405 (there is no such endpoint), a 429, and an HTML page or text of a
 * gateway never mean a wrong code.
 * Out of scope: whether a text has the form of a code (`client/typed-input.ts`).
 *
 * Sources: https://docs.nevis.net/authcloud/api-doc/api-reference/verification-ref and …/users-endpoint-ref
 */
import type { NevisClient, VerifyCodeRequest } from '../client/client'
import { isFromPage, NevisError } from '../client/errors'
import type { Answer } from './factor'
import { Refusal } from './failures'
import { isBlocked } from './shared'

const MEANS_REFUSED: readonly string[] = ['NEVIS_UNAUTHORIZED', 'NEVIS_REJECTED', 'NEVIS_RATE_LIMITED', 'NEVIS_NOT_FOUND']

/**
 * Tells the app's other processes that Nevis has called a code right. Nevis accepts a code only once: if the browser sends the same code again, as at a double
 * click, and another process gets the second request, Nevis calls the code wrong.
 */
export interface RightCodeNote {
  /** Leaves the note if the browser no longer waits for this request: only then can the browser use the answer of another process. */
  leave(): Promise<void>
  /** True if another process has left the note. */
  isLeft(): Promise<boolean>
}

/** What the strategy gives to the factors of this package that check codes at Nevis. */
export interface CodeAnswer extends Answer {
  /** Absent if no other process shares the ledger. */
  readonly note?: RightCodeNote
}

/**
 * Asks Nevis whether a code is right. If Nevis calls it wrong, looks whether Nevis has just called it right in another process.
 * @returns true for a right code, false for a wrong one
 * @throws Refusal `user_blocked`; NevisError if Nevis does not say whether the code is right
 */
export async function isRightCode(nevis: NevisClient, request: VerifyCodeRequest, expected: Parameters<NevisClient['verifyCode']>[1], note?: RightCodeNote): Promise<boolean> {
  const isRight = await verdictOfNevis(nevis, request, expected)
  if (isRight) await note?.leave()
  return isRight || (await note?.isLeft()) === true
}

async function verdictOfNevis(nevis: NevisClient, request: VerifyCodeRequest, expected: Parameters<NevisClient['verifyCode']>[1]): Promise<boolean> {
  try {
    return await nevis.verifyCode(request, expected)
  } catch (error) {
    if (!(error instanceof NevisError) || !MEANS_REFUSED.includes(error.code) || error.nevisStatus === 405 || isFromPage(error)) throw error
    const user = await nevis.getUser(request.userId).catch(() => undefined)
    if (user === undefined) throw error
    if (isBlocked(user)) throw new Refusal('user_blocked', undefined, error.retryAfterSeconds)
    if (error.code === 'NEVIS_RATE_LIMITED') throw error
    return false
  }
}
