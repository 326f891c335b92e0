/**
 * Push: a request on the phone that the person accepts or denies.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/mobile-app/authenticate-push
 */
import type { Factor } from './factor'
import { approvalChallenge, nameOf, outcomeByStatus } from './shared'

/**
 * The factor `push`. A message is shown on the phone and must then be accepted explicitly. Unless the start names an
 * authenticator, the one that was registered last is asked.
 */
export function push(): Factor {
  return {
    name: 'push',
    prompt: 'wait',
    takesAuthenticator: true,
    async approve(nevis, subject, { message, authenticatorId }) {
      const shown = message === undefined ? {} : { message, prompt: true }
      return approvalChallenge(await nevis.approve({ ...nameOf(subject), channel: 'push', authenticatorId, ...shown }))
    },
    check: outcomeByStatus,
  }
}
