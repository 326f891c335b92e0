/**
 * Remembered browsers: decides which sign-ins skip the second factor, and remembers a browser.
 *
 * The second factor is skipped only right after the first factor, in a session in which no user is signed in. Also, the route must have none of the options
 * `factors`, `message` and `data`, and the request must not name a factor (`start.ts`). Out of scope: the cookie (`trust/browsers.ts`), and what the ledger
 * records (`ledger/browsers.ts`).
 */
import { randomBytes } from 'node:crypto'
import type { AuthenticateOptions } from 'passport'
import { Refusal } from '../factors/failures'
import type { NevisProfile } from '../factors/profile'
import type { Subject, Transaction } from '../factors/transaction'
import { cookieFor, cookieIn, cookieSetter } from '../host/cookies'
import { publishFault } from '../host/faults'
import { logsIn, checkBoxOf } from '../host/request'
import type { Budgets } from '../ledger/budgets'
import { forgetReturnTo } from '../session/return-to'
import { isSubjectOf } from '../trust/binding'
import type { RememberedBrowser } from '../trust/browsers'
import { about, publish } from './events'
import { renewForSubject } from './session-fixation'
import { returnToOf } from './return-to'
import { rememberOffer } from './remember-offer'
import type { StartContext } from './start-context'
import type { RequestedParameters } from './start-parameters'
import type { Approved, StrategyRequest } from './strategy-request'

const DAY_MS = 86_400_000

/**
 * Signs the user of a remembered browser in without the second factor.
 * @returns undefined if the user must give the second factor
 * @internal
 */
export async function recogniseBrowser(request: StrategyRequest, parameters: Pick<RequestedParameters, 'firstFactorAmr' | 'operation' | 'subject'>, isAfterFirstFactor: boolean): Promise<Approved | undefined> {
  const { settings, req, options, budgets } = request
  if (!isAfterFirstFactor || !isSignIn(request, parameters.operation)) return undefined
  const browser = rememberedIn(request)
  if (browser === undefined || Date.now() >= cookieExpiresAt(request, browser) || !isSubjectOf(parameters.subject, browser)) return undefined
  // A cookie is valid for one sign-in, and the response replaces it. If this response cannot set a cookie, do not use up the present cookie: a used cookie that
  // is sent again looks like a copied cookie.
  if (cookieSetter(req) === undefined || req.socket?.destroyed === true) return undefined

  const { userId, factor, transactionId: id } = browser
  const { subject } = parameters
  const transaction = { subject, userId, factor, id, operation: 'approve' } as const
  const use = await budgets.browsers.use(browser).catch((error: unknown) => {
    publishFault(error, 'browser', about(settings.name, transaction))
    return 'gone' as const
  })
  if (use === 'copied') publish('suspicious', () => ({ ...about(settings.name, transaction), reason: 'copied_browser' }))
  if (use !== 'used') return undefined
  sendCookie(request, { ...browser, generation: browser.generation + 1 })
  request.current = transaction
  publish('browser', () => ({ ...request.about(), browser: 'used' }))

  const returnTo = returnToOf(request)
  await renewForSubject(request, { subject, userId }, { isAfterFirstFactor: true, endsLogin: false })
  forgetReturnTo(request.session, settings.sessionKey, returnTo, options, request.req)
  await request.save()
  const username = subject.username ?? browser.subject.username
  const named = { provider: 'nevis', id: userId, ...(username !== undefined && { username }) } as const
  const approval = { factor, operation: 'approve', transactionId: id, authTime: Math.floor(browser.at / 1000), remembered: true } as const
  // `amr` contains only the values of the first factor (such as `pwd`), because the user has given no second factor in this sign-in.
  const profile: NevisProfile = Object.freeze({ ...named, ...approval, amr: Object.freeze([...(parameters.firstFactorAmr ?? [])]) })
  // `verify` may take long. If `forgetBrowsers` was called meanwhile, for example after a change of the password, nobody may be signed in.
  const accepted = async () => {
    if (!(await budgets.browsers.isAlive(browser))) throw new Refusal('unknown_transaction')
  }
  return { profile, returnTo, accepted }
}

/**
 * The user's choice in the box "Remember this browser", for a new transaction.
 * @returns undefined if the page does not show this box
 * @internal
 */
export function rememberOf(request: StrategyRequest, { replaced, isAfterFirstFactor }: StartContext, operation: Transaction['operation']): boolean | undefined {
  const ticked = checkBoxOf({ body: request.req.body, query: {} }, 'remember')
  if (replaced !== undefined) return replaced.remember === undefined ? undefined : (ticked ?? replaced.remember)
  return isAfterFirstFactor && isSignIn(request, operation) ? (ticked ?? false) : undefined
}

/**
 * Reads the marks that the last calls of `forgetBrowsers` for this user have left in the ledger, under the userId or username that the app has given. Run this
 * function as soon as the user is known, before the start waits for a function of the app, for another start or for Nevis: the sign-in must notice a call of
 * `forgetBrowsers` that comes during the wait.
 * @returns undefined if the page does not offer to remember this browser
 * @internal
 */
export async function forgetMarksBefore(request: StrategyRequest, subject: Subject): Promise<Transaction['forgetMarks']> {
  const { budgets } = request
  if (!isSignIn(request)) return undefined
  return budgets.browsers.forgetMarks.read(keysOf(budgets, { subject, budget: budgets.keyOf(subject) }))
}

/**
 * Reads the mark of `forgetBrowsers` for the userId in Nevis's answer, and adds the mark to `marksBefore`, the result of `forgetMarksBefore`. If the user
 * switches to another factor, the second start keeps the marks that the first start has read. If the second start read the marks anew, a call of
 * `forgetBrowsers` between the two starts would have no effect on this sign-in, and an attacker with a stolen password could still have the browser remembered.
 *
 * `rememberBrowser` later reads the marks again, under all keys of the user, and compares them with the result of this function. So the result must contain
 * the marks of all keys: an old mark that is missing here would look like a call of `forgetBrowsers` during this sign-in.
 * @internal
 */
export async function forgetMarks({ budgets }: StrategyRequest, { parameters, replaced, marksBefore, requestedAt }: StartContext, userId = parameters.subject.userId): Promise<Transaction['forgetMarks']> {
  const known = keysOf(budgets, { ...parameters, userId: replaced?.userId })
  const named = budgets.keysOf({ userId }).filter((key) => !known.includes(key))
  const marks = await budgets.browsers.forgetMarks.read(named)
  // `leftSeconds`: how many seconds from now the ledger keeps the mark of a `forgetBrowsers` call. `areReplaced` (`ledger/forget-marks.ts`) expects the
  // seconds that were left when the user gave the password. So add the seconds between the password and now.
  const waitedSeconds = (Date.now() - (replaced?.firstFactorAt ?? requestedAt)) / 1000
  return { ...(replaced === undefined ? marksBefore : replaced.forgetMarks), ...Object.fromEntries(Object.entries(marks).map(([key, leftSeconds]) => [key, leftSeconds + waitedSeconds])) }
}

/**
 * If a pending sign-in is started again, for example because the user has entered the password again, reads the box "Remember this browser" and the marks of
 * `forgetBrowsers` again.
 * @returns undefined if `forgetBrowsers` was called since the start: then an approval of the pending sign-in must not remember a browser
 * @internal
 */
export async function rereadRememberChoice(request: StrategyRequest, context: StartContext, pending: Transaction): Promise<Pick<Transaction, 'remember' | 'forgetMarks'> | undefined> {
  const { remember, userId } = pending
  if (remember === undefined) return {}
  // Read the marks (the ledger's records of calls of `forgetBrowsers`) first. So `wasForgotten` also notices a call that comes between these two lines.
  const marks = await forgetMarks(request, context, userId)
  if (await wasForgotten(request.budgets, pending, Date.now())) return undefined
  return { remember: checkBoxOf({ body: request.req.body, query: {} }, 'remember') ?? remember, ...(marks !== undefined && { forgetMarks: marks }) }
}

/**
 * Notes in the transaction whether the user has ticked the box "Remember this browser".
 * @throws Refusal `unknown_transaction` if the session has ended since this request began; StorageError
 * @internal
 */
export async function withChoice(request: StrategyRequest, transaction: Transaction): Promise<Transaction> {
  const choice = checkBoxOf(request.req, 'remember')
  if (choice === undefined || !logsIn(request.options) || transaction.remember === undefined || choice === transaction.remember) return transaction
  // Another tab may have signed the user in or out meanwhile. So read the session again before writing it.
  await request.refresh()
  const current = request.transactionById(transaction.id)
  const { digest: _before, ...rest } = current ?? transaction
  const chosen = request.keys.digests.withDigest({ ...rest, remember: choice })
  if (current === undefined || current.closed !== undefined) return chosen
  request.transactions.put(chosen)
  await request.save()
  return chosen
}

/**
 * Remembers the browser if the user has chosen that. If the ledger fails, the browser is not remembered, but the user is signed in.
 * @internal
 */
export async function rememberBrowser(request: StrategyRequest, transaction: Transaction, profile: NevisProfile): Promise<void> {
  const { settings, req, options, budgets } = request
  const { login, factor, subject, id: transactionId } = transaction
  const offer = rememberOffer(settings, transaction)
  if (offer?.isChosen !== true || login !== undefined || !logsIn(options) || hasPurpose(options)) return
  if (cookieSetter(req) === undefined) return warnAboutAnswer()
  const { id: userId, username } = profile
  // The ledger numbers the remembered browsers under each key of the user. If the app has named the user by userId only, also use the username in Nevis's
  // answer: `forgetBrowsers` with this username then forgets this browser, too. The cookie does not contain this username, so
  // no later sign-in is compared with it.
  const keys = keysOf(budgets, { ...transaction, subject: { userId, username } })
  try {
    const at = Date.now()
    const { numbers, expiresAt } = await budgets.browsers.takeNumber(keys, offer.days, at)
    if (expiresAt <= at || (await wasForgotten(budgets, transaction, at))) return
    const browser = { id: randomBytes(32).toString('base64url'), generation: 0, at, expiresAt, subject, userId, factor, transactionId, numbers }
    const before = rememberedIn(request)
    await budgets.browsers.remember(browser)
    sendCookie(request, browser)
    // The new cookie replaces the old cookie in this browser. After that, only an attacker with a copy could send the old cookie, so make it invalid.
    if (before !== undefined) await budgets.browsers.end(before)
    publish('browser', () => ({ ...request.about(), browser: 'remembered' }))
  } catch (error) {
    publishFault(error, 'browser', request.about())
  }
}

/** Returns the user's keys in the ledger: one for each name that the app has given, and one for the userId in Nevis's answer, if that is known. */
function keysOf(budgets: Budgets, { subject, userId, budget }: Pick<Transaction, 'subject' | 'budget'> & { readonly userId?: string | undefined }): string[] {
  const { username } = subject
  return [...new Set([...budgets.keysOf(subject), ...budgets.keysOf({ budget, userId }), ...(username === undefined ? [] : [budgets.keyOf({ username })])])]
}

/** True if `forgetBrowsers` was called for this user after the sign-in started. */
function wasForgotten(budgets: Budgets, transaction: Transaction, now: number): Promise<boolean> {
  const { forgetMarks: before = {}, firstFactorAt } = transaction
  return budgets.browsers.forgetMarks.areReplaced(keysOf(budgets, transaction), before, (now - firstFactorAt) / 1000)
}

/**
 * True for a start that only signs a user in: it neither enrols a factor nor asks the user to confirm something, such as a payment.
 * @param operation undefined if it is not known yet
 */
function isSignIn(request: StrategyRequest, operation?: RequestedParameters['operation']): boolean {
  const { settings, options } = request
  return settings.rememberDays !== undefined && operation !== 'enroll' && logsIn(options) && !hasPurpose(options) && request.login() === undefined
}

/** True if the options of the route require certain factors, or ask the user to confirm something, such as a payment. */
function hasPurpose({ factors, message, data }: AuthenticateOptions): boolean {
  return [factors, message, data].some((value) => value !== undefined)
}

/** Reads this browser's cookie. Ignores the cookie if the app no longer offers the factor that the cookie names. */
function rememberedIn({ settings, req, keys }: StrategyRequest): RememberedBrowser | undefined {
  const browser = keys.browsers.open(cookieIn(req, cookieFor(req, settings.name, 'browser')))
  if (browser === undefined || !settings.factors.some(({ name }) => name === browser.factor)) return undefined
  return browser
}

/**
 * Returns when the cookie expires: at the `expiresAt` in the cookie, or earlier if the app has lowered `rememberBrowser.days` since the second factor. The
 * ledger records a used cookie until `expiresAt`. Otherwise the used cookie would become valid again as soon as the app raised `days`.
 */
function cookieExpiresAt({ settings }: StrategyRequest, { at, expiresAt }: RememberedBrowser): number {
  return Math.min(expiresAt, at + (settings.rememberDays ?? 0) * DAY_MS)
}

function sendCookie(request: StrategyRequest, browser: RememberedBrowser): void {
  const { settings, req, keys } = request
  const seconds = Math.max(1, Math.floor((cookieExpiresAt(request, browser) - Date.now()) / 1000))
  cookieSetter(req)?.(cookieFor(req, settings.name, 'browser'), keys.browsers.seal(browser), seconds)
}

function warnAboutAnswer(): void {
  process.emitWarning('NevisStrategy cannot set the cookie of a remembered browser: on Fastify, put the reply on the request as the guide "Fastify" shows', {
    code: 'PASSPORT_NEVIS_NO_REPLY',
  })
}
