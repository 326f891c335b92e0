/**
 * NevisStrategy: the second factor as Passport sees it.
 *
 * The only file that knows Passport's actions. Not its job: what happens between a request and its answer
 * (`exchange.ts`: start → pending → callback → introspect), or what the browser sees meanwhile (`waiting/`).
 */
import type { AuthenticateOptions } from 'passport'
import { publish } from './events'
import { Exchange } from './exchange'
import { Refusal, type Failure } from './failures'
import { resolveOptions, type NevisStrategyOptions, type Settings } from './options'
import type { NevisRequest } from './request'
import { runVerify, type NevisProfile, type Verify, type VerifyWithRequest } from './verify'

/** What Passport puts on a strategy for each request. */
interface PassportActions {
  readonly success: (user: Express.User, info: object) => void
  readonly fail: (challenge: Failure, status: number) => void
  readonly redirect: (url: string, status: number) => void
  readonly error: (error: unknown) => void
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    /** What Passport puts at `req.authInfo`. */
    interface AuthInfo {
      /** What was approved. */
      readonly nevis?: NevisProfile
      /** The page of this site from which `requireSecondFactor` had sent the person away. */
      readonly returnTo?: string
    }
  }
}

const PassportStrategy = require('passport-strategy') as new () => object

/**
 * The second factor as a Passport strategy, for somebody whom your app already knows.
 *
 * `passport.authenticate('nevis')` on a POST route starts it and sends the browser to `waitingURL`; on `callbackURL` it asks Nevis
 * how it went and, once only, calls `verify`. The person's refusals are Passport's `fail`, with a {@link Failure}; a
 * {@link NevisError} or a {@link StorageError} is Passport's `error`.
 */
export class NevisStrategy extends PassportStrategy {
  /** The name under which `passport.use` registers it. */
  readonly name: string
  /** @internal */
  readonly settings: Settings
  private readonly verify: Verify | VerifyWithRequest

  /**
   * @param options checked here, once
   * @param verify finds the application's user for the profile of whoever approved
   * @throws TypeError that names the wrong option
   */
  constructor(options: NevisStrategyOptions & { readonly passReqToCallback?: false | undefined }, verify: Verify)
  /**
   * @param options the same
   * @param verify the same; the request comes first
   */
  constructor(options: NevisStrategyOptions & { readonly passReqToCallback: true }, verify: VerifyWithRequest)
  constructor(options: NevisStrategyOptions, verify: Verify | VerifyWithRequest) {
    super()
    if (typeof verify !== 'function') throw new TypeError('NevisStrategy: verify must be a function')
    this.settings = resolveOptions(options)
    this.name = this.settings.name
    this.verify = verify
  }

  /**
   * Called by Passport, which ignores what it returns: one promise is started and ended here. Given by instance, one
   * strategy object serves all requests, so this request's actions are taken off it before anything is awaited.
   * @param req the request, with its session
   * @param options those of the route
   */
  authenticate(req: NevisRequest, options: AuthenticateOptions = {}): void {
    const { success, fail, redirect, error } = this as unknown as PassportActions
    this.decide(req, options, { success, redirect })
      .catch((reason) => (reason instanceof Refusal ? fail(reason.toFailure(), reason.status) : error(faultOf(reason))))
      .catch((reason) => error(faultOf(reason)))
  }

  private async decide(
    req: NevisRequest,
    options: AuthenticateOptions,
    { success, redirect }: Pick<PassportActions, 'success' | 'redirect'>,
  ): Promise<void> {
    const exchange = new Exchange(this.settings, await this.settings.seals(), req, options)
    try {
      const exit = await exchange.run()
      if ('to' in exit) return redirect(exit.to, 303)
      const { profile, returnTo } = exit
      const { user, info } = await runVerify(this.verify, this.settings.passReqToCallback ? [req, profile] : [profile])
      if (user === false) throw new Refusal('rejected', (info as { message?: string } | undefined)?.message)
      const authInfo = { ...info, nevis: profile, ...(returnTo !== undefined && { returnTo }) }
      // What Passport does after a login, and since 0.7 after `passport.authorize` too: 0.6 would lose what was approved.
      if (options.assignProperty !== undefined) req.authInfo = authInfo
      success(user, authInfo)
    } catch (reason) {
      if (reason instanceof Refusal) publish('failed', () => ({ ...exchange.about(), code: reason.code }))
      throw reason
    }
  }
}

/**
 * Whoever rejects with nothing, or with Express's word `'route'`, would have the host go on as if nothing had failed:
 * only an object is an error to every host.
 */
function faultOf(reason: unknown): object {
  if (typeof reason === 'object' && reason !== null) return reason
  return new Error(`NevisStrategy: something failed without an error (${typeof reason})`)
}
