/**
 * A callback of a transaction with a typed code: until the user has typed it right, an approval alone signs nobody in.
 *
 * The session keeps a keyed digest of the code, and later that it was typed; both are part of the transaction's own digest. A code that was
 * typed before the approval stays typed. Out of scope: making the code (`factors/`), and the checks that follow (`callback.ts`).
 */
import { smsCodeIn } from '../client/typed-input'
import type { Transaction } from '../factors/transaction'
import { fieldOf } from '../host/request'
import { answerIn, noteWrongCode, spendCode } from './code-attempts'
import type { StrategyRequest } from './strategy-request'

/** What a callback has brought: nothing, a code that is not right, or the right one. */
export type TypedCode =
  | { readonly verdict: 'none' }
  | { readonly verdict: 'wrong'; readonly attempts: number; /** False for text that cannot be a code. */ readonly isCode: boolean }
  | { readonly verdict: 'right'; readonly transaction: Transaction }

/**
 * Compares what the user has typed, and keeps that it was right.
 * @throws Refusal `missing_code` for an empty field, `wrong_code` for one that is too long, `codes_locked`, `too_many_attempts`
 * @internal
 */
export async function typedCodeOf(request: StrategyRequest, transaction: Transaction): Promise<TypedCode> {
  if (fieldOf(request.req, 'code') === undefined) return { verdict: 'none' }
  const value = answerIn(request, 'code')
  const attempts = await spendCode(request, transaction)
  const code = smsCodeIn(value)
  if (code !== undefined && request.keys.typedCodes.matches(transaction.typedCode, code, transaction.id)) {
    return { verdict: 'right', transaction: await keepTyped(request, transaction, attempts) }
  }
  await noteWrongCode(request, transaction)
  return { verdict: 'wrong', attempts, isCode: code !== undefined }
}

/** Saved before Nevis is asked: if Nevis does not answer, the user need not type the code again. */
async function keepTyped(request: StrategyRequest, transaction: Transaction, attempts: number): Promise<Transaction> {
  await request.refresh()
  const current = request.transactionById(transaction.id)
  const { digest: _digest, typedCode: _code, ...rest } = current ?? transaction
  const typed = request.keys.digests.withDigest({ ...rest, attempts, isCodeTyped: true })
  // Another request may have removed or closed the transaction: then it must not be put back.
  if (current !== undefined && current.closed === undefined) request.transactions.put(typed)
  await request.transactions.save()
  return (request.current = typed)
}
