/**
 * The one shape that every factor has. A new factor is one file of this shape and one line in `index.ts`.
 *
 * Not its job: sessions, requests or Passport; a factor sees the client, the subject and its own transaction.
 */
import type { NevisClient, SucceededStatus } from '../client/client'
import type { Operation } from '../client/wire'
import type { FailureCode } from '../failures'
import type { Shown, Subject, Transaction } from '../transactions'
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
    readonly id: string
    readonly statusToken?: string
    /** Whom Nevis says it asks. */
    readonly userId?: string
    readonly username?: string
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
  readonly status?: SucceededStatus
}

export interface Succeeded {
  readonly status: 'succeeded'
  readonly userId?: string
  readonly username?: string
  readonly transactionId?: string
  /** Nevis's transaction token, to be introspected. */
  readonly token?: string
}

export type Outcome =
  | { readonly status: 'pending' }
  | Succeeded
  | { readonly status: 'failed'; readonly code: FailureCode; readonly retryable: boolean }

/** What the browser does meanwhile: waits, asks for a code, runs Nevis's widget, or shows something and has it confirmed. */
export type Prompt = 'wait' | 'code' | 'widget' | 'confirm'

export interface Factor {
  /** What requests, routes and records call it. */
  readonly name: FactorName
  readonly prompt: Prompt
  /** The same at an enrolment, where it differs. */
  readonly enrollPrompt?: Prompt
  /** An approval asks one authenticator of several, and a start may name it. Default false. */
  readonly takesAuthenticator?: boolean
  approve(nevis: NevisClient, subject: Subject, request: FactorRequest): Promise<Challenge>
  enroll?(nevis: NevisClient, subject: Subject, request: FactorRequest): Promise<Challenge>
  check(nevis: NevisClient, transaction: Transaction, answer: Answer): Promise<Outcome>
}

/** @internal */
export function promptOf({ prompt, enrollPrompt = prompt }: Factor, operation: Operation | undefined): Prompt {
  return operation === 'enroll' ? enrollPrompt : prompt
}
