/**
 * App: a QR code to scan, or a deep link to tap, with the Access App.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/mobile-app/authenticate-QR-code
 */
import { randomUUID } from 'node:crypto'
import type { Factor } from './factor'
import { approvalChallenge, enrollmentChallenge, userReference, outcomeByStatus } from './shared'

/** Options of {@link app}. */
export interface AppOptions {
  /** The channel's name at Nevis. `qr-code` is its name in the older documents, for instances that still need it. Default `app`. */
  readonly channel?: 'app' | 'qr-code'
  /**
   * If true, any of the user's phones may scan. If false, only one may: the phone that the start names, or else the one registered
   * last. Default false.
   */
  readonly anyAuthenticator?: boolean
}

/**
 * The factor `app`: a QR code to scan with the Access App, or a link that opens the app on the same phone. For approval and
 * enrolment. If the start has a message, the phone shows it and the user must accept it explicitly.
 * @param options which phones may scan
 * @returns the factor, for `factors` of the strategy
 * @throws TypeError when an option is wrong
 * @see https://docs.nevis.net/authcloud/api-doc/api-use-cases/mobile-app/authenticate-QR-code
 */
export function app({ channel = 'app', anyAuthenticator = false }: AppOptions = {}): Factor {
  if (channel !== 'app' && channel !== 'qr-code') throw new TypeError('app: channel must be "app" or "qr-code"')
  if (typeof anyAuthenticator !== 'boolean') throw new TypeError('app: anyAuthenticator must be true or false')
  return {
    name: 'app',
    prompt: 'wait',
    // As for push.
    amr: ['swk', 'mca'],
    takesAuthenticator: !anyAuthenticator,
    async approve(nevis, subject, { message, authenticatorId: named }) {
      const shown = message === undefined ? {} : { message, prompt: true }
      const authenticatorId = anyAuthenticator ? '*' : named
      return approvalChallenge(await nevis.approve({ channel, authenticatorId, ...userReference(subject), ...shown }))
    },
    async enroll(nevis, subject) {
      return enrollmentChallenge(await nevis.enroll(userReference(subject)), randomUUID())
    },
    check: outcomeByStatus,
  }
}
