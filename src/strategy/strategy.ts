/**
 * NevisStrategy: the second factor as Passport sees it.
 *
 * The only file that knows Passport's actions. Out of scope: what happens between a request and its answer (`dispatch.ts`:
 * start → pending → callback → introspect), and what the browser sees meanwhile (`waiting/`).
 */
import type { AuthenticateOptions } from 'passport'
import { answerFault, isAnswered, setRetryAfter } from '../host/answer'
import { dispatch } from './dispatch'
import { publish } from './events'
import { StrategyRequest } from './strategy-request'
import { Refusal, type Failure } from '../factors/failures'
import { resolveOptions, type NevisStrategyOptions, type Settings } from './options'
import { logsIn, type NevisRequest } from '../host/request'
import { noteSession } from '../session/second-factor'
import { isOfAnotherLogin, isStored } from '../host/session'
import { runVerify, type Verify, type VerifyWithRequest } from './verify'
import type { NevisProfile } from '../factors/profile'

/** What Passport puts on a strategy for each request. */
interface PassportActions {
  readonly success: (user: Express.User, info: object) => void
  readonly fail: (challenge: Omit<Failure, 'message'> & Partial<Failure>, status: number) => void
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
 * The second factor as a Passport strategy, for a user whom your app already knows.
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
   * @param verify finds the application's user for the profile of the user who approved
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
    this.decide(req, options)
      .then(
        (end) => () => ('to' in end ? redirect(end.to, 303) : success(end.user, end.info)),
        (reason: unknown) => () => (reason instanceof Refusal ? refuse(req, options, reason, fail) : error(faultOf(reason))),
      )
      .then((act) => actOnce(req, act, error))
      // Not even the error could be handed over: nothing is left to be told.
      .catch(() => undefined)
  }

  private async decide(req: NevisRequest, options: AuthenticateOptions): Promise<{ to: string } | { user: Express.User; info: object }> {
    const { settings } = this
    const request = new StrategyRequest(settings, await settings.keys(), req, options)
    // No other request can change the session before this one has waited for something.
    let hasWaited = false
    setImmediate(() => (hasWaited = true))
    try {
      const result = await dispatch(request)
      if ('to' in result) return result
      const { profile, returnTo } = result
      const { user, info } = await runVerify(this.verify, settings.passReqToCallback ? [req, profile] : [profile])
      if (user === false) throw new Refusal('rejected', (info as { message?: string } | undefined)?.message)
      // `verify` may have taken its time: a user who has logged out meanwhile stays logged out.
      if (request.sessionContinues()) await request.refresh()
      noteSession(profile, req, !logsIn(options) && (await isOfAnotherLogin(req, request.session)))
      const authInfo = { ...info, nevis: profile, ...(returnTo !== undefined && { returnTo }) }
      // What Passport does after a login, and since 0.7 after `passport.authorize` too: 0.6 would lose what was approved.
      if (options.assignProperty !== undefined) req.authInfo = authInfo
      return { user, info: authInfo }
    } catch (reason) {
      // Passport may now write the failure into the session: not into the one of before a log-out. One made in this request needs no look.
      if (reason instanceof Refusal && hasWaited && isStored(req)) await request.refresh().catch(() => undefined)
      if (!(reason instanceof Refusal)) throw reason
      publish('failed', () => ({ ...request.about(), code: reason.code }))
      reason.isUnkept = request.hasAbandonedSession
      throw reason
    }
  }
}

function refuse(req: NevisRequest, { failureMessage, failureFlash }: AuthenticateOptions, refusal: Refusal, fail: PassportActions['fail']): void {
  const { retryAfterSeconds, status, isUnkept } = refusal
  if (retryAfterSeconds !== undefined) setRetryAfter(req, retryAfterSeconds)
  const { message, ...rest } = refusal.toFailure()
  // Passport keeps a message in the session, and a session with something in it is sent to the browser in a cookie.
  const isLeftOut = isUnkept && Boolean(failureMessage || failureFlash)
  fail(isLeftOut ? rest : { message, ...rest }, status)
}

/**
 * Passport's actions run code of the app: a custom callback, and what `next` leads to. What that throws is handed to `error` once, as
 * Express does with what a handler throws. If it throws again, the browser must still get an answer, and the process must live.
 */
function actOnce(req: NevisRequest, act: () => void, error: PassportActions['error']): void {
  // A time-out of the app has answered: there is nobody to be told, and nobody to be signed in.
  if (isAnswered(req)) return
  try {
    act()
  } catch (reason) {
    try {
      error(faultOf(reason))
    } catch {
      process.emitWarning('NevisStrategy: what the app does with an error threw an error itself', { code: 'PASSPORT_NEVIS_CALLBACK_THREW' })
      answerFault(req)
    }
  }
}

/** A rejection with nothing, or with Express's word `'route'`, would let the host go on as if nothing had failed: only an object is an error to every host. */
function faultOf(reason: unknown): object {
  if (typeof reason === 'object' && reason !== null) return reason
  return new Error(`NevisStrategy: something failed without an error (${typeof reason})`)
}
