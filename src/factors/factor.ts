/**
 * The interface `Factor`, which every second factor in this folder implements. A factor starts an approval or an enrolment through the client, and later
 * checks its outcome. CONTRIBUTING.md says how to add a factor.
 *
 * The folder `factors/` has one file for each factor, such as `push.ts` and `sms.ts`. The other files contain what all factors share: names (`names.ts`),
 * strengths (`strength.ts`), failure codes (`failures.ts`) and the type of a transaction (`transaction.ts`).
 * Out of scope: sessions, requests and Passport.
 */
import type { NevisClient, Status } from '../client/client'
import type { Operation } from '../client/wire'
import type { Ending } from './ending'
import type { FailureCode } from './failures'
import type { Shown, Subject, Transaction } from './transaction'
import type { FactorName } from './names'

/** What a factor gets when it starts an approval or an enrolment. */
export interface FactorRequest {
  /** The message that the phone shows: plain text or `<html>…</html>`. */
  readonly message?: string
  /** The phone number, such as `+41791234567`; only to enrol SMS. */
  readonly phone?: string
  /** Id of the registered phone to ask (Nevis calls it an authenticator), one of the user's own phones. Only for a factor with `takesAuthenticator`. */
  readonly authenticatorId?: string
  /** The last line of the message on the phone, with the placeholder `{code}`. The user must type this code into the waiting page. */
  readonly typedCodeLine?: string
}

/** A started approval or enrolment: `server` stays on the server, `browser` may be sent to the browser. */
export interface Challenge {
  /** The part that the browser never gets. */
  readonly server: {
    /** Nevis's id of the transaction; a random id if Nevis gives none. */
    readonly id: string
    /** True if Nevis gave no id and this package generated one. The strategy never compares such an id with an id from Nevis. */
    readonly hasOwnId?: boolean
    /** The token with which `check` asks for the status. */
    readonly statusToken?: string
    /** The userId that Nevis's response names. */
    readonly userId?: string
    /** The username that Nevis's response names. */
    readonly username?: string
    /**
     * Only for an enrolment: true if Nevis's response shows that the user already had a factor. The strategy then refuses an enrolment that it has started
     * because the user seemed to have no factor. Absent if the response does not list the user's factors.
     */
    readonly hasFactor?: boolean
    /**
     * Only for an approval: a code of 6 to 64 digits that the user sees outside this browser, for example on the phone. The user must type this code into the
     * page. The strategy stores only a keyed digest of the code.
     */
    readonly typedCode?: string
  }
  /** The part that the browser may see. */
  readonly browser: Shown
}

/** What a factor gets when it checks the user's answer. */
export interface Answer {
  /** The code that the browser sent. */
  readonly code?: string
  /** The token that the browser sent. */
  readonly token?: string
  /** Nevis's status response for this transaction; then `check` need not ask Nevis. Only the built-in factors that wait for the phone get the response. */
  readonly status?: Status
}

/** The outcome of a successful check. The strategy compares the ids of the user and the transaction with those of the start. */
export interface Succeeded {
  /** Distinguishes this outcome from `pending` and `failed`. */
  readonly status: 'succeeded'
  /** The userId of the user who approved. */
  readonly userId?: string
  /** The username of the user who approved. */
  readonly username?: string
  /** Nevis's id of the approved transaction. */
  readonly transactionId?: string
  /** Nevis's transaction token, which the strategy then introspects. */
  readonly token?: string
  /**
   * True if Nevis's answer does not tell which transaction was approved. The strategy then accepts the transaction token only once. Otherwise the same token
   * could prove the approval of a second transaction.
   */
  readonly namesNoTransaction?: boolean
  /**
   * True if the factor has asked Nevis with the status token of this transaction, so that the answer can be about no other transaction or user. The strategy
   * then accepts an outcome without `userId` or `transactionId`. Default false: an outcome without one of these ids is refused.
   */
  readonly isBoundByStatusToken?: boolean
}

/** The result of a factor's method `check`. */
export type Outcome =
  | {
      /** The user has not answered yet. */
      readonly status: 'pending'
    }
  | Succeeded
  | {
      /** The user's answer was not accepted. `retryable` says whether the transaction can still succeed. */
      readonly status: 'failed'
      /** The reason, passed to Passport's `fail`. */
      readonly code: FailureCode
      /** True if the user may try again, for example with another code. If false, the transaction is closed. */
      readonly retryable: boolean
      /** Whether the user denied the request or did not answer, if the factor can tell. Only for the event `decided`. */
      readonly ending?: Ending
    }

/**
 * What the waiting page does: it waits (`wait`), asks for a code (`code`), runs Nevis's widget (`widget`), or shows recovery codes and asks the user
 * to confirm that they are saved (`confirm`). The outcome needs a transaction token with `wait` and `widget`, but not with `code` and `confirm`
 * (`trust/proof.ts`).
 */
export type Prompt = 'wait' | 'code' | 'widget' | 'confirm'

/**
 * A second factor. The five factors of this package implement this interface, and so can your own. A factor calls the client, keeps
 * nothing between calls, and knows neither the request nor Passport.
 */
export interface Factor {
  /** The factor's name, as used in requests, options and records. */
  readonly name: FactorName
  /** What the waiting page does until the user has answered. */
  readonly prompt: Prompt
  /** What the waiting page does during an enrolment. Default: the same as `prompt`. */
  readonly enrollPrompt?: Prompt
  /** What an approval with this factor proves, in values of RFC 8176. Default: none. */
  readonly amr?: readonly string[]
  /** True if a start can name the authenticator (registered phone) to ask, because a user can have several. Default false. */
  readonly takesAuthenticator?: boolean
  /**
   * This factor's options that must fit the Nevis instance, with their values. The command `doctor` compares the values with the report of the command
   * `probe`. Default: none.
   */
  readonly instanceOptions?: Readonly<Record<string, unknown>>
  /**
   * Starts an approval.
   * @param nevis the strategy's client
   * @param subject the user to ask
   * @param request the message that the user is shown, and which phone to ask
   * @returns the started challenge
   * @throws NevisError, any code. Throw `NEVIS_NOT_FOUND` if the user does not have the factor: the strategy turns it into the failure `not_enrolled`
   */
  approve(nevis: NevisClient, subject: Subject, request: FactorRequest): Promise<Challenge>
  /**
   * Starts an enrolment; absent for a factor that cannot be enrolled.
   * @param nevis the strategy's client
   * @param subject the user who gets the factor
   * @param request the phone number for SMS
   * @returns the started challenge
   * @throws NevisError, any code
   */
  enroll?(nevis: NevisClient, subject: Subject, request: FactorRequest): Promise<Challenge>
  /**
   * Called at the callback: asks Nevis for the outcome. Do not rely on what the browser says about the outcome.
   * @param nevis the strategy's client
   * @param transaction the started transaction, as stored in the session
   * @param answer the code or token sent by the browser
   * @returns the outcome; the caller then compares it with the transaction, introspects the token, and marks the transaction as used
   * @throws NevisError, any code
   */
  check(nevis: NevisClient, transaction: Transaction, answer: Answer): Promise<Outcome>
}

/**
 * The userId of the user who approved: the userId in Nevis's answer or, if the answer contains none, the userId of the user who was asked.
 * @returns undefined if neither is known
 * @internal
 */
export function approverIdOf({ userId }: Pick<Transaction, 'userId'>, outcome: Pick<Succeeded, 'userId'>): string | undefined {
  return outcome.userId ?? userId
}

/**
 * Returns what the waiting page does for a transaction.
 * @param isCodeTyped true if the user has correctly typed the code that the phone shows; undefined if the transaction has no such code
 * @internal
 */
export function promptOf({ prompt, enrollPrompt = prompt }: Pick<Factor, 'prompt' | 'enrollPrompt'>, operation: Operation | undefined, isCodeTyped?: boolean): Prompt {
  if (isCodeTyped !== undefined) return isCodeTyped ? 'wait' : 'code'
  return operation === 'enroll' ? enrollPrompt : prompt
}
