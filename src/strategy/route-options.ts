/** The options that this package adds to Passport's for a route: `passport.authenticate('nevis', { … })`. */
import type {} from 'passport'
import type { Operation } from '../client/wire'
import type { FactorName } from '../factors/names'
import type { Data, FromRequest } from './options'

/** Options of `passport.authenticate('nevis', …)`, in addition to Passport's own. */
export interface NevisAuthenticateOptions {
  /** Factor to start unless the request names one. Default: the first of `factors`. */
  factor?: FactorName | undefined
  /**
   * Names of the factors that this route accepts, also when the user switches to another factor. For example `atLeast('push')`, if the
   * phone must show what the user confirms. Default: the strategy's.
   */
  factors?: readonly FactorName[] | undefined
  /** Default: the strategy's. */
  operation?: FromRequest<Operation | 'approve-or-enroll'> | undefined
  /** Default: the strategy's. */
  message?: FromRequest<string | undefined> | undefined
  /** Default: the strategy's. */
  data?: Data | undefined
  /**
   * Where a signed-in user is redirected if the browser sends a callback again, for example after a reload. The approval is already used, so neither
   * `verify` nor your handler runs again. Unlike Passport's `successRedirect`, this option does not affect the first callback, so
   * `recordSecondFactor()` and your handler run there. Default: `successReturnToOrRedirect` or `successRedirect`; without them, the request fails
   * with `used_transaction`.
   */
  repeatedCallbackRedirect?: string | undefined
  /**
   * The phone number to enrol for SMS, such as `+41791234567`. If the route has this option, the number in the request is never used; if the option
   * then has no value, an enrolment by SMS fails with `phone_refused`. The widget is not offered for an enrolment, because the user could enter
   * another number in it. Default: `req.body.phone`.
   */
  phone?: FromRequest<string | undefined> | undefined
  /**
   * Id of the authenticator that push or app asks, unless the request names one. The strategy first asks Nevis whether the authenticator belongs to
   * the user, which needs one more call. Default: the authenticator that was registered last.
   */
  authenticatorId?: FromRequest<string | undefined> | undefined
}

declare module 'passport' {
  // Typed options for `passport.authenticate('nevis', …)`.
  interface AuthenticateOptions extends NevisAuthenticateOptions {}
}
