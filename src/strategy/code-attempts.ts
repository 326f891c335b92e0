/**
 * What a code at a callback costs: it is counted before it is tried, and a wrong one is counted again.
 *
 * Out of scope: whether it is right, which Nevis says (`callback.ts`) or a digest (`typed-code.ts`).
 */
import { Refusal, type FailureCode } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { fieldOf } from '../host/request'
import type { StrategyRequest, StrategyResult } from './strategy-request'

/** Longer codes are refused unread: recovery codes have 16 characters, and users type dashes and spaces. */
const MAX_CODE_LENGTH = 64

/**
 * The code or token of the request.
 * @throws Refusal `missing_code` without one, `wrong_code` for a code that is too long
 * @internal
 */
export function answerIn({ req }: StrategyRequest, field: 'code' | 'token'): string {
  const value = fieldOf(req, field)?.trim()
  if (!value) throw new Refusal('missing_code')
  if (field === 'code' && value.length > MAX_CODE_LENGTH) throw new Refusal('wrong_code')
  return value
}

/**
 * Counts the code before it is tried.
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
 * The refusal of a transaction that is closed. After too many codes, the user may start another as soon as the start budget allows.
 * @internal
 */
export async function closedRefusal({ budgets }: StrategyRequest, { budget }: Transaction, code: FailureCode): Promise<Refusal> {
  const isTimed = code === 'too_many_attempts' && budget !== undefined
  return new Refusal(code, undefined, isTimed ? await budgets.starts.secondsToWait(budget) : undefined)
}

/** @internal */
export async function noteWrongCode(request: StrategyRequest, transaction: Transaction): Promise<void> {
  await request.budgets.codes.noteWrong(codeKeyOf(request, transaction))
}

/** @internal */
export async function noteUnclearCode(request: StrategyRequest, transaction: Transaction): Promise<void> {
  await request.budgets.codes.noteUnclear(codeKeyOf(request, transaction))
}

/**
 * After a wrong code that was noted: the last one ends the transaction.
 * @param attempts how many codes have been tried in this transaction
 * @throws Refusal `wrong_code`, unless the page's own form sent it
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
  // The waiting page's own form sends `retry`: after a typing mistake, the user stays on the waiting page.
  if (fieldOf(request.req, 'retry') !== undefined) return { to: request.waitingURL(transaction) }
  throw new Refusal('wrong_code')
}

/** The subject's name in the ledger for codes: the userId where it is known, because an app may name the same user in two ways. */
function codeKeyOf({ budgets }: StrategyRequest, { userId, subject }: Transaction): string {
  return budgets.keyOf(userId === undefined ? subject : { userId })
}
