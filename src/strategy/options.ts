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
import type { PollStep } from './watch/schedule'

/**
 * A value, or a function that returns it for a request. The function is declared as a method, so that TypeScript accepts the request type of any web
 * framework.
 */
export type FromRequest<T> =
  | T
  | {
      /** Called once, when a transaction starts. */
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
      /** Called once, when a transaction starts. */
      of(req: NevisRequest): unknown
    }['of']

/**
 * Options of {@link NevisStrategy}. Required: `factors`, `waitingURL`, and `instance` with `accessKey` (or `baseURL` with `accessKey`, or `client`).
 * For an unknown or wrong option, the constructor throws a `TypeError` that names the option.
 */
export interface NevisStrategyOptions {
  /** Instance id: the API is then at `https://{instance}.mauth.nevis.cloud`. Alternatives: `baseURL` or `client`. */
  readonly instance?: string | undefined
  /** Address of the API without `/api/v1`: https, or http to the simulator on this machine. */
  readonly baseURL?: string | undefined
  /** Access key of the instance, or a function that returns the current one, for rotation. Use it with `instance` or `baseURL`. */
  readonly accessKey?: string | (() => string | Promise<string>) | undefined
  /** Your own client, if you need other time-outs or agents. */
  readonly client?: NevisClient | undefined
  /** The factors that this app allows: `[push(), app(), sms(), recovery()]`; the first is the default. */
  readonly factors: readonly Factor[]
  /** Where `waitingPage` is mounted: an absolute path, or a URL. */
  readonly waitingURL: string
  /** Where the browser goes after the user has answered: a route with `passport.authenticate('nevis')`. Default: `{waitingURL}/callback`. */
  readonly callbackURL?: string | undefined
  /** Where `statusEndpoint` is mounted. Default: `{waitingURL}/status`. */
  readonly statusURL?: string | undefined
  /** Name under which `passport.use` registers the strategy. Default `nevis`. */
  readonly name?: string | undefined
  /**
   * Returns the user who must approve. Default: `req.user.nevisUserId` if set, else `req.user.username`. With `passport.authorize`, the strategy also
   * calls this function at the callback, because the user who approved must be the signed-in user.
   */
  readonly subject?: { of(req: NevisRequest): Subject | undefined | Promise<Subject | undefined> }['of'] | undefined
  /**
   * Returns the names of the factors that this user has, as far as your app knows; the first is the default. The user can choose only among these.
   * In a browser where this user has signed in before, the factor used last comes first. Not called for an enrolment. Default: all of `factors`.
   */
  readonly availableFactors?:
    | {
        /** Called once, when an approval starts. */
        of(req: NevisRequest, subject: Subject): readonly FactorName[] | Promise<readonly FactorName[]>
      }['of']
    | undefined
  /**
   * What a start does: `approve` (default), `enroll`, or `approve-or-enroll`, which enrols users who have no factor and needs one more call to Nevis.
   * A function can choose for each request.
   */
  readonly operation?: FromRequest<Operation | 'approve-or-enroll'> | undefined
  /**
   * How the user gave the first factor, such as `['pwd']` for a password (RFC 8176), or a function that returns it at the start. `profile.amr` then
   * contains these values and `mfa`. Default: `profile.amr` has no values of the first factor.
   */
  readonly firstFactorAmr?: FromRequest<readonly string[] | undefined> | undefined
  /** The text that push and app show on the phone. Use `htmlMessage` to escape text that you did not write. */
  readonly message?: FromRequest<string | undefined> | undefined
  /**
   * A JSON value that `profile.data` contains unchanged after the approval. Set `data` and `message` together, here or at the route: a route that sets only
   * `message` gets this `data`, which the route's message does not describe. An enrolment does not get this `data`.
   */
  readonly data?: Data | undefined
  /** Seconds within which the user must answer an approval. 30 to 600, default 120. */
  readonly lifetimeSeconds?: number | undefined
  /** Seconds within which the user must finish an enrolment, for which they may have to install an app first. 30 to 600, default 600. */
  readonly enrollmentLifetimeSeconds?: number | undefined
  /** For how many seconds after the first factor (such as the password) the user may switch to another second factor. 30 to 3600, default 600. */
  readonly firstFactorLifetimeSeconds?: number | undefined
  /** How many codes may be tried per transaction. 1 to 20, default 5. */
  readonly maxAttempts?: number | undefined
  /**
   * How many transactions one user may start, in all sessions and processes. After `starts` transactions, the user can start nothing for `perSeconds`. Each
   * further start begins a pause that is twice as long, up to four hours. An approved start no longer counts; every other start counts for a day. Default `{
   * starts: 5, perSeconds: 300 }`.
   */
  readonly startBudget?:
    | {
        /** How many transactions: 1 to 1000. */
        readonly starts: number
        /** After `starts` transactions, the user can start nothing for this many seconds: 1 to 86 400. */
        readonly perSeconds: number
      }
    | undefined
  /** How many codes one user may try, over all transactions and factors. A right code does not count. Default `{ attempts: 30, perSeconds: 3600 }`. */
  readonly attemptBudget?:
    | {
        /** How many codes: 1 to 1000. */
        readonly attempts: number
        /** For how many seconds a tried code counts: 1 to 86 400. */
        readonly perSeconds: number
      }
    | undefined
  /** How often Nevis is asked for the status while a user waits. Default: see `defaultSchedule`. */
  readonly pollSchedule?: readonly PollStep[] | undefined
  /** How many status requests this process sends to Nevis at most per second. All waiting users share them fairly. 1 to 10 000, default 200. */
  readonly maxStatusCallsPerSecond?: number | undefined
  /**
   * If true, the strategy pings Nevis before a start. While Nevis is down, a start then fails at once, and the user does not wait. At most one ping per process
   * every 10 s (2 s while Nevis is down); a ping takes at most 2 s. Default false.
   */
  readonly healthCheck?: boolean | undefined
  /**
   * The store that all processes share: it counts starts and codes, and records used approvals. Default `new MemoryLedger()`, which is safe with one
   * process and one strategy only. Pass the same ledger to all strategies of one Nevis instance: otherwise limits, pending enrolments and forgotten browsers of
   * one strategy do not count for the other.
   */
  readonly ledger?: Ledger | undefined
  /**
   * To enrol a factor, a user must have given a factor that is at least as strong. This option names weaker factors that you accept too:
   * `['recovery']` for users who have lost their phone, or `['sms']` if users with SMS may add the app. An attacker with a stolen code can then add a
   * phone. Default: none.
   */
  readonly allowEnrollmentOfStrongerFactorAfter?: readonly FactorName[] | undefined
  /**
   * What the user may do after a request was denied or not answered (Nevis reports both alike). `offer`: try any factor, within
   * `firstFactorLifetimeSeconds`. `stop`: only enter the password again. Default `offer`.
   */
  readonly afterDenial?: 'offer' | 'stop' | undefined
  /**
   * Other sites whose pages may send POSTs to the strategy's routes, such as an identity provider with `response_mode=form_post`:
   * `['https://idp.example']`. With `true`, every site may, and only your CSRF token protects these routes. Default: none.
   */
  readonly allowPostsFromOtherSites?: readonly string[] | true | undefined
  /**
   * If set, the waiting page offers to remember the browser. For `days` days after the second factor, the user then signs in from this browser with
   * the first factor alone. Default: off. Read the guide "Remembered browsers" first.
   */
  readonly rememberBrowser?:
    | {
        /** For how many days the browser is remembered after the second factor: 1 to 90. A sign-in with the remembered browser does not extend this time. */
        readonly days: number
      }
    | undefined
  /** Property of the session in which the strategy stores its state. Default `nevis`. */
  readonly sessionKey?: string | undefined
  /** Accepted `iss` of transaction tokens. Default: the base URL of the API, with or without a slash. */
  readonly issuer?: string | readonly string[] | undefined
  /** How the transaction tokens of your instance differ from Nevis's documentation. Default: they do not differ. */
  readonly transactionTokens?: TransactionTokenClaims | undefined
  /**
   * The secret that protects handles, transactions and cookies: 32 random characters or more. In a list, the first secret protects new values, and every secret
   * opens values that it has protected before. Default: the keys are derived from the access key.
   */
  readonly secret?: string | readonly string[] | undefined
  /** If true, the strategy calls `verify(req, profile, done)` instead of `verify(profile, done)`. Default false. */
  readonly passReqToCallback?: boolean | undefined
}
