/**
 * Who is asked, and what is under way: the words that all wings share.
 *
 * Out of scope: where a transaction is kept (`session/transactions.ts`), and whether it may succeed (`trust/`).
 */
import type { Operation } from '../client/wire'
import type { FailureCode } from './failures'
import type { FactorName } from './names'

/** Who is asked, in Nevis's terms: at least one of the two. */
export interface Subject {
  /** Nevis's lifelong identifier. */
  readonly userId?: string | undefined
  /** The app's own stable identifier, under which the person was enrolled. */
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
  /** To be written down. They are never kept: they travel in the handle. */
  readonly recoveryCodes?: readonly string[]
}

/** An approval or enrolment under way, as the session keeps it. A factor's `check` sees it; the browser never does. */
export interface Transaction {
  /** Nevis's id, or a random one where Nevis has none. */
  readonly id: string
  /** Name of the factor. */
  readonly factor: FactorName
  /** `approve` or `enroll`. */
  readonly operation: Operation
  /** Who was to be asked. */
  readonly subject: Subject
  /** Whom Nevis says it asked. */
  readonly userId?: string
  /** Which authenticator was to be asked, if one was named. */
  readonly authenticatorId?: string
  /** Stays on the server. */
  readonly statusToken?: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** When the first factor was right, in milliseconds since 1970: another factor may be tried for a while from then on. */
  readonly firstFactorAt: number
  /** What the phone shows. */
  readonly message?: string
  /** The app's own. */
  readonly data?: unknown
  /** Names of the factors by which it may be done, where the route says so. */
  readonly factors?: readonly FactorName[]
  /** The page that the person was sent away from. */
  readonly returnTo?: string
  /** Shows that nobody changed in the session what was started: see `digest.ts`. */
  readonly digest?: string
  /** What the waiting page shows of it. */
  readonly shown: Omit<Shown, 'recoveryCodes'>
  /** Unlocks the recovery codes in the handle. */
  readonly codesKey?: string
  /** Under which name the ledger counts its subject's starts and codes; a digest. */
  readonly budget?: string
  /** Places in the subject's start budget that its approval gives back: its own, and those of the starts that it replaced. */
  readonly slots?: readonly number[]
  /** The same under Nevis's userId, where the app may name its users in two ways. */
  readonly alsoHeld?: {
    /** A digest, as above. */
    readonly budget: string
    /** As above. */
    readonly slots: readonly number[]
  }
  /** Which of the subject's enrolments it is, under each name of the subject (a digest): a newer one ends the older. */
  readonly enrolments?: Readonly<Record<string, number>>
  /** The route that started it, where that route has options of its own: see `purpose.ts`. */
  readonly purpose?: string
  /** The transaction that took its place: another factor, or the same one once more. */
  readonly next?: string
  /** How often a later start in the same browser has taken it over into a new session. */
  readonly moves?: number
  /** Digest of the login in which it was started, if there was one. */
  readonly login?: string
  /** Codes tried so far, for display; the ledger's count is the one that decides. */
  readonly attempts?: number
  /** Set when it has ended without success: the code that every later callback gets. */
  readonly closed?: FailureCode
}
