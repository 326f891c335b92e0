/**
 * The factor `app`: a QR code to scan, or a link to tap, with Nevis's Access App.
 *
 * Out of scope: notifying the phone (`push.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/mobile-app/authenticate-QR-code
 */
import { randomUUID } from 'node:crypto'
import { NevisError } from '../client/errors'
import { refuseUnknown } from '../client/option-names'
import { fieldIn } from '../client/places'
import type { Operation } from '../client/wire'
import type { Challenge, Factor } from './factor'
import { approvalChallenge, enrollmentChallenge, userReference, outcomeByStatus } from './shared'

/** Options of {@link app}. */
export interface AppOptions {
  /**
   * The name of this factor's channel in requests to Nevis. Nevis's older documents say `qr-code`, and some instances still need that name. Default `app`.
   */
  readonly channel?: 'app' | 'qr-code' | undefined
  /**
   * If true, the user may scan the QR code with any of their registered phones. If false, only one phone may scan it: the phone that the start names,
   * or else the phone registered last. Default false.
   */
  readonly anyAuthenticator?: boolean | undefined
  /**
   * Schemes of the links of your own Access App, for example `['myaccessapp:']`. A link whose scheme is not https is shown only if its scheme
   * is in this list. Default: none.
   */
  readonly linkSchemes?: readonly string[] | undefined
}

/** A URL scheme that an app on a phone can register, such as `myaccessapp:`. Schemes that browsers handle themselves do not match. */
const SCHEME = /^(?!(?:https?|javascript|data|blob|file|vbscript|about|ftp|wss?|view-source|filesystem):$)[a-z][a-z0-9+.-]*:$/
const LINK = /^[!-~]{1,8192}$/

/**
 * The factor `app`: a QR code to scan with the Access App, or a link that opens the app on the same phone. For approval and
 * enrolment. If the start has a message, the phone shows it and the user must accept it explicitly.
 * @param options which phones may scan the QR code, and which links are shown
 * @returns the factor, for `factors` of the strategy
 * @throws TypeError if an option is wrong or unknown
 * @see https://docs.nevis.net/authcloud/api-doc/api-use-cases/mobile-app/authenticate-QR-code
 */
export function app(options: AppOptions = {}): Factor {
  refuseUnknown('app', options, ['channel', 'anyAuthenticator', 'linkSchemes'])
  const { channel = 'app', anyAuthenticator = false, linkSchemes = [] } = options
  if (channel !== 'app' && channel !== 'qr-code') throw new TypeError('app: channel must be "app" or "qr-code"')
  if (typeof anyAuthenticator !== 'boolean') throw new TypeError('app: anyAuthenticator must be true or false')
  if (!Array.isArray(linkSchemes) || !linkSchemes.every((scheme) => typeof scheme === 'string' && SCHEME.test(scheme))) {
    throw new TypeError("app: linkSchemes must be a list of schemes of apps, such as ['myaccessapp:']")
  }
  const schemes: readonly string[] = (linkSchemes as readonly string[]).slice()
  return {
    name: 'app',
    prompt: 'wait',
    // `swk` (a key in software), because Nevis does not say whether the phone's key is in hardware (`hwk`).
    amr: ['swk', 'mca'],
    takesAuthenticator: !anyAuthenticator,
    instanceOptions: { channel, linkSchemes: schemes },
    async approve(nevis, subject, { message, authenticatorId: named }) {
      const shown = message === undefined ? {} : { message, prompt: true }
      const authenticatorId = anyAuthenticator ? '*' : named
      const approval = await nevis.approve({ channel, authenticatorId, ...userReference(subject), ...shown })
      return withWayIn(approvalChallenge(approval), approval.raw, schemes, 'approve')
    },
    async enroll(nevis, subject) {
      const enrollment = await nevis.enroll({ channel: 'app', ...userReference(subject) })
      return withWayIn(enrollmentChallenge(enrollment, randomUUID()), enrollment.raw, schemes, 'enroll')
    },
    check: outcomeByStatus,
  }
}

/**
 * Adds the link of a branded Access App to the challenge, if its scheme is in the option `linkSchemes`.
 * @throws NevisError `NEVIS_UNEXPECTED_RESPONSE` if there is neither a QR code nor a link that may be shown
 */
function withWayIn({ server, browser }: Challenge, raw: Parameters<typeof fieldIn>[0], schemes: readonly string[], operation: Operation): Challenge {
  const link = fieldIn(raw, 'appLinkUri')
  const isOwn = typeof link === 'string' && LINK.test(link) && schemes.some((scheme) => link.toLowerCase().startsWith(scheme))
  const shown = isOwn && browser.appLinkUri === undefined ? { ...browser, appLinkUri: link } : browser
  if (shown.qrCode !== undefined || shown.appLinkUri !== undefined || link === undefined) return { server, browser: shown }
  throw new NevisError('NEVIS_UNEXPECTED_RESPONSE', operation, { reason: 'the answer has no QR code, and the scheme of its link is not in linkSchemes' })
}
