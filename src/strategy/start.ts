/**
 * A start: finds out what is to be started, and asks Nevis to ask the user, unless the same is pending already.
 *
 * Order: subject, message and data from the app → the same pending already? then it is shown again → the start budget →
 * Nevis is asked → a new session id, if the user has just given a first factor, else the session is read again → 303 to the waiting page.
 * Out of scope: what a factor asks of Nevis (`challenge.ts`), and who may enrol (`enrolment.ts`).
 */
import { isAnswered } from '../host/answer'
import { challengeFor } from './challenge'
import { firstOperation } from './enrolment'
import { publish } from './events'
import type { Exchange, Exit, Field } from './exchange'
import type { Factor } from '../factors/factor'
import { Refusal } from '../factors/failures'
import { isAfterFirstFactor, originOf, renew, sharedWith, startedElsewhere, ELSEWHERE_SECONDS } from './parallel'
import type { Started } from './turns'
import { lockCodes } from '../trust/recovery-codes'
import { returnToBeforeLogin, returnToIn } from '../session/return-to'
import { isInSmallCookie, sessionIdOf } from '../host/session'
import type { Subject, Transaction } from '../factors/transaction'
import { askedBy, authenticatorFor, canBeShownAgain, factorFor, isPendingFor, type Asked, type Wanted } from './wanted'

/** @internal */
export async function start(exchange: Exchange, handle: Field, factorName: Field): Promise<Exit> {
  const { settings, req, options } = exchange
  // Before anything is waited for: a socket that was closed has no address any more.
  const from = { sessionId: sessionIdOf(req), origin: originOf(req) }
  const named = handle === undefined ? undefined : heldForStart(exchange, handle)
  const asked = named === undefined ? await askedBy(req, options, settings) : { ...named, budget: named.budget ?? '' }
  const isAfterFirst = named === undefined && (await isAfterFirstFactor(exchange))
  exchange.current = { subject: asked.subject, ...(asked.operation !== 'approve-or-enroll' && { operation: asked.operation }) }
  const started = await settings.turns.take(asked.budget, async (waited, before) => {
    if (waited && req.socket?.destroyed === true) throw new Refusal('cancelled')
    // What was started while this request waited is in the session now.
    if (waited && (exchange.login() !== undefined || named !== undefined)) await exchange.refresh()
    const replaced = handle === undefined ? undefined : await replacedBy(exchange, handle)
    const request = { asked: replaced === undefined ? asked : { ...replaced, budget: asked.budget }, replaced, factorName, from, isAfterFirst }
    return (
      (await shownAgain(exchange, request)) ??
      (before === undefined || replaced !== undefined ? undefined : await sharedWith(exchange, before, asked, factorName, from)) ??
      (await startAnew(exchange, request))
    )
  })
  return started.exit
}

interface StartRequest {
  readonly asked: Asked
  /** The transaction in whose place another factor, or the same one again, is started. */
  readonly replaced: (Transaction & { readonly isFollowed?: boolean }) | undefined
  readonly factorName: Field
  readonly from: Pick<Started, 'sessionId' | 'origin'>
  /** A first factor was given in this very request. */
  readonly isAfterFirst: boolean
}

function heldForStart(exchange: Exchange, handle: Field): Transaction {
  const transaction = exchange.held(handle)
  if (transaction === undefined) throw new Refusal(exchange.codeForLost())
  if (transaction.login !== undefined && transaction.login !== exchange.login()) throw new Refusal('unknown_transaction')
  return transaction
}

/**
 * The transaction that is to be replaced. Where it was replaced before, by another click or tab, the one that took its place.
 * @throws Refusal for one that cannot go on
 */
async function replacedBy(exchange: Exchange, handle: Field): Promise<Transaction & { isFollowed: boolean }> {
  const { budgets, settings } = exchange
  const first = heldForStart(exchange, handle)
  let transaction = first
  const seen = new Set([first.id])
  while (transaction.next !== undefined && !seen.has(transaction.next)) {
    seen.add(transaction.next)
    const next = exchange.heldById(transaction.next)
    if (next === undefined) break
    transaction = next
  }
  if (Date.now() >= transaction.firstFactorAt + settings.firstFactorLifetimeMs) throw new Refusal('expired_transaction')
  // A kept session cookie still holds a transaction that has succeeded or was cancelled; the ledger knows better.
  if (transaction.closed === 'cancelled' || !(await budgets.canGoOn(transaction))) throw new Refusal(transaction.closed === 'cancelled' ? 'cancelled' : 'used_transaction')
  const hasSignedIn = isInSmallCookie(exchange.session) && transaction.budget !== undefined && (await budgets.hasSignedInSince(transaction.budget, transaction.firstFactorAt))
  if (hasSignedIn) throw new Refusal('used_transaction')
  return { ...transaction, isFollowed: transaction !== first }
}

/** The same approval or enrolment, still pending in this login or browser: no second push (MITRE ATT&CK T1621). */
async function shownAgain(exchange: Exchange, request: StartRequest): Promise<Started | undefined> {
  const { replaced, from } = request
  // A resend is asked for in so many words; only a second click of it finds what the first click started.
  if (replaced !== undefined && replaced.isFollowed !== true) return undefined
  const pending = await pendingFor(exchange, request)
  if (pending === undefined || !canBeShownAgain(pending)) return undefined
  // After a first factor the session may have been prepared by somebody who knows its id. One new session takes the transaction over.
  const isMoved = request.isAfterFirst
  if (isMoved) {
    // Whoever prepared the session may have seen the QR code of an enrolment, and would add a phone of their own in this user's browser.
    if (pending.operation === 'enroll') return undefined
    if (!(await exchange.budgets.claimMove(pending))) return undefined
    await renew(exchange, pending)
  } else {
    await exchange.refresh()
    const now = exchange.heldById(pending.id)
    if (now === undefined || now.closed !== undefined) return undefined
  }
  exchange.current = pending
  publish('reused', () => exchange.about())
  const returnTo = replaced === undefined ? returnToOf(exchange) : undefined
  const transaction = { ...pending, firstFactorAt: replaced === undefined ? Date.now() : pending.firstFactorAt, ...(isMoved && { moves: (pending.moves ?? 0) + 1 }), ...(returnTo !== undefined && { returnTo }) }
  return result(exchange, transaction, undefined, from)
}

async function pendingFor(exchange: Exchange, { asked, replaced, factorName }: StartRequest): Promise<Transaction | undefined> {
  const { options, req, seals, transactions, budgets } = exchange
  const operations = asked.operation === 'approve-or-enroll' ? (['approve', 'enroll'] as const) : [asked.operation]
  for (const operation of operations) {
    const wanted: Wanted = { ...asked, operation }
    const factor = factorIfKnown(exchange, wanted, factorName, operations.length > 1)
    if (factor === undefined) continue
    const authenticatorId = await authenticatorFor(req, options, wanted, factor, replaced)
    const isPending = isPendingFor(wanted, factor, authenticatorId, Date.now())
    // A transaction of another strategy in the same session does not fit: it is left alone.
    const pending = transactions.find((one) => isPending(one) && seals.digests.fits(one))
    if (pending !== undefined && !(await budgets.hasEnded(pending))) return pending
  }
  return undefined
}

function factorIfKnown({ settings, options }: Exchange, { operation, factors }: Wanted, factorName: Field, mayBeUnknown: boolean): Factor | undefined {
  try {
    return factorFor(settings, operation, factorName, options.factor, factors)
  } catch (error) {
    if (mayBeUnknown) return undefined
    throw error
  }
}

async function startAnew(exchange: Exchange, request: StartRequest): Promise<Started> {
  const { asked, replaced, factorName, from } = request
  const { settings, req, options, budgets, seals } = exchange
  const now = Date.now()
  // A wrong request is refused before it costs anything.
  if (asked.operation !== 'approve-or-enroll') {
    const { name } = factorFor(settings, asked.operation, factorName, options.factor, asked.factors)
    exchange.current = { ...exchange.current, factor: name }
  } else if (!(['approve', 'enroll'] as const).some((operation) => factorIfKnown(exchange, { ...asked, operation }, factorName, true))) {
    throw new Refusal('unknown_factor')
  }
  const spent = await budgets.spendStart(asked.budget)
  if (spent.over !== undefined) throw exchange.overBudget({ ...spent, over: spent.over }, 'too_many_starts')
  if (replaced === undefined && spent.slot > 1 && (await startedElsewhere(exchange, asked.budget, spent.slot, () => pendingFor(exchange, request)))) {
    await budgets.giveBack(asked.budget, [spent.slot])
    const known = exchange.login() === undefined ? undefined : await shownAgain(exchange, request)
    if (known !== undefined) return known
    throw new Refusal('too_many_starts', undefined, ELSEWHERE_SECONDS)
  }
  const { wanted, factor, authenticatorId, returnTo } = await preparedFor(exchange, request).catch(async (reason: unknown) => {
    // Nobody was notified; but a request that had Nevis asked who the user is, and is refused then, has cost its start.
    if (!(reason instanceof Refusal)) await budgets.giveBack(asked.budget, [spent.slot])
    throw reason
  })
  const { operation, subject, message, data, factors, purpose } = wanted
  exchange.current = { operation, subject, factor: factor.name }
  const challenge = await challengeFor(settings, budgets, req, options, factor, wanted, authenticatorId)
  if (challenge === 'hasFactor') {
    publish('suspicious', () => ({ ...exchange.about(), reason: 'enrolment_of_enrolled' }))
    throw new Refusal('already_enrolled')
  }
  if (typeof challenge === 'string') throw exchange.mismatched(challenge)

  const { server, browser } = challenge
  if (browser.intentToken !== undefined) await budgets.claimToken(browser.intentToken)
  const enrolments = operation === 'enroll' ? await startEnrolment(exchange, subject, server.userId) : undefined
  const alsoHeld = await alsoHold(exchange, asked, spent.slot, server.userId, replaced?.alsoHeld)
  const { recoveryCodes, ...shown } = browser
  const codes = recoveryCodes && lockCodes(recoveryCodes)
  // Writing codes down takes longer than a tap, and nothing at Nevis waits for it.
  const lifetimeMs = codes === undefined ? settings.lifetimeMs : settings.firstFactorLifetimeMs
  const login = exchange.login()
  const transaction = seals.digests.bind({
    id: server.id,
    factor: factor.name,
    operation,
    subject,
    startedAt: now,
    expiresAt: now + lifetimeMs,
    firstFactorAt: replaced?.firstFactorAt ?? now,
    budget: asked.budget,
    slots: [...(replaced?.slots ?? []), spent.slot],
    shown,
    ...(codes !== undefined && { codesKey: codes.key }),
    ...(server.userId !== undefined && { userId: server.userId }),
    ...(authenticatorId !== undefined && { authenticatorId }),
    ...(server.statusToken !== undefined && { statusToken: server.statusToken }),
    ...(message !== undefined && { message }),
    ...(data !== undefined && { data }),
    ...(factors !== undefined && { factors }),
    ...(purpose !== undefined && { purpose }),
    ...(enrolments !== undefined && { enrolments }),
    ...(alsoHeld !== undefined && { alsoHeld }),
    ...(returnTo !== undefined && { returnTo }),
    ...(login !== undefined && { login }),
  })
  exchange.current = transaction
  publish('started', () => exchange.about())
  // Not before Nevis has answered: the second click of a double click still needs the session of before.
  // The browser has another answer, so that it would never learn the new id of its session.
  if (isAnswered(req)) {
    await budgets.end(transaction, transaction.budget, false)
    throw new Refusal('cancelled')
  }
  const older = await endOlder(exchange, transaction, replaced)
  if (request.isAfterFirst) await renew(exchange, wanted)
  else await refreshOrEnd(exchange, transaction)
  if (older !== undefined) exchange.transactions.close({ ...older, next: transaction.id }, 'cancelled')
  return result(exchange, transaction, codes?.locked, from)
}

/** What is asked for, once it is known whether the user has a factor, and that the session can hold it. */
async function preparedFor(exchange: Exchange, { asked, replaced, factorName }: StartRequest) {
  const { settings, req, options } = exchange
  await settings.health?.check()
  const operation = asked.operation === 'approve-or-enroll' ? await firstOperation(settings.client, asked.subject) : asked.operation
  const wanted: Wanted = { ...asked, operation }
  const factor = factorFor(settings, operation, factorName, options.factor, wanted.factors)
  const authenticatorId = await authenticatorFor(req, options, wanted, factor, replaced)
  const returnTo = makeRoom(exchange, wanted, replaced === undefined ? returnToOf(exchange) : replaced.returnTo)
  return { wanted, factor, authenticatorId, returnTo }
}

/**
 * Counted under each name by which this user is known: a user who is new to Nevis has no userId yet, and another enrolment may know it.
 * @returns the generations, by the digest of the name
 */
async function startEnrolment({ budgets, settings, req }: Exchange, subject: Subject, userId = subject.userId): Promise<Record<string, number>> {
  const username = subject.username ?? settings.usernameOf(req)
  const names: Subject[] = [...(userId === undefined ? [] : [{ userId }]), ...(username === undefined ? [] : [{ username }])]
  const generations: [string, number][] = []
  for (const name of names) {
    const key = budgets.keyOf(name)
    generations.push([key, await budgets.startEnrolment(key)])
  }
  return Object.fromEntries(generations)
}

/** The user who logged out while Nevis was asked must not be brought back; what was started is never to succeed. */
async function refreshOrEnd(exchange: Exchange, transaction: Transaction): Promise<void> {
  try {
    await exchange.refresh()
  } catch (error) {
    await exchange.budgets.end(transaction, transaction.budget, false)
    throw error
  }
}

/**
 * An app with a `subject` of its own may name the same user by username here and by userId there. From the second start on that nobody
 * approved, both names are counted; a usual sign-in costs no more for it.
 */
async function alsoHold(
  { budgets, settings, req }: Exchange,
  asked: Asked,
  slot: number,
  userId: string | undefined,
  before: Transaction['alsoHeld'],
): Promise<Transaction['alsoHeld']> {
  if (slot === 1 || userId === undefined || asked.subject.userId !== undefined || settings.usernameOf(req) !== undefined) return before
  const budget = budgets.keyOf({ userId })
  const held = await budgets.alsoHold(budget)
  await budgets.pauseLike(asked.budget, held)
  return { budget, slots: [...(before?.budget === budget ? before.slots : []), held] }
}

/** The transaction that this one replaces, and an older one of the same kind that could not be shown again, end here. */
async function endOlder(exchange: Exchange, transaction: Transaction, replaced: Transaction | undefined): Promise<Transaction | undefined> {
  const { factor, operation, message, data, factors, purpose, subject } = transaction
  const isPending = isPendingFor({ ...transaction, operation, message, data, factors, purpose, subject } as Wanted, { name: factor } as Factor, transaction.authenticatorId, Date.now())
  const older = replaced ?? exchange.transactions.find((one) => one.id !== transaction.id && isPending(one) && exchange.seals.digests.fits(one))
  if (older === undefined || older.id === transaction.id) return undefined
  const { budgets } = exchange
  if (!(await budgets.end(older, older.budget, false)) && !(await budgets.canGoOn(older))) {
    // Meanwhile it was cancelled, or has succeeded: this one is wanted no more.
    await budgets.end(transaction, transaction.budget, false)
    throw new Refusal('cancelled')
  }
  return older
}

async function result(exchange: Exchange, transaction: Transaction, lockedCodes: string | undefined, from: StartRequest['from']): Promise<Started> {
  const exit = (await exchange.wait(transaction, lockedCodes)) as { to: string }
  const { req } = exchange
  return { ...from, exit, transaction, lockedCodes, isGone: () => req.socket?.destroyed === true }
}

/** A session in a cookie may be too small: that is found out before anybody is notified. What it cannot hold first is the way back. */
function makeRoom({ transactions }: Exchange, wanted: Wanted, returnTo: string | undefined): string | undefined {
  return transactions.makeRoom({ ...wanted, ...(returnTo !== undefined && { returnTo }) }).returnTo
}

function returnToOf({ session, settings }: Exchange): string | undefined {
  return returnToIn(session, settings.sessionKey) ?? returnToBeforeLogin(session)
}
