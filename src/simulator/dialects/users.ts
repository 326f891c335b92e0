/**
 * Dialects of the simulator for users: the response for an unknown user, and the fields of a known user. A dialect is one possible behaviour of Nevis
 * that its documentation leaves open.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import type { Answer } from '../answer'
import { isRecord } from '../answer'
import type { OperationName } from '../routes'
import type { Dialect, DialectGroup, Exchange } from './dialect'
import { inAnswers, perStatus, refusedWith, withEach, without, type Json } from './rewrite'

const LOOK_UPS: readonly OperationName[] = ['getUser', 'findUserByUsername']
const ADDITIVE = 'The documents say that new fields and values come without notice.'

const ofUnknown = (change: (answer: Answer, exchange: Exchange) => Answer): NonNullable<Dialect['rewrites']> => (answer, exchange) =>
  LOOK_UPS.includes(exchange.operation) && exchange.refusal === 'unknown-user' ? change(answer, exchange) : answer

/** Creates a function that changes the JSON object in responses to enrolments and to requests that find a user. */
const ofUser = (change: (user: Json, original: Json) => unknown) => inAnswers([...LOOK_UPS, 'enroll'], (user, { original }) => change(user, original.body as Json))
const EVERYWHERE: readonly OperationName[] = [...LOOK_UPS, 'enroll', 'approve', 'getStatus']

const everywhere = (names: readonly string[], change: (text: string) => string): NonNullable<Dialect['rewrites']> => (answer, { operation }) =>
  EVERYWHERE.includes(operation) && isRecord(answer.body) ? { ...answer, body: withEach(answer.body, names, change) } : answer

/**
 * The field `authenticators` with undocumented values. For a user without authenticators, this dialect does not change the field, because another dialect may
 * have changed the field, for example to null.
 */
const withNewValues = (authenticators: readonly Json[]) =>
  authenticators.length === 0 ? {} : { authenticators: authenticators.map((each) => ({ ...each, type: 'harmonyos', state: 'dormant' })) }

export const users: DialectGroup = {
  title: 'Users',
  dialects: [
    ...perStatus([400, 403, 405, 410], (status) => ({
      name: `unknown-user-${status}`,
      says: `A look-up of an unknown user gets ${status}.`,
      because: 'The 404 for a username is described in the words of the one for a userId.',
      rewrites: (answer: Answer, exchange: Exchange) => ofUnknown((one, each) => refusedWith('unknown-user', status)(one, each))(answer, exchange),
    })),
    { name: 'unknown-user-204', says: 'A look-up of an unknown user gets 204.', because: 'Some servers answer so to a search without a result.', layer: 'shape', rewrites: ofUnknown(() => ({ status: 204, headers: {}, body: undefined })) },
    { name: 'unknown-user-200-null', says: 'A look-up of an unknown user gets 200 and `null`.', because: 'Some servers answer so to a search without a result.', layer: 'shape', rewrites: ofUnknown(() => ({ status: 200, headers: { 'content-type': 'application/json' }, body: 'null' })) },
    ...[['list', '[]'], ['users', '{"users":[]}']].map(([name, body]): Dialect => ({ name: `unknown-user-200-empty-${name}`, says: `A look-up of an unknown user gets 200 and \`${body}\`.`, because: 'The path is that of a collection: `/users?username=`.', layer: 'shape', rewrites: ofUnknown(() => ({ status: 200, headers: { 'content-type': 'application/json' }, body })) })),
    { name: 'unknown-user-404-text', says: 'A look-up of an unknown user gets 404 with a text.', because: 'The documents show no body of a 404.', layer: 'shape', rewrites: ofUnknown(() => ({ status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not found' })) },
    { name: 'user-in-a-list', says: 'A look-up by username gets a list with one user.', because: 'The path is that of a collection: `/users?username=`.', layer: 'shape', rewrites: inAnswers('findUserByUsername', (user) => [user]) },
    { name: 'user-in-a-list-named-users', says: 'A look-up by username gets `{ users: [user] }`.', because: 'The path is that of a collection: `/users?username=`.', layer: 'shape', rewrites: inAnswers('findUserByUsername', (user) => ({ users: [user] })) },
    { name: 'user-with-empty-lists', says: 'A user has empty lists of further factors: `phones`, `recoveryCodes`, `fido2`.', because: 'The management console shows phones and codes per user.', rewrites: ofUser((user) => ({ ...user, phones: [], recoveryCodes: [], fido2: [] })) },
    {
      name: 'user-with-new-fields',
      says: 'Dates are numbers, there are further nested fields, and enumerations have new values.',
      because: ADDITIVE,
      rewrites: ofUser((user, { authenticators }) => ({ ...user, createdAt: 1602245591845, updatedAt: 1602245591845, tenant: { id: 7, labels: { a: ['b'] } }, ...withNewValues(authenticators as Json[]) })),
    },
    { name: 'usernames-folded', says: 'Usernames come back in lower case.', because: 'Whether they are case-sensitive is not documented; the search of the console is not.', rewrites: everywhere(['username'], (name) => name.toLowerCase()) },
    { name: 'user-ids-in-capitals', says: 'UserIds are in capitals, but for `sub`.', because: 'A UUID is the same in capitals: RFC 9562, section 4.', rewrites: everywhere(['userId'], (id) => id.toUpperCase()) },
    { name: 'authenticators-null', says: '`authenticators` is null.', because: 'The newer reference does not say that the field is always a list.', rewrites: ofUser((user) => ({ ...user, authenticators: null })) },
    { name: 'user-without-status', says: 'A user has no status.', because: 'The newer reference calls no field required.', rewrites: ofUser((user) => without(user, 'status')) },
    { name: 'user-status-blocked', says: 'The status of a user with a factor is `blocked`.', because: 'Users can be blocked in the console, and the list of values may grow.', rewrites: ofUser((user, { status }) => ({ ...user, status: status === 'new' ? 'new' : 'blocked' })) },
    {
      name: 'active-only-with-app',
      says: 'A user is `active` only with an app; users with a phone number alone stay `new`, and nothing shows the number.',
      because: 'The documents say that `active` needs "at least one authenticator".',
      rewrites: ofUser((user, { authenticators }) => ({ ...user, status: (authenticators as unknown[]).length > 0 ? 'active' : 'new' })),
    },
  ],
}
