/** What to try in the demo. The home page and the terminal show the same steps. */
import type { Text } from './german.js'

export const TOUR: readonly Text[] = [
  'Open the phones in a second window, and put the two windows side by side.',
  'Sign in as anna. Her password is at the end of the home page. Then accept on anna’s phone: the other window continues by itself.',
  'Pay an invoice. The phone shows the amount and the payee. Then start a second payment, and deny it on the phone.',
  'Sign out. Then sign in by SMS or with a recovery code: you find both under “Other ways to confirm”.',
  'Under “Devices and security”, turn on the code with each request, and sign in once more: now you also type the code that the phone shows.',
  'Sign up with a username of your own and set up a new phone. To do so, paste the link of “Open the Access App” into the field “Set up or scan” of a phone.',
  'Switch the cloud off on the page of the phones, and try to sign in. Nobody can sign in without the second factor.',
]
