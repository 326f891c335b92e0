/**
 * What an audit log or a dashboard may want to know, on `node:diagnostics_channel`.
 *
 * Out of scope: to log. No payload holds a token, a code, a phone number, a message or the application's data.
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

/** Which transaction an event is about, as far as one is known. */
export interface About extends Base {
  /** Who was to be asked. */
  readonly subject?: Subject
  /** Nevis's userId. */
  readonly userId?: string
  /** Nevis's id, or ours where Nevis has none. */
  readonly transactionId?: string
  /** Name of the factor. */
  readonly factor?: FactorName
  /** `approve` or `enroll`. */
  readonly operation?: Operation
}

/** Channel `passport-nevis:<name>` for each name here, and what it carries. */
export interface NevisEvents {
  /** Nevis was asked to ask a person. */
  started: About
  /** A start found the same approval still pending, and nobody was asked again. */
  reused: About
  /**
   * The answer is there: `succeeded` once it belongs to the transaction and was claimed, so that `verify` comes next;
   * `failed` for a denial or a time-out, which Nevis does not tell apart.
   */
  decided: About & {
    /** A failure has no reason that Nevis tells. */
    readonly outcome: 'succeeded' | 'failed'
  }
  /** A person was refused, with the code that Passport's `fail` got. */
  failed: About & {
    /** As in `info.code`. */
    readonly code: FailureCode
  }
  /** A budget of starts or codes was used up (MITRE ATT&CK T1621, OWASP ASVS 6.6.4). */
  budget: About & {
    /**
     * Starts of a subject, codes of a transaction, codes of a subject, a pause after denials, codes of a subject that are locked
     * after too many wrong ones, or texts to a phone number.
     */
    readonly budget: 'starts' | 'attempts' | 'subjectAttempts' | 'pause' | 'locked' | 'phone'
    /** How many were allowed; for `locked`, how many wrong codes in a day lock. */
    readonly limit: number
  }
  /**
   * Something that does not happen by itself: an answer that belongs to somebody else, or a transaction that was changed
   * in the session (`field` says what does not fit), an approval used twice, a first enrolment of somebody who has a factor, or a
   * success after a wave of denials, which is what push bombing looks like.
   */
  suspicious: About &
    (
      | {
          /** The answer belongs to somebody or something else, or the transaction was changed. */
          readonly reason: 'binding_mismatch'
          /** Name of what does not fit. */
          readonly field: Mismatch
        }
      | {
          /** It had succeeded before. */
          readonly reason: 'used_transaction'
        }
      | {
          /** The subject was to get a first factor, and Nevis's answer to the enrolment names factors that are there already. */
          readonly reason: 'enrolment_of_enrolled'
        }
      | {
          /** Somebody may have given in. */
          readonly reason: 'success_after_denials'
          /** How many went before. */
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
