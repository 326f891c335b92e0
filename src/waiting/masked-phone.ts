/**
 * Shows the user to which phone number the SMS was sent: `•••• 0001`, the last four digits at most.
 *
 * Out of scope: the number of an enrolment, which the factor itself masks in the same form (`sms.ts`).
 */
import type { Subject, Transaction } from '../factors/transaction'
import { resultOf } from '../host/app-function'
import type { Settings } from '../strategy/settings'
import { html, type Html } from './html'
import type { WaitingView } from './view'

const MASK = '••••'

/** Matches digits, with the separators that people write between the digits of a phone number. */
const DIGITS = /\d(?:[\s()./-]*\d)*/g

/**
 * Asks the app for the user's phone number, if the page offers SMS.
 * @param numberOf the page's option `maskedPhone`
 * @returns undefined if there is no number to show
 * @internal
 */
export async function maskedPhoneFor(
  numberOf: (subject: Subject) => unknown,
  { firstFactorLifetimeMs }: Settings,
  { subject, operation, firstFactorAt }: Transaction,
  { factor, factors, status, failure }: WaitingView,
): Promise<string | undefined> {
  const isSms = factors.includes('sms') || (factor === 'sms' && status === 'pending')
  if (!isSms || operation !== 'approve' || failure === 'cancelled' || Date.now() >= firstFactorAt + firstFactorLifetimeMs) return undefined
  return masked(await resultOf('maskedPhone', () => numberOf(Object.freeze({ ...subject }))))
}

/** Keeps only the digits at the end, four at most: `+41 79 ••• •• 01` becomes `•••• 01`. */
function masked(number: unknown): string | undefined {
  if (typeof number !== 'string' && typeof number !== 'number') return undefined
  const last = (String(number).match(DIGITS) ?? []).at(-1)?.replace(/\D/g, '').slice(-4)
  return last === undefined ? undefined : `${MASK} ${last}`
}

/**
 * The HTML of the masked number, and a text that a screen reader reads instead of the number.
 * @param spoken the text `numberEnding` or `toNumberEnding`
 */
export function maskedPhonePart(number: string, spoken: string): Html {
  return html`<bdi class="nevis-number" dir="ltr" aria-hidden="true">${number}</bdi><span class="nevis-unseen">${spoken.replace('{digits}', number.slice(MASK.length + 1))}</span>`
}
