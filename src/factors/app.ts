/**
 * App: a QR code to scan, or a deep link to tap, with the Access App.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/mobile-app/authenticate-QR-code
 */
import { randomUUID } from 'node:crypto'
import type { Factor } from './factor'
import { approvalChallenge, enrollmentChallenge, nameOf, outcomeByStatus } from './shared'

export interface AppOptions {
  /** `qr-code` is the older documents' name of the channel, for instances that still want it. Default `app`. */
  readonly channel?: 'app' | 'qr-code'
}

/** The factor `app`. The QR code is valid for the person's last registered device. */
export function app({ channel = 'app' }: AppOptions = {}): Factor {
  if (channel !== 'app' && channel !== 'qr-code') throw new TypeError('app: channel must be "app" or "qr-code"')
  return {
    name: 'app',
    prompt: 'wait',
    async approve(nevis, subject, { message }) {
      const shown = message === undefined ? {} : { message, prompt: true }
      return approvalChallenge(await nevis.approve({ ...nameOf(subject), channel, ...shown }))
    },
    async enroll(nevis, subject) {
      return enrollmentChallenge(await nevis.enroll(nameOf(subject)), randomUUID())
    },
    check: outcomeByStatus,
  }
}
