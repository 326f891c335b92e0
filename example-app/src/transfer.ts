/**
 * Checks the form of a simulated money transfer. No money is moved. Any factor except a recovery code allows any transfer for five minutes. For a confirmation
 * that shows the amount and the payee on the phone, see the payment of an invoice (`paying.ts`).
 */
import type { Request, Response } from 'express'
import { refuse } from './form.js'
import { francs } from './format.js'
import { textsFor } from './language.js'

/** An amount with or without separators of thousands: `1250`, `1'250.00`, `1 250,50`. */
const AMOUNT = /^\d{1,3}(?:['’ ]?\d{3})?(?:[.,]\d{1,2})?$|^\d{1,6}(?:[.,]\d{1,2})?$/
const RECIPIENT = /^[\p{L}\p{N} .'&-]{1,60}$/u

/** Handles the submitted form: makes the transfer, or shows the form again with its errors. */
export function transfer(req: Request, res: Response): void {
  const t = textsFor(req)
  const { recipient, amount } = req.body as { readonly recipient?: unknown; readonly amount?: unknown }
  const to = typeof recipient === 'string' && RECIPIENT.test(recipient.trim()) ? recipient.trim() : undefined
  const sum = amountOf(amount)
  if (to === undefined || sum === undefined) {
    refuse(req, ['recipient', 'amount'], {
      ...(to === undefined && { recipient: t('Enter the name of the recipient.') }),
      ...(sum === undefined && { amount: t("Enter an amount such as 1'250.00.") }),
    })
    return res.redirect(303, '/transfer')
  }
  req.session.successes = [t('{amount} is on its way to {recipient}.', { amount: francs(sum), recipient: to })]
  res.redirect(303, '/account')
}

/** @returns the amount with two decimals; undefined if the text is not an amount */
function amountOf(typed: unknown): string | undefined {
  if (typeof typed !== 'string' || !AMOUNT.test(typed.trim())) return undefined
  const sum = Number(typed.trim().replace(/['’ ]/g, '').replace(',', '.'))
  return sum > 0 ? sum.toFixed(2) : undefined
}
