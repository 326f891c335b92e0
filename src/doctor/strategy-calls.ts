/**
 * What a call of `passport.authenticate` or `passport.authorize` says about the route that it is for.
 *
 * Out of scope: observing the calls (`app-observer.ts`).
 */
import { callingPlace } from './places'

/** One call of `passport.authenticate(…)` or `passport.authorize(…)` that the app made. */
export interface StrategyCall {
  readonly method: 'authenticate' | 'authorize'
  readonly asks: readonly unknown[]
  /** True if Passport signs the user in at a success. It does not with `passport.authorize`, `session: false` or a callback of the app's own. */
  readonly signsIn: boolean
  /** True if the app gave a callback of its own, which decides what happens. */
  readonly hasCallback: boolean
  readonly failureRedirect: string | undefined
  /** The line of the app that made the call, such as `routes/auth.js:12`. */
  readonly place: string | undefined
  hasRun: boolean
}

/** @param args the arguments of the call */
export function callOf(method: StrategyCall['method'], args: readonly unknown[]): StrategyCall {
  const hasCallback = args.some((one) => typeof one === 'function')
  const { session, assignProperty, failureRedirect } = Object(args[1]) as { session?: unknown; assignProperty?: unknown; failureRedirect?: unknown }
  return {
    method,
    asks: [args[0]].flat(),
    signsIn: method === 'authenticate' && !hasCallback && session !== false && assignProperty === undefined,
    hasCallback,
    failureRedirect: typeof failureRedirect === 'string' ? failureRedirect : undefined,
    place: callingPlace(),
    hasRun: false,
  }
}
