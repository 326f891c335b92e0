/**
 * Checks the code that the phone shows and the user types into the browser. Without the right code, an approval on the phone does not sign the user in.
 *
 * The session stores a keyed digest of the code. Out of scope: generating the code (`factors/`), and the checks that follow (`callback.ts`).
 */
import { smsCodeIn } from '../client/typed-input'
import type { Outcome } from '../factors/factor'
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { fieldOf } from '../host/request'
import { answerIn, checkOnce } from './code-attempts'
import { isGone } from './renewed-session'
import type { StrategyRequest } from './strategy-request'

/** What a callback contains: no code (`none`), a wrong code, or the right code. */
export type TypedCode =
  | { readonly verdict: 'none' }
  | { readonly verdict: 'wrong'; readonly attempts: number; /** False for text that cannot be a code. */ readonly isCode: boolean }
  | { readonly verdict: 'right'; readonly transaction: Transaction }

/**
 * Compares the code that the user has typed with the code on the phone.
 * @throws Refusal `missing_code` for an empty field, `wrong_code` for a text that is too long, `codes_locked`, `too_many_attempts`
 * @internal
 */
export async function typedCodeOf(request: StrategyRequest, transaction: Transaction): Promise<TypedCode> {
  if (fieldOf(request.req, 'code') === undefined) return { verdict: 'none' }
  const value = answerIn(request, 'code')
  const code = smsCodeIn(value)
  const isRight = code !== undefined && request.keys.typedCodes.matches(transaction.typedCode, code, transaction.id)
  // After the right code, the outcome still depends on the user's answer on the phone.
  const checked = async (): Promise<Outcome> => (isRight ? { status: 'pending' } : { status: 'failed', code: 'wrong_code', retryable: true })
  const { attempts } = await checkOnce(request, transaction, value, checked)
  return isRight ? { verdict: 'right', transaction: await keepTyped(request, transaction, attempts) } : { verdict: 'wrong', attempts, isCode: code !== undefined }
}

/** Saves in the session that the user has typed the right code. If Nevis then does not answer, the user need not type the code again. */
async function keepTyped(request: StrategyRequest, transaction: Transaction, attempts: number): Promise<Transaction> {
  // If the session of a signed-in user has just got a new id, the callback goes on with the typed code, and then sends the browser back: see
  // `renewed-session.ts`.
  const isLost = await isGone(request)
  if (isLost && request.login() === undefined) throw new Refusal('unknown_transaction')
  const current = request.transactionById(transaction.id)
  const { digest: _digest, typedCode: _code, ...rest } = current ?? transaction
  const typed = request.keys.digests.withDigest({ ...rest, attempts, isCodeTyped: true })
  // If another request has removed or closed the transaction meanwhile, do not store it in the session again.
  if (current !== undefined && current.closed === undefined) request.transactions.put(typed)
  if (!isLost) await request.save()
  return (request.current = typed)
}
