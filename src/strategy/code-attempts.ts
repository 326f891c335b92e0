/**
 * Counts the codes that a browser sends, and the tokens that a page sends after it got them from Nevis's widget. Each is counted before it is checked, so that
 * parallel requests cannot exceed the limit.
 *
 * Out of scope: checking a code (`callback.ts`, `typed-code.ts`).
 */
import { createHash } from 'node:crypto'
import { NevisError, wasNeverSent } from '../client/errors'
import type { SpentCode } from '../ledger/code-budget'
import type { RightCodeNote } from '../factors/code-check'
import type { Outcome } from '../factors/factor'
import { Refusal, type FailureCode } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { fieldOf } from '../host/request'
import { isFromWaitingPage } from './from-waiting-page'
import type { CheckedCode } from './settings'
import type { StrategyRequest } from './strategy-request'

/** A code with more characters is refused without a check. Recovery codes have 16 characters, to which users may add dashes and spaces. */
const MAX_CODE_LENGTH = 64

/**
 * Reads the code or the token that the browser has sent.
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
 * Counts a code, and checks it.
 *
 * A double click sends the same code twice, and the browser shows only the second response. Nevis accepts a code only once. So both requests share one check at
 * Nevis. A request that repeats a right code within five seconds after the check gets the result of that check, too. The requests that share a check count as
 * one code if the code is right. If the code is wrong, each of these requests counts as one code. For requests at several processes, see `noteOf`.
 * @throws Refusal `codes_locked`, `too_many_attempts`; the errors of `check`
 * @internal
 */
export async function checkOnce(request: StrategyRequest, transaction: Transaction, code: string, check: () => Promise<Outcome>): Promise<CheckedCode> {
  const { id, moves = 0 } = transaction
  // The key is a digest, because an app may log the strategy object with its cache, and the log must not contain the code.
  const key = createHash('sha256').update(JSON.stringify([id, moves, code])).digest('base64url')
  let isShared = true
  try {
    const checked = await request.settings.codeChecks.get(key, () => {
      isShared = false
      return checkCode(request, transaction, check)
    })
    return isShared && !checked.isRight ? await checkCode(request, transaction, async () => checked.outcome) : checked
  } catch (error) {
    // `strategy.ts` adds facts of its request to a Refusal. So each request that shares the check needs a Refusal of its own.
    throw error instanceof Refusal ? new Refusal(error.code, error.message, error.retryAfterSeconds) : error
  }
}

async function checkCode(request: StrategyRequest, transaction: Transaction, check: () => Promise<Outcome>): Promise<CheckedCode> {
  // Count the code before asking Nevis. Otherwise Nevis could check the codes of many parallel requests before the first code is counted.
  const { count: attempts, slot } = await spendCode(request, transaction)
  try {
    const outcome = await check()
    if (outcome.status === 'failed' && outcome.retryable) await noteWrongCode(request, transaction)
    // While the user has not yet typed the code that the phone shows (`isCodeTyped` is false), `pending` means that the code is right: only the answer on the
    // phone is missing.
    const isRight = outcome.status === 'succeeded' || (outcome.status === 'pending' && transaction.isCodeTyped === false)
    // If the ledger fails, the right code counts until its slot expires. That must not prevent the sign-in.
    if (isRight && slot !== undefined) await request.budgets.codes.giveBack(codeKeyOf(request, transaction), slot).catch(() => undefined)
    return { attempts, outcome, isRight }
  } catch (error) {
    // Nevis may have called the code wrong, although this process did not get that answer: a gateway may have sent an error page instead, or Nevis's answer may
    // have come too late. So count the code even now: otherwise an attacker could try any number of codes.
    if (error instanceof NevisError && error.operation === 'verifyCode' && !wasNeverSent(error)) await noteUnclearCode(request, transaction)
    throw error
  }
}

/**
 * Counts one more code of this transaction and of this user, before the code is checked. Ends the transaction if it has had too many codes itself.
 *
 * Leaves the transaction open if the user has sent too many codes in all sessions together: otherwise an attacker with the password could use up these codes, and
 * then the user's first code would end the user's own transaction.
 * @throws Refusal `codes_locked`, `too_many_attempts`
 */
async function spendCode(request: StrategyRequest, transaction: Transaction): Promise<SpentCode> {
  const spent = await request.budgets.codes.spend(transaction, codeKeyOf(request, transaction))
  const { over, limit, retryAfterSeconds } = spent
  if (over === undefined) return spent
  const code = over === 'locked' ? 'codes_locked' : 'too_many_attempts'
  const refusal = request.budgetRefusal({ over, limit, retryAfterSeconds }, code)
  // While the user's codes are locked, the user can try no further code on the waiting page. So end the transaction: the page then says why, and offers other
  // factors.
  if (over === 'attempts' || (over === 'locked' && isFromWaitingPage(request))) await request.end(transaction, code)
  throw over === 'attempts' ? await closedRefusal(request, transaction, code) : refusal
}

/**
 * Counts one more token of the widget before asking Nevis about it. If there were too many tokens, refuses the request but leaves the transaction open:
 * another callback with the right token may still be running.
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
 * Returns the Refusal for a transaction that ended without success. If it ended after too many codes, the Refusal also says in how many seconds the user may
 * start again.
 * @internal
 */
export async function closedRefusal({ budgets }: StrategyRequest, { budget }: Transaction, code: FailureCode): Promise<Refusal> {
  const isTimed = code === 'too_many_attempts' && budget !== undefined
  return new Refusal(code, undefined, isTimed ? await budgets.starts.secondsToWait(budget) : undefined)
}

/**
 * Lets the app's processes share that Nevis has called a code right. In one process, `checkOnce` does this.
 * @returns undefined if no other process shares the ledger
 * @internal
 */
export function noteOf({ settings, keys, budgets, req }: StrategyRequest, transaction: Transaction, code: string): RightCodeNote | undefined {
  if (settings.ledger.isInMemory) return undefined
  const digest = keys.digests.digestOfCode(code, transaction)
  return {
    // If the ledger fails, there is no note, and the code counts as wrong when it comes again.
    leave: async () => (req.socket?.destroyed === true ? budgets.codes.noteRight(digest).catch(() => undefined) : undefined),
    isLeft: () => budgets.codes.isNotedRight(digest).catch(() => false),
  }
}

/**
 * If the browser has closed this connection, as at a reload or a double click, it sends the callback again. Leaves the approval for that second request.
 * @throws Refusal `cancelled`
 * @internal
 */
export async function assertConnected(request: StrategyRequest, transaction: Transaction, code: string | undefined): Promise<void> {
  if (request.req.socket?.destroyed !== true) return
  if (code !== undefined) await noteOf(request, transaction, code)?.leave()
  throw new Refusal('cancelled')
}

/** Counts a wrong code. After too many wrong codes in a day, no further code of this user is accepted. */
async function noteWrongCode(request: StrategyRequest, transaction: Transaction): Promise<void> {
  await request.budgets.codes.noteWrong(codeKeyOf(request, transaction))
}

/** Counts a code for which Nevis's answer was unclear: the answer did not say whether the code was right. */
async function noteUnclearCode(request: StrategyRequest, transaction: Transaction): Promise<void> {
  await request.budgets.codes.noteUnclear(codeKeyOf(request, transaction))
}

/**
 * Refuses a wrong code. Ends the transaction after its last allowed code.
 * @param attempts how many codes this transaction has had
 * @throws Refusal `wrong_code`
 * @internal
 */
export async function refuseWrongCode(request: StrategyRequest, transaction: Transaction, attempts: number): Promise<never> {
  const { maxAttempts } = request.settings
  if (attempts >= maxAttempts) {
    request.budgetRefusal({ over: 'attempts', limit: maxAttempts }, 'too_many_attempts')
    await request.end({ ...transaction, attempts }, 'too_many_attempts')
  } else {
    await request.refresh()
    const current = request.transactionById(transaction.id)
    if (current !== undefined && current.closed === undefined) request.transactions.put({ ...current, attempts, refused: undefined })
    await request.save()
  }
  throw new Refusal('wrong_code')
}

/** The user's key in the ledger for counting codes. The key uses the userId, if known, because an app may use two usernames for one user. */
function codeKeyOf({ budgets }: StrategyRequest, { userId, subject }: Transaction): string {
  return budgets.keyOf(userId === undefined ? subject : { userId })
}
