/**
 * The types of the simulated Nevis's state: users, authenticators, transactions, intents.
 *
 * Out of scope: the JSON of the API (`../client/wire.ts`), and changes of the state (`cloud.ts`, `transactions.ts`).
 */

export interface Authenticator {
  readonly authenticatorId: string
  name: string
  readonly type: 'ios' | 'android'
  /** The name of the simulated phone that scanned the QR code of the enrolment. */
  readonly holder: string
  readonly enrolledAt: number
  updatedAt: number
}

export interface User {
  readonly userId: string
  readonly username: string | undefined
  readonly createdAt: number
  updatedAt: number
  /** The user's authenticators, in order of registration. A push goes to the last one. */
  authenticators: Authenticator[]
  phone: string | undefined
  recoveryCodes: string[]
  readonly inbox: string[]
}

export type TransactionStatus = 'pending' | 'succeeded' | 'failed'

export interface Transaction {
  readonly transactionId: string
  readonly operation: 'approve' | 'enroll'
  readonly channel: 'push' | 'app' | 'sms'
  readonly statusToken: string
  /** The token in the app link; undefined if the transaction has no link. */
  readonly dispatchToken: string | undefined
  /** The user. Undefined for an approval that was started without a user and whose QR code has not been scanned yet. */
  user: User | undefined
  readonly usernameless: boolean
  /** Id of the authenticator that may approve; `*` for any authenticator of the user; undefined for SMS and enrolments. */
  readonly authenticatorId: string | undefined
  readonly prompt: boolean
  readonly message: string | undefined
  readonly notificationMessage: string | undefined
  /** The code in the SMS. Only transactions by SMS use `code`, `phone` and `wrongCodes`. */
  readonly code: string | undefined
  readonly phone: string | undefined
  wrongCodes: number
  status: TransactionStatus
  /** The transaction token. Replaced whenever the status changes, because the token contains the status. */
  token: string
  /** A number that orders the requests by their arrival on a phone; undefined until this request has reached a phone. */
  arrival: number | undefined
  readonly createdAt: number
  readonly expiresAt: number
  lastUpdatedAt: number
}

export type Subject = { readonly username: string } | { readonly userId: string }

export interface Intent {
  readonly token: string
  readonly subject: Subject
  readonly operation: 'approve' | 'enroll'
  /** The channels that the widget may use; `undefined` for all. */
  readonly channels: readonly string[] | undefined
  used: boolean
}
