/**
 * Checks the options of `new NevisStrategy(…)` and adds the defaults.
 *
 * Out of scope: what each option does.
 */
import { withoutSlash } from '../trust/binding'
import { MAX_BROWSER_DAYS } from '../ledger/browsers'
import { NevisClient, type Introspection } from '../client/client'
import { refuseUnknown } from '../client/option-names'
import type { Operation } from '../client/wire'
import { isListOfValues } from '../factors/amr'
import type { Factor, Outcome } from '../factors/factor'
import type { FactorName } from '../factors/names'
import { Health } from './health'
import { failClosed, type FailClosedLedger } from '../ledger/ledger'
import { budgetOf, claimsOf, factorsOf, ledgerOf, factorNamesOf, postOriginsOf, scheduleOf } from './option-objects'
import { address, flag, callable, optionError, sessionKeyOf, text, texts, wholeNumber } from '../host/option-values'
import { userOf, type HostRequest, type NevisRequest } from '../host/request'
import type { TransactionTokenClaims } from '../trust/token-claims'
import { keysOf, type CurrentKeys } from '../trust/keys'
import { isGuessable, MAKE_SECRET } from '../trust/secret'
import type { Subject } from '../factors/transaction'
import { typedCodeLine } from '../factors/typed-code'
import type { FromRequest, NevisStrategyOptions } from './options'
import { SharedCache } from './shared-cache'
import { StartQueue } from './start-queue'
import { defaultSchedule } from './watch/schedule'
import { StatusWatch } from './watch/watch'
import { watchReports } from './watch-reports'

/** The result of checking a code that the browser has sent (`code-attempts.ts`). */
export interface CheckedCode {
  /** How many codes this transaction has had, including this one. */
  readonly attempts: number
  readonly outcome: Outcome
  readonly isRight: boolean
}

/** For how many milliseconds a repeated callback request may reuse Nevis's answers to the first one. */
const REPEATED_CALLBACK_MS = 5000

/** @internal */
export interface Settings {
  readonly name: string
  readonly client: NevisClient
  readonly factors: readonly Factor[]
  readonly waitingURL: string
  readonly callbackURL: string
  readonly statusURL: string
  readonly subject: (req: NevisRequest) => Subject | undefined | Promise<Subject | undefined>
  readonly hasOwnSubject: boolean
  readonly availableFactors: NevisStrategyOptions['availableFactors']
  readonly operation: FromRequest<Operation | 'approve-or-enroll'>
  readonly firstFactorAmr: FromRequest<readonly string[] | undefined>
  readonly message: FromRequest<string | undefined>
  readonly data: FromRequest<unknown>
  readonly lifetimeMs: number
  readonly enrollmentLifetimeMs: number
  readonly firstFactorLifetimeMs: number
  readonly maxAttempts: number
  readonly startBudget: { readonly starts: number; readonly perSeconds: number }
  readonly attemptBudget: { readonly attempts: number; readonly perSeconds: number }
  readonly health: Health | undefined
  readonly ledger: FailClosedLedger
  readonly allowEnrollmentOfStrongerFactorAfter: readonly FactorName[]
  /** Origins whose pages may send POSTs, in addition to the app's own pages. `any`: all origins. */
  readonly postOrigins: readonly string[] | 'any'
  readonly afterDenial: 'offer' | 'stop'
  /** For how many days a browser is remembered; undefined without the option `rememberBrowser`. */
  readonly rememberDays: number | undefined
  /**
   * True if a factor shows Nevis's widget, whose token comes from the browser. Then the token of every approval is accepted only once. If a token could be used
   * twice, an attacker could send the token of an old push as the widget's token.
   */
  readonly hasWidget: boolean
  readonly startQueue: StartQueue
  /** Checks of codes. If the browser repeats a callback, as at a double click, both requests share one check. */
  readonly codeChecks: SharedCache<CheckedCode>
  /**
   * Introspections, by a digest of the transaction's id and the token. A repeated callback gets the first result, because it is possible that Nevis accepts
   * only one introspection of a token.
   */
  readonly introspections: SharedCache<Introspection>
  readonly sessionKey: string
  readonly issuers: readonly string[]
  readonly claims: TransactionTokenClaims
  readonly keys: CurrentKeys
  readonly watch: StatusWatch
  readonly passReqToCallback: boolean
  /** Returns the line of a push message that contains the code to type. `waitingPage` replaces this function by one that uses the user's language. */
  readonly wording: { typedCodeLine: (req: HostRequest) => string }
}

const KNOWN: Record<keyof NevisStrategyOptions, true> = {
  instance: true, baseURL: true, accessKey: true, client: true, factors: true, waitingURL: true, callbackURL: true,
  statusURL: true, name: true, subject: true, availableFactors: true, operation: true, firstFactorAmr: true, message: true, data: true, lifetimeSeconds: true, enrollmentLifetimeSeconds: true,
  firstFactorLifetimeSeconds: true, maxAttempts: true, startBudget: true, attemptBudget: true, pollSchedule: true, maxStatusCallsPerSecond: true, healthCheck: true, ledger: true, allowEnrollmentOfStrongerFactorAfter: true, allowPostsFromOtherSites: true, afterDenial: true, rememberBrowser: true, sessionKey: true, issuer: true, transactionTokens: true, secret: true, passReqToCallback: true,
}

/**
 * @throws TypeError that names the invalid option
 * @internal
 */
export function resolveOptions(options: NevisStrategyOptions): Settings {
  refuseUnknown('NevisStrategy', options, Object.keys(KNOWN))
  const { name = 'nevis', subject = userOfRequest, operation = 'approve', sessionKey = 'nevis', passReqToCallback = false, healthCheck = false } = options
  const { lifetimeSeconds = 120, enrollmentLifetimeSeconds = 600, firstFactorLifetimeSeconds = 600, maxAttempts = 5, maxStatusCallsPerSecond = 200 } = options
  const { startBudget = { starts: 5, perSeconds: 300 }, attemptBudget = { attempts: 30, perSeconds: 3600 }, allowEnrollmentOfStrongerFactorAfter = [] } = options
  const afterDenial = afterDenialOf(options.afterDenial)
  const client = clientOf(options)
  const waitingURL = address('waitingURL', options.waitingURL)
  const below = withoutSlash(waitingURL.split('?')[0] as string)
  const { callbackURL = `${below}/callback`, statusURL = `${below}/status`, issuer = client.baseURL, pollSchedule = defaultSchedule } = options
  // The app mounts another handler at each of these URLs. If two of these URLs were equal, only the first handler would run. A waiting page at `callbackURL`,
  // for example, would reload for ever.
  const urls = [waitingURL, address('callbackURL', callbackURL), address('statusURL', statusURL)].map(withoutSlash)
  if (new Set(urls).size < urls.length) throw optionError('waitingURL, callbackURL and statusURL must be three different URLs')
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
  const enrollmentLifetimeMs = 1000 * wholeNumber('enrollmentLifetimeSeconds', enrollmentLifetimeSeconds, 30, 600)
  return Object.freeze({
    ...limits,
    name: text('name', name),
    factors,
    waitingURL,
    callbackURL: address('callbackURL', callbackURL),
    statusURL: address('statusURL', statusURL),
    subject: callable('subject', subject),
    hasOwnSubject: subject !== userOfRequest,
    operation: operationOf(operation),
    firstFactorAmr: firstFactorAmrOf(options.firstFactorAmr),
    message: messageOf(options.message),
    data: options.data,
    lifetimeMs,
    enrollmentLifetimeMs,
    health: flag('healthCheck', healthCheck) ? new Health(client) : undefined,
    allowEnrollmentOfStrongerFactorAfter: factorNamesOf('allowEnrollmentOfStrongerFactorAfter', allowEnrollmentOfStrongerFactorAfter),
    afterDenial,
    rememberDays: rememberDaysOf(options.rememberBrowser),
    postOrigins: postOriginsOf(options.allowPostsFromOtherSites ?? [], [waitingURL, address('callbackURL', callbackURL)]),
    availableFactors: options.availableFactors === undefined ? undefined : callable('availableFactors', options.availableFactors),
    hasWidget: factors.some((factor) => [factor.prompt, factor.enrollPrompt].includes('widget')),
    startQueue: new StartQueue(),
    codeChecks: new SharedCache<CheckedCode>(({ isRight }) => (isRight ? REPEATED_CALLBACK_MS : 0), 0),
    introspections: new SharedCache<Introspection>(REPEATED_CALLBACK_MS, 0),
    sessionKey: sessionKeyOf('NevisStrategy', sessionKey),
    issuers: texts('issuer', issuer).map(withoutSlash),
    claims: claimsOf(options.transactionTokens),
    keys: keysOf(name, address('callbackURL', callbackURL), secretsOf(options.secret), client),
    watch: new StatusWatch(client, {
      lifetimeMs,
      enrollmentLifetimeMs,
      schedule: scheduleOf(pollSchedule),
      maxCallsPerSecond: wholeNumber('maxStatusCallsPerSecond', maxStatusCallsPerSecond, 1, 10_000),
      ...(afterDenial === 'stop' && { keepDeniedMs: firstFactorLifetimeMs }),
      ...watchReports({ name, lifetimeMs, enrollmentLifetimeMs, afterDenial, budgets: limits }),
    }),
    passReqToCallback: flag('passReqToCallback', passReqToCallback),
    wording: { typedCodeLine: () => typedCodeLine },
  })
}

/**
 * The settings of the strategy that the app has passed to a function of this package.
 * @throws TypeError if the value is not a strategy, for example because the app has mounted the function itself instead of calling it
 * @internal
 */
export function settingsOf(owner: string, strategy: { readonly settings: Settings }): Settings {
  const { settings } = Object(strategy) as Partial<typeof strategy>
  if (typeof settings?.keys === 'function') return settings
  throw new TypeError(`${owner}: the first argument must be a NevisStrategy. Call it: ${owner}(nevis)`)
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

function afterDenialOf(value: NevisStrategyOptions['afterDenial'] = 'offer'): Settings['afterDenial'] {
  if (value === 'offer' || value === 'stop') return value
  throw optionError('afterDenial must be "offer" or "stop"')
}

function firstFactorAmrOf(value: NevisStrategyOptions['firstFactorAmr']): Settings['firstFactorAmr'] {
  if (value === undefined || typeof value === 'function' || isListOfValues(value)) return value
  throw optionError('firstFactorAmr must be a list of values of RFC 8176, such as [\'pwd\'], or a function')
}

function messageOf(value: NevisStrategyOptions['message']): NevisStrategyOptions['message'] {
  if (value === undefined || typeof value === 'function' || (typeof value === 'string' && value !== '')) return value
  throw optionError('message must be a non-empty string or a function')
}

function rememberDaysOf(value: NevisStrategyOptions['rememberBrowser']): number | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null) throw optionError('rememberBrowser must be an object, such as { days: 30 }')
  refuseUnknown('NevisStrategy: rememberBrowser', value, ['days'])
  return wholeNumber('rememberBrowser.days', value.days, 1, MAX_BROWSER_DAYS)
}

function secretsOf(secret: NevisStrategyOptions['secret']): readonly string[] | undefined {
  if (secret === undefined) return undefined
  const secrets = texts('secret', secret)
  if (secrets.some((one) => one.length < 32)) throw optionError('secret must have 32 characters or more')
  if (secrets.some(isGuessable)) throw optionError(`secret must be random, not a repetition or a sequence; generate one with: ${MAKE_SECRET}`)
  return secrets
}

function userOfRequest(req: NevisRequest): Subject | undefined {
  const user = userOf(req) as { nevisUserId?: unknown; username?: unknown } | undefined
  if (typeof user?.nevisUserId === 'string' && user.nevisUserId !== '') return { userId: user.nevisUserId }
  if (typeof user?.username === 'string' && user.username !== '') return { username: user.username }
  return undefined
}
