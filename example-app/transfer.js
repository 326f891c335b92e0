/** A pretended transfer of money: what somebody typed, checked. */
const AMOUNT = /^\d{1,6}([.,]\d{1,2})?$/
const RECIPIENT = /^[\p{L}\p{N} .'-]{1,60}$/u

/** @returns `{ isDone, message }` for the person */
export function transferOf({ recipient, amount }) {
  if (typeof recipient !== 'string' || !RECIPIENT.test(recipient.trim())) return { isDone: false, message: 'Enter the name of the recipient.' }
  const francs = typeof amount === 'string' && AMOUNT.test(amount.trim()) ? Number(amount.trim().replace(',', '.')) : 0
  if (!(francs > 0)) return { isDone: false, message: 'Enter an amount such as 50.00.' }
  return { isDone: true, message: `CHF ${francs.toFixed(2)} are on their way to ${recipient.trim()}.` }
}
