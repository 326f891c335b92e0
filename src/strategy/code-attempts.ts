/**
 * Counts the codes that a callback receives. Each code is counted before it is checked, so that parallel requests cannot exceed the limit. After the
 * check, a wrong code is also added to a count of the user's wrong codes. If the user enters too many wrong codes in a day, this package accepts no
 * more codes of this user (the codes are locked).
 *
 * Out of scope: checking a code. Nevis does it (`callback.ts`), or a digest is compared (`typed-code.ts`).
 */
import { Refusal, type FailureCode } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { fieldOf } from '../host/request'
import type { StrategyRequest, StrategyResult } from './strategy-request'

/** Longer codes are refused without a check. Recovery codes have 16 characters; users may add dashes and spaces. */
const MAX_CODE_LENGTH = 64

/**
 * Reads the code or token from the request.
 * @throws Refusal `missing_code` if there is none, `wrong_code` for a code that is too long
 * @internal
 */
export function answerIn({ req }: StrategyRequest, field: 'code' | 'token'): string {
  const value = fieldOf(req, field)?.trim()
  if (!value) throw new Refusal('missing_code')
  if (field === 'code' && value.length > MAX_CODE_LENGTH) throw new Refusal('wrong_code')
  return value
}

/**
 * Counts one more code of this transaction and of this user, before the code is checked.
 * @returns how many codes have been tried in this transaction, including this one
 * @throws Refusal `codes_locked`, `too_many_attempts`
 * @internal
 */
export async function spendCode(request: StrategyRequest, transaction: Transaction): Promise<number> {
  const { count, over, limit, retryAfterSeconds } = await request.budgets.codes.spend(transaction, codeKeyOf(request, transaction))
  if (over === undefined) return count
  const refusal = request.budgetRefusal({ over, limit, retryAfterSeconds }, over === 'locked' ? 'codes_locked' : 'too_many_attempts')
  if (over !== 'attempts') throw refusal
  await request.end(transaction, 'too_many_attempts')
  throw await closedRefusal(request, transaction, 'too_many_attempts')
}

/**
 * Returns the Refusal for a closed transaction. If the transaction was closed after too many codes, the Refusal says in how many seconds the user may
 * start another one.
 * @internal
 */
export async function closedRefusal({ budgets }: StrategyRequest, { budget }: Transaction, code: FailureCode): Promise<Refusal> {
  const isTimed = code === 'too_many_attempts' && budget !== undefined
  return new Refusal(code, undefined, isTimed ? await budgets.starts.secondsToWait(budget) : undefined)
}

/**
 * Counts a wrong code of this user. After too many wrong codes in a day, this package accepts no more codes of the user.
 * @internal
 */
export async function noteWrongCode(request: StrategyRequest, transaction: Transaction): Promise<void> {
  await request.budgets.codes.noteWrong(codeKeyOf(request, transaction))
}

/**
 * Counts a code for which Nevis's answer does not show whether the code was right.
 * @internal
 */
export async function noteUnclearCode(request: StrategyRequest, transaction: Transaction): Promise<void> {
  await request.budgets.codes.noteUnclear(codeKeyOf(request, transaction))
}

/**
 * Answers a request that contained a wrong code, which has already been counted. If the transaction allows no further code, this function ends the
 * transaction.
 * @param attempts how many codes have been tried in this transaction
 * @returns a redirect to the waiting page, if the form of that page sent the code
 * @throws Refusal `wrong_code` if the request did not come from the waiting page's form
 * @internal
 */
export async function refuseWrongCode(request: StrategyRequest, transaction: Transaction, attempts: number): Promise<StrategyResult> {
  const { maxAttempts } = request.settings
  if (attempts >= maxAttempts) {
    request.budgetRefusal({ over: 'attempts', limit: maxAttempts }, 'too_many_attempts')
    await request.end({ ...transaction, attempts }, 'too_many_attempts')
  } else {
    await request.refresh()
    const current = request.transactionById(transaction.id)
    if (current !== undefined && current.closed === undefined) request.transactions.put({ ...current, attempts, refused: undefined })
    await request.transactions.save()
  }
  // The form of the waiting page sends the field `retry`. A user of this form stays on the waiting page after a wrong code, and can try another code.
  if (fieldOf(request.req, 'retry') !== undefined) return { to: request.waitingURL(transaction) }
  throw new Refusal('wrong_code')
}

/**
 * The user's key in the ledger for counting codes. It is made from the userId if that is known, because an app may use two usernames for one user.
 */
function codeKeyOf({ budgets }: StrategyRequest, { userId, subject }: Transaction): string {
  return budgets.keyOf(userId === undefined ? subject : { userId })
}
