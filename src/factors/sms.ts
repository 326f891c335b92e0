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
import { approvalChallenge, enrollmentChallenge, userReference, notApproved, succeeded, wrongCode } from './shared'

/** Options of {@link sms}. */
export interface SmsOptions {
  /**
   * The text of the SMS: GSM-7 characters, `{{CODE}}` where the code goes; or a function that makes it of the
   * transaction's message, which comes without its tags if it is in the `<html>` form. Default: Nevis's own text.
   */
  readonly message?: string | ((message: string | undefined) => string)
  /**
   * Accept a right code only together with a transaction token that introspects. The newer documents make SMS
   * transactions not pollable, so that an instance may never give one. Default false.
   */
  readonly requireIntrospection?: boolean
  /**
   * Numbers that begin with one of these are not enrolled, such as `+41900` (premium rate) or the countries where you have no
   * customers. Each is `+` and 1 to 14 digits. Default: none.
   */
  readonly refusedPrefixes?: readonly string[]
}

/**
 * The factor `sms`: a code by text message, typed into the page. For approval and enrolment.
 * @param options the text, what a right code needs beside it, and which numbers are not enrolled
 * @returns the factor, for `factors` of the strategy
 * @throws TypeError when `message` is no text in the GSM-7 alphabet with `{{CODE}}` in it, and no function; when
 * `refusedPrefixes` is no list of texts of `+` and 1 to 14 digits
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
      const right = typed !== undefined && (await nevis.verifyCode({ userId, code: typed, statusToken }))
      if (!right) return wrongCode
      // A verification's answer names nobody; where the status still speaks, it decides.
      const answer = await nevis.getStatus(statusToken)
      if (answer.status === 'succeeded') return succeeded(answer)
      if (answer.status === 'failed' || requireIntrospection) return notApproved
      // Names that it gives all the same must fit; the binding compares them.
      return { status: 'succeeded', userId, transactionId: id, ...identifiersIn(answer) }
    },
  }
}

/** In whatever spelling: with the zero of the national form, which many senders drop, or without it. */
function hasPrefix(phone: string, prefix: string): boolean {
  return phone.startsWith(prefix) || withoutTrunkZero(phone).startsWith(withoutTrunkZero(prefix))
}

function identifiersIn(answer: PendingStatus | UnknownStatus): Partial<Succeeded> {
  if (answer.status === 'unknown') return {}
  const { userId, username, transactionId } = answer
  return { transactionId, ...(userId !== undefined && { userId }), ...(username !== undefined && { username }) }
}
