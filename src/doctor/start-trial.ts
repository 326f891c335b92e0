/**
 * Tries a sign-in with an invented user, to see whether the second factor follows the password. No strategy runs: the password counts as right, `req.logIn`
 * does not sign the user in, and the Nevis strategy starts nothing.
 *
 * Out of scope: choosing the requests (`start-checks.ts`).
 */
import { randomUUID } from 'node:crypto'
import type { StrategyCall } from './strategy-calls'
import { deleteSession, markSession } from './trial-session'

export const TRIAL_HEADER = 'x-passport-nevis-doctor'
const INVENTED = 'passport-nevis-doctor'

interface TrialRequest {
  readonly headers?: Readonly<Record<string, unknown>>
  user?: unknown
  logIn?: unknown
  login?: unknown
}

/** A response of Express, or a reply of Fastify. */
interface TrialResponse {
  statusCode: number
  end?(): void
  send?(): void
}

type Next = () => void

/** Requests of the doctor for which no strategy runs. */
export interface Trial {
  /**
   * Runs instead of the middleware of a `passport.authenticate` call.
   * @param middleware the function that the app got from this call
   * @returns false if the request is not part of this trial, so that the caller must run the middleware
   */
  runs(call: StrategyCall, isNevis: boolean, request: readonly unknown[], middleware: unknown): boolean
}

export class StartTrial implements Trial {
  /** The value of the header that marks the requests of this trial. The value is random, so that a visitor of the application cannot send it. */
  readonly id = randomUUID()
  /** The `passport.authenticate` call of the password strategy that the request reached. */
  password: StrategyCall | undefined
  /** The `passport.authenticate` call of the Nevis strategy that the request reached after the password. */
  start: StrategyCall | undefined
  /** The call with `successRedirect` that the request reached after the password: Passport redirects there, so no later handler of the route runs. */
  redirectedAt: StrategyCall | undefined
  /** True if the request reached a `passport.authenticate` call. */
  isReached = false
  /** True if the application called `req.logIn` for the invented user without `session: false`. */
  isSignedIn = false
  /** True if the request had a session when it reached `start`. */
  hasSession = false
  /** True if `passport.session()` has run before `start`. */
  hasPassportSession = false
  private request: unknown

  runs(call: StrategyCall, isNevis: boolean, [request, response, next]: readonly unknown[]): boolean {
    const req = Object(request) as TrialRequest
    if (req.headers?.[TRIAL_HEADER] !== this.id) return false
    // Some applications call the middleware of `passport.authenticate` without `next`, for example inside a promise.
    const isNext = typeof next === 'function'
    if (call.asks.includes('session')) this.hasPassportSession = true
    if (call.asks.every((one) => one === 'session')) return false
    // Skip a strategy that runs before all routes, such as one that reads a cookie: it checks no password. `start-checks.ts` reports such a strategy.
    if (call.hasRun && !isNevis && isNext) {
      ;(next as Next)()
      return true
    }
    this.isReached = true
    if (isNevis) {
      if (req.user !== undefined) {
        this.start = call
        this.request = request
        this.hasSession = markSession(request, this.id)
      }
      return endTrial(response)
    }
    this.password ??= call
    // A callback of the application, or a login by Passport, could do anything with the invented user. So end the request before either of them runs.
    if (call.hasCallback || call.signsIn || !isNext) return endTrial(response)
    if (call.isRedirected) {
      this.redirectedAt = call
      return endTrial(response)
    }
    req.user = { id: INVENTED, username: INVENTED }
    req.login = req.logIn = (_user: unknown, options: unknown, done: unknown) => this.logIn(options, done)
    ;(next as Next)()
    return true
  }

  deleteSession(): void {
    deleteSession(this.request)
  }

  private logIn(options: unknown, done: unknown): void {
    const { session } = Object(options) as { session?: unknown }
    if (session !== false) this.isSignedIn = true
    const callback = typeof options === 'function' ? options : done
    if (typeof callback === 'function') (callback as Next)()
  }
}

/** Ends the request of a trial with an empty answer. */
export function endTrial(response: unknown): true {
  const target = response as TrialResponse
  target.statusCode = 204
  if (target.end === undefined) target.send?.()
  else target.end()
  return true
}
