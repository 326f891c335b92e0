/**
 * A trial request to the callback route: notes what the request has when it reaches the Nevis strategy, and which handlers are behind the strategy. The request
 * ends there, so neither the strategy nor these handlers run.
 *
 * Out of scope: judging the result (`callback-checks.ts`).
 */
import { randomUUID } from 'node:crypto'
import { endTrial, TRIAL_HEADER, type Trial } from './start-trial'
import type { StrategyCall } from './strategy-calls'
import { deleteSession, markIn, markSession } from './trial-session'

/** The mark of the middleware that `recordSecondFactor()` returns. A function of the app with the same name does not have the mark. */
const RECORDS = Symbol.for('passport-nevis.recordSecondFactor')

/** What Express stores about the route of a request. */
interface ExpressRoute {
  readonly stack?: readonly { readonly handle?: unknown; readonly method?: string }[]
}

export class CallbackTrial implements Trial {
  readonly id = randomUUID()
  /** The `passport.authenticate` or `passport.authorize` call of the Nevis strategy that the request reached. */
  call: StrategyCall | undefined
  hasSession = false
  hasPassportSession = false
  /** The mark that an earlier trial request has stored in the session; undefined if the session has no mark. */
  earlierMark: unknown
  /**
   * One value for each handler behind the strategy in the same route, except error handlers: true for `recordSecondFactor()`. Undefined if the handlers are not
   * known, for example if the strategy is mounted with `app.use`.
   */
  laterHandlers: readonly boolean[] | undefined
  private request: unknown

  runs(call: StrategyCall, isNevis: boolean, [request, response]: readonly unknown[], middleware: unknown): boolean {
    const { headers, method, route } = Object(request) as { headers?: Readonly<Record<string, unknown>>; method?: string; route?: ExpressRoute }
    if (headers?.[TRIAL_HEADER] !== this.id) return false
    if (call.asks.includes('session')) this.hasPassportSession = true
    if (!isNevis) return false
    this.call = call
    this.request = request
    this.earlierMark = markIn(request)
    this.hasSession = markSession(request, this.id)
    const layers = (route?.stack ?? []).filter((layer) => layer.method === undefined || layer.method === method?.toLowerCase())
    const at = layers.findIndex(({ handle }) => handle === middleware)
    // A handler with four parameters runs only after an error.
    const later = layers.slice(at + 1).flatMap(({ handle }) => (typeof handle === 'function' && handle.length !== 4 ? [RECORDS in handle] : []))
    // -1: the strategy is not itself a handler of the route. If a handler of the app calls the strategy, this handler may also answer after the second factor.
    if (at !== -1) this.laterHandlers = later
    return endTrial(response)
  }

  deleteSession(): void {
    deleteSession(this.request)
  }
}
