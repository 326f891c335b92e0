/**
 * Tries a sign-in with an invented user, to see whether the second factor follows the password. In a request of the trial, the app's strategies are
 * not asked: the password counts as right, `req.logIn` signs nobody in, and the strategy of this package starts nothing.
 *
 * Out of scope: which requests to send (`start-checks.ts`). Requests without the trial's header are left alone.
 */
import { randomUUID } from 'node:crypto'
import type { StrategyCall } from './strategy-calls'

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

export class StartTrial {
  /** Value of the header; random, so that no visitor of the app can send it. */
  readonly id = randomUUID()
  /** The password call that the request reached. */
  password: StrategyCall | undefined
  /** The call that would have started the second factor, after a password. */
  start: StrategyCall | undefined
  /** True if the app signed the invented user in by `req.logIn`. */
  isSignedIn = false

  /** Runs in place of a call's middleware. @returns false if the request is not of this trial, or its middleware must run itself */
  runs(call: StrategyCall, isNevis: boolean, [request, response, next]: readonly unknown[]): boolean {
    const req = Object(request) as TrialRequest
    if (req.headers?.[TRIAL_HEADER] !== this.id || typeof next !== 'function' || call.asks.includes('session')) return false
    if (isNevis) {
      if (req.user !== undefined) this.start = call
      return end(response)
    }
    this.password ??= call
    // A callback of the app's own could do anything with the invented user, so it is not called.
    if (call.hasCallback || call.signsIn) return end(response)
    req.user = { id: INVENTED, username: INVENTED }
    req.login = req.logIn = (_user: unknown, options: unknown, done: unknown) => this.logIn(options, done)
    ;(next as Next)()
    return true
  }

  private logIn(options: unknown, done: unknown): void {
    const { session } = Object(options) as { session?: unknown }
    if (session !== false) this.isSignedIn = true
    const callback = typeof options === 'function' ? options : done
    if (typeof callback === 'function') (callback as Next)()
  }
}

function end(response: unknown): true {
  const target = response as TrialResponse
  target.statusCode = 204
  if (target.end === undefined) target.send?.()
  else target.end()
  return true
}
