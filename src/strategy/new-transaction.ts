/**
 * Creates the transaction from Nevis's answer to a start.
 *
 * Out of scope: storing the transaction in the session (`session/transactions.ts`).
 */
import { NevisError } from '../client/errors'
import { lifetimeMsOf } from '../factors/lifetime'
import type { Challenge } from '../factors/factor'
import type { Subject, Transaction } from '../factors/transaction'
import { isTypedCode } from '../factors/typed-code'
import { encryptCodes } from '../trust/recovery-codes'
import { forgetMarks, rememberOf } from './remembered'
import type { PreparedStart, StartContext } from './start-context'
import { phoneOf } from './start-parameters'
import { markBrowser } from './same-browser'
import type { StrategyRequest } from './strategy-request'

/**
 * Creates the transaction after Nevis has accepted the start.
 * @param slot the slot that this start has taken, to count towards the user's limit on starts (`ledger/start-budget.ts`)
 * @param startedAt milliseconds since 1970
 * @returns the transaction; for new recovery codes also these codes, encrypted: they become a part of the handle in the URL
 * @throws NevisError `NEVIS_UNEXPECTED_RESPONSE` if Nevis's answer is too long for a handle
 * @internal
 */
export async function newTransaction(
  request: StrategyRequest,
  context: StartContext,
  { parameters, factor, authenticatorId, returnTo, userId }: PreparedStart,
  { server, browser: forBrowser }: Challenge,
  slot: number,
  startedAt: number,
): Promise<{ transaction: Transaction; encryptedCodes: string | undefined }> {
  const { settings, budgets, keys } = request
  const { replaced } = context
  if (server.typedCode !== undefined && !(parameters.operation === 'approve' && isTypedCode(server.typedCode))) {
    throw new TypeError('NevisStrategy: typedCode of a factor must have 6 to 64 digits; only an approval can have a typed code')
  }
  const { operation, subject, message, data, factors, available, phone, purpose, firstFactorAmr } = parameters
  const { recoveryCodes, ...shown } = forBrowser
  const codes = recoveryCodes && encryptCodes(recoveryCodes)
  // Give the user more time to save recovery codes than to answer a push. The codes do not expire at Nevis during that time.
  const lifetimeMs = codes === undefined ? lifetimeMsOf(settings, operation) : settings.firstFactorLifetimeMs
  const expiresAt = startedAt + lifetimeMs
  const { budget } = context.parameters
  const sealed = { ...server, factor: factor.name, operation, budget, expiresAt, ...(codes !== undefined && { encryptedCodes: codes.encrypted }) }
  if (!keys.handles.fits(sealed)) throw new NevisError('NEVIS_UNEXPECTED_RESPONSE', operation, { reason: 'the id or the token is too long for the URL of the waiting page' })
  // The browser gets the intent token, and Nevis's introspection reports it as active. Mark it as used, so that a browser cannot send it as proof of an
  // approval.
  if (forBrowser.intentToken !== undefined) await budgets.endings.claimToken(forBrowser.intentToken)
  const enrolments = operation === 'enroll' ? await startEnrolment(request, subject, server.userId) : undefined
  const alsoHeld = await countUnderUserId(request, context, slot, server.userId)
  const textedPhone = operation === 'enroll' && factor.name === 'sms' ? phoneOf(request.req, parameters) : undefined
  const isInPlaceOfApproval = operation === 'enroll' && (context.parameters.operation === 'approve-or-enroll' || replaced?.isInPlaceOfApproval === true)
  const login = context.endsLogin ? undefined : request.login()
  const isStepUp = login !== undefined && (replaced === undefined ? !context.isAfterFirstFactor : replaced.isStepUp === true)
  const isMarked = login !== undefined || settings.hasOwnSubject
  const browser = isMarked ? markBrowser(request) : undefined
  const origin = login === undefined || settings.ledger.isInMemory ? undefined : context.source.origin
  const remember = rememberOf(request, context, operation)
  const marks = remember === undefined ? undefined : await forgetMarks(request, context, server.userId)
  const transaction = keys.digests.withDigest({
    id: server.id,
    ...(server.hasOwnId === true && { hasOwnId: true }),
    factor: factor.name,
    operation,
    subject,
    startedAt,
    expiresAt,
    firstFactorAt: replaced?.firstFactorAt ?? context.requestedAt,
    budget,
    slots: [...(replaced?.slots ?? []), slot],
    shown,
    ...(codes !== undefined && { codesKey: codes.key }),
    ...(server.userId !== undefined && { userId: server.userId }),
    // Nevis's answer names a user, and the start has checked that this is the user whom the app named. So the userId in the answer belongs to that user.
    ...(((server.username !== undefined && server.userId !== undefined) || userId !== undefined) && { isUserIdNamed: true as const }),
    ...(authenticatorId !== undefined && { authenticatorId }),
    ...(server.statusToken !== undefined && { statusToken: server.statusToken }),
    ...(server.typedCode !== undefined && { typedCode: keys.typedCodes.digestOf(server.typedCode, server.id), isCodeTyped: false }),
    ...(message !== undefined && { message }),
    ...(data !== undefined && { data }),
    ...(isInPlaceOfApproval && { isInPlaceOfApproval }),
    ...(factors !== undefined && { factors }),
    ...(available !== undefined && operation === 'approve' && { available }),
    ...(phone !== undefined && { phone }),
    ...(textedPhone !== undefined && { textedPhone: keys.digests.digestOfPhone(textedPhone, server.id) }),
    ...(purpose !== undefined && { purpose }),
    ...(firstFactorAmr !== undefined && { firstFactorAmr }),
    ...(enrolments !== undefined && { enrolments }),
    ...(alsoHeld !== undefined && { alsoHeld }),
    ...(returnTo !== undefined && { returnTo }),
    ...(login !== undefined && { login }),
    ...(isStepUp && { isStepUp }),
    ...(browser !== undefined && { browser }),
    ...(!isMarked && { client: context.source.client }),
    ...(origin !== undefined && { origin }),
    ...(remember !== undefined && { remember }),
    ...(marks !== undefined && { forgetMarks: marks }),
  })
  return { transaction, encryptedCodes: codes?.encrypted }
}

/**
 * Gives the enrolment the user's next number. A new number makes the user's older enrolments invalid. The numbers are counted under the userId and, if the app
 * has named the user by username only, also under the username.
 * @returns the number of this enrolment for each of the user's keys in the ledger
 */
async function startEnrolment({ budgets }: StrategyRequest, subject: Subject, userId: string | undefined): Promise<Record<string, number>> {
  const generations: [string, number][] = []
  for (const key of budgets.keysOf({ budget: budgets.keyOf(subject), userId })) generations.push([key, await budgets.enrolments.start(key)])
  return Object.fromEntries(generations)
}

/**
 * Counts this start also under the userId that Nevis has returned. The app may identify a user by username at one start and by userId at another, for example
 * because it has stored the userId at the user's first approval. If a start counted under one name only, the user would have two limits, and an attacker could
 * start twice as many transactions. Exception: a start in slot 1 is not counted under the userId. Most sign-ins take slot 1, because the user usually has no
 * other counted start. The exception saves them a call to the ledger.
 */
async function countUnderUserId(
  { budgets }: StrategyRequest,
  { parameters, replaced }: StartContext,
  slot: number,
  userId: string | undefined,
): Promise<Transaction['alsoHeld']> {
  const before = replaced?.alsoHeld
  if (slot === 1 || userId === undefined || parameters.subject.userId !== undefined) return before
  const budget = budgets.keyOf({ userId })
  const held = await budgets.starts.countUnderSecondName(budget)
  await budgets.starts.pauseOtherName(parameters.budget, held)
  return { budget, slots: [...(before?.budget === budget ? before.slots : []), held] }
}
