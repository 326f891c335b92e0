/**
 * What a waiting page shows of a transaction, as data: the answer for single-page apps, and what the HTML is made of.
 *
 * Not its job: how it looks.
 */
import type { Operation } from '../client/wire'
import type { Prompt } from '../factors/factor'
import type { FactorName } from '../factors/names'
import type { FailureCode } from '../factors/failures'
import type { Sealed } from '../trust/handle'
import type { Settings } from '../strategy/options'
import { unlockCodes } from '../trust/recovery-codes'
import type { Transaction } from '../factors/transaction'
import type { Offer } from './authenticators'
import { statusOf, type WaitingStatus } from './status'

/** What the waiting page shows, as data: the answer of `waitingURL` to `Accept: application/json`. */
export interface WaitingView extends Offer {
  /** The handle, for the field `transaction` of what the browser sends. */
  readonly transaction: string
  /** Name of the factor. */
  readonly factor: FactorName
  /** `approve` or `enroll`. */
  readonly operation: Operation
  /** What the browser is to do meanwhile. */
  readonly prompt: Prompt
  /** As the status endpoint says it. */
  readonly status: WaitingStatus['status']
  /** ISO 8601. */
  readonly expiresAt: string
  /** Names of the factors that may be tried instead; this one among them means that it can be sent again. */
  readonly factors: readonly FactorName[]
  /** Where to ask how it stands, with `transaction` in the query. */
  readonly statusURL: string
  /** Where to bring what the person has typed or approved. */
  readonly callbackURL: string
  /** Exactly what the phone shows. */
  readonly message?: string
  /** `data:image/png;base64,…` */
  readonly qrCode?: string
  /** Opens the Access App on the same phone. */
  readonly appLinkUri?: string
  /** For Nevis's widget. */
  readonly intentToken?: string
  /** Until they are confirmed; then never again. */
  readonly recoveryCodes?: readonly string[]
  /** For codes. */
  readonly attemptsLeft?: number
  /** Why it has ended, once it has; `wrong_code` while another code may be tried. */
  readonly failure?: FailureCode
}

/**
 * @param sealed what the handle holds
 * @internal
 */
export async function viewOf(settings: Settings, handle: string, sealed: Sealed, transaction: Transaction): Promise<WaitingView> {
  const { closed, operation, shown, codesKey, message, attempts = 0 } = transaction
  const { status, prompt, expiresAt } = await statusOf(settings, transaction)
  const recoveryCodes = status === 'pending' ? unlockCodes(codesKey, sealed.lockedCodes) : undefined
  const failure = closed ?? failureOf(status) ?? (attempts > 0 ? 'wrong_code' : undefined)
  return {
    transaction: handle,
    factor: transaction.factor,
    operation,
    prompt,
    status: closed === undefined ? status : closed === 'expired_transaction' ? 'expired' : 'failed',
    expiresAt,
    factors: offeredFor(settings, transaction),
    statusURL: settings.statusURL,
    callbackURL: settings.callbackURL,
    ...(message !== undefined && { message }),
    ...shown,
    ...(recoveryCodes !== undefined && { recoveryCodes }),
    ...(prompt === 'code' && { attemptsLeft: Math.max(0, settings.maxAttempts - attempts) }),
    ...(failure !== undefined && { failure }),
  }
}

function offeredFor({ factors }: Settings, { operation, factors: allowed, login }: Transaction): FactorName[] {
  // Recovery codes are nobody's first factor.
  const isFirst = operation === 'enroll' && login === undefined
  const names = factors.filter(({ name, ...factor }) => typeof factor[operation] === 'function' && !(isFirst && name === 'recovery')).map(({ name }) => name)
  return allowed === undefined ? names : names.filter((name) => allowed.includes(name))
}

function failureOf(status: WaitingStatus['status']): FailureCode | undefined {
  if (status === 'failed') return 'not_approved'
  return status === 'expired' ? 'expired_transaction' : undefined
}
