/**
 * The event `passport-nevis:fault`, which tells the app's operators that Nevis or a store of the app has failed, or that a function of the app gave no
 * result in time.
 *
 * The event contains only codes and names. Errors that the app's own functions throw are not published. Out of scope: the answer to the user.
 */
import { NevisError, type NevisErrorCode, type NevisMethod } from '../client/errors'
import { publisher } from '../client/publisher'
import { isAppTimeout } from './app-function'
import { StorageError, type StorageErrorCode } from './storage'

/** A failure of Nevis, of the app's session store or ledger, or of a function of the app that gave no result in time. */
export interface NevisFault {
  /**
   * Where the fault occurred, and what it caused:
   * - `request`: while a request was handled; the app's error handler got the error. Exception: if Nevis refuses to send an SMS and its answer names no reason,
   *   the user gets `not_enrolled` instead.
   * - `watch`: while the strategy asked Nevis for the status of a transaction, or recorded the transaction's end in the ledger. No request fails: the waiting
   *   page keeps waiting, or shows the end.
   * - `browser`: while a remembered browser was checked (the user had to give the second factor), or stored (the browser was not remembered); or while
   *   `forgetBrowsers(strategy, { userId })` asked Nevis for the username (the browsers stored under the userId were forgotten nevertheless).
   */
  readonly at: 'request' | 'watch' | 'browser'
  /** The code of the `NevisError` or `StorageError`; `APP_TIMEOUT` if a function of the app was too slow. */
  readonly code: NevisErrorCode | StorageErrorCode | 'APP_TIMEOUT'
  /** Only with `APP_TIMEOUT`: the name of the function, such as `verify` or `subject`; `factor` for a factor of the app's own. */
  readonly appFunction?: string
  /** The client's method that failed; only for a `NevisError`. */
  readonly call?: NevisMethod
  /** The HTTP status of Nevis's answer, if there was one. */
  readonly nevisStatus?: number
  /** The code of the underlying error, such as `ECONNREFUSED` or `NOPERM`, if it is known. For a store's error without a code, the name of its class. */
  readonly cause?: string
}

const publish = publisher<NevisFault>('fault')

/**
 * Publishes an error if it is a NevisError, a StorageError or an AppTimeoutError.
 * @param about the fields that describe the strategy and the transaction, as far as they are known
 * @internal
 */
export function publishFault(error: unknown, at: NevisFault['at'], about: object = {}): void {
  if (isAppTimeout(error)) return publish(() => ({ ...about, at, code: error.code, appFunction: error.appFunction }))
  if (!(error instanceof NevisError || error instanceof StorageError)) return
  const { code, cause } = error
  const { code: causeCode } = Object(cause) as { code?: string }
  publish(() => ({
    ...about,
    at,
    code,
    ...(error instanceof NevisError && { call: error.operation, ...(error.nevisStatus !== undefined && { nevisStatus: error.nevisStatus }) }),
    ...(causeCode !== undefined && { cause: causeCode }),
  }))
}
