/** Options of a route: what `passport.authenticate('nevis', …)` takes beside Passport's own. */
import type {} from 'passport'
import type { Operation } from '../client/wire'
import type { FactorName } from '../factors/names'
import type { Data, FromRequest } from './options'

/** Options of `passport.authenticate('nevis', …)`, beside Passport's own. */
export interface NevisAuthenticateOptions {
  /** Factor to start unless the request names one. Default: the first of `factors`. */
  factor?: FactorName | undefined
  /**
   * Names of the factors that will do here, also when the person changes to another one, such as `atLeast('push')`
   * where the phone must show what is signed. Default: the strategy's.
   */
  factors?: readonly FactorName[] | undefined
  /** Default: the strategy's. */
  operation?: FromRequest<Operation | 'approve-or-enroll'> | undefined
  /** Default: the strategy's. */
  message?: FromRequest<string | undefined> | undefined
  /** Default: the strategy's. */
  data?: Data | undefined
  /** `+41791234567`, to enrol SMS. Default: `req.body.phone`. */
  phone?: FromRequest<string | undefined> | undefined
  /**
   * Which of the person's own authenticators push or app ask, unless the request names one. Default: the one that was
   * registered last. Nevis is asked first whether it is theirs: one more call.
   */
  authenticatorId?: FromRequest<string | undefined> | undefined
}

declare module 'passport' {
  // Typed options for `passport.authenticate('nevis', …)`.
  interface AuthenticateOptions extends NevisAuthenticateOptions {}
}
