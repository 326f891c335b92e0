/**
 * Calls a function of the app with a time limit: `verify`, an option such as `subject`, or the function `check` of a factor, which the app may have written.
 *
 * The function may wait for a database or a directory that never answers. Without a limit, the request would then stay open for ever. The next starts of this
 * user would wait as well, because the starts of one user run one after another. Out of scope: the function `accessKey` (`client/access-key.ts`), and the app's
 * stores (`storage.ts`).
 */
import { withDeadline } from '../client/deadline'

/** Time limit for a function of the app. Most reverse proxies wait longer (30 s and more), so the browser gets the app's error page and not the proxy's. */
const MAX_MS = 20_000

/** Time limit for a whole start, and for `check` of a factor. Both may call Nevis a few times, and each call takes at most 10 s by default. */
export const MAX_FACTOR_MS = 60_000

/**
 * A function of the app gave no result in time. The request fails, and the user is not signed in.
 * @internal
 */
export class AppTimeoutError extends Error {
  readonly code = 'APP_TIMEOUT'
  /** HTTP status with which the app should answer. */
  readonly status = 503

  /** @param appFunction `verify`; or the name of an option that is a function, such as `subject`; or `factor` for a function of a factor that the app wrote */
  constructor(readonly appFunction: string) {
    super(`NevisStrategy: the function ${appFunction} of the app gave no result in time`)
    this.name = 'AppTimeoutError'
  }
}

/**
 * True for an `AppTimeoutError`, even if another installed copy of this package has created it.
 * @internal
 */
export function isAppTimeout(error: unknown): error is AppTimeoutError {
  return error instanceof Error && error.name === 'AppTimeoutError' && (error as { code?: unknown }).code === 'APP_TIMEOUT'
}

/**
 * Calls a function of the app. A late result or error is ignored.
 * @param appFunction the name of the function, for the error
 * @throws AppTimeoutError if the function returns a promise that is not settled in time
 * @internal
 */
export async function resultOf<T>(appFunction: string, call: () => T | PromiseLike<T>, maxMs = MAX_MS): Promise<T> {
  const result = call()
  if (!isThenable(result)) return result
  return withDeadline(maxMs, () => new AppTimeoutError(appFunction), async () => result)
}

/** @internal */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === 'function'
}
