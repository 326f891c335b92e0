/**
 * Says that the push or the SMS was sent again, or that it is too soon to send it again: otherwise the page would look the same as before.
 *
 * Out of scope: the button "Send again" (`factor-forms.ts`), and the choice of another phone (`phones-part.ts`).
 */
import type { Transaction } from '../factors/transaction'
import type { SessionTransactions } from '../session/transactions'
import type { PageParts } from './document'
import { isSent } from './factor-forms'
import { filled, html, type Html } from './html'
import { phoneNames } from './phones-part'
import type { WaitingView } from './view'

/** True if the transaction has replaced one with the same factor: the user has pressed "Send again", or has chosen another phone. */
export function isSentAgain(transactions: SessionTransactions, { id, factor, operation, firstFactorAt }: Transaction): boolean {
  return transactions.list().some((one) => one.next === id && one.factor === factor && one.operation === operation && one.firstFactorAt === firstFactorAt)
}

export function sentAgainPart(view: WaitingView, { sentAgain: phones, language, isTooSoon, secondsUntilResend = 0 }: PageParts): Html | false {
  // After a reload, the URL still has the field `soon`. So say that it is too soon only until the pause is over.
  if (isTooSoon && secondsUntilResend > 0 && isSent(view)) return html`<p role="status">${language.texts.tooSoon.replace('{n}', String(secondsUntilResend))}</p>`
  // If the page shows a failure, the user has done something else since the push or SMS was sent again. So no longer say that it was sent again.
  if (phones === undefined || !isSent(view) || view.prompt === 'widget' || view.failure !== undefined) return false
  const { sentAgain, sentToPhone } = language.texts
  const name = phones.length > 1 ? phoneNames(phones, language)[phones.findIndex(({ isAsked }) => isAsked)] : undefined
  return html`<p role="status">${name === undefined ? sentAgain : filled(sentToPhone, '{phone}', html`<bdi>${name}</bdi>`)}</p>`
}
