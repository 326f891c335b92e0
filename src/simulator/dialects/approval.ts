/**
 * Dialects of the simulator for the approval endpoint: its responses, and the fields that it accepts. A dialect is one possible behaviour of Nevis that its
 * documentation leaves open.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import { linkJson } from '../resources'
import type { DialectGroup } from './dialect'
import { inAnswers, refusing, withEach, without } from './rewrite'

const LINK_FIELDS: readonly string[] = ['qrCode', 'appLinkUri']

/** From this number of characters on, a message is long. */
const LONG = 200

export const approval: DialectGroup = {
  title: 'Approvals',
  dialects: [
    {
      name: 'approval-names-folded-user',
      says: 'The answer has the username besides, in lower case.',
      because: 'Whether usernames are case-sensitive is not documented.',
      rewrites: inAnswers('approve', (json, { cloud }) => {
        const username = cloud.userById(String(json['userId']))?.username
        return username === undefined ? json : { ...json, username: username.toLowerCase() }
      }),
    },
    {
      name: 'approval-nested',
      says: 'QR code and link are in `enrollment`, as at an enrolment.',
      because: 'The enrolment is shown so.',
      layer: 'shape',
      rewrites: inAnswers('approve', (json) => {
        const moved = Object.fromEntries(Object.entries(json).filter(([name]) => LINK_FIELDS.includes(name)))
        return Object.keys(moved).length === 0 ? json : { ...without(json, ...LINK_FIELDS), enrollment: moved }
      }),
    },
    {
      name: 'push-with-qr-code',
      says: 'A push has a QR code and a link, too.',
      because: 'The same request waits on the phone either way.',
      layer: 'addition',
      rewrites: inAnswers('approve', (json, { cloud, body }) => {
        const transaction = body['channel'] === 'push' ? cloud.transactions.ofStatusToken(String(json['statusToken'])) : undefined
        return transaction === undefined ? json : { ...json, ...linkJson(cloud, { ...transaction, dispatchToken: transaction.dispatchToken ?? 'eyJub25jZSI6IiJ9' }) }
      }),
    },
    {
      name: 'approval-user-id-in-capitals',
      says: 'The userId of an approval is in capitals.',
      because: 'A UUID is the same in capitals: RFC 9562, section 4.',
      rewrites: inAnswers('approve', (json) => withEach(json, ['userId'], (id) => id.toUpperCase())),
    },
    {
      name: 'app-channel-is-qr-code',
      says: 'The channel `app` is 400; `qr-code` is right.',
      because: 'The older documents have that name.',
      refuses: refusing(400, ({ operation, body }) => operation === 'approve' && body['channel'] === 'app'),
    },
    {
      name: 'channel-unknown',
      says: 'An approval with `channel` is 400.',
      because: "Microsoft's sample for Azure AD B2C sends none and gets a push.",
      refuses: refusing(400, ({ operation, body }) => operation === 'approve' && 'channel' in body),
    },
    {
      name: 'long-message-400',
      says: 'An approval with a message of 200 characters or more is 400.',
      because: "Nevis's instructions for a test approval ask for a message shorter than 200 characters; no document has a limit.",
      refuses: refusing(400, ({ operation, body }) => operation === 'approve' && typeof body['message'] === 'string' && body['message'].length >= LONG),
    },
    {
      name: 'approval-202',
      says: 'An approval is answered with 202.',
      because: 'The push is still to be sent.',
      rewrites: (answer, { operation, original }) => (operation === 'approve' && original.status === 201 ? { ...answer, status: 202 } : answer),
    },
  ],
}
