/**
 * The types of `passport-nevis/browser`: the JSON that the page and the server exchange, and the parameters of the functions.
 *
 * This file repeats types of the server. The file cannot import the server's types, because they need the types of Node. `test/types/browser-contract.ts`
 * checks that this file agrees with the server's types. Out of scope: code.
 */

/** Name of a factor. A factor of your own may have any name. */
export type FactorName = 'push' | 'app' | 'sms' | 'recovery' | 'widget' | (string & Record<never, never>)

/** The JSON that the waiting URL returns: what your page shows to the user. */
export interface SecondFactorView {
  /** The handle: it identifies the transaction in requests to the server. */
  readonly transaction: string
  /** Name of the factor that the user is asked for now. */
  readonly factor: FactorName
  /** `approve`: the user confirms something. `enroll`: the user registers a factor. */
  readonly operation: 'approve' | 'enroll'
  /**
   * What the user does while the status is `pending`. `wait`: nothing in this page. `code`: type a code. `widget`: use Nevis's widget. `confirm`: save the
   * recovery codes.
   */
  readonly prompt: 'wait' | 'code' | 'widget' | 'confirm'
  /**
   * The status of the transaction. After `failed` or `expired`, the user can choose one of `factors` or cancel. `unreadable`: Nevis's response was
   * invalid.
   */
  readonly status: 'pending' | 'succeeded' | 'failed' | 'expired' | 'unreadable'
  /** When the transaction expires, by the server's clock; ISO 8601. */
  readonly expiresAt: string
  /** The factors that the user may start now. If `factor` is one of them, the user may request it again, for example another push. */
  readonly factors: readonly FactorName[]
  /** URL at which the page asks for the status. */
  readonly statusURL: string
  /** URL to which the page sends the result. */
  readonly callbackURL: string
  /**
   * The app's `message`, which the phone shows with the factors `push` and `app`: plain text, or `<html>…</html>` with the tags `b br em i strong u` only.
   * Never put a plain message into `innerHTML`.
   */
  readonly message?: string
  /** What the user confirms, as labels with values. */
  readonly details?: readonly {
    /** Label, for example `Amount`. */
    readonly label: string
    /** Value, for example `CHF 120.00`. */
    readonly value: string
  }[]
  /** The last digits of the phone number to which the SMS was sent, for example `•••• 0001`. */
  readonly maskedPhone?: string
  /** The QR code to scan, as a data URI. */
  readonly qrCode?: string
  /** A link that opens the Access App on the same phone. */
  readonly appLinkUri?: string
  /** The token with which the page starts Nevis's widget. */
  readonly intentToken?: string
  /** The new recovery codes, for the user to save. */
  readonly recoveryCodes?: readonly string[]
  /** How many codes the user may still try. */
  readonly attemptsLeft?: number
  /** True if the user has typed the right code from the phone, and the page now waits for the approval. */
  readonly isCodeTyped?: true
  /** Present if your app offers to remember this browser, so that later sign-ins skip the second factor. */
  readonly remember?: {
    /** Number of days for which the browser is remembered. */
    readonly days: number
    /** True if the user has chosen to be remembered. */
    readonly isChosen: boolean
  }
  /**
   * Why the transaction has ended. While the status is `pending`, why the user's last input was refused: after `wrong_code`, the user may try another code;
   * after any other code, the user could not switch to another factor or phone.
   */
  readonly failure?: FailureCode
  /** Only with the failure `not_enrolled` or `user_blocked`: the factor that the user cannot use. */
  readonly missingFactor?: FactorName
  /** URL that lists the user's phones. Absent if the user cannot choose another phone. */
  readonly authenticatorsURL?: string
  /** The user's phones. Absent unless the page requested `authenticatorsURL`; null if Nevis could not be reached. */
  readonly authenticators?: readonly {
    /** The value to send as `authenticatorId`. */
    readonly id: string
    /** The name that the user gave to the phone, if any. */
    readonly name?: string
    /** The operating system of the phone, if known. */
    readonly type?: 'ios' | 'android'
    /** When the phone was registered; ISO 8601. */
    readonly enrolledAt?: string
    /** True for the phone to which the request was sent. */
    readonly isAsked?: true
  }[] | null
}

/** A failure code of the server: see the guide "Failure codes". */
export type FailureCode =
  | 'no_subject' | 'unknown_factor' | 'unknown_authenticator' | 'missing_code' | 'invalid_username' | 'phone_refused' | 'start_requires_post'
  | 'cross_site_post' | 'not_enrolled' | 'already_enrolled' | 'too_many_authenticators' | 'factor_exists' | 'user_blocked' | 'cancelled'
  | 'too_many_attempts' | 'codes_locked' | 'rejected' | 'not_approved' | 'wrong_code' | 'expired_transaction' | 'unknown_transaction'
  | 'used_transaction' | 'binding_mismatch' | 'too_many_starts'

/**
 * The `code` of a {@link SecondFactorError}: a failure code of the server, a code of your own app, or one of these:
 *
 * - `unavailable`: Nevis or a store of your app cannot be reached. The middleware `outagePage` sends this code
 * - `refused`: the server refused the request without a code, for example because the password is wrong
 * - `redirected`: a route responded with a redirect instead of JSON
 * - `foreign_origin`: the server returned a URL of another origin. Nothing was sent to that origin
 * - `unexpected_answer`: a route did not respond with JSON, but for example with a page
 */
export type SecondFactorErrorCode = FailureCode | 'unavailable' | 'refused' | 'redirected' | 'foreign_origin' | 'unexpected_answer' | (string & Record<never, never>)

/** What the user sends to the server. */
export interface SecondFactorFields {
  /** The code that the user typed. */
  readonly code?: string | undefined
  /** The token that Nevis's widget returned. */
  readonly token?: string | undefined
  /** Name of the factor to start. The current factor's name requests it again, for example another push. */
  readonly factor?: FactorName | undefined
  /** Id of the phone to ask. Only together with `factor`. */
  readonly authenticatorId?: string | undefined
  /** The phone number to enrol. Only together with `factor`. */
  readonly phone?: string | undefined
  /** `1`: extends the time to save the recovery codes. */
  readonly extend?: '1' | undefined
  /** `1`: remember this browser. `0`: do not. */
  readonly remember?: '0' | '1' | undefined
}

/** What your page shows now, and the functions that your page calls when the user acts. */
export interface SecondFactorStep {
  /** What to show to the user. */
  readonly view: SecondFactorView
  /**
   * Why the last `send` failed; undefined if the last `send` succeeded. Usually the TypeError of `fetch` or a {@link SecondFactorError}. Show the error to the
   * user, who can try again.
   */
  readonly error: Error & {
    /** The error code. Compare the code, never the message. */
    readonly code?: SecondFactorErrorCode
    /** HTTP status of the response. */
    readonly status?: number
    /** Seconds to wait before the next attempt. */
    readonly retryAfterSeconds?: number | undefined
  } | undefined
  /**
   * Sends what the user has typed or chosen; `show` is then called with the next step. Without fields, `send` confirms that the recovery codes are saved.
   * Only the first call in each step has an effect.
   */
  readonly send: (fields?: SecondFactorFields) => void
  /**
   * Handles the event `submit` of a form, also in React and Vue: calls `send` with the fields of the form, and keeps the browser from loading a page. The names
   * of the fields are those of {@link SecondFactorFields}.
   */
  readonly submit: (event: { preventDefault(): void; readonly target: unknown }) => void
  /** Cancels the second factor, also on the server. The promise of `secondFactor` rejects with the code `cancelled`. */
  readonly cancel: () => void
}

/** Options of {@link stepUpFetch}. */
export interface StepUpOptions {
  /** Shows a step to the user. Called with each new step, and with `undefined` at the end. */
  readonly show: (step: SecondFactorStep | undefined) => void
  /** Returns headers for each request to your server, for example with your CSRF token. Called before each request. Default: no headers. */
  readonly headers?: (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>) | undefined
}

/** Options of {@link secondFactor}. */
export interface SecondFactorOptions extends StepUpOptions {
  /** Abort this signal to cancel the second factor, also on the server. The promise then rejects with the signal's reason. Default: none. */
  readonly signal?: AbortSignal | undefined
}
