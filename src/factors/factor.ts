/**
 * This wing holds the second factors: one file each, all implementing the interface `Factor` below. A factor starts an approval or
 * an enrolment through the client, and later checks its outcome; it keeps no state between the two. To add a factor, write one
 * file and add one line to `index.ts`; CONTRIBUTING.md lists what else knows the names of factors.
 *
 * Out of scope: sessions, requests and Passport. A factor sees the client, the subject and its own transaction.
 */
import type { NevisClient, Status } from '../client/client'
import type { Operation } from '../client/wire'
import type { Ending } from './ending'
import type { FailureCode } from './failures'
import type { Shown, Subject, Transaction } from './transaction'
import type { FactorName } from './names'

/** The values that a start passes to the factor. */
export interface FactorRequest {
  /** Shown on the phone; plain text or Nevis's `<html>` form. */
  readonly message?: string
  /** `+41791234567`; only to enrol SMS. */
  readonly phone?: string
  /** One of the subject's own authenticators, to be asked. Only for a factor that takes one. */
  readonly authenticatorId?: string
  /** How to say a typed code on the phone, in the language of the waiting page; `{code}` stands for the code. */
  readonly typedCodeLine?: string
}

/** The started challenge: `server` stays on the server, `browser` may be sent to the client. */
export interface Challenge {
  /** Never sent to the browser. */
  readonly server: {
    /** Nevis's id of the transaction, or a random one where Nevis has none. */
    readonly id: string
    /** True if the id is a random one: it is never compared with an id of Nevis. */
    readonly hasOwnId?: boolean
    /** The token with which `check` asks for the status. */
    readonly statusToken?: string
    /** The userId that Nevis's response names. */
    readonly userId?: string
    /** The username that Nevis's response names. */
    readonly username?: string
    /**
     * True if Nevis's response to an enrolment shows that this user already had a factor: the user's `status` is not `new`, or
     * `authenticators` is not empty. An enrolment as a first factor is then refused. Absent if the response does not show it.
     */
    readonly hasFactor?: boolean
    /**
     * A code of 6 to 64 digits that reaches the user by another way than this browser, for an approval. The strategy keeps a keyed digest of
     * it, asks for it on the page, and calls `check` only once the user has typed it right. It never reaches the browser.
     */
    readonly typedCode?: string
  }
  /** May go to the browser. */
  readonly browser: Shown
}

/** The input of a check. */
export interface Answer {
  /** Brought by the browser. */
  readonly code?: string
  /** Brought by the browser. */
  readonly token?: string
  /** Nevis's own status response for this transaction, if this process received it a moment ago. */
  readonly status?: Status
}

/** A passed check. The identifiers are compared with the started transaction. */
export interface Succeeded {
  /** Tells it from the other outcomes. */
  readonly status: 'succeeded'
  /** The userId of the user who approved. */
  readonly userId?: string
  /** The username of the user who approved. */
  readonly username?: string
  /** Nevis's id of the approved transaction. */
  readonly transactionId?: string
  /** Nevis's transaction token, to be introspected. */
  readonly token?: string
}

/** The result of a check. */
export type Outcome =
  | {
      /** The user has not answered yet. */
      readonly status: 'pending'
    }
  | Succeeded
  | {
      /** It can no longer succeed, or not with this answer. */
      readonly status: 'failed'
      /** The reason, passed to Passport's `fail`. */
      readonly code: FailureCode
      /** True if the user may try again, for example with another code. If false, the transaction is closed. */
      readonly retryable: boolean
      /** Whether the user denied or did not answer, if the factor can tell; for the event `decided` alone. */
      readonly ending?: Ending
    }

/** What the browser does meanwhile: waits, asks for a code, runs Nevis's widget, or shows something and asks to confirm it. */
export type Prompt = 'wait' | 'code' | 'widget' | 'confirm'

/**
 * A second factor. The five factors of this package implement this interface, and so can your own. A factor calls the client, keeps
 * nothing between calls, and knows neither the request nor Passport.
 */
export interface Factor {
  /** The name used in requests, options and records. */
  readonly name: FactorName
  /** What the browser does meanwhile. */
  readonly prompt: Prompt
  /** What the browser does during an enrolment, if different. */
  readonly enrollPrompt?: Prompt
  /** What an approval with this factor proves, in values of RFC 8176. Default: none. */
  readonly amr?: readonly string[]
  /** True if an approval asks one of several authenticators, and a start may name which. Default false. */
  readonly takesAuthenticator?: boolean
  /**
   * Starts an approval.
   * @param nevis the strategy's client
   * @param subject the user to ask
   * @param request what the user is shown
   * @returns the started challenge
   * @throws NevisError, any code. `NEVIS_NOT_FOUND`, if the user does not have the factor, becomes `not_enrolled`
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
   * Called at the callback: asks Nevis for the outcome. Whatever the browser claims about the outcome proves nothing.
   * @param nevis the strategy's client
   * @param transaction the started transaction, from the server's own record
   * @param answer the code or token sent by the browser
   * @returns the outcome; the caller then compares it with the transaction, introspects the token and claims it
   * @throws NevisError, any code
   */
  check(nevis: NevisClient, transaction: Transaction, answer: Answer): Promise<Outcome>
}

/**
 * @param isCodeTyped whether the transaction's typed code was typed right; undefined if it has none
 * @internal
 */
export function promptOf({ prompt, enrollPrompt = prompt }: Pick<Factor, 'prompt' | 'enrollPrompt'>, operation: Operation | undefined, isCodeTyped?: boolean): Prompt {
  if (isCodeTyped !== undefined) return isCodeTyped ? 'wait' : 'code'
  return operation === 'enroll' ? enrollPrompt : prompt
}
