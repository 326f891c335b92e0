/**
 * What a waiting page shows of a transaction, as data: the answer for single-page apps, and what the HTML is made of.
 *
 * Not its job: how it looks.
 */
import type { Factor } from '../factors/factor'
import type { FailureCode } from '../failures'
import type { Settings } from '../options'
import type { Transaction } from '../transactions'
import type { Offer } from './authenticators'
import { statusOf, type WaitingStatus } from './status'

export interface WaitingView extends Offer {
  /** The handle. */
  readonly transaction: string
  readonly factor: string
  readonly prompt: Factor['prompt']
  readonly status: WaitingStatus['status']
  /** ISO 8601. */
  readonly expiresAt: string
  /** Names of the factors that may be tried instead; this one among them means that it can be sent again. */
  readonly factors: readonly string[]
  readonly statusURL: string
  readonly callbackURL: string
  /** Exactly what the phone shows. */
  readonly message?: string
  /** `data:image/png;base64,…` */
  readonly qrCode?: string
  readonly appLinkUri?: string
  readonly intentToken?: string
  readonly recoveryCodes?: readonly string[]
  /** For codes. */
  readonly attemptsLeft?: number
  /** Why it has ended, once it has; `wrong_code` while another code may be tried. */
  readonly failure?: FailureCode
}

/** @internal */
export async function viewOf(settings: Settings, handle: string, transaction: Transaction): Promise<WaitingView> {
  const { closed, shown, message, attempts = 0 } = transaction
  const { status, prompt, expiresAt } = await statusOf(settings, transaction)
  const failure = closed ?? failureOf(status) ?? (attempts > 0 ? 'wrong_code' : undefined)
  return {
    transaction: handle,
    factor: transaction.factor,
    prompt,
    status: closed === undefined ? status : closed === 'expired_transaction' ? 'expired' : 'failed',
    expiresAt,
    factors: offeredFor(settings, transaction),
    statusURL: settings.statusURL,
    callbackURL: settings.callbackURL,
    ...(message !== undefined && { message }),
    ...shown,
    ...(prompt === 'code' && { attemptsLeft: Math.max(0, settings.maxAttempts - attempts) }),
    ...(failure !== undefined && { failure }),
  }
}

function offeredFor({ factors }: Settings, { operation, factors: allowed }: Transaction): string[] {
  const names = factors.filter((factor) => typeof factor[operation] === 'function').map(({ name }) => name)
  return allowed === undefined ? names : names.filter((name) => allowed.includes(name))
}

function failureOf(status: WaitingStatus['status']): FailureCode | undefined {
  if (status === 'failed') return 'not_approved'
  return status === 'expired' ? 'expired_transaction' : undefined
}
