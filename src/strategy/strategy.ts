/**
 * NevisStrategy, the Passport strategy. Only this file uses Passport's actions, such as `success` and `fail`.
 *
 * The folder `strategy/` handles a request of Passport: `dispatch.ts` decides what the request is, for example a start (`start.ts`) or a callback
 * (`callback.ts`).
 * This folder uses other folders: `trust/` compares Nevis's answers with the transaction, `ledger/` counts starts and codes, `session/` stores
 * transactions in the session, and `watch/` polls Nevis. Out of scope: what the browser sees while the user decides (`waiting/`).
 */
import type { AuthenticateOptions } from 'passport'
import { answerFault, answerNext, isAnswered, setHeader, setStatus, wantsNext } from '../host/answer'
import { resultOf } from '../host/app-function'
import { publishFault } from '../host/faults'
import { dispatch } from './dispatch'
import { publish } from './events'
import { sourceOf } from './request-origin'
import { StrategyRequest } from './strategy-request'
import { Refusal, type Failure, type FailureCode } from '../factors/failures'
import type { NevisStrategyOptions } from './options'
import { resolveOptions, type Settings } from './settings'
import { logsIn, sessionOf, userOf, type NevisRequest } from '../host/request'
import { noteSession } from '../session/callback-notes'
import { compareLogin } from '../host/same-login'
import { isStored } from '../host/session'
import { StorageError } from '../host/storage'
import { isSameId } from '../trust/binding'
import { withPrefix } from '../session/return-to'
import { runVerify, type Verify, type VerifyWithRequest } from './verify'
import type { NevisProfile } from '../factors/profile'

/** Passport adds these functions to a strategy object for each request. `success` and `error` return what a custom callback of the app returns. */
interface PassportActions {
  readonly success: (user: Express.User, info: object) => unknown
  readonly fail: (challenge: Omit<Failure, 'message'> & Partial<Failure>, status: number) => void
  readonly redirect: (url: string, status: number) => void
  readonly error: (error: unknown) => unknown
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    /** The value of `req.authInfo` after a success. */
    interface AuthInfo {
      /** The user who approved, and what the user approved. */
      readonly nevis?: NevisProfile
      /** The page of this site from which `requireSecondFactor` redirected the user, or the route's option `returnTo`. */
      readonly returnTo?: string
      /** Why the user was refused, after a failure on a route with `failWithError`. */
      readonly code?: FailureCode
    }
  }
}

/** How many failure messages the session keeps. */
const MAX_MESSAGES = 10

const PassportStrategy = require('passport-strategy') as new () => object

/**
 * The second factor as a Passport strategy, for a user whom your app already knows.
 *
 * `passport.authenticate('nevis')` on a POST route starts an approval and sends the browser to `waitingURL`. On `callbackURL`, it asks Nevis for
 * the result and calls `verify` exactly once per approval. If the user is refused, the strategy calls Passport's `fail` with a {@link Failure}. A
 * {@link NevisError} or a {@link StorageError} is passed to Passport's `error`.
 */
export class NevisStrategy extends PassportStrategy {
  /** The name under which `passport.use` registers the strategy. */
  readonly name: string
  /**
   * The checked options.
   * @internal
   */
  readonly settings: Settings
  private readonly verify: Verify | VerifyWithRequest

  /**
   * Creates a strategy.
   * @param options the options, which this constructor checks
   * @param verify gets the profile of the person who approved, and finds that user in your app
   * @throws TypeError that names the wrong option
   */
  constructor(options: NevisStrategyOptions & { readonly passReqToCallback?: false | undefined }, verify: Verify)
  /**
   * Creates a strategy that passes the request to `verify`.
   * @param options the options, with `passReqToCallback: true`
   * @param verify finds the user of your app; its first parameter is the request
   */
  constructor(options: NevisStrategyOptions & { readonly passReqToCallback: true }, verify: VerifyWithRequest)
  /**
   * Creates a strategy from a variable of the type {@link NevisStrategyOptions}, which does not say whether `passReqToCallback` is set.
   * @param options the options, without `passReqToCallback: true`
   * @param verify gets the profile of the person who approved, and finds that user in your app
   */
  constructor(options: NevisStrategyOptions, verify: Verify)
  constructor(options: NevisStrategyOptions, verify: Verify | VerifyWithRequest) {
    super()
    if (typeof verify !== 'function') throw new TypeError('NevisStrategy: verify must be a function')
    this.settings = resolveOptions(options)
    this.name = this.settings.name
    this.verify = verify
  }

  /**
   * Handles a request. Passport calls this method. All requests may share one strategy object, on which Passport sets the actions of each request, so
   * this method reads the actions before the first await.
   * @param req the request, with its session
   * @param options the options of the route
   */
  authenticate(req: NevisRequest, options: AuthenticateOptions = {}): void {
    const { success, fail, redirect, error } = this as unknown as PassportActions
    this.decide(req, options)
      .then(
        (end) => () => ('to' in end ? goTo(req, end.to, redirect, error) : success(end.user, end.info)),
        (reason: unknown) => () => (reason instanceof Refusal ? refuse(req, options, reason, fail, error) : error(faultOf(reason))),
      )
      .then((act) => actOnce(req, act, error))
      // If even Passport's `error` fails, there is nothing left to do.
      .catch(() => undefined)
  }

  private async decide(req: NevisRequest, options: AuthenticateOptions): Promise<{ to: string } | { user: Express.User; info: object }> {
    const { settings } = this
    let request: StrategyRequest | undefined
    try {
      const source = sourceOf(req)
      request = new StrategyRequest(settings, await settings.keys(), req, options, source)
      return await this.decideFor(request)
    } catch (reason) {
      publishFault(reason, 'request', request?.about() ?? { strategy: this.name })
      throw reason
    }
  }

  private async decideFor(request: StrategyRequest): Promise<{ to: string } | { user: Express.User; info: object }> {
    const { req, options, settings } = request
    // Becomes true when this request has waited for I/O. Other requests may then have changed the stored session.
    let hasWaited = false
    setImmediate(() => (hasWaited = true))
    try {
      const result = await dispatch(request)
      if ('to' in result) return result
      const { profile, returnTo, accepted } = result
      const { user, info } = await resultOf('verify', () => runVerify(this.verify, settings.passReqToCallback ? [req, profile] : [profile]))
      if (user === false) throw new Refusal('rejected', (info as { message?: string } | undefined)?.message)
      const field = mismatchOfUser(request, user, profile.id)
      if (field !== undefined) throw request.mismatchRefusal(field)
      await accepted?.()
      // The user may have logged out while `verify` ran, and must stay logged out. So read the session again.
      if (request.sessionContinues()) await request.refresh()
      noteSession(profile, req, loginCheckOf(request, user), request.lastRead)
      const authInfo = { ...info, nevis: profile, ...(returnTo !== undefined && { returnTo }) }
      // Passport sets `req.authInfo` for `passport.authorize` only since version 0.7.
      if (options.assignProperty !== undefined) req.authInfo = authInfo
      return { user, info: authInfo }
    } catch (reason) {
      // Passport may write the failure message into the session. If the user has logged out during this request, the write would restore the old session and
      // undo the logout. So read the session again first, even if the strategy itself has not waited for I/O: the app's middleware may have waited before. If
      // the session store does not answer, do not write the session either.
      if (reason instanceof Refusal && isStored(req)) await request.refresh(!hasWaited).catch((failed: unknown) => failed instanceof StorageError && request.abandonSession())
      if (!(reason instanceof Refusal)) throw reason
      publish('failed', () => ({ ...request.about(), code: reason.code, ...(request.current.startedAt !== undefined && { ageMs: request.ageMs() }) }))
      reason.isUnkept = request.hasAbandonedSession
      reason.returnTo = request.startedFrom && withPrefix(request.startedFrom, settings, req)
      throw reason
    }
  }
}

/**
 * Compares the user whom `verify` has returned with the user whose password was given, as far as the default `subject` shows both.
 *
 * The attack: a user renames the account from `anna` to `anna.k`, and Nevis still knows the user as `anna`. An attacker creates a new account with the free
 * name `anna`, and enters its password. The strategy asks Nevis for `anna`, so the victim gets the push. `verify` finds the victim's account by the userId.
 * In the victim's remembered browser, the strategy would not even ask Nevis.
 * @returns the field that does not match, if any
 */
function mismatchOfUser({ settings, current: { subject = {} } }: StrategyRequest, user: Express.User, approverId: string): 'username' | 'userId' | undefined {
  const { username, nevisUserId } = user as { username?: unknown; nevisUserId?: unknown }
  // An app with the option `subject`, or without `nevisUserId`, may keep Nevis's names of its users in other properties.
  if (settings.hasOwnSubject || typeof nevisUserId !== 'string' || nevisUserId === '') return undefined
  if (!isSameId(nevisUserId, approverId)) return 'userId'
  const isOther = subject.username !== undefined && typeof username === 'string' && username.toLowerCase() !== subject.username.toLowerCase()
  return isOther ? 'username' : undefined
}

/**
 * Redirects the browser. A script that asks for JSON gets status 200 and the URL in the body instead, because `fetch` would follow a redirect by itself. After
 * this answer, no action of Passport is called, so Passport runs no further handler of the app.
 */
function goTo(req: NevisRequest, to: string, redirect: PassportActions['redirect'], error: PassportActions['error']): unknown {
  if (!wantsNext(req)) return redirect(to, 303)
  if (answerNext(req, to)) return undefined
  return error(new TypeError('NevisStrategy cannot answer with JSON: on Fastify, put the reply on the request as the guide "Fastify" shows'))
}

/**
 * Returns a function that checks whether the user who is signed in to the session is the user who approved. These can be two users: a request can have the
 * Bearer token of one user and the session cookie of another.
 * @param approver the user whom `verify` returned
 */
function loginCheckOf(request: StrategyRequest, approver: Express.User): (login: string) => Promise<boolean> {
  const { req, options, settings } = request
  // Passport replaces `req.user` after a success, so read the user before that.
  const user = userOf(req)
  const hasToken = req.headers.authorization !== undefined
  /** True if the callback has compared the user of the session with the approval. */
  const wasCompared = async (login: string): Promise<boolean> => {
    // A sign-in: the callback route had no signed-in user to compare with.
    if (logsIn(options)) return false
    // Without `req.user`, the callback has compared only the user whom the app's option `subject` has named, not the user of the session.
    if (user === undefined) return false
    // The app's option `subject` may have named another user, for example the user of a token. Then the callback has not compared the user of the session.
    if (settings.hasOwnSubject) return false
    // If this package cannot tell whether `req.user` is the user of the session, return true only without a token: a token may name another user.
    const compared = await compareLogin(user, req, login)
    return compared === 'same' || (compared === 'unknown' && !hasToken)
  }
  return async (login) => {
    if (await wasCompared(login)) return true
    const compared = await compareLogin(approver, req, login)
    if (compared === 'same') return true
    // If this package cannot compare the users, return true only for a sign-in, in which Passport signs the approver in to this session, and for an app that
    // names the user by `subject`. Return false for a request with a token, because the token may name another user.
    if (compared === 'unknown' && !hasToken && (logsIn(options) || (settings.hasOwnSubject && user !== undefined))) return true
    request.mismatchRefusal('login')
    return false
  }
}

function refuse(req: NevisRequest, options: AuthenticateOptions, refusal: Refusal, fail: PassportActions['fail'], error: PassportActions['error']): unknown {
  const { failureMessage, failureFlash, failureRedirect, failWithError } = options
  const { retryAfterSeconds, status, isUnkept } = refusal
  if (retryAfterSeconds !== undefined) setHeader(req, 'Retry-After', String(retryAfterSeconds))
  const failure = refusal.toFailure()
  if (failWithError && !failureRedirect) {
    req.authInfo = failure
    // Passport's own error for `failWithError` has no `code`. So create the error here. Exception: if Passport must also store the failure message, let
    // Passport create its own error.
    if (!failureMessage && !failureFlash) return error(authenticationError(req, failure, status))
  }
  const { message, ...rest } = failure
  if (failureMessage && !isUnkept) limitMessages(req)
  // If another tab has replaced the session, leave the message out: Passport would write the message into the old session, and send the old session's cookie.
  const isLeftOut = isUnkept && Boolean(failureMessage || failureFlash)
  return fail(isLeftOut ? rest : { message, ...rest }, status)
}

/**
 * With `failureMessage`, Passport adds a message to `session.messages` at each failure and never removes one. Removes the oldest messages, so that an attacker
 * cannot fill the session. Called only at a failure, because each change makes the session middleware save the session at the end of the request, and a save
 * at the end of a slow request can undo a logout. At a failure, Passport changes the session anyway, unless the route has a custom callback. If `messages` is
 * not a list, it belongs to the app and stays unchanged.
 */
function limitMessages(req: NevisRequest): void {
  const session = sessionOf(req)
  const messages = session?.['messages']
  if (session !== undefined && Array.isArray(messages) && messages.length >= MAX_MESSAGES) session['messages'] = messages.slice(1 - MAX_MESSAGES)
}

/** Creates an error like Passport's own for `failWithError`, with the failure's code. */
function authenticationError(req: NevisRequest, { message, ...rest }: Failure, status: number): Error {
  setStatus(req, status)
  return Object.assign(new Error(message), { name: 'AuthenticationError', status, ...rest })
}

/**
 * Calls one of Passport's actions, which runs code of the app: the next handler, or a custom callback. If that code throws or rejects, passes the
 * error to Passport's `error`. If Passport's `error` fails as well, answers with status 500.
 */
async function actOnce(req: NevisRequest, act: () => unknown, error: PassportActions['error']): Promise<void> {
  // If a time-out of the app has already answered the browser, this request must not sign the user in.
  if (isAnswered(req)) return
  // No cache may store the answer. The answer may set a session cookie, and a browser would reuse a cached redirect after the user has decided.
  setHeader(req, 'Cache-Control', 'no-store')
  try {
    await act()
  } catch (reason) {
    try {
      await error(faultOf(reason))
    } catch {
      process.emitWarning('NevisStrategy: the app\'s error handling threw an error', { code: 'PASSPORT_NEVIS_CALLBACK_THREW' })
      answerFault(req)
    }
  }
}

/** Express treats `next(undefined)` and `next('route')` as "continue". So a rejection with a value that is not an object becomes an Error. */
function faultOf(reason: unknown): object {
  if (typeof reason === 'object' && reason !== null) return reason
  return new Error(`NevisStrategy: a ${typeof reason} was thrown instead of an error`)
}
