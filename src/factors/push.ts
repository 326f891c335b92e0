/**
 * The factor `push`: a request on the phone that the user accepts or denies.
 *
 * Out of scope: enrolling the phone (`app.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/mobile-app/authenticate-push
 */
import { plainText } from '../client/messages'
import { refuseUnknown } from '../client/option-names'
import type { Factor } from './factor'
import { approvalChallenge, userReference, outcomeByStatus } from './shared'
import { messageWithCode, newTypedCode, typedCodeLine as english } from './typed-code'

/** Options of {@link push}. */
export interface PushOptions {
  /**
   * If true, the last line of the message on the phone contains a new six-digit code, which the user must type into the page. If a user accepts an attacker's
   * push by mistake, the attacker still needs the code, does not know it, and so is not signed in. Default false.
   */
  readonly typedCode?: boolean | undefined
}

/** The text of the notification: the message as plain text in one line. The phone's system shows no formatting in notifications. */
function notificationOf(message: string): string | undefined {
  return plainText(message).replace(/\s+/g, ' ').trim() || undefined
}

/**
 * The factor `push`: a request on the phone, to accept or deny. If the start has a message, the phone shows the message, and the user must accept it
 * explicitly. The notification on the phone contains the message as plain text. Nevis asks the authenticator that the start names, or else the one
 * registered last. Users enrol for push with the factor `app`.
 * @param options whether the user must also type a code that the phone shows
 * @returns the factor, for `factors` of the strategy
 * @throws TypeError if an option is wrong or unknown
 * @see https://docs.nevis.net/authcloud/api-doc/api-use-cases/mobile-app/authenticate-push; for `typedCode` RFC 10027, 6.1.16
 */
export function push(options: PushOptions = {}): Factor {
  refuseUnknown('push', options, ['typedCode'])
  const { typedCode: hasCode = false } = options
  if (typeof hasCode !== 'boolean') throw new TypeError('push: typedCode must be true or false')
  return {
    name: 'push',
    prompt: hasCode ? 'code' : 'wait',
    // Values of RFC 8176. `swk` is a key in software: Nevis does not say whether the phone's key is in hardware (`hwk`). `mca`: the phone is a second channel.
    amr: ['swk', 'mca'],
    takesAuthenticator: true,
    async approve(nevis, subject, { message, authenticatorId, typedCodeLine = english }) {
      const typedCode = hasCode ? newTypedCode() : undefined
      const text = typedCode === undefined ? message : messageWithCode(message, typedCodeLine, typedCode)
      const shown = text === undefined ? {} : { message: text, prompt: true, ...(message !== undefined && { notificationMessage: notificationOf(message) }) }
      const { server, browser } = approvalChallenge(await nevis.approve({ channel: 'push', authenticatorId, ...userReference(subject), ...shown }))
      return { server: { ...server, ...(typedCode !== undefined && { typedCode }) }, browser }
    },
    check: outcomeByStatus,
  }
}
