/** The form of a pretended money transfer: checks the fields. No money is moved. */
const AMOUNT = /^\d{1,6}([.,]\d{1,2})?$/
const RECIPIENT = /^[\p{L}\p{N} .'-]{1,60}$/u

/** The fields of the form, unchecked. */
export interface TransferForm {
  readonly recipient?: unknown
  readonly amount?: unknown
}

export interface Transfer {
  readonly isDone: boolean
  /** A sentence for the user. */
  readonly message: string
}

export function transferOf({ recipient, amount }: TransferForm): Transfer {
  if (typeof recipient !== 'string' || !RECIPIENT.test(recipient.trim())) return { isDone: false, message: 'Enter the name of the recipient.' }
  const francs = typeof amount === 'string' && AMOUNT.test(amount.trim()) ? Number(amount.trim().replace(',', '.')) : 0
  if (!(francs > 0)) return { isDone: false, message: 'Enter an amount such as 50.00.' }
  return { isDone: true, message: `CHF ${francs.toFixed(2)} is on its way to ${recipient.trim()}.` }
}
