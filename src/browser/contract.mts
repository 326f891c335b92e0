/**
 * The types of the browser entry: what travels between the page and the app, and what the app passes to the functions.
 *
 * They repeat the server's types, because those lead to types of Node, which a browser's program does not have; `test/types/browser-contract.ts`
 * compares both. Out of scope: code.
 */

/** Name of a factor. */
export type FactorName = 'push' | 'app' | 'sms' | 'recovery' | 'widget' | (string & Record<never, never>)

/** What the waiting URL answers: what to show to the user. */
export interface SecondFactorView {
  /** The handle of the transaction. */
  readonly transaction: string
  /** Name of the factor. */
  readonly factor: FactorName
  /** `approve` or `enroll`. */
  readonly operation: 'approve' | 'enroll'
  /** What the user does while the status is `pending`: nothing on this page, type a code, use the widget, or save the recovery codes. */
  readonly prompt: 'wait' | 'code' | 'widget' | 'confirm'
  /** `failed` and `expired`: the user can only choose one of `factors` or cancel. */
  readonly status: 'pending' | 'succeeded' | 'failed' | 'expired' | 'unreadable'
  /** ISO 8601, by the server's clock. */
  readonly expiresAt: string
  /** Names of the factors that the user may start now. If the current one is among them, it can be sent again. */
  readonly factors: readonly FactorName[]
  /** URL of the status. */
  readonly statusURL: string
  /** URL of the callback. */
  readonly callbackURL: string
  /** The message, as the phone shows it. */
  readonly message?: string
  /** What the user confirms, as a list. */
  readonly details?: readonly {
    /** For example `Amount`. */
    readonly label: string
    /** For example `CHF 120.00`. */
    readonly value: string
  }[]
  /** The end of the phone number that gets the texts, such as `•••• 0001`. */
  readonly maskedPhone?: string
  /** `data:image/png;base64,…` */
  readonly qrCode?: string
  /** A link that opens the Access App on the same phone. */
  readonly appLinkUri?: string
  /** The token with which the page starts Nevis's widget. */
  readonly intentToken?: string
  /** Newly made recovery codes. */
  readonly recoveryCodes?: readonly string[]
  /** How many codes may still be tried. */
  readonly attemptsLeft?: number
  /** Present if this browser can be remembered after the sign-in. */
  readonly remember?: {
    /** For how many days. */
    readonly days: number
    /** Whether the user has chosen that. */
    readonly isChosen: boolean
  }
  /** Why the transaction has ended; or `wrong_code` while the user may try another code. */
  readonly failure?: FailureCode
  /** With the failure `not_enrolled`: the factor that the user does not have. */
  readonly missingFactor?: FactorName
  /** URL of the list of the user's phones; absent if no other phone can be asked. */
  readonly authenticatorsURL?: string
  /** The list; absent unless it was requested, null if Nevis cannot be reached. */
  readonly authenticators?: readonly {
    /** Value for the field `authenticatorId`. */
    readonly id: string
    /** Absent if the phone has no name. */
    readonly name?: string
    /** The phone's system, if it is known. */
    readonly type?: 'ios' | 'android'
    /** When the phone was registered; ISO 8601. */
    readonly enrolledAt?: string
    /** True for the phone that this transaction asks. */
    readonly isAsked?: true
  }[] | null
}

/** Why the server has refused the user: see the guide "Failure codes". */
export type FailureCode =
  | 'no_subject' | 'unknown_factor' | 'unknown_authenticator' | 'missing_code' | 'invalid_username' | 'phone_refused' | 'start_requires_post'
  | 'cross_site_post' | 'not_enrolled' | 'already_enrolled' | 'too_many_authenticators' | 'factor_exists' | 'user_blocked' | 'cancelled'
  | 'too_many_attempts' | 'codes_locked' | 'rejected' | 'not_approved' | 'wrong_code' | 'expired_transaction' | 'unknown_transaction'
  | 'used_transaction' | 'binding_mismatch' | 'too_many_starts'

/**
 * The `code` of a {@link SecondFactorError}: a failure code; a code of your own app; or one of these:
 *
 * - `unavailable`: Nevis or the session store cannot be reached, or the server did not answer for longer than a request can live
 * - `refused`: the server refused without a code of its own, for example a wrong password
 * - `redirected`: a route answered with a redirect instead of JSON
 * - `foreign_origin`: the server named a URL of another origin. Nothing was sent there
 * - `unexpected_answer`: a route answered with something else than JSON, such as a page
 */
export type SecondFactorErrorCode = FailureCode | 'unavailable' | 'refused' | 'redirected' | 'foreign_origin' | 'unexpected_answer' | (string & Record<never, never>)

/** What the user sends; a field is the one of the same name in the reference. */
export interface SecondFactorFields {
  /** The code that the user typed. */
  readonly code?: string
  /** The result of Nevis's widget. */
  readonly token?: string
  /** Starts this factor instead, or sends the current one again. */
  readonly factor?: FactorName
  /** The phone to ask; together with `factor`. */
  readonly authenticatorId?: string
  /** The phone number to enrol; together with `factor`. */
  readonly phone?: string
  /** More time for recovery codes. */
  readonly extend?: '1'
  /** Whether to remember this browser. */
  readonly remember?: '0' | '1'
}

/** One state of a second factor: what to show, and what the user can do. */
export interface SecondFactorStep {
  /** What to show. */
  readonly view: SecondFactorView
  /** Why the last `send` has failed, if the user can still go on: usually a {@link SecondFactorError}, or the TypeError of `fetch`. */
  readonly error: Error & {
    /** Compare this one. */
    readonly code?: SecondFactorErrorCode
    /** HTTP status. */
    readonly status?: number
    /** Seconds after which the next attempt can succeed. */
    readonly retryAfterSeconds?: number | undefined
  } | undefined
  /**
   * Sends what the user has typed or chosen; without fields, confirms that new recovery codes are saved. The next step follows. Only the first
   * call counts.
   */
  readonly send: (fields?: SecondFactorFields) => void
  /** Ends the second factor at the server, too. The promise rejects with the code `cancelled`. */
  readonly cancel: () => void
}

/** Options of {@link stepUpFetch}. */
export interface StepUpOptions {
  /**
   * Called with each step, so that your app shows it, and with `undefined` at the end, in every case. Each step is a new object.
   */
  readonly show: (step: SecondFactorStep | undefined) => void
  /**
   * Returns headers for each request to the origin of the start URL, for example with your CSRF token. It is called for each request, so it can
   * return a token that has been renewed meanwhile. Default: none.
   */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
}

/** Options of {@link secondFactor}. */
export interface SecondFactorOptions extends StepUpOptions {
  /** Stops: the transaction is cancelled at the server, and the promise rejects with the signal's reason. Default: none. */
  readonly signal?: AbortSignal
}
