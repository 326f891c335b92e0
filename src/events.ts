/**
 * What an audit log or a dashboard may want to know, on `node:diagnostics_channel`.
 *
 * Not its job: to log. No payload holds a token, a code, a phone number, a message or the application's data.
 */
import { channel } from 'node:diagnostics_channel'
import type { Mismatch } from './binding'
import type { Operation } from './client/wire'
import type { FactorName } from './factors/names'
import type { FailureCode } from './failures'
import type { Subject, Transaction } from './transactions'

interface Base {
  /** Name of the strategy. */
  readonly strategy: string
}

/** Which transaction an event is about, as far as one is known. */
export interface About extends Base {
  readonly subject?: Subject
  /** Nevis's userId. */
  readonly userId?: string
  readonly transactionId?: string
  readonly factor?: FactorName
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
  decided: About & { readonly outcome: 'succeeded' | 'failed' }
  /** A person was refused, with the code that Passport's `fail` got. */
  failed: About & { readonly code: FailureCode }
  /** A budget of starts or codes was used up (MITRE ATT&CK T1621, OWASP ASVS 6.6.4). */
  budget: About & { readonly budget: 'starts' | 'attempts' | 'subjectAttempts' | 'pause'; readonly limit: number }
  /**
   * Something that does not happen by itself: an answer that belongs to somebody else, or a transaction that was changed
   * in the session (`field` says what does not fit), an approval used twice, or a success after a wave of denials, which is what push bombing looks like.
   */
  suspicious: About &
    (
      | { readonly reason: 'binding_mismatch'; readonly field: Mismatch }
      | { readonly reason: 'used_transaction' }
      | { readonly reason: 'success_after_denials'; readonly denials: number }
    )
}

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
export function publish<Name extends NevisEventName>(name: Name, event: NevisEvents[Name]): void {
  if (channels[name].hasSubscribers) channels[name].publish(Object.freeze(event))
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
