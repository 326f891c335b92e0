/**
 * Publishes events for audit logs and dashboards on `node:diagnostics_channel`.
 *
 * Out of scope: logging, which your app does. No payload holds a token, a code, a phone number, a message or the application's data.
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
   * A transaction has ended, published once for each. `succeeded`: the approval was checked and claimed, and `verify` is called next.
   * `failed`: a denial or a time-out.
   */
  decided: About & {
    /** Whether the user approved. */
    readonly outcome: 'succeeded' | 'failed'
    /**
     * Only with `failed`. Nevis has one answer for both, so this is inferred from the times in it, or from this package's own clock. Absent if
     * there is nothing to infer it from. For the server alone: a browser must not see it.
     */
    readonly reason?: Ending
    /** Milliseconds since the start. */
    readonly ageMs: number
  }
  /** A user was refused. */
  failed: About & {
    /** The same as `info.code` of Passport's `fail`. */
    readonly code: FailureCode
    /** Milliseconds since the start of the transaction, if there is one. */
    readonly ageMs?: number
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
   * A remembered browser. `remembered`: the user has given a second factor, and wants this browser to be remembered. `used`: it signed in with
   * the first factor alone; `verify` is called next. `forgotten`: `forgetBrowsers` has ended all browsers of the user.
   */
  browser: About & {
    /** What happened. */
    readonly browser: 'remembered' | 'used' | 'forgotten'
  }
  /**
   * A possible attack: an answer of another user or transaction, a transaction that was changed in the session (`field` names what does not
   * match), an approval that was used twice, a first enrolment of a user who already has a factor, or a success after several denials, which
   * is the pattern of push bombing, or a copied cookie of a remembered browser.
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
      | {
          /** The cookie of a remembered browser was used twice, so it was copied. The browser is no longer remembered. */
          readonly reason: 'copied_browser'
        }
    )
  /** One HTTP request to Nevis has ended. It names no strategy, because several may share a client. */
  call: NevisCall
  /** Nevis or one of the app's stores has failed: your error handler gets the error, or a waiting page could not learn its status. */
  fault: Partial<About> & NevisFault
}

/** The part of a channel's name after `passport-nevis:`. */
export type NevisEventName = keyof NevisEvents

/** The others are published where a call or an error ends: `client/http.ts` and `host/faults.ts`. */
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

/** @internal */
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
