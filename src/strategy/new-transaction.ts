/**
 * Makes the transaction from what Nevis has answered to a start, and notes in the ledger what belongs to it.
 *
 * Out of scope: keeping it in the session (`session/transactions.ts`).
 */
import type { Challenge } from '../factors/factor'
import type { Subject, Transaction } from '../factors/transaction'
import { isTypedCode } from '../factors/typed-code'
import { lockCodes } from '../trust/recovery-codes'
import { rememberOf } from './remembered'
import type { PreparedStart, StartContext } from './start-context'
import type { StrategyRequest } from './strategy-request'

/**
 * @param slot the slot that this start holds in the start budget
 * @param startedAt milliseconds since 1970
 * @returns the transaction; and recovery codes, encrypted for the handle, if Nevis has made some
 * @internal
 */
export async function newTransaction(
  request: StrategyRequest,
  context: StartContext,
  { parameters, factor, authenticatorId, returnTo, userId }: PreparedStart,
  { server, browser }: Challenge,
  slot: number,
  startedAt: number,
): Promise<{ transaction: Transaction; lockedCodes: string | undefined }> {
  const { settings, budgets, keys } = request
  const { replaced } = context
  if (server.typedCode !== undefined && !(parameters.operation === 'approve' && isTypedCode(server.typedCode))) {
    throw new TypeError('NevisStrategy: typedCode of a factor must be 6 to 64 digits, and is for approvals only')
  }
  const { operation, subject, message, data, factors, available, phone, purpose, firstFactorAmr } = parameters
  // The intent token is in the browser now. It introspects as active, so it must never count as proof.
  if (browser.intentToken !== undefined) await budgets.endings.claimToken(browser.intentToken)
  const enrolments = operation === 'enroll' ? await startEnrolment(request, subject, server.userId) : undefined
  const alsoHeld = await holdUnderUserId(request, context, slot, server.userId)
  const { recoveryCodes, ...shown } = browser
  const codes = recoveryCodes && lockCodes(recoveryCodes)
  const ofOperation = operation === 'enroll' ? settings.enrollmentLifetimeMs : settings.lifetimeMs
  // Writing down recovery codes takes longer than a tap, and nothing at Nevis expires meanwhile.
  const lifetimeMs = codes === undefined ? ofOperation : settings.firstFactorLifetimeMs
  const login = request.login()
  const remember = rememberOf(request, context, operation)
  const transaction = keys.digests.withDigest({
    id: server.id,
    ...(server.hasOwnId === true && { hasOwnId: true }),
    factor: factor.name,
    operation,
    subject,
    startedAt,
    expiresAt: startedAt + lifetimeMs,
    firstFactorAt: replaced?.firstFactorAt ?? startedAt,
    budget: context.parameters.budget,
    slots: [...(replaced?.slots ?? []), slot],
    shown,
    ...(codes !== undefined && { codesKey: codes.key }),
    ...(server.userId !== undefined && { userId: server.userId }),
    // The start has compared both answers with the subject.
    ...((server.username !== undefined || userId !== undefined) && { isUserIdNamed: true as const }),
    ...(authenticatorId !== undefined && { authenticatorId }),
    ...(server.statusToken !== undefined && { statusToken: server.statusToken }),
    ...(server.typedCode !== undefined && { typedCode: keys.typedCodes.digestOf(server.typedCode, server.id), isCodeTyped: false }),
    ...(message !== undefined && { message }),
    ...(data !== undefined && { data }),
    ...(factors !== undefined && { factors }),
    ...(available !== undefined && operation === 'approve' && { available }),
    ...(phone !== undefined && { phone }),
    ...(purpose !== undefined && { purpose }),
    ...(firstFactorAmr !== undefined && { firstFactorAmr }),
    ...(enrolments !== undefined && { enrolments }),
    ...(alsoHeld !== undefined && { alsoHeld }),
    ...(returnTo !== undefined && { returnTo }),
    ...(login !== undefined && { login }),
    ...(remember !== undefined && { remember }),
  })
  return { transaction, lockedCodes: codes?.locked }
}

/**
 * Counts the enrolment under the userId and under the username: a user who is new to Nevis has no userId yet, but an older enrolment of
 * the same user may know it.
 * @returns the number of this enrolment by the ledger's name of the subject
 */
async function startEnrolment({ budgets, settings, req }: StrategyRequest, subject: Subject, userId = subject.userId): Promise<Record<string, number>> {
  const username = subject.username ?? settings.usernameOf(req)
  const names: Subject[] = [...(userId === undefined ? [] : [{ userId }]), ...(username === undefined ? [] : [{ username }])]
  const generations: [string, number][] = []
  for (const name of names) {
    const key = budgets.keyOf(name)
    generations.push([key, await budgets.enrolments.start(key)])
  }
  return Object.fromEntries(generations)
}

/**
 * An app with its own option `subject` may name the same user by username here and by userId there, and an attacker would have two
 * budgets. So from the second start without approval on, the start also counts under the userId. The first start is not counted twice, to
 * keep a usual sign-in at one ledger command.
 */
async function holdUnderUserId(
  { budgets, settings, req }: StrategyRequest,
  { parameters, replaced }: StartContext,
  slot: number,
  userId: string | undefined,
): Promise<Transaction['alsoHeld']> {
  const before = replaced?.alsoHeld
  if (slot === 1 || userId === undefined || parameters.subject.userId !== undefined || settings.usernameOf(req) !== undefined) return before
  const budget = budgets.keyOf({ userId })
  const held = await budgets.starts.hold(budget)
  await budgets.starts.pauseLike(parameters.budget, held)
  return { budget, slots: [...(before?.budget === budget ? before.slots : []), held] }
}
