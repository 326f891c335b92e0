/**
 * Checks the strategy's options once and resolves them into one readonly object.
 *
 * Out of scope: using them.
 */
import { withoutSlash } from '../trust/binding'
import { Budgets } from '../ledger/budgets'
import { NevisClient } from '../client/client'
import type { Operation } from '../client/wire'
import type { Factor, Outcome } from '../factors/factor'
import type { FactorName } from '../factors/names'
import { Health } from './health'
import { failClosed, type FailClosedLedger, type Ledger } from '../ledger/ledger'
import { budgetOf, factorsOf, ledgerOf, factorNamesOf, scheduleOf } from './option-objects'
import { address, flag, callable, optionError, sessionKeyOf, text, texts, wholeNumber } from '../host/option-values'
import type { NevisRequest } from '../host/request'
import { keysOf, type CurrentKeys } from '../trust/keys'
import { isGuessable, MAKE_SECRET } from '../trust/secret'
import type { Subject } from '../factors/transaction'
import { SharedCache } from './shared-cache'
import { StartQueue } from './start-queue'
import { defaultSchedule, type PollStep } from '../watch/schedule'
import { StatusWatch } from '../watch/watch'

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
  /** `approve` (default), `enroll`, or `approve-or-enroll`: enrols users who have no factor, at the cost of one more call. Or a function. */
  readonly operation?: FromRequest<Operation | 'approve-or-enroll'> | undefined
  /** The text that push and app show on the phone. Use `htmlMessage` to escape text that you did not write. */
  readonly message?: FromRequest<string | undefined> | undefined
  /** A JSON value; it comes back unchanged in `profile.data`. */
  readonly data?: Data | undefined
  /** Seconds for which a transaction may be approved. 30 to 600, default 120. */
  readonly lifetimeSeconds?: number | undefined
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
  /** Property of the session in which the strategy keeps its state. Default `nevis`. */
  readonly sessionKey?: string | undefined
  /** Accepted `iss` of transaction tokens. Default: the base URL of the API, with or without a slash. */
  readonly issuer?: string | readonly string[] | undefined
  /** Encrypts handles and authenticates transactions. In a list, the first is used for new ones and all are accepted. 32 random characters or more. Default: derived from the access key. */
  readonly secret?: string | readonly string[] | undefined
  /** Call `verify(req, profile, done)` instead of `verify(profile, done)`. Default false. */
  readonly passReqToCallback?: boolean | undefined
}

/** @internal */
export interface Settings {
  readonly name: string
  readonly client: NevisClient
  readonly factors: readonly Factor[]
  readonly waitingURL: string
  readonly callbackURL: string
  readonly statusURL: string
  readonly subject: (req: NevisRequest) => Subject | undefined | Promise<Subject | undefined>
  /** The username in `req.user`, which names the user's budgets even after a userId is linked; undefined if the app sets the option `subject`. */
  readonly usernameOf: (req: NevisRequest) => string | undefined
  readonly operation: FromRequest<Operation | 'approve-or-enroll'>
  readonly message: FromRequest<string | undefined>
  readonly data: FromRequest<unknown>
  readonly lifetimeMs: number
  readonly firstFactorLifetimeMs: number
  readonly maxAttempts: number
  readonly startBudget: { readonly starts: number; readonly perSeconds: number }
  readonly attemptBudget: { readonly attempts: number; readonly perSeconds: number }
  /** Undefined unless the option `healthCheck` is set. */
  readonly health: Health | undefined
  readonly ledger: FailClosedLedger
  readonly allowEnrollmentOfStrongerFactorAfter: readonly FactorName[]
  /** True if a factor accepts a token from the browser as proof. Each token then counts only once, whichever factor it proved. */
  readonly claimsTokens: boolean
  /** Runs the starts of a subject one after another. */
  readonly startQueue: StartQueue
  /** Codes that Nevis is checking right now. */
  readonly codeChecks: SharedCache<Outcome>
  readonly sessionKey: string
  readonly issuers: readonly string[]
  readonly keys: CurrentKeys
  readonly watch: StatusWatch
  readonly passReqToCallback: boolean
}

const KNOWN: Record<keyof NevisStrategyOptions, true> = {
  instance: true, baseURL: true, accessKey: true, client: true, factors: true, waitingURL: true, callbackURL: true,
  statusURL: true, name: true, subject: true, operation: true, message: true, data: true, lifetimeSeconds: true,
  firstFactorLifetimeSeconds: true, maxAttempts: true, startBudget: true, attemptBudget: true, pollSchedule: true, maxStatusCallsPerSecond: true, healthCheck: true, ledger: true, allowEnrollmentOfStrongerFactorAfter: true, sessionKey: true, issuer: true, secret: true, passReqToCallback: true,
}

/**
 * @throws TypeError that names the option
 * @internal
 */
export function resolveOptions(options: NevisStrategyOptions): Settings {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw optionError('options must be an object')
  const unknown = Object.keys(options).find((key) => KNOWN[key as keyof NevisStrategyOptions] !== true)
  if (unknown !== undefined) throw optionError(`unknown option "${unknown}"`)

  const { name = 'nevis', subject = userOfRequest, operation = 'approve', sessionKey = 'nevis', passReqToCallback = false, healthCheck = false } = options
  const { lifetimeSeconds = 120, firstFactorLifetimeSeconds = 600, maxAttempts = 5, maxStatusCallsPerSecond = 200 } = options
  const { startBudget = { starts: 5, perSeconds: 300 }, attemptBudget = { attempts: 30, perSeconds: 3600 }, allowEnrollmentOfStrongerFactorAfter = [] } = options
  const client = clientOf(options)
  const waitingURL = address('waitingURL', options.waitingURL)
  const below = withoutSlash(waitingURL.split('?', 1)[0] as string)
  const { callbackURL = `${below}/callback`, statusURL = `${below}/status`, issuer = client.baseURL, pollSchedule = defaultSchedule } = options
  const factors = factorsOf(options.factors)
  const ledger = failClosed(ledgerOf(options.ledger))
  const firstFactorLifetimeMs = 1000 * wholeNumber('firstFactorLifetimeSeconds', firstFactorLifetimeSeconds, 30, 3600)
  const limits = {
    client,
    ledger,
    firstFactorLifetimeMs,
    maxAttempts: wholeNumber('maxAttempts', maxAttempts, 1, 20),
    startBudget: budgetOf('startBudget', startBudget, 'starts'),
    attemptBudget: budgetOf('attemptBudget', attemptBudget, 'attempts'),
  }
  const lifetimeMs = 1000 * wholeNumber('lifetimeSeconds', lifetimeSeconds, 30, 600)
  return Object.freeze({
    ...limits,
    name: text('name', name),
    factors,
    waitingURL,
    callbackURL: address('callbackURL', callbackURL),
    statusURL: address('statusURL', statusURL),
    subject: callable('subject', subject),
    usernameOf: subject === userOfRequest ? usernameOfUser : () => undefined,
    operation: operationOf(operation),
    message: messageOf(options.message),
    data: options.data,
    lifetimeMs,
    health: flag('healthCheck', healthCheck) ? new Health(client) : undefined,
    allowEnrollmentOfStrongerFactorAfter: factorNamesOf('allowEnrollmentOfStrongerFactorAfter', allowEnrollmentOfStrongerFactorAfter),
    claimsTokens: factors.some((factor) => [factor.prompt, factor.enrollPrompt].includes('widget')),
    startQueue: new StartQueue(),
    codeChecks: new SharedCache<Outcome>(0, 0),
    sessionKey: sessionKeyOf('NevisStrategy', sessionKey),
    issuers: texts('issuer', issuer).map(withoutSlash),
    keys: keysOf(name, secretsOf(options.secret), client),
    watch: new StatusWatch(client, {
      lifetimeMs,
      schedule: scheduleOf(pollSchedule),
      maxCallsPerSecond: wholeNumber('maxStatusCallsPerSecond', maxStatusCallsPerSecond, 1, 10_000),
      // A denial is counted here, when the status is polled, because an attacker never comes to the callback.
      ended: async (sealed) => {
        const budgets = new Budgets(limits)
        if (await budgets.endings.end(sealed, sealed.budget, true)) await budgets.endings.allowOtherFactor(sealed)
      },
    }),
    passReqToCallback: flag('passReqToCallback', passReqToCallback),
  })
}

function clientOf({ client, instance, baseURL, accessKey }: NevisStrategyOptions): NevisClient {
  if (client === undefined) {
    try {
      return new NevisClient({ instance, baseURL, accessKey: accessKey as string })
    } catch (error) {
      throw optionError((error as Error).message.replace(/^NevisClient: /, ''))
    }
  }
  if (instance !== undefined || baseURL !== undefined || accessKey !== undefined) {
    throw optionError('client cannot be combined with instance, baseURL or accessKey')
  }
  if (!(client instanceof NevisClient)) throw optionError('client must be a NevisClient')
  return client
}

function operationOf(value: Settings['operation']): Settings['operation'] {
  if (value === 'approve' || value === 'enroll' || value === 'approve-or-enroll' || typeof value === 'function') return value
  throw optionError('operation must be "approve", "enroll", "approve-or-enroll" or a function')
}

function messageOf(value: NevisStrategyOptions['message']): NevisStrategyOptions['message'] {
  if (value === undefined || typeof value === 'function' || (typeof value === 'string' && value !== '')) return value
  throw optionError('message must be a non-empty string or a function')
}

function secretsOf(secret: NevisStrategyOptions['secret']): readonly string[] | undefined {
  if (secret === undefined) return undefined
  const secrets = texts('secret', secret)
  if (secrets.some((one) => one.length < 32)) throw optionError('secret must have 32 characters or more')
  if (secrets.some(isGuessable)) throw optionError(`secret must be random, not a repetition or a sequence; generate one with: ${MAKE_SECRET}`)
  return secrets
}

/** The username stays the same when Nevis's userId becomes known, so the user's budgets stay the same, too. */
function usernameOfUser(req: NevisRequest): string | undefined {
  const { username } = (req.user ?? {}) as { username?: unknown }
  return typeof username === 'string' && username !== '' ? username : undefined
}

function userOfRequest(req: NevisRequest): Subject | undefined {
  const user = req.user as { nevisUserId?: unknown; username?: unknown } | undefined
  if (typeof user?.nevisUserId === 'string' && user.nevisUserId !== '') return { userId: user.nevisUserId }
  if (typeof user?.username === 'string' && user.username !== '') return { username: user.username }
  return undefined
}
