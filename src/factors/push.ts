/**
 * Push: a request on the phone that the user accepts or denies.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/mobile-app/authenticate-push
 */
import type { Factor } from './factor'
import { approvalChallenge, userReference, outcomeByStatus } from './shared'

/**
 * The factor `push`: a request on the phone, to accept or deny. If the start has a message, the phone shows it and the user must
 * accept it explicitly. Nevis asks the authenticator that the start names, or else the one registered last. Users enrol for push
 * with the factor `app`.
 * @returns the factor, for `factors` of the strategy
 * @see https://docs.nevis.net/authcloud/api-doc/api-use-cases/mobile-app/authenticate-push
 */
export function push(): Factor {
  return {
    name: 'push',
    prompt: 'wait',
    // Nevis does not say whether the phone's key is in hardware (`hwk`), so this is the weaker claim.
    amr: ['swk', 'mca'],
    takesAuthenticator: true,
    async approve(nevis, subject, { message, authenticatorId }) {
      const shown = message === undefined ? {} : { message, prompt: true }
      return approvalChallenge(await nevis.approve({ channel: 'push', authenticatorId, ...userReference(subject), ...shown }))
    },
    check: outcomeByStatus,
  }
}
