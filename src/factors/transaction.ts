/**
 * The subject and the transaction: types that all wings share.
 *
 * Out of scope: where a transaction is stored (`session/transactions.ts`), and whether it may succeed (`trust/`).
 */
import type { Operation } from '../client/wire'
import type { FailureCode } from './failures'
import type { FactorName } from './names'

/** The user who is asked, in Nevis's terms: at least one of the two identifiers. */
export interface Subject {
  /** Nevis's lifelong identifier. */
  readonly userId?: string | undefined
  /** The app's own stable identifier, with which the user was enrolled. */
  readonly username?: string | undefined
}

/** What the browser may see of a challenge. */
export interface Shown {
  /** `data:image/png;base64,…` */
  readonly qrCode?: string
  /** Opens the Access App on the same phone. */
  readonly appLinkUri?: string
  /** For Nevis's widget. */
  readonly intentToken?: string
  /** For the user to save. The server does not store them: they are encrypted inside the handle. */
  readonly recoveryCodes?: readonly string[]
}

/** A started approval or enrolment, as stored in the session. A factor's `check` gets it; it is never sent to the browser. */
export interface Transaction {
  /** Nevis's id, or a random one where Nevis has none. */
  readonly id: string
  /** True if the id is a random one: it is never compared with an id of Nevis. */
  readonly hasOwnId?: boolean
  /** Name of the factor. */
  readonly factor: FactorName
  /** `approve` or `enroll`. */
  readonly operation: Operation
  /** The user that the app wanted to ask. */
  readonly subject: Subject
  /** The userId that Nevis's response named. */
  readonly userId?: string
  /** True if an answer of Nevis has named this userId together with the username of the subject. */
  readonly isUserIdNamed?: true
  /** The authenticator to ask, if the start named one. */
  readonly authenticatorId?: string
  /** Never sent to the browser. */
  readonly statusToken?: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** When the first factor succeeded, in milliseconds since 1970. For a limited time from then on another factor may be tried. */
  readonly firstFactorAt: number
  /** How the first factor was given, in values of RFC 8176, if the app says so. */
  readonly firstFactorAmr?: readonly string[]
  /** What the phone shows. */
  readonly message?: string
  /** The app's own data. */
  readonly data?: unknown
  /** Names of the factors that the route allows, if the route restricts them. */
  readonly factors?: readonly FactorName[]
  /** Names of the factors that the user has, if the app says so, or if Nevis does not have one of them. */
  readonly available?: readonly FactorName[]
  /** The number that the route has given for an enrolment by SMS: the user cannot replace it by another one. */
  readonly phone?: string
  /** The page that redirected the user to the second factor. */
  readonly returnTo?: string
  /** Detects changes to the transaction in the session: see `digest.ts`. */
  readonly digest?: string
  /** The part that the waiting page shows. */
  readonly shown: Omit<Shown, 'recoveryCodes'>
  /** Key that decrypts the recovery codes in the handle. */
  readonly codesKey?: string
  /** Keyed digest of the code that the user must type, until it was typed. */
  readonly typedCode?: string
  /** Whether the user has typed that code; absent if there is none to type. */
  readonly isCodeTyped?: boolean
  /** Digest of the subject's name: the ledger's key for the starts and codes of this user. */
  readonly budget?: string
  /** Slots in the subject's start budget that an approval frees: its own, and those of the starts that it replaced. */
  readonly slots?: readonly number[]
  /** Budget and slots under Nevis's userId, if the app may name a user in two ways. */
  readonly alsoHeld?: {
    /** A digest, like `budget` of the transaction. */
    readonly budget: string
    /** Slots, like those of the transaction. */
    readonly slots: readonly number[]
  }
  /** Sequence number of this enrolment, by each identifier of the subject (as a digest): a newer enrolment ends the older. */
  readonly enrolments?: Readonly<Record<string, number>>
  /** The route that started it, if the route has options of its own: see `purpose.ts`. */
  readonly purpose?: string
  /** The transaction that replaced it: another factor, or the same factor again. */
  readonly next?: string
  /** How many times a later start in the same browser moved it into a new session. */
  readonly moves?: number
  /** Digest of the user who was signed in at the start, if any. */
  readonly login?: string
  /** True if the user wants this browser to be remembered, false if not (yet); absent if this is no sign-in that a remembered browser may skip. */
  readonly remember?: boolean
  /** Number of codes tried, for display; the ledger's count decides. */
  readonly attempts?: number
  /** Why the last other factor could not be used: the waiting page says so, and this transaction goes on. */
  readonly refused?: FailureCode | undefined
  /** Set when it ended without success: every later callback fails with this code. */
  readonly closed?: FailureCode
}
