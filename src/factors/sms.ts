/**
 * SMS: a code by text message, typed into the page.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/phone/authenticate-with-sms
 */
import { randomUUID } from 'node:crypto'
import { assertPhonePrefixes, assertSmsText, isPhone } from '../client/checks'
import type { PendingStatus, UnknownStatus } from '../client/client'
import { NevisError } from '../client/errors'
import { plainText } from '../client/messages'
import { smsCodeIn, withoutTrunkZero } from '../client/typed-input'
import { Refusal } from './failures'
import type { Factor, Succeeded } from './factor'
import { approvalChallenge, enrollmentChallenge, userReference, notApproved, notApprovedBy, succeeded, wrongCode } from './shared'

/** Options of {@link sms}. */
export interface SmsOptions {
  /**
   * The text of the SMS, in GSM-7 characters, with `{{CODE}}` as the placeholder; or a function that returns it from the transaction's
   * message. The function gets an `<html>` message as plain text. Default: Nevis's own text.
   */
  readonly message?: string | ((message: string | undefined) => string)
  /**
   * If true, a correct code counts only together with a transaction token that passes introspection. Newer Nevis documents say that
   * SMS transactions cannot be polled, so an instance may never send such a token. Default false.
   */
  readonly requireIntrospection?: boolean
  /**
   * Phone numbers with one of these prefixes cannot be enrolled, for example `+41900` (premium rate) or countries where you have no
   * customers. Each is `+` and 1 to 14 digits. Default: none.
   */
  readonly refusedPrefixes?: readonly string[]
}

/**
 * The factor `sms`: a code by text message, typed into the page. For approval and enrolment.
 * @param options the text, whether a correct code also needs introspection, and which numbers cannot be enrolled
 * @returns the factor, for `factors` of the strategy
 * @throws TypeError if `message` is neither a function nor a GSM-7 text with `{{CODE}}`, or `refusedPrefixes` is not a list of
 * strings of `+` and 1 to 14 digits
 * @see https://docs.nevis.net/authcloud/api-doc/api-use-cases/phone/authenticate-with-sms
 */
export function sms({ message: text, requireIntrospection = false, refusedPrefixes = [] }: SmsOptions = {}): Factor {
  if (typeof text === 'string') assertSmsText('sms', text)
  else if (text !== undefined && typeof text !== 'function') throw new TypeError('sms: message must be a string or a function')
  assertPhonePrefixes('sms', 'refusedPrefixes', refusedPrefixes)
  const refused = [...refusedPrefixes]
  const textFor = (message: string | undefined) => {
    const made = typeof text === 'function' ? text(message === undefined ? undefined : plainText(message)) : text
    return made === undefined ? {} : { message: made }
  }
  return {
    name: 'sms',
    prompt: 'code',
    amr: ['otp', 'sms', 'mca'],
    async approve(nevis, subject, { message }) {
      return approvalChallenge(await nevis.approve({ channel: 'sms', ...userReference(subject), ...textFor(message) }))
    },
    async enroll(nevis, subject, { message, phone }) {
      if (!isPhone(phone) || refused.some((prefix) => hasPrefix(phone, prefix))) throw new Refusal('phone_refused')
      const request = { channel: 'sms' as const, phone, ...userReference(subject), ...textFor(message) }
      try {
        return enrollmentChallenge(await nevis.enroll(request), randomUUID())
      } catch (error) {
        if (error instanceof NevisError && error.nevisStatus === 400) throw new Refusal('phone_refused')
        throw error
      }
    },
    async check(nevis, transaction, { code }) {
      const { id, userId, statusToken } = transaction as { id: string; userId: string; statusToken: string }
      const typed = smsCodeIn(code)
      // An enrolment may have an id of ours.
      const expected = { username: transaction.subject.username, ...(transaction.operation === 'approve' && { transactionId: id }) }
      const right = typed !== undefined && (await nevis.verifyCode({ userId, code: typed, statusToken }, expected))
      if (!right) return wrongCode
      // The verification response names no user. If Nevis still reports a final status, that status decides.
      const answer = await nevis.getStatus(statusToken)
      if (answer.status === 'succeeded') return succeeded(answer)
      if (answer.status === 'failed') return notApprovedBy(answer, transaction)
      if (requireIntrospection) return notApproved
      // If a pending status names a user or transaction, they must match; `binding.ts` compares them.
      return { status: 'succeeded', userId, transactionId: id, ...identifiersIn(answer) }
    },
  }
}

/**
 * Compares with and without the national trunk zero, because many SMS senders drop it. A prefix of a country code and zeros alone is compared as
 * it is: without the zeros it would be the whole country (`+390`, the landlines of Italy).
 */
function hasPrefix(phone: string, prefix: string): boolean {
  const shorter = withoutTrunkZero(prefix)
  const isOnlyZeros = shorter !== prefix && prefix.startsWith(shorter) && /^0+$/.test(prefix.slice(shorter.length))
  return phone.startsWith(prefix) || (!isOnlyZeros && withoutTrunkZero(phone).startsWith(shorter))
}

function identifiersIn(answer: PendingStatus | UnknownStatus): Partial<Succeeded> {
  if (answer.status === 'unknown') return {}
  const { userId, username, transactionId } = answer
  return { transactionId, ...(userId !== undefined && { userId }), ...(username !== undefined && { username }) }
}
