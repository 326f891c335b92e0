/**
 * Types of the simulated cloud's state: users, authenticators, transactions, intents.
 *
 * Out of scope: the JSON of the API (`../client/wire.ts`), and changes of the state (`cloud.ts`, `transactions.ts`).
 */

export interface Authenticator {
  readonly authenticatorId: string
  name: string
  readonly type: 'ios' | 'android'
  /** Name of the phone that scanned the QR code of the enrolment. */
  readonly holder: string
  readonly enrolledAt: number
  updatedAt: number
}

export interface User {
  readonly userId: string
  readonly username: string | undefined
  readonly createdAt: number
  updatedAt: number
  /** In order of registration; a push goes to the last. */
  authenticators: Authenticator[]
  /** The confirmed phone number. */
  phone: string | undefined
  /** The unused recovery codes. */
  recoveryCodes: string[]
  /** The SMS that were sent, newest last. */
  readonly inbox: string[]
}

export type TransactionStatus = 'pending' | 'succeeded' | 'failed'

export interface Transaction {
  readonly transactionId: string
  readonly operation: 'approve' | 'enroll'
  readonly channel: 'push' | 'app' | 'sms'
  readonly statusToken: string
  /** The token in the app link; absent if there is no link. */
  readonly dispatchToken: string | undefined
  /** Undefined while an approval without a user waits to be scanned. */
  user: User | undefined
  readonly usernameless: boolean
  /** The id of the only device that may answer; `*` if any device of the user may; absent for SMS and enrolments. */
  readonly authenticatorId: string | undefined
  readonly prompt: boolean
  readonly message: string | undefined
  readonly notificationMessage: string | undefined
  /** SMS only: the code, the phone number, and the number of wrong attempts. */
  readonly code: string | undefined
  readonly phone: string | undefined
  wrongCodes: number
  status: TransactionStatus
  /** A new token at each change of status, because the token carries the result. */
  token: string
  /** Sequence number of the arrival on a phone; absent until the request has arrived. */
  arrival: number | undefined
  readonly createdAt: number
  readonly expiresAt: number
  lastUpdatedAt: number
}

/** A reference to a user, as in a request body. */
export type Subject = { readonly username: string } | { readonly userId: string }

export interface Intent {
  readonly token: string
  readonly subject: Subject
  readonly operation: 'approve' | 'enroll'
  /** `undefined`: all channels. */
  readonly channels: readonly string[] | undefined
  used: boolean
}
