/**
 * The options that this package adds to Passport's options of a route: `passport.authenticate('nevis', { … })`.
 *
 * Out of scope: reading the options (`start-parameters.ts`), and the options of the strategy (`options.ts`).
 */
import type {} from 'passport'
import type { Operation } from '../client/wire'
import type { FactorName } from '../factors/names'
import type { Data, FromRequest } from './options'

/** Options of `passport.authenticate('nevis', …)`, in addition to Passport's own. */
export interface NevisAuthenticateOptions {
  /** The factor to start if the request does not name one. Default: the first of `factors`. */
  factor?: FactorName | undefined
  /**
   * Names of the factors that this route accepts. The user cannot switch to any other. For example `atLeast('push')`, if the phone must show what the
   * user confirms. Default: the strategy's option `factors`.
   */
  factors?: readonly FactorName[] | undefined
  /** The operation that this route starts. Default: the strategy's option `operation`. */
  operation?: FromRequest<Operation | 'approve-or-enroll'> | undefined
  /** The text that the phone shows with the factors `push` and `app`. Default: the strategy's option `message`. */
  message?: FromRequest<string | undefined> | undefined
  /** A JSON value that comes back in `profile.data`. A route that sets `data` should set `message`, too. Default: the strategy's option `data`. */
  data?: Data | undefined
  /**
   * Where a signed-in user is redirected if the browser sends a callback again, for example after a reload. Unlike Passport's `successRedirect`, this
   * option does not affect the first callback, for which `verify` and your handler run. Default: `successReturnToOrRedirect` or `successRedirect`;
   * without them, the request fails with `used_transaction`.
   */
  repeatedCallbackRedirect?: string | undefined
  /**
   * The path of the page from which the user starts, such as `/invoices`, for `req.authInfo.returnTo` at the callback. With `failWithError` or a custom
   * callback, a failure contains this path as well. Default: the page from which `requireSecondFactor` redirected the user.
   */
  returnTo?: string | undefined
  /**
   * The phone number to enrol for SMS, such as `+41791234567`. The number in the request is then ignored. If this option returns no number, an enrolment by
   * SMS fails with `phone_refused`. A route with this option offers no enrolment by the factor `widget`, because the user could enter another number in Nevis's
   * widget. Default: `req.body.phone`.
   */
  phone?: FromRequest<string | undefined> | undefined
  /**
   * Id of the authenticator (the registered phone) that the factors `push` and `app` use, if the user chose no phone. The strategy checks, with one more call
   * to Nevis, that the authenticator belongs to the user. Default: the authenticator that was registered last.
   */
  authenticatorId?: FromRequest<string | undefined> | undefined
}

declare module 'passport' {
  interface AuthenticateOptions extends NevisAuthenticateOptions {}
}
