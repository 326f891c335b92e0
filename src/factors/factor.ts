/**
 * The one shape that every factor has. A new factor is one file of this shape and one line in `index.ts`.
 *
 * Out of scope: sessions, requests and Passport; a factor sees the client, the subject and its own transaction.
 */
import type { NevisClient, Status } from '../client/client'
import type { Operation } from '../client/wire'
import type { FailureCode } from './failures'
import type { Shown, Subject, Transaction } from './transaction'
import type { FactorName } from './names'

/** What the application wants asked. */
export interface FactorRequest {
  /** Shown on the phone; plain text or Nevis's `<html>` form. */
  readonly message?: string
  /** `+41791234567`; only to enrol SMS. */
  readonly phone?: string
  /** Which of the subject's authenticators to ask; one of their own. Only for a factor that takes one. */
  readonly authenticatorId?: string
}

/** What a factor has started, in two drawers. */
export interface Challenge {
  /** Stays on the server. */
  readonly server: {
    /** Nevis's id of the transaction, or a random one where Nevis has none. */
    readonly id: string
    /** By which `check` asks for the status. */
    readonly statusToken?: string
    /** Whom Nevis says it asks. */
    readonly userId?: string
    /** The same by name. */
    readonly username?: string
    /**
     * Nevis's answer to an enrolment shows that this user had a factor before: the user's `status` is not `new`, or
     * `authenticators` is not empty. Whoever was to get a first factor is then refused. Absent where nothing shows it.
     */
    readonly hasFactor?: boolean
  }
  /** May go to the browser. */
  readonly browser: Shown
}

/** What a check has to go on. */
export interface Answer {
  /** Brought by the browser. */
  readonly code?: string
  /** Brought by the browser. */
  readonly token?: string
  /** Nevis's own answer to this transaction's status token, where this process learned it a moment ago. */
  readonly status?: Status
}

/** A check that the person has passed. What it names is compared with what was started. */
export interface Succeeded {
  /** Tells it from the other outcomes. */
  readonly status: 'succeeded'
  /** Who has approved, by Nevis's identifier. */
  readonly userId?: string
  /** The same by name. */
  readonly username?: string
  /** What was approved. */
  readonly transactionId?: string
  /** Nevis's transaction token, to be introspected. */
  readonly token?: string
}

/** What a check has found out. */
export type Outcome =
  | {
      /** Nobody has answered yet. */
      readonly status: 'pending'
    }
  | Succeeded
  | {
      /** It cannot succeed any more, or not with this answer. */
      readonly status: 'failed'
      /** Why; Passport's `fail` gets it. */
      readonly code: FailureCode
      /** Another answer may be tried, such as another code; otherwise the transaction is closed. */
      readonly retryable: boolean
    }

/** What the browser does meanwhile: waits, asks for a code, runs Nevis's widget, or shows something and has it confirmed. */
export type Prompt = 'wait' | 'code' | 'widget' | 'confirm'

/**
 * A second factor. The five of this package are of this shape, and so can be one of your own: it asks the client, keeps
 * nothing between calls, and knows neither the request nor Passport.
 */
export interface Factor {
  /** By which requests, options and records name it. */
  readonly name: FactorName
  /** What the browser does meanwhile. */
  readonly prompt: Prompt
  /** The same at an enrolment, where it differs. */
  readonly enrollPrompt?: Prompt
  /** An approval asks one authenticator of several, and a start may name it. Default false. */
  readonly takesAuthenticator?: boolean
  /**
   * Starts an approval.
   * @param nevis the strategy's client
   * @param subject who is to be asked
   * @param request what they are to be shown
   * @returns what was started
   * @throws NevisError, any code; for a factor that the person does not have, `NEVIS_NOT_FOUND`, which becomes `not_enrolled`
   */
  approve(nevis: NevisClient, subject: Subject, request: FactorRequest): Promise<Challenge>
  /**
   * Starts an enrolment; absent for a factor that cannot be enrolled.
   * @param nevis the strategy's client
   * @param subject who is to get the factor
   * @param request the phone number for SMS
   * @returns what was started
   * @throws NevisError, any code
   */
  enroll?(nevis: NevisClient, subject: Subject, request: FactorRequest): Promise<Challenge>
  /**
   * Asks whether it has succeeded, at the callback. What the browser says of the outcome proves nothing.
   * @param nevis the strategy's client
   * @param transaction what was started, as this server has kept it
   * @param answer what the browser has brought
   * @returns the outcome, which is then bound to the transaction, introspected and claimed
   * @throws NevisError, any code
   */
  check(nevis: NevisClient, transaction: Transaction, answer: Answer): Promise<Outcome>
}

/** @internal */
export function promptOf({ prompt, enrollPrompt = prompt }: Factor, operation: Operation | undefined): Prompt {
  return operation === 'enroll' ? enrollPrompt : prompt
}
