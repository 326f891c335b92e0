/**
 * The subject and the transaction: types that all folders share.
 *
 * Out of scope: where a transaction is stored (`session/transactions.ts`), and whether it may succeed (`trust/`).
 */
import type { Operation } from '../client/wire'
import type { FailureCode } from './failures'
import type { FactorName } from './names'

/** The user whom Nevis asks. At least one of the two identifiers is present. */
export interface Subject {
  /** Nevis's lifelong identifier. */
  readonly userId?: string | undefined
  /** The app's own stable identifier of the user, with which the user was enrolled at Nevis. */
  readonly username?: string | undefined
}

/** The parts of a challenge that the browser may see. */
export interface Shown {
  /** The QR code: `data:image/png;base64,…` */
  readonly qrCode?: string
  /** A link that opens the Access App on the same phone. */
  readonly appLinkUri?: string
  /** The token with which the page starts Nevis's widget. */
  readonly intentToken?: string
  /** The end of the phone number to which the code of an enrolment was sent, such as `•••• 0001`. */
  readonly maskedPhone?: string
  /** New recovery codes, for the user to save. The server does not store them: they are encrypted inside the handle that the browser gets. */
  readonly recoveryCodes?: readonly string[]
}

/** A started approval or enrolment, as stored in the session. A factor's method `check` gets the transaction; the browser never gets it. */
export interface Transaction {
  /** Nevis's id of the transaction; a random id if Nevis gives none. */
  readonly id: string
  /** True if Nevis gave no id and this package generated one. Such an id is never compared with an id from Nevis. */
  readonly hasOwnId?: boolean
  /** Name of the factor. */
  readonly factor: FactorName
  /** `approve` or `enroll`. */
  readonly operation: Operation
  /** The user whom the app named at the start. */
  readonly subject: Subject
  /** The userId that Nevis's response named. */
  readonly userId?: string
  /** True if an answer of Nevis has shown that this userId belongs to the subject's username. */
  readonly isUserIdNamed?: true
  /** The authenticator (the registered phone) to ask, if the request or the route has named one. */
  readonly authenticatorId?: string
  /** The token with which the server asks Nevis for the status. Never sent to the browser. */
  readonly statusToken?: string
  /** SHA-256 of the status token. The field `digest` covers this digest, so a token that was replaced in the session is refused. */
  readonly statusTokenDigest?: string
  /** Digest of the address and the headers of the browser that started a sign-in: see `strategy/request-origin.ts`. */
  readonly client?: string
  /** When the transaction was started, in milliseconds since 1970. */
  readonly startedAt: number
  /** When the transaction expires, in milliseconds since 1970. */
  readonly expiresAt: number
  /**
   * When the user gave the first factor (such as the password), in milliseconds since 1970. For `firstFactorLifetimeSeconds` from then, the user may switch to
   * other second factors.
   */
  readonly firstFactorAt: number
  /** How the first factor was given, in values of RFC 8176, if the app says so. */
  readonly firstFactorAmr?: readonly string[]
  /** The app's `message`, which the phone shows with the factors `push` and `app`. */
  readonly message?: string
  /** True for an enrolment that `approve-or-enroll` started in place of an approval. */
  readonly isInPlaceOfApproval?: true
  /** The app's own data (the option `data`), which `verify` gets in the profile after the approval. */
  readonly data?: unknown
  /** Names of the factors that the route allows, if the route restricts them. */
  readonly factors?: readonly FactorName[]
  /** Names of the user's factors, from the option `availableFactors` (default: all), without those that the user does not have according to Nevis. */
  readonly available?: readonly FactorName[]
  /** The phone number that the route gave for an enrolment by SMS. The user cannot enter another one. */
  readonly phone?: string
  /**
   * Keyed digest of the phone number to which the code of an enrolment was sent. The digest shows whether the user has corrected the number since then. If so,
   * the next SMS is sent at once; an SMS to the same number is sent only after a pause.
   */
  readonly textedPhone?: string
  /** The page of this site to which the user returns after the second factor. */
  readonly returnTo?: string
  /** A keyed digest that reveals changes to the transaction in the session: see `digest.ts`. */
  readonly digest?: string
  /** What the waiting page shows, such as the QR code; without recovery codes. */
  readonly shown: Omit<Shown, 'recoveryCodes'>
  /** Key that decrypts the recovery codes in the handle. */
  readonly codesKey?: string
  /** Keyed digest of the code that the phone shows and the user must type; absent after the user has typed the code. */
  readonly typedCode?: string
  /** Whether the user has typed the code that the phone shows; absent if the transaction has no such code. */
  readonly isCodeTyped?: boolean
  /** The key (a digest) under which the ledger counts the starts and codes of this user. */
  readonly budget?: string
  /**
   * To limit a user's starts, each start takes the user's lowest free slot in the ledger for a day (`ledger/start-budget.ts`). These are the slots of this
   * start and of the starts that it replaced. An approval frees these slots, so that approved starts do not count towards the limit.
   */
  readonly slots?: readonly number[]
  /**
   * If the app has named the user by username, a start also takes a slot under the userId in Nevis's answer. Otherwise the user would have a second limit as
   * soon as the app names the user by userId. Absent if the starts have taken no such slot: for example, a start in slot 1 takes
   * none. Most sign-ins take slot 1, so this exception saves them a call to the ledger.
   */
  readonly alsoHeld?: {
    /** The key in the ledger for the userId: a digest, like `budget` of the transaction. */
    readonly budget: string
    /** The slots under the userId that this start and the starts that it replaced have taken. */
    readonly slots: readonly number[]
  }
  /**
   * The number of this enrolment, for each identifier of the user (as a digest). A later enrolment of the user has a higher number, and makes this one
   * invalid.
   */
  readonly enrolments?: Readonly<Record<string, number>>
  /** Digests of the path and the options (such as `message`) of the route that started the transaction. Absent if the route sets none of these options. */
  readonly purpose?: string
  /** Id of the transaction that replaced this one, because the user switched to another factor or had the push or SMS sent again. */
  readonly next?: string
  /** How often a repeated start gave the session a new id. Each time, the transaction gets a new ledger key: a copy of the old session cannot finish it. */
  readonly moves?: number
  /** Digest that identifies the user who was signed in at the start, to check that the same user is signed in now. Absent if no user was signed in. */
  readonly login?: string
  /** True if a signed-in user has started the transaction without giving the password again. Stays true when the user switches to another factor. */
  readonly isStepUp?: true
  /** SHA-256 of a secret in the cookie of the browser that started the transaction. Present only if a user was signed in, or if the app sets `subject`. */
  readonly browser?: string
  /**
   * Digest of the address, headers and cookies of the request that started the transaction: see `request-origin.ts`. With it, another process recognises the
   * second request of a double click. Absent if no user was signed in, or if the ledger is in memory, because such a ledger is for one process only.
   */
  readonly origin?: string
  /** Whether the user wants this browser to be remembered; absent if the waiting page does not offer this choice. */
  readonly remember?: boolean
  /**
   * Shows whether the app has called `forgetBrowsers` since the user gave the first factor: if so, this browser is not remembered. Such a call sets a mark with
   * an expiry time under each of the user's keys in the ledger. This field contains, for each key, the seconds that the mark of an earlier call still had left
   * at the first factor. If a mark has more seconds left now, the app has called `forgetBrowsers` since (`ledger/forget-marks.ts`).
   */
  readonly forgetMarks?: Readonly<Record<string, number>>
  /** How many codes the user has tried. Only for display: limits are checked against the ledger's count. */
  readonly attempts?: number
  /** Why the user could not switch to another factor. The waiting page shows this reason, and this transaction stays open. */
  readonly refused?: FailureCode | undefined
  /** The name of the factor to which the user tried to switch. */
  readonly refusedFactor?: FactorName
  /** The same as `refused`, if the user tried to switch after the end of this transaction. The page then shows this reason, not why the transaction ended. */
  readonly refusedAfterEnd?: FailureCode
  /** True if Nevis has refused the start, so that the user has nothing to answer on the phone: see `unavailable-factor.ts`. */
  readonly isUnsent?: true
  /** Set when the transaction ended without success. Every later callback fails with this code. */
  readonly closed?: FailureCode
}
