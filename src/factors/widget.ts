/**
 * The factor `widget`: Nevis's own page element asks the user, and the browser sends the resulting token.
 *
 * The server has no status token for the widget, so only the introspection of the browser's token can show that the user approved. `trust/proof.ts` checks
 * that the token belongs to the user, and that it is neither an intent token nor a status token.
 * Out of scope: loading the widget (`waiting/assets/widget.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/widget/auth-widget
 */
import { randomUUID } from 'node:crypto'
import { assertIntentChannels } from '../client/checks'
import type { Intent, User } from '../client/client'
import { refuseUnknown } from '../client/option-names'
import type { IntentChannel } from '../client/wire'
import type { Challenge, Factor } from './factor'
import { findUser, notApproved, showsFactor, userReference, withUserId } from './shared'

/** Options of {@link widget}. */
export interface WidgetOptions {
  /** Channels that the widget may use: `app`, `push`, `sms`. Default: all that Nevis offers. */
  readonly channels?: readonly IntentChannel[] | undefined
}

type UserIdentifiers = Pick<User, 'userId' | 'username'>

/**
 * The factor `widget`: Nevis's own element in the page. Use it only if no other factor fits, because this package cannot ask Nevis for the status of the
 * widget. See docs/threat-model.md, "The widget". The intent token is valid for one use within ten minutes, and the widget does not show your message.
 *
 * An enrolment succeeds when the user's status at Nevis is no longer `new`. Nevis does not document whether the status also changes if the user enrols only a
 * phone number.
 * @param options which channels the widget may use
 * @returns the factor, for `factors` of the strategy; `waitingPage` then needs `widgetScript`
 * @throws TypeError if `channels` is wrong, or an option is unknown
 * @see https://docs.nevis.net/authcloud/widget/auth-widget
 */
export function widget(options: WidgetOptions = {}): Factor {
  refuseUnknown('widget', options, ['channels'])
  const { channels } = options
  if (channels !== undefined) assertIntentChannels('widget', channels)
  const restriction = channels === undefined ? {} : { channels: [...channels] }
  return {
    name: 'widget',
    prompt: 'widget',
    // The widget may use app, push or SMS. `mca` (authentication through more than one channel, RFC 8176) is the only value that is right for all three.
    amr: ['mca'],
    async approve(nevis, subject) {
      const user = await withUserId(nevis, subject)
      return challenge(await nevis.createIntent({ userId: user.userId, operation: 'approve', ...restriction }), user)
    },
    async enroll(nevis, subject) {
      const user = await findUser(nevis, subject)
      const name = user === undefined ? userReference(subject) : { userId: user.userId }
      const { server, browser } = challenge(await nevis.createIntent({ ...name, operation: 'enroll', ...restriction }), user)
      return { server: { ...server, ...(user !== undefined && showsFactor(user) && { hasFactor: true }) }, browser }
    },
    async check(nevis, { id, userId, subject, operation }, { token }) {
      // From the browser comes only the token. The ids are those of the transaction; `trust/proof.ts` compares the token's `sub` with the userId.
      const result = { status: 'succeeded', transactionId: id, token: token as string } as const
      if (operation === 'approve') return { ...result, userId: userId as string }
      const user = await findUser(nevis, userId === undefined ? subject : { userId })
      return user === undefined || user.status === 'new' ? notApproved : { ...result, ...identifiersOf(user) }
    },
  }
}

/** Generates the transaction id, because Nevis creates its transaction only when the widget runs. */
function challenge({ token }: Intent, user?: UserIdentifiers): Challenge {
  return { server: { id: randomUUID(), ...(user !== undefined && identifiersOf(user)) }, browser: { intentToken: token } }
}

function identifiersOf({ userId, username }: UserIdentifiers): UserIdentifiers {
  return { userId, ...(username !== undefined && { username }) }
}
