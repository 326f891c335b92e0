/** Options of a route: those of `passport.authenticate('nevis', …)` that Passport does not have. */
import type {} from 'passport'
import type { Operation } from '../client/wire'
import type { FactorName } from '../factors/names'
import type { Data, FromRequest } from './options'

/** Options of `passport.authenticate('nevis', …)`, beside Passport's own. */
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
   * Where a signed-in user is redirected whose browser sends a callback again, for example by a reload: the approval is used, and neither
   * `verify` nor your handler runs again. Unlike Passport's `successRedirect`, it leaves the first callback to `recordSecondFactor()` and
   * your handler. Default: `successReturnToOrRedirect` or `successRedirect`; without them, the failure `used_transaction`.
   */
  repeatedCallbackRedirect?: string | undefined
  /**
   * `+41791234567`, to enrol SMS. If the route has this option, the number in the request is never used: without a value, an enrolment by SMS
   * fails with `phone_refused`. The widget is not offered for an enrolment then, because its user could enter another number. Default:
   * `req.body.phone`.
   */
  phone?: FromRequest<string | undefined> | undefined
  /**
   * Which of the user's authenticators push or app notify, unless the request names one. The strategy first asks Nevis whether it belongs to
   * the user, which costs one more call. Default: the authenticator that was registered last.
   */
  authenticatorId?: FromRequest<string | undefined> | undefined
}

declare module 'passport' {
  // Typed options for `passport.authenticate('nevis', …)`.
  interface AuthenticateOptions extends NevisAuthenticateOptions {}
}
