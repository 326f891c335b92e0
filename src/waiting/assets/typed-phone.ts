/**
 * Keeps the phone number that the user has typed, so that the user need not type it again: after a reload, after a wrong code, and after the start of another
 * factor or another SMS. The number stays in this tab (`sessionStorage`).
 *
 * The number is stored with the transaction, so that the next person who signs in in this tab does not see it. Out of scope: a number that the user has typed
 * on another page of the app. The build joins this script and `waiting.ts` into one file.
 */

/*! passport-nevis: compiled from src/waiting/assets/typed-phone.ts */

window.nevisTypedPhone = (main) => {
  const KEY = 'nevis-phone'
  // When the user starts a new transaction from this page, this page does not know its name yet, and stores the number with this word instead of the name. The
  // start may fail, and then the next page in this tab may be of another user. So a page uses such a number only if it was stored less than a minute ago.
  const NEXT = 'next'
  const NEXT_MS = 60_000
  const { sharedName } = main.dataset
  const phone = main.querySelector<HTMLInputElement>('[name="phone"]')

  /** @param of the name of the transaction to which the number belongs; undefined: forget the number */
  function keep(of: string | undefined): void {
    try {
      sessionStorage.removeItem(KEY)
      if (phone?.value && of) sessionStorage.setItem(KEY, JSON.stringify([of, phone.value, Date.now()]))
    } catch {
      // The browser blocks the storage, so the user must type the number again.
    }
  }

  try {
    const [of, number, storedAt = 0] = JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as [string?, string?, number?]
    if (phone && number && (of === NEXT ? Date.now() - storedAt < NEXT_MS : of === sharedName)) phone.value ||= number
  } catch {
    // As above.
  }
  keep(sharedName)

  phone?.addEventListener('input', () => keep(sharedName))
  main.addEventListener('submit', (event) => {
    const { elements } = event.target as HTMLFormElement
    if (event.defaultPrevented) return
    if (elements.namedItem('factor')) keep(NEXT)
    else if (elements.namedItem('cancel')) keep(undefined)
  })
}
