/**
 * The content of a waiting page as data: as JSON for single-page apps, and for the HTML.
 *
 * Out of scope: the look of the page (`page.ts`).
 */
import type { Operation } from '../client/wire'
import { promptOf, type Prompt } from '../factors/factor'
import type { FactorName } from '../factors/names'
import type { FailureCode } from '../factors/failures'
import { provedIn, type HandleContent } from '../trust/handle'
import { offeredFactors } from '../strategy/factor-choice'
import type { Settings } from '../strategy/settings'
import { decryptCodes } from '../trust/recovery-codes'
import type { Transaction } from '../factors/transaction'
import type { Offer } from './authenticators'
import { rememberOffer } from '../strategy/remember-offer'
import { mayHaveBeenDenied } from '../strategy/answered-on-phone'
import { statusOf, type WaitingStatus } from './status'

/** One detail of what the user confirms, such as the amount of a payment. */
export interface Detail {
  /** The label, for example `Amount`. */
  readonly label: string
  /** The value, for example `CHF 120.00`. */
  readonly value: string
}

/** What the waiting page shows. Its URL returns this as JSON for `Accept: application/json`. */
export interface WaitingView extends Offer {
  /** The handle (the encrypted reference to the transaction), to be sent as the field `transaction`. */
  readonly transaction: string
  /** Name of the factor. */
  readonly factor: FactorName
  /** `approve` or `enroll`. */
  readonly operation: Operation
  /** What the browser should do while the status is `pending`. */
  readonly prompt: Prompt
  /** The status, as the status endpoint reports it. */
  readonly status: WaitingStatus['status']
  /** When the transaction expires; ISO 8601. */
  readonly expiresAt: string
  /** The factors that the user may start now. If `factor` is one of them, the user can request it again, for example another push. */
  readonly factors: readonly FactorName[]
  /** URL to ask for the status. Add `transaction` to the query. */
  readonly statusURL: string
  /** URL of the callback: the browser goes there after an approval, and sends there a code that the user has typed. */
  readonly callbackURL: string
  /**
   * The app's `message`, which the phone shows with the factors `push` and `app`: plain text, or `<html>…</html>` with the tags `b br em i strong u` only.
   * Does not contain the line with the code to type. Never put a plain message into `innerHTML`.
   */
  readonly message?: string
  /** What the user confirms: the result of the page's option `details`. */
  readonly details?: readonly Detail[]
  /** The end of the phone number that gets the SMS, such as `•••• 0001`. Present only while the page offers SMS, or after an SMS of an enrolment was sent. */
  readonly maskedPhone?: string
  /** The QR code: `data:image/png;base64,…` */
  readonly qrCode?: string
  /** A link that opens the Access App on the same phone. */
  readonly appLinkUri?: string
  /** The token with which the page starts Nevis's widget. */
  readonly intentToken?: string
  /** New recovery codes; absent after the user has confirmed that they are saved. */
  readonly recoveryCodes?: readonly string[]
  /** How many codes the user may still try; only for factors with a code. */
  readonly attemptsLeft?: number
  /** True if the user has typed the right code from the phone, and the page now waits for the approval. */
  readonly isCodeTyped?: true
  /** Present if the page can show a checkbox "Remember this browser". Send the user's choice to the callback as the field `remember`: `1` or `0`. */
  readonly remember?: {
    /** For how many days the browser is remembered. */
    readonly days: number
    /** Whether the user has ticked the box. */
    readonly isChosen: boolean
  }
  /**
   * Why the transaction has ended. While the status is `pending`, why the user's last input was refused: after `wrong_code`, the user may try another code;
   * after any other value, such as `too_many_starts`, the user could not switch to another factor or phone.
   */
  readonly failure?: FailureCode
  /**
   * With the failure `not_enrolled` or `user_blocked`: the factor that the user cannot use. If the user has tried to switch to this factor, the status is still
   * `pending`: the page goes on with the earlier factor, which is in the field `factor`.
   */
  readonly missingFactor?: FactorName
}

/**
 * @param sealed the decrypted handle
 * @internal
 */
export async function viewOf(settings: Settings, handle: string, sealed: HandleContent, transaction: Transaction): Promise<WaitingView> {
  const { closed, operation, shown, codesKey, message, isCodeTyped, attempts = 0 } = transaction
  const { status, prompt, expiresAt } = await statusOf(settings, provedIn(sealed) === undefined ? transaction : sealed)
  const recoveryCodes = status === 'pending' ? decryptCodes(codesKey, sealed.encryptedCodes) : undefined
  const remember = status === 'pending' ? rememberOffer(settings, transaction) : undefined
  const failure = closed ?? failureOf(status) ?? transaction.refused ?? (attempts > 0 && prompt === 'code' ? 'wrong_code' : undefined)
  return {
    transaction: handle,
    factor: transaction.factor,
    operation,
    prompt,
    status: closed === undefined ? status : closed === 'expired_transaction' ? 'expired' : 'failed',
    expiresAt,
    factors: settings.afterDenial === 'stop' && mayHaveBeenDenied(settings, transaction, failure) ? [] : offeredFor(settings, transaction, failure),
    statusURL: settings.statusURL,
    callbackURL: settings.callbackURL,
    ...(message !== undefined && { message }),
    ...shown,
    ...(recoveryCodes !== undefined && { recoveryCodes }),
    ...(prompt === 'code' && { attemptsLeft: Math.max(0, settings.maxAttempts - attempts) }),
    ...(isCodeTyped === true && status === 'pending' && { isCodeTyped }),
    ...(remember !== undefined && { remember }),
    ...(failure !== undefined && failureIn(failure, (closed === undefined ? transaction.refusedFactor : undefined) ?? transaction.factor)),
  }
}

/**
 * The fields for a failure. `missingFactor` is present only if the failure says that the user cannot use this factor.
 * @internal
 */
export function failureIn(failure: FailureCode, factor: FactorName): Pick<WaitingView, 'failure' | 'missingFactor'> {
  return { failure, ...((failure === 'not_enrolled' || failure === 'user_blocked') && { missingFactor: factor }) }
}

function offeredFor(settings: Settings, transaction: Transaction, failure: FailureCode | undefined): FactorName[] {
  const { operation, login } = transaction
  // Enrolling recovery codes needs a recent second factor (`strategy/enrolment.ts`). Without a sign-in at the start, the user has none: leave out `recovery`.
  const isFirst = operation === 'enroll' && login === undefined
  // While the user's codes are locked, every code would be refused. So offer only the factors that need no code.
  const isLocked = failure === 'codes_locked'
  const offered = offeredFactors(settings, transaction).filter((factor) => !(isFirst && factor.name === 'recovery') && !(isLocked && promptOf(factor, operation) === 'code'))
  return offered.map(({ name }) => name)
}

function failureOf(status: WaitingStatus['status']): FailureCode | undefined {
  if (status === 'failed') return 'not_approved'
  return status === 'expired' ? 'expired_transaction' : undefined
}
