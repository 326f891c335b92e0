/**
 * Publishes events for audit logs and dashboards on `node:diagnostics_channel`.
 *
 * Out of scope: logging, which your app does. No payload holds a token, a code, a phone number, a message or the application's data.
 */
import { channel } from 'node:diagnostics_channel'
import type { Mismatch } from '../trust/binding'
import type { Operation } from '../client/wire'
import type { FactorName } from '../factors/names'
import type { FailureCode } from '../factors/failures'
import type { Subject, Transaction } from '../factors/transaction'

interface Base {
  /** Name of the strategy. */
  readonly strategy: string
}

/** The transaction of an event, as far as it is known. */
export interface About extends Base {
  /** The user who was to be asked. */
  readonly subject?: Subject
  /** Nevis's userId. */
  readonly userId?: string
  /** Nevis's id, or a random one if Nevis gives none. */
  readonly transactionId?: string
  /** Name of the factor. */
  readonly factor?: FactorName
  /** `approve` or `enroll`. */
  readonly operation?: Operation
}

/** Channel `passport-nevis:<name>` for each name here, and what it carries. */
export interface NevisEvents {
  /** Nevis accepted a start and notifies the user. */
  started: About
  /** A start found the same approval still pending, so the user was not notified again. */
  reused: About
  /**
   * The user has decided. `succeeded`: the approval was checked and claimed, and `verify` is called next. `failed`: a denial or a time-out,
   * which Nevis does not distinguish.
   */
  decided: About & {
    /** Nevis gives no reason for a failure. */
    readonly outcome: 'succeeded' | 'failed'
  }
  /** A user was refused. */
  failed: About & {
    /** The same as `info.code` of Passport's `fail`. */
    readonly code: FailureCode
  }
  /** A budget of starts or codes was used up (MITRE ATT&CK T1621, OWASP ASVS 6.6.4). */
  budget: About & {
    /**
     * Starts of a subject, codes of a transaction, codes of a subject, a pause after denials, codes of a subject that are locked
     * after too many wrong ones, or texts to a phone number.
     */
    readonly budget: 'starts' | 'attempts' | 'subjectAttempts' | 'pause' | 'locked' | 'phone'
    /** How many are allowed; for `locked`, how many wrong codes in a day lock the codes. */
    readonly limit: number
  }
  /**
   * A possible attack: an answer of another user or transaction, a transaction that was changed in the session (`field` names what does not
   * match), an approval that was used twice, a first enrolment of a user who already has a factor, or a success after several denials, which
   * is the pattern of push bombing.
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
          /** This should have been the user's first factor, but Nevis's answer shows that the user already has one. */
          readonly reason: 'enrolment_of_enrolled'
        }
      | {
          /** The user may have accepted only to stop the requests. */
          readonly reason: 'success_after_denials'
          /** How many denials came before. */
          readonly denials: number
        }
    )
}

/** The part of a channel's name after `passport-nevis:`. */
export type NevisEventName = keyof NevisEvents

const channels = {
  started: channel('passport-nevis:started'),
  reused: channel('passport-nevis:reused'),
  decided: channel('passport-nevis:decided'),
  failed: channel('passport-nevis:failed'),
  budget: channel('passport-nevis:budget'),
  suspicious: channel('passport-nevis:suspicious'),
} satisfies Record<NevisEventName, unknown>

/** @internal */
export function publish<Name extends NevisEventName>(name: Name, event: () => NevisEvents[Name]): void {
  if (channels[name].hasSubscribers) channels[name].publish(Object.freeze(event()))
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
