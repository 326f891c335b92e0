/**
 * What the simulated cloud remembers, as types: users, authenticators, transactions, intents.
 *
 * Out of scope: what travels (see `../client/wire`), nor to change anything (see `cloud.ts`, `transactions.ts`).
 */

export interface Authenticator {
  readonly authenticatorId: string
  name: string
  readonly type: 'ios' | 'android'
  /** The name under which the phone was held that scanned the enrolment. */
  readonly holder: string
  readonly enrolledAt: number
  updatedAt: number
}

export interface User {
  readonly userId: string
  readonly username: string | undefined
  readonly createdAt: number
  updatedAt: number
  /** In the order of their registration; a push goes to the last. */
  authenticators: Authenticator[]
  /** The confirmed phone number. */
  phone: string | undefined
  /** The codes that are not used up. */
  recoveryCodes: string[]
  /** The texts sent, newest last. */
  readonly inbox: string[]
}

export type TransactionStatus = 'pending' | 'succeeded' | 'failed'

export interface Transaction {
  readonly transactionId: string
  readonly operation: 'approve' | 'enroll'
  readonly channel: 'push' | 'app' | 'sms'
  readonly statusToken: string
  /** Inside the app link; absent where there is none. */
  readonly dispatchToken: string | undefined
  /** Nobody, while an approval without a user waits to be scanned. */
  user: User | undefined
  readonly usernameless: boolean
  /** The device that may answer; `*` is any of the user's; absent for SMS and enrolments. */
  readonly authenticatorId: string | undefined
  readonly prompt: boolean
  readonly message: string | undefined
  readonly notificationMessage: string | undefined
  /** SMS: what was sent, where to, and how often it was guessed wrong. */
  readonly code: string | undefined
  readonly phone: string | undefined
  wrongCodes: number
  status: TransactionStatus
  /** A new one for every status: it carries the result of that status. */
  token: string
  /** The order in which requests came to phones; absent while this one is on none. */
  arrival: number | undefined
  readonly createdAt: number
  readonly expiresAt: number
  lastUpdatedAt: number
}

/** Who is meant, in the words of a request body. */
export type Subject = { readonly username: string } | { readonly userId: string }

export interface Intent {
  readonly token: string
  readonly subject: Subject
  readonly operation: 'approve' | 'enroll'
  /** `undefined`: all of them. */
  readonly channels: readonly string[] | undefined
  used: boolean
}
