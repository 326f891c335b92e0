/**
 * Counts the codes that a user sends. A code is counted before it is checked, so that parallel requests cannot exceed the limit.
 *
 * Out of scope: checking a code (`callback.ts`, `typed-code.ts`).
 */
import { Refusal, type FailureCode } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { fieldOf } from '../host/request'
import type { StrategyRequest, StrategyResult } from './strategy-request'

/** A code with more characters is refused without a check. Recovery codes have 16, to which users may add dashes and spaces. */
const MAX_CODE_LENGTH = 64

/**
 * @throws Refusal `missing_code` if the field is empty, `wrong_code` for a code that is too long
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
 * @returns how many codes this transaction has had, including this one
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
 * Counts one more token of the widget, before Nevis is asked about it. If there were too many, the transaction stays open, because callbacks with the
 * right token may still be running.
 * @throws Refusal `too_many_attempts`
 * @internal
 */
export async function spendToken(request: StrategyRequest, transaction: Transaction): Promise<void> {
  const { over, limit } = await request.budgets.codes.spendToken(transaction)
  if (over === undefined) return
  const retryAfterSeconds = Math.max(1, Math.ceil((transaction.expiresAt - Date.now()) / 1000))
  throw request.budgetRefusal({ over, limit, retryAfterSeconds }, 'too_many_attempts')
}

/**
 * The Refusal for a closed transaction. After too many codes, it also says in how many seconds the user may start another one.
 * @internal
 */
export async function closedRefusal({ budgets }: StrategyRequest, { budget }: Transaction, code: FailureCode): Promise<Refusal> {
  const isTimed = code === 'too_many_attempts' && budget !== undefined
  return new Refusal(code, undefined, isTimed ? await budgets.starts.secondsToWait(budget) : undefined)
}

/**
 * Counts a wrong code. After too many in a day, no more codes of this user are accepted.
 * @internal
 */
export async function noteWrongCode(request: StrategyRequest, transaction: Transaction): Promise<void> {
  await request.budgets.codes.noteWrong(codeKeyOf(request, transaction))
}

/**
 * Counts a code of which Nevis's answer does not say whether it was right.
 * @internal
 */
export async function noteUnclearCode(request: StrategyRequest, transaction: Transaction): Promise<void> {
  await request.budgets.codes.noteUnclear(codeKeyOf(request, transaction))
}

/**
 * Refuses a wrong code. Ends the transaction after its last allowed code.
 * @param attempts how many codes this transaction has had
 * @returns a redirect to the waiting page, if the form of that page sent the code
 * @throws Refusal `wrong_code` if another form or a script sent the code; `too_many_attempts`
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
  // Only the form of the waiting page has the field `retry`. Its user stays on that page and can try another code.
  if (fieldOf(request.req, 'retry') !== undefined) return { to: request.waitingURL(transaction) }
  throw new Refusal('wrong_code')
}

/** The user's key in the ledger for counting codes. An app may use two usernames for one user, so prefer the userId. */
function codeKeyOf({ budgets }: StrategyRequest, { userId, subject }: Transaction): string {
  return budgets.keyOf(userId === undefined ? subject : { userId })
}
