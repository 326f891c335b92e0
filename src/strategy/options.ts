/**
 * The strategy's options, as an app gives them.
 *
 * Out of scope: checking and resolving them (`settings.ts`).
 */
import type { NevisClient } from '../client/client'
import type { Operation } from '../client/wire'
import type { Factor } from '../factors/factor'
import type { FactorName } from '../factors/names'
import type { Subject } from '../factors/transaction'
import type { NevisRequest } from '../host/request'
import type { TransactionTokenClaims } from '../trust/token-claims'
import type { Ledger } from '../ledger/ledger'
import type { PollStep } from '../watch/schedule'

/** A value, or a function that gets it from the request. Declared as a method so that any host's request type fits. */
export type FromRequest<T> =
  | T
  | {
      /** Called once, at the start. */
      of(req: NevisRequest): T | Promise<T>
    }['of']

/** A JSON value, or a function that returns one. */
export type Data =
  | object
  | string
  | number
  | boolean
  | null
  | {
      /** Called once, at the start. */
      of(req: NevisRequest): unknown
    }['of']

/**
 * Options of {@link NevisStrategy}. `factors`, the three addresses, and how to reach Nevis must be given: `instance` or `baseURL`
 * with `accessKey`, or `client`. An option that is unknown or wrong is a `TypeError` that names it.
 */
export interface NevisStrategyOptions {
  /** Instance id: the API is then `https://{instance}.mauth.nevis.cloud`. This, `baseURL` or `client`. */
  readonly instance?: string | undefined
  /** Address of the API without `/api/v1`; https, or http to loopback (the simulator). */
  readonly baseURL?: string | undefined
  /** Access key of the instance, or a function that returns the current one, for rotation. Use it with `instance` or `baseURL`. */
  readonly accessKey?: string | (() => string | Promise<string>) | undefined
  /** Your own client, if you need other time-outs or agents. */
  readonly client?: NevisClient | undefined
  /** The factors that this app allows: `[push(), app(), sms(), recovery()]`; the first is the default. */
  readonly factors: readonly Factor[]
  /** Where `waitingPage` is mounted: an absolute path, or a URL. */
  readonly waitingURL: string
  /** Where the browser goes after the decision: a route with `passport.authenticate('nevis')`. Default: `{waitingURL}/callback`. */
  readonly callbackURL?: string | undefined
  /** Where `statusEndpoint` is mounted. Default: `{waitingURL}/status`. */
  readonly statusURL?: string | undefined
  /** Name under which Passport knows the strategy. Default `nevis`. */
  readonly name?: string | undefined
  /**
   * Returns the user to ask. Default: `req.user.nevisUserId` if set, else `req.user.username`. With `passport.authorize`, the strategy calls it
   * again at the callback, because the approval must be the signed-in user's.
   */
  readonly subject?: { of(req: NevisRequest): Subject | undefined | Promise<Subject | undefined> }['of'] | undefined
  /**
   * Names of the factors that this user has, as far as your app knows; the first is the default. A start takes no other factor, and the
   * waiting page offers no other. Order them as the user should see them, for example with the factor used last at the front. It is called
   * at each first start of an approval, never for an enrolment: who may enrol is decided by what Nevis says. Default: all of `factors`.
   */
  readonly availableFactors?:
    | {
        /** Called once, at the start. */
        of(req: NevisRequest, subject: Subject): readonly FactorName[] | Promise<readonly FactorName[]>
      }['of']
    | undefined
  /** `approve` (default), `enroll`, or `approve-or-enroll`: enrols users who have no factor, at the cost of one more call. Or a function. */
  readonly operation?: FromRequest<Operation | 'approve-or-enroll'> | undefined
  /**
   * How the user gave the first factor, in values of RFC 8176 such as `['pwd']`, or a function of the start's request that returns them. They
   * then stand in `profile.amr`, together with `mfa`. Default: nothing is said of the first factor.
   */
  readonly firstFactorAmr?: FromRequest<readonly string[] | undefined> | undefined
  /** The text that push and app show on the phone. Use `htmlMessage` to escape text that you did not write. */
  readonly message?: FromRequest<string | undefined> | undefined
  /** A JSON value; it comes back unchanged in `profile.data`. */
  readonly data?: Data | undefined
  /** Seconds for which a transaction may be approved. 30 to 600, default 120. */
  readonly lifetimeSeconds?: number | undefined
  /** The same for an enrolment, because a user may have to install an app first. 30 to 600, default 600. */
  readonly enrollmentLifetimeSeconds?: number | undefined
  /** Seconds after the first factor for which another factor may be tried. 30 to 3600, default 600. */
  readonly firstFactorLifetimeSeconds?: number | undefined
  /** Codes that may be tried per transaction. 1 to 20, default 5. */
  readonly maxAttempts?: number | undefined
  /**
   * Limits the starts of one subject, over all sessions and processes: `starts` without a pause, then a pause of `perSeconds`, which doubles
   * with each further start up to four hours. An approved start no longer counts; every other start counts for a day. Default
   * `{ starts: 5, perSeconds: 300 }`.
   */
  readonly startBudget?:
    | {
        /** 1 to 1000. */
        readonly starts: number
        /** 1 to 86 400. */
        readonly perSeconds: number
      }
    | undefined
  /** Codes that may be tried per subject over all transactions and factors. Default `{ attempts: 30, perSeconds: 3600 }`. */
  readonly attemptBudget?:
    | {
        /** 1 to 1000. */
        readonly attempts: number
        /** 1 to 86 400. */
        readonly perSeconds: number
      }
    | undefined
  /** How often Nevis is asked for the status while a user waits. Default: see `defaultSchedule`. */
  readonly pollSchedule?: readonly PollStep[] | undefined
  /** Upper limit for the status calls of this process, shared fairly among all waiting users. 1 to 10 000, default 200. */
  readonly maxStatusCallsPerSecond?: number | undefined
  /**
   * Ping Nevis before a start, so that no user waits and no start is counted while Nevis is down. At most one ping per process every 10 s, or
   * every 2 s while Nevis is down; each must be answered within 2 s. Default false.
   */
  readonly healthCheck?: boolean | undefined
  /** Where all processes keep counts and used approvals. Default `new MemoryLedger()`, which is safe with one process only. */
  readonly ledger?: Ledger | undefined
  /**
   * Normally a user can enrol a factor only after giving one that is at least as strong, so that an attacker with a stolen recovery code cannot
   * add a phone. This option names weaker factors that you accept: `['recovery']` for users who have lost their phone, or `['sms']` if users
   * with SMS only may add the app. Default: none.
   */
  readonly allowEnrollmentOfStrongerFactorAfter?: readonly FactorName[] | undefined
  /**
   * What may follow after a request that the user denied, or that Nevis let time out: the two look the same to a browser. `offer`: another
   * factor, or the same again, until `firstFactorLifetimeSeconds`. `stop`: nothing; the user must enter the password again. Default `offer`.
   */
  readonly afterDenial?: 'offer' | 'stop' | undefined
  /**
   * Origins of other sites whose pages may send POSTs to the strategy's routes, such as an identity provider with `response_mode=form_post`:
   * `['https://idp.example']`. `true` accepts POSTs of every site; then only your CSRF token protects these routes. Default: none.
   */
  readonly allowPostsFromOtherSites?: readonly string[] | true | undefined
  /**
   * Offers to remember a browser that has given a second factor: for so many days, it signs in with the first factor alone. Default: off. Read
   * the guide "Remembered browsers" first: such a sign-in has one factor.
   */
  readonly rememberBrowser?:
    | {
        /** 1 to 90, from the second factor on. Using the browser does not extend them. */
        readonly days: number
      }
    | undefined
  /** Property of the session in which the strategy keeps its state. Default `nevis`. */
  readonly sessionKey?: string | undefined
  /** Accepted `iss` of transaction tokens. Default: the base URL of the API, with or without a slash. */
  readonly issuer?: string | readonly string[] | undefined
  /** What the transaction tokens of your instance hold, if it differs from Nevis's documents. Default: as documented. */
  readonly transactionTokens?: TransactionTokenClaims | undefined
  /** Encrypts handles and authenticates transactions. In a list, the first is used for new ones and all are accepted. 32 random characters or more. Default: derived from the access key. */
  readonly secret?: string | readonly string[] | undefined
  /** Call `verify(req, profile, done)` instead of `verify(profile, done)`. Default false. */
  readonly passReqToCallback?: boolean | undefined
}
