/**
 * The stage `sms` of the command `probe`, with SMS to one phone number: enrolment, sign-in, wrong codes, and the status afterwards.
 *
 * Out of scope: recovery codes (`user-stage.ts`), a code that comes too late (`wait-stage.ts`), and asking the person for a code (`text-messages.ts`).
 */
import { textAt } from './answers'
import { isAcceptedCode, isAnsweredAlike, isUnclear } from './code-answers'
import { CODE_OF_OTHER_CHARACTERS, FactsReader } from './facts-reader'
import { statusWordIn } from './needs'
import type { Reply } from './reply'
import { httpOf, introspectTwice, status, type StageContext } from './stage-context'
import { MOST_QUESTIONS, TextMessages } from './text-messages'

const WRONG_CODE = '000000'
/** How many codes the person may type for one enrolment or sign-in, until Nevis accepts one. */
const MOST_CODES = 3

export async function smsStage(context: StageContext): Promise<void> {
  const { caller, users, phone, noteFailure } = context
  const username = users.next()
  caller.learn(phone, 'the phone number')
  const texts = new TextMessages(context)
  const startedAt = Date.now()
  const enroll = (step?: string) => users.enroll(step, { username, channel: 'sms', phone })
  texts.announce('its code confirms the phone number')
  const enrolled = await enroll('enroll.sms')
  const { userId } = enrolled
  const statusToken = textAt(enrolled.json, 'statusToken')
  if (userId === undefined || statusToken === undefined) return noteFailure(`no text message could be sent (${httpOf(caller, 'enroll.sms')})`)
  // If the phone number was not confirmed, end this stage: Nevis then sends no text message for a sign-in.
  if (!(await confirm(context, texts, { ...transactionIn(enrolled), step: 'enroll.sms', userId, username, statusToken, startedAt, again: enroll }))) return
  texts.announce('you do not need its code')
  await enroll('enroll.sms.again')
  await caller.call('user.with-sms', { method: 'GET', path: `/api/v1/users?username=${username}` })
  await caller.call('approval.push.no-app', { path: '/api/v1/approval', json: { userId, channel: 'push' } })
  const approve = (step?: string) => caller.call(step, { path: '/api/v1/approval', json: { userId, channel: 'sms' }, learns: ['transactionId'] })
  texts.announce('its code signs in')
  const approval = await approve('approval.sms')
  const token = textAt(approval.json, 'statusToken')
  if (token === undefined) return noteFailure(`no text message could be sent for a sign-in (${httpOf(caller, 'approval.sms')})`)
  const isSignedIn = await confirm(context, texts, { ...transactionIn(approval), step: 'sms', userId, username, statusToken: token, startedAt: Date.now(), again: approve })
  if (isSignedIn) context.textOwner = { userId, username, texts }
}

interface TextTransaction {
  readonly step: string
  readonly userId: string
  readonly username: string
  readonly transactionId?: string | undefined
  readonly statusToken: string
  readonly startedAt: number
  /** Repeats the request that started this transaction, so that Nevis sends another text message. Does not record the response. */
  readonly again: () => Promise<Reply>
}

export const transactionIn = ({ json }: Reply) => ({ transactionId: textAt(json, 'transactionId') })

/** Has the person type the code, and records the status before and after that. Returns false if the person typed no right code. */
async function confirm(context: StageContext, texts: TextMessages, transaction: TextTransaction): Promise<boolean> {
  const { step, startedAt } = transaction
  await status(context, `status.${step}.pending`, transaction.statusToken)
  await verify(context, transaction, 'wrong', WRONG_CODE)
  await verify(context, transaction, 'wrong.with-channel', WRONG_CODE, 'sms')
  const confirmed = await typeUntilRight(context, texts, transaction)
  if (confirmed === undefined) return false
  const reply = await status(context, `status.${step}.verified`, confirmed.statusToken)
  await introspectTwice(context, `introspect.${step}`, reply, startedAt)
  return true
}

/**
 * Sends the code that the person types. After a mistyped code, asks Nevis for another text message, because Nevis may accept only a few wrong codes per
 * message. Does not record the response to a mistyped code, because the report would present it as the response to a right code.
 * @returns the transaction whose code was right; undefined if no code was right
 */
async function typeUntilRight(context: StageContext, texts: TextMessages, first: TextTransaction): Promise<TextTransaction | undefined> {
  const { caller, say, noteFailure } = context
  let transaction = first
  for (let typed = 1; ; typed++) {
    const code = await texts.typedCode()
    if (code === undefined) return void noteFailure(`no code of a text message was typed (the stage ends after ${MOST_QUESTIONS} inputs that cannot be a code)`)
    caller.facts['sms.code'] = /^\d+$/.test(code) ? `${code.length} digits` : CODE_OF_OTHER_CHARACTERS
    if (await isRight(context, transaction, code)) return transaction
    const refusal = httpOf(caller, `verification.${first.step}.right`)
    for (const name of ['right', 'right.with-channel']) caller.forget(`verification.${first.step}.${name}`)
    delete caller.facts['sms.code']
    if (typed === MOST_CODES) return void noteFailure(`none of ${MOST_CODES} typed codes was accepted (${refusal})`)
    say(refusal.startsWith('no answer') ? `The request with this code got no answer (${refusal}).` : `Nevis did not accept this code (${refusal}).`)
    texts.announce('type its code instead')
    const another = await transaction.again()
    const statusToken = textAt(another.json, 'statusToken')
    if (statusToken === undefined) return void noteFailure('a typed code was not accepted, and no further text message could be sent')
    transaction = { ...transaction, ...transactionIn(another), statusToken }
  }
}

/** Sends the code without the field `channel`. If the answer does not show that the code is right, sends the code again with this field. */
async function isRight(context: StageContext, transaction: TextTransaction, code: string): Promise<boolean> {
  const { status: plain } = await verify(context, transaction, 'right', code)
  if (plain === 0 || (await isShown(context, transaction, 'right'))) return plain !== 0
  await verify(context, transaction, 'right.with-channel', code, 'sms')
  return isShown(context, transaction, 'right.with-channel')
}

/**
 * True if Nevis's answer shows that the code is right: the client takes it for right, or the answer is unclear but differs from the answer to a wrong
 * code. If both answers are alike, asks for the status, as the strategy does.
 */
async function isShown(context: StageContext, { step, statusToken }: TextTransaction, name: string): Promise<boolean> {
  const { caller } = context
  const [ofCode, ofWrong, ofStatus] = [`verification.${step}.${name}`, `verification.${step}.${name.replace('right', 'wrong')}`, `status.${step}.verified`]
  const facts = new FactsReader(caller.facts)
  if (isAcceptedCode(facts, ofCode)) return true
  if (!isUnclear(facts, ofCode) || !facts.has(ofWrong)) return false
  if (!isAnsweredAlike(facts, ofCode, ofWrong)) return true
  await status(context, ofStatus, statusToken)
  if (statusWordIn(facts, ofStatus) === 'succeeded') return true
  caller.forget(ofStatus)
  return false
}

type Verified = Pick<TextTransaction, 'step' | 'userId' | 'username' | 'transactionId' | 'statusToken'>

export function verify({ caller }: StageContext, { step, userId, username, transactionId, statusToken }: Verified, name: string, code: string, channel?: string): Promise<Reply> {
  return caller.call(`verification.${step}.${name}`, {
    path: `/api/v1/users/${encodeURIComponent(userId)}/verification`,
    json: { code, statusToken, ...(channel !== undefined && { channel }) },
    codeOf: { userId, username, transactionId },
  })
}
