/**
 * The factor `sms`: a code in a text message, which the user types into the page.
 *
 * Out of scope: whether a code is right (`code-check.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/phone/authenticate-with-sms
 */
import { randomUUID } from 'node:crypto'
import { assertPhonePrefixes, assertSmsText, isPhone } from '../client/checks'
import type { NevisClient, Status } from '../client/client'
import { isFromPage, NevisError, saysRefused } from '../client/errors'
import { plainText } from '../client/messages'
import { refuseUnknown } from '../client/option-names'
import { smsCodeIn, withoutTrunkZero } from '../client/typed-input'
import { Refusal } from './failures'
import { isRightCode, type CodeAnswer } from './code-check'
import type { Factor, Outcome } from './factor'
import type { Transaction } from './transaction'
import { approvalChallenge, enrollmentChallenge, identifiersIn, userReference, notApproved, notApprovedBy, succeeded, withUserId, wrongCode } from './shared'

/** Options of {@link sms}. */
export interface SmsOptions {
  /**
   * The text of the SMS, in GSM-7 characters, with `{{CODE}}` in place of the code. Or a function that gets the transaction's message and returns this text.
   * If the message begins with `<html>`, the function gets it without the tags. Default: Nevis's own text.
   */
  readonly message?: string | ((message: string | undefined) => string) | undefined
  /**
   * If true, a correct code alone is not enough: Nevis must also send a transaction token that passes introspection. Newer Nevis
   * documentation says that the status of an SMS transaction cannot be polled, so your instance may never send such a token. Default false.
   */
  readonly requireIntrospection?: boolean | undefined
  /**
   * Phone numbers with one of these prefixes cannot be enrolled, for example `+41900` (premium rate) or countries where you have no
   * customers. Each is `+` and 1 to 14 digits. Default: none.
   */
  readonly refusedPrefixes?: readonly string[] | undefined
  /**
   * If true, the request that verifies the code contains `channel: "sms"`, as newer Nevis documentation says. Default false, as the older
   * documentation says.
   */
  readonly sendChannelWithVerification?: boolean | undefined
}

/**
 * The factor `sms`: a code by text message, typed into the page. For approval and enrolment.
 * @param options the text, whether a correct code also needs introspection, and which numbers cannot be enrolled
 * @returns the factor, for `factors` of the strategy
 * @throws TypeError if an option is unknown or of the wrong type, `message` is a text that is not GSM-7 with `{{CODE}}`, or `refusedPrefixes` is not a list of
 * strings of `+` and 1 to 14 digits
 * @see https://docs.nevis.net/authcloud/api-doc/api-use-cases/phone/authenticate-with-sms
 */
export function sms(options: SmsOptions = {}): Factor {
  refuseUnknown('sms', options, ['message', 'requireIntrospection', 'refusedPrefixes', 'sendChannelWithVerification'])
  const { message: text, requireIntrospection = false, refusedPrefixes = [], sendChannelWithVerification = false } = options
  if (typeof text === 'string') assertSmsText('sms', text)
  else if (text !== undefined && typeof text !== 'function') throw new TypeError('sms: message must be a string or a function')
  if (typeof requireIntrospection !== 'boolean') throw new TypeError('sms: requireIntrospection must be true or false')
  if (typeof sendChannelWithVerification !== 'boolean') throw new TypeError('sms: sendChannelWithVerification must be true or false')
  const channel = sendChannelWithVerification ? { channel: 'sms' as const } : {}
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
    instanceOptions: { requireIntrospection, sendChannelWithVerification },
    async approve(nevis, subject, { message }) {
      return approvalChallenge(await nevis.approve({ channel: 'sms', ...userReference(subject), ...textFor(message) }))
    },
    async enroll(nevis, subject, { message, phone }) {
      if (!isPhone(phone) || refused.some((prefix) => hasPrefix(phone, prefix))) throw new Refusal('phone_refused')
      const request = { channel: 'sms' as const, phone, ...userReference(subject), ...textFor(message) }
      try {
        const enrollment = await nevis.enroll(request)
        // Nevis may already list the new phone number as an authenticator. Leave this number out: otherwise `enrollmentChallenge` would report that the user
        // had a factor before this enrolment.
        const authenticators = enrollment.authenticators.filter(({ raw }) => raw['phone'] !== phone)
        // The verification of the code needs the userId. If Nevis's answer does not contain the userId, ask Nevis for it.
        const { userId = (await withUserId(nevis, subject)).userId } = enrollment
        const { server, browser } = enrollmentChallenge({ ...enrollment, userId, authenticators }, randomUUID())
        return { server, browser: { ...browser, maskedPhone: `•••• ${phone.slice(-4)}` } }
      } catch (error) {
        if (!(error instanceof NevisError && error.operation === 'enroll' && [400, 422].includes(error.nevisStatus ?? 0)) || isFromPage(error)) throw error
        throw Object.assign(new Refusal('phone_refused'), { cause: error })
      }
    },
    async check(nevis, transaction, { code, note }: CodeAnswer) {
      const { userId, statusToken } = transaction as { userId: string; statusToken: string }
      const typed = smsCodeIn(code)
      if (typed === undefined) return wrongCode
      const { id, hasOwnId, subject } = transaction
      const expected = { username: subject.username, ...(hasOwnId !== true && { transactionId: id }) }
      const right = await isRightCode(nevis, { userId, code: typed, statusToken, ...channel }, expected, note).catch((error: unknown) => successInstead(nevis, transaction, error))
      if (typeof right === 'object') return right
      if (!right) return wrongCode
      // Nevis's answer to the code does not name the user, so ask for the transaction's status as well. If the status is final, it decides the outcome.
      const answer = await finalStatus(nevis, statusToken, requireIntrospection)
      if (answer?.status === 'succeeded') return succeeded(answer, transaction)
      if (answer?.status === 'failed') return notApprovedBy(answer, transaction)
      if (requireIntrospection) return notApproved
      // The code was right, so this is a success. The status can still be `pending`, because some instances never report the end of an SMS transaction. Such a
      // status may name a user or a transaction: `binding.ts` compares these names with the started transaction.
      return { status: 'succeeded', ...identifiersIn(answer?.status === 'pending' ? answer : {}, transaction) }
    },
  }
}

/**
 * True if the phone number has this prefix. Ignores the zero after the country code (`+41 (0)79`), because many SMS providers drop this zero. Exception: the
 * zero of `+390` (landlines in Italy) is compared, because without the zero this prefix would match every number in Italy.
 */
function hasPrefix(phone: string, prefix: string): boolean {
  const shorter = withoutTrunkZero(prefix)
  const isOnlyZeros = shorter !== prefix && prefix.startsWith(shorter) && /^0+$/.test(prefix.slice(shorter.length))
  return phone.startsWith(prefix) || (!isOnlyZeros && withoutTrunkZero(phone).startsWith(shorter))
}

/**
 * If Nevis's answer to the code is unclear, asks for the status, and accepts `succeeded` instead. Such a status contains a token, which the strategy
 * introspects.
 * @throws `error`, unless the status is `succeeded`
 */
async function successInstead(nevis: NevisClient, transaction: Transaction, error: unknown): Promise<Outcome> {
  const isUnclear = error instanceof NevisError && error.code === 'NEVIS_UNEXPECTED_RESPONSE' && (error.nevisStatus ?? 500) < 300
  const answer = isUnclear ? await nevis.getStatus(transaction.statusToken as string).catch(() => undefined) : undefined
  if (answer?.status !== 'succeeded') throw error
  return succeeded(answer, transaction)
}

/** HTTP statuses of a gateway that answers in place of Nevis; undefined stands for no answer. */
const OF_GATEWAYS: readonly unknown[] = [undefined, 502, 503, 504]

/**
 * Asks for the transaction's status after a right code. An answer with a status word of refusal, such as `failed`, counts as
 * failed under every HTTP status except a 5xx.
 * @param isRequired true if a right code is not enough
 * @returns undefined if there is no status: newer Nevis documentation says that an SMS transaction has none, and a code cannot be sent twice
 * @throws NevisError if the status is required and Nevis does not answer, so that the user can try again
 */
async function finalStatus(nevis: NevisClient, statusToken: string, isRequired: boolean): Promise<Status | undefined> {
  try {
    return await nevis.getStatus(statusToken)
  } catch (error) {
    if (error instanceof NevisError && saysRefused(error)) return { status: 'failed', raw: {} }
    if (error instanceof NevisError && !(isRequired && OF_GATEWAYS.includes(error.nevisStatus))) return undefined
    throw error
  }
}
