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
  /** The user, as the app named them. */
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
  /**
   * A request asked for an approval that was already pending. The strategy showed the waiting page of the pending approval, and did not notify the
   * user a second time.
   */
  reused: About
  /**
   * A transaction has ended. Published once per transaction. `succeeded`: the approval was checked and marked as used, and `verify` is called next.
   * `failed`: the user denied, or the transaction timed out.
   */
  decided: About & {
    /** Whether the user approved. */
    readonly outcome: 'succeeded' | 'failed'
    /**
     * Only with `failed`: whether the user denied or the transaction timed out. Nevis has one answer for both, so this package infers the reason
     * from the times in the answer, or from its own clock. Absent if it cannot be inferred. Do not show it to a browser.
     */
    readonly reason?: Ending
    /** Milliseconds since the transaction was started. */
    readonly ageMs: number
  }
  /** The strategy refused a request: it called Passport's `fail`. */
  failed: About & {
    /** Why the request was refused: the same code as `info.code` of Passport's `fail`. */
    readonly code: FailureCode
    /** Milliseconds since the start of the transaction; absent without a transaction. */
    readonly ageMs?: number
  }
  /** A user has reached a limit for starting transactions or for trying codes (MITRE ATT&CK T1621, OWASP ASVS 6.6.4). */
  budget: About & {
    /**
     * Which limit was reached. `starts`: transactions that a user may start. `attempts`: codes per transaction. `subjectAttempts`: codes per user.
     * `pause`: a pause after denials. `locked`: after too many wrong codes, no more codes of the user are accepted. `phone`: SMS to a phone number.
     */
    readonly budget: 'starts' | 'attempts' | 'subjectAttempts' | 'pause' | 'locked' | 'phone'
    /** How many the limit allows. For `locked`: after how many wrong codes in a day no more codes are accepted. */
    readonly limit: number
  }
  /**
   * A remembered browser. `remembered`: the user has given a second factor and wants this browser to be remembered. `used`: the user signed in from a
   * remembered browser with the first factor alone; `verify` is called next. `forgotten`: `forgetBrowsers` has forgotten all browsers of the user.
   */
  browser: About & {
    /** What happened. */
    readonly browser: 'remembered' | 'used' | 'forgotten'
  }
  /**
   * A possible attack; `reason` says which:
   * - `binding_mismatch`: an answer for another user or transaction, or a transaction that was changed in the session (`field`: what does not match);
   * - `used_transaction`: an approval that was used twice;
   * - `enrolment_of_enrolled`: the app started an enrolment for a user without a factor, but the user already has one;
   * - `success_after_denials`: a success after several denials, which is typical of push bombing;
   * - `copied_browser`: a copied cookie of a remembered browser.
   */
  suspicious: About &
    (
      | {
          /** The answer belongs to another user or transaction, or the transaction was changed in the session. */
          readonly reason: 'binding_mismatch'
          /** What does not match. */
          readonly field: Mismatch
        }
      | {
          /** The transaction had succeeded before. */
          readonly reason: 'used_transaction'
        }
      | {
          /** The app started an enrolment for a user without a factor, but Nevis's answer shows that the user already has one. */
          readonly reason: 'enrolment_of_enrolled'
        }
      | {
          /** The user may have accepted only to stop the many requests. */
          readonly reason: 'success_after_denials'
          /** How many denials came before. */
          readonly denials: number
        }
      | {
          /** The cookie of a remembered browser was used twice, so a second browser has a copy. The browser is no longer remembered. */
          readonly reason: 'copied_browser'
        }
    )
  /** One HTTP request to Nevis has ended. The event names no strategy, because several strategies may share a client. */
  call: NevisCall
  /**
   * A call to Nevis, or a store of the app (its session store or the ledger), has failed. The field `at` says where the fault occurred, and what the
   * user noticed.
   */
  fault: Partial<About> & NevisFault
}

/** The name of an event: the part of its channel's name after `passport-nevis:`. */
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
 * Publishes an event. `event` is called only if the channel has a subscriber.
 * @internal
 */
export function publish<Name extends OwnEventName>(name: Name, event: () => NevisEvents[Name]): void {
  publishers[name](event)
}

/**
 * The fields of an event that describe the transaction.
 * @internal
 */
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
