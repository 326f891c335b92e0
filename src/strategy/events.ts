/**
 * Publishes events for audit logs and dashboards on `node:diagnostics_channel`.
 *
 * No event contains a token, a code, a phone number, a message or the app's data. Out of scope: logging, which your app does.
 */
import type { NevisCall } from '../client/calls'
import { publisher } from '../client/publisher'
import type { Operation } from '../client/wire'
import type { NevisFault } from '../host/faults'
import type { Mismatch } from '../trust/binding'
import type { Ending } from '../factors/ending'
import type { FactorName } from '../factors/names'
import type { FailureCode } from '../factors/failures'
import type { Subject, Transaction } from '../factors/transaction'

interface Base {
  /** Name of the strategy. */
  readonly strategy: string
}

/** The transaction that an event is about. Fields that are not known yet are absent. */
export interface About extends Base {
  /** The user, as the app's option `subject` returned the user at the start. */
  readonly subject?: Subject
  /** Nevis's userId. */
  readonly userId?: string
  /** Nevis's id of the transaction; a random id if Nevis gives none. */
  readonly transactionId?: string
  /** Name of the factor. */
  readonly factor?: FactorName
  /** `approve` or `enroll`. */
  readonly operation?: Operation
}

/** The events by name. An event is published on the channel `passport-nevis:<name>`. */
export interface NevisEvents {
  /** Nevis accepted a start and notifies the user. */
  started: About
  /** The user clicked twice. The second request showed the waiting page of the first, and did not notify the user again. */
  reused: About
  /**
   * A transaction has ended. This event is published once for each transaction. `succeeded`: the user approved, and `verify` is called next. `failed`: the user
   * denied, or did not answer in time.
   */
  decided: About & {
    /** Whether the user approved. */
    readonly outcome: 'succeeded' | 'failed'
    /**
     * Only with `failed`: whether the user denied or did not answer in time. Nevis reports both alike, so this package infers the reason from the times in
     * Nevis's answer. Absent if the reason cannot be inferred. Do not show the reason to a browser: an attacker who has the password must not learn it.
     */
    readonly reason?: Ending
    /** Milliseconds since the transaction was started. */
    readonly ageMs: number
  }
  /** The strategy refused a request: it called Passport's `fail`. */
  failed: About & {
    /** The `code` that Passport's `fail` got. */
    readonly code: FailureCode
    /** Milliseconds since the start of the transaction; absent without a transaction. */
    readonly ageMs?: number
  }
  /** A user has reached a limit for starting transactions or for trying codes (MITRE ATT&CK T1621, OWASP ASVS 6.6.4). */
  budget: About & {
    /**
     * Which limit was reached. `starts`: transactions started for a user. `attempts`: codes tried for a transaction. `subjectAttempts`: codes tried for a user.
     * `pause`: starts during the pause after denials. `locked`: wrong codes tried for a user in a day. `phone`: SMS sent to a phone number.
     */
    readonly budget: 'starts' | 'attempts' | 'subjectAttempts' | 'pause' | 'locked' | 'phone'
    /** The number that the limit allows. */
    readonly limit: number
  }
  /**
   * A browser in which the user can sign in without the second factor. `remembered`: the user chose to have this browser remembered. `used`: the user signed in
   * without a second factor in a remembered browser, and `verify` is called next. `forgotten`: `forgetBrowsers` was called for the user.
   */
  browser: About & {
    /** What happened with the remembered browser. */
    readonly browser: 'remembered' | 'used' | 'forgotten'
  }
  /**
   * A possible attack; `reason` says which:
   * - `binding_mismatch`: Nevis's answer, the transaction in the session, the callback's route or the signed-in user does not match the started transaction;
   * - `used_transaction`: a callback request named a transaction that was already used;
   * - `enrolment_of_enrolled`: an enrolment was started for a user who already has a factor;
   * - `success_after_denials`: the user approved after several denials, as in push bombing;
   * - `copied_browser`: the cookie of a remembered browser was copied.
   */
  suspicious: About &
    (
      | {
          /** Nevis's answer, the transaction in the session, the callback's route or the signed-in user does not match the started transaction. */
          readonly reason: 'binding_mismatch'
          /** The field that does not match. */
          readonly field: Mismatch
        }
      | {
          /** A callback request named a transaction that was already used. */
          readonly reason: 'used_transaction'
        }
      | {
          /** An enrolment was started for a user who already has a factor. */
          readonly reason: 'enrolment_of_enrolled'
        }
      | {
          /** The user may have approved only to stop the many requests. */
          readonly reason: 'success_after_denials'
          /** How many approval requests the user denied before this approval. */
          readonly denials: number
        }
      | {
          /** The cookie of a remembered browser was used twice, so a second browser has a copy. The browser is no longer remembered. */
          readonly reason: 'copied_browser'
        }
    )
  /** An HTTP request to Nevis has ended. The event names no strategy, because several strategies may share a client. */
  call: NevisCall
  /** A call to Nevis, the session store or the ledger has failed, or a function of the app gave no result in time. `at` says what was interrupted. */
  fault: Partial<About> & NevisFault
}

/** The name of an event, as in its channel's name `passport-nevis:<name>`. */
export type NevisEventName = keyof NevisEvents

/** The events that this file publishes. `client/calls.ts` publishes `call`, and `host/faults.ts` publishes `fault`. */
type OwnEventName = Exclude<NevisEventName, 'call' | 'fault'>

const publishers: { readonly [Name in OwnEventName]: (event: () => NevisEvents[Name]) => void } = {
  started: publisher('started'),
  reused: publisher('reused'),
  decided: publisher('decided'),
  failed: publisher('failed'),
  budget: publisher('budget'),
  browser: publisher('browser'),
  suspicious: publisher('suspicious'),
}

/**
 * Publishes an event.
 * @param event creates the event; called only if the channel has a subscriber
 * @internal
 */
export function publish<Name extends OwnEventName>(name: Name, event: () => NevisEvents[Name]): void {
  publishers[name](event)
}

/** @internal */
export function about(strategy: string, transaction: Partial<Transaction>): About {
  const { subject, userId, id, factor, operation } = transaction
  return {
    strategy,
    ...(subject !== undefined && { subject }),
    ...(userId !== undefined && { userId }),
    ...(id !== undefined && { transactionId: id }),
    ...(factor !== undefined && { factor }),
    ...(operation !== undefined && { operation }),
  }
}
