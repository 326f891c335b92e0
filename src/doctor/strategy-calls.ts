/**
 * Describes a call of `passport.authenticate` or `passport.authorize`: which strategies it uses, and whether it signs the user in.
 *
 * Out of scope: observing the calls (`app-observer.ts`).
 */
import { callingPlace } from './places'

export interface StrategyCall {
  readonly method: 'authenticate' | 'authorize'
  readonly asks: readonly unknown[]
  /** True if Passport signs the user in on success. False with `passport.authorize`, `session: false` or a custom callback. */
  readonly signsIn: boolean
  /** True if the call has a custom callback, which decides whether the user is signed in. */
  readonly hasCallback: boolean
  /** True if Passport itself redirects at a success (`successRedirect`), so that no later handler of the route runs. */
  readonly isRedirected: boolean
  readonly failureRedirect: string | undefined
  /** The line of the application with this call, for example `routes/auth.js:12`. */
  readonly place: string | undefined
  hasRun: boolean
}

/** True for Passport's strategies that check no password or other credential. */
export function isWithoutCheck(asked: unknown): boolean {
  return asked === 'session' || asked === 'anonymous'
}

/** True for the names of strategies that check a password. Other strategies, such as OpenID Connect, may have a second factor of their own. */
export const isPasswordStrategy = (name: string): boolean => /^(?:local(?:-(?:log|sign-?)in)?|password|ldap(?:-?auth)?)$/i.test(name)

export function callOf(method: StrategyCall['method'], args: readonly unknown[]): StrategyCall {
  const hasCallback = args.some((one) => typeof one === 'function')
  const { session, assignProperty, failureRedirect, successRedirect, successReturnToOrRedirect } = Object(args[1]) as Readonly<Record<string, unknown>>
  return {
    method,
    asks: [args[0]].flat(),
    signsIn: method === 'authenticate' && !hasCallback && session !== false && assignProperty === undefined,
    hasCallback,
    isRedirected: method === 'authenticate' && !hasCallback && assignProperty === undefined && Boolean(successReturnToOrRedirect || successRedirect),
    failureRedirect: typeof failureRedirect === 'string' ? failureRedirect : undefined,
    place: callingPlace(),
    hasRun: false,
  }
}
