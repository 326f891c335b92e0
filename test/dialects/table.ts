/**
 * The outcome of each flow (such as a login by SMS) in each dialect (a possible behaviour of Nevis, which the simulator imitates). The table leaves out flows
 * that end as with the simulator's default answers.
 *
 * `right`: the outcome is what the cloud's answers say. A refusal is right if the answer itself says that there is no valid approval. `design`: the package
 * refuses although the cloud may have approved, because the answer could also mean a refusal, or come from another server. `wrong`: a fault of the package that
 * is not fixed, with the reason. No outcome may be unsafe.
 *
 * Out of scope: in which flows, and for which users, a dialect has an effect (`settings.ts`).
 */

import { stepsOf } from './flows'

export type Verdict = 'right' | 'design' | 'wrong'

export interface Expected {
  readonly outcome: string
  readonly verdict: Verdict
  readonly because: string
}

export interface Deviation extends Expected {
  /** Names of flows, or beginnings of such names. */
  readonly flows: readonly string[]
}

/** The outcome of each flow (`flows.ts`) if the simulator answers without a dialect. In each setup, such as with two processes, the outcome is the same. */
const OUTCOMES: Readonly<Record<string, string>> = {
  'L push': 'in', 'L app': 'in', 'L sms': 'in', 'L rec': 'in', 'L wid': 'in',
  'W sms': 'wrong_code, then in', 'W rec': 'wrong_code, then in', 'W sms at step-up': 'wrong_code, then in', 'W rec at step-up': 'wrong_code, then in',
  'W sms at enrolment': 'wrong_code, then in', 'W sms at further enrolment': 'wrong_code, then in',
  'D push': 'not_approved', 'D app': 'not_approved', 'D push at step-up': 'not_approved', 'D app at step-up': 'not_approved',
  'S push': 'in', 'S app': 'in', 'S sms': 'in', 'S rec': 'in', 'S wid': 'in',
  // Recovery codes cannot be a user's first factor.
  'E app': 'in', 'E sms': 'in', 'E rec': 'start: already_enrolled', 'E wid': 'in',
  'A app': 'in', 'A sms': 'in', 'A rec': 'in', 'A wid': 'in',
  'L sms, late code': 'callback: wrong_code', 'S sms, late code': 'callback: wrong_code', 'E sms, late code': 'callback: wrong_code', 'A sms, late code': 'callback: wrong_code',
  'N push': 'not in', 'V app': 'not in', 'V sms': 'not in', 'V wid': 'not in', 'T other': 'not in', 'T old': 'not in',
}

/** True for a flow that only checks that somebody does not get in: a user whose request was not answered (`N`), or an attacker (`V`, `T`). */
export const isAttack = (flow: string) => /^[NVT] /.test(flow)

const deviation = (verdict: Verdict) => (flows: string | readonly string[], outcome: string, because: string): Deviation => ({ flows: ([] as string[]).concat(flows), outcome, verdict, because })
const right = deviation('right')
const design = deviation('design')
const wrong = deviation('wrong')

const STARTS = ['L ', 'W ', 'D ', 'S ', 'E ', 'A ']
/** Flows whose proof is an introspected token. */
const INTROSPECTED = ['L push', 'L app', 'L sms', 'L wid', 'S push', 'S app', 'S sms', 'S wid', 'E app', 'E sms', 'E wid', 'A app', 'A sms', 'A wid']
/** Flows in which the browser brings the token of Nevis's widget. */
const BROUGHT = ['L wid', 'S wid', 'E wid', 'A wid']
const WRONG_AT_ENROLMENT = ['W sms at enrolment', 'W sms at further enrolment']
const POLLED = ['L push', 'L app', 'S push', 'S app', 'E app', 'A app']
const mismatch = (because: string) => [right(INTROSPECTED, 'callback: binding_mismatch', because), right('W sms', 'wrong_code, then callback: binding_mismatch', because)]

const forStatuses = (name: string, statuses: readonly number[], deviations: readonly Deviation[]): Record<string, readonly Deviation[]> =>
  Object.fromEntries(statuses.map((status) => [`${name}-${status}`, deviations]))

const PAGE = 'The answer is nobody\'s: the app gets the error, and nobody is asked.'
const KEY = 'The key has ended.'
const everyCall = (code: string, because = PAGE) => [
  right('S rec', `callback: ${code}`, because),
  right('W rec at step-up', `${code}, then callback: ${code}`, because),
  right(STARTS, `start: ${code}`, because),
]
const FOREIGN_404 = 'Only Nevis\'s own 404 makes a user new: everything else may be a gateway that speaks of somebody who has a phone.'
const FOLDED = 'Apps may have both an Anna and an anna. The event says usernameCase: the app stores nevisUserId.'
const NO_NUMBER = 'No documented field of a user shows a phone number.'
const CODE_ONLY = 'A recovery code has nothing but the answer to its verification, and this is not 200 with a body that says yes.'

export const TABLE: Readonly<Record<string, readonly Deviation[]>> = {
  'wrong-phone-422': [right(['E sms', 'A sms', ...WRONG_AT_ENROLMENT], 'start: phone_refused', 'The number is refused.')],
  'phone-only-once-409': [right('A sms', 'start: factor_exists', 'The number must be removed first.')],
  'no-sms-subscription-400': [wrong(['E sms', 'A sms', ...WRONG_AT_ENROLMENT], 'start: phone_refused', 'No documented field tells a missing subscription from a wrong number.')],
  'recovery-codes-only-once': [right('A rec', 'start: factor_exists', 'The codes must be removed first.')],
  'usernames-folded': [
    ...['W sms at step-up', 'W rec at step-up', 'W sms at further enrolment'].map((flow) => right(flow, 'wrong_code, then in', 'The userId of the signed-in user is known.')),
    right(['D push at step-up', 'D app at step-up'], 'not_approved', 'The userId of the signed-in user is known.'),
    design(['L ', 'W ', 'D ', 'E app', 'E sms'], 'start: binding_mismatch', FOLDED),
    design('A rec', 'start: binding_mismatch', 'Nevis takes only a username here, and the folded one is that of another user. The app must return its own spelling of the username, too.'),
    design('E wid', 'callback: binding_mismatch', FOLDED),
  ],
  'channel-unknown': [
    design(['L push', 'L app', 'S push', 'S app', 'D push', 'D app'], 'start: NEVIS_REJECTED', 'Such an instance cannot be asked for a certain factor.'),
    wrong(['L sms', 'S sms', 'W sms'], 'start: not_enrolled', `${NO_NUMBER} The event \`fault\` tells the operators.`),
  ],
  'long-message-400': [
    right(['L push, long message', 'L app, long message', 'S push, long message', 'S app, long message'], 'start: NEVIS_REJECTED', 'The user has a phone, so Nevis refuses the request of the app: the app gets the error.'),
    wrong(['L sms, long message', 'S sms, long message'], 'start: not_enrolled', `${NO_NUMBER} So a refused text looks like a missing number; the event \`fault\` tells the operators.`),
  ],
  'late-code-200': [right(['L sms, late code', 'S sms, late code', 'E sms, late code', 'A sms, late code'], 'callback: not_approved', 'Nevis says that the transaction failed.')],
  'status-succeeded-without-token': [
    design(POLLED, 'callback: NEVIS_UNEXPECTED_RESPONSE', 'There is nothing to introspect.'),
    design(BROUGHT, 'callback: missing_code', 'The widget has no token to bring.'),
  ],
  'status-succeeded-once': [wrong(POLLED.map((flow) => `${flow}, two processes`), 'callback: not_approved', 'The process that shows the page has heard the only answer.')],
  'status-success': [design(POLLED, 'callback: NEVIS_UNEXPECTED_RESPONSE', 'An unknown word is never read in favour of whoever asks.')],
  'sms-status-failed-after-verification': [
    right(['L sms', 'S sms', 'E sms', 'A sms'], 'callback: not_approved', 'Nevis says that the transaction failed.'),
    right('W sms', 'wrong_code, then callback: not_approved', 'Nevis says that the transaction failed.'),
  ],
  'subject-transaction-id': [design(BROUGHT, 'callback: binding_mismatch', 'The widget\'s transaction is Nevis\'s own, and its id is not known.')],
  'subject-missing': [design(BROUGHT, 'callback: binding_mismatch', 'Nothing else says whose token a browser brings.')],
  'subject-null': [design(BROUGHT, 'callback: binding_mismatch', 'Nothing else says whose token a browser brings.')],
  'times-null': [design(BROUGHT, 'callback: binding_mismatch', 'A token that a browser brings may be an old one.')],
  'without-times': [design(BROUGHT, 'callback: binding_mismatch', 'A token that a browser brings may be an old one.')],
  'token-lives-0-seconds': mismatch('By its own times, the token has expired.'),
  'issued-hours-ago': mismatch('By its own times, the token belongs to an earlier approval.'),
  'expiry-minus-one': [
    design(INTROSPECTED, 'callback: NEVIS_UNEXPECTED_RESPONSE', 'A time that is none is not guessed.'),
    design('W sms', 'wrong_code, then callback: NEVIS_UNEXPECTED_RESPONSE', 'A time that is none is not guessed.'),
  ],
  'introspection-forbidden': [
    right(INTROSPECTED, 'callback: NEVIS_UNAUTHORIZED', 'The access key needs another right.'),
    right('W sms', 'wrong_code, then callback: NEVIS_UNAUTHORIZED', 'The access key needs another right.'),
  ],
  ...Object.fromEntries(
    ['verification-202', 'verification-says-ok', 'verification-answers-user-status'].map((name) => [name, [
      design(['L rec', 'S rec'], 'callback: NEVIS_UNEXPECTED_RESPONSE', CODE_ONLY),
      design('W rec', 'wrong_code, then callback: NEVIS_UNEXPECTED_RESPONSE', CODE_ONLY),
    ]]),
  ),
  'verification-page-200': [
    right('W sms', 'NEVIS_UNEXPECTED_RESPONSE, then in', 'The status says what the page does not.'),
    right('W rec', 'NEVIS_UNEXPECTED_RESPONSE, then callback: NEVIS_UNEXPECTED_RESPONSE', PAGE),
    right(['L rec', 'S rec'], 'callback: NEVIS_UNEXPECTED_RESPONSE', PAGE),
  ],
  ...forStatuses('blocked-verification', [400, 404, 409, 412, 422], [right(['L ', 'S '], 'callback: wrong_code', 'Documented for a wrong code, and one call is enough.')]),
  ...forStatuses('blocked-verification', [403, 423, 429], [right(['L ', 'S '], 'callback: user_blocked', 'The user\'s record says so.')]),
  ...forStatuses('blocked-start', [400, 403, 412, 423], [right(['L ', 'S ', 'E ', 'A '], 'start: user_blocked', 'The user\'s record says so.')]),
  ...forStatuses('authenticator-limit', [400, 403, 409, 412, 422, 429], [right('A app', 'start: too_many_authenticators', 'The user\'s record says so.')]),
  ...forStatuses('nothing-to-ask', [400, 409, 412, 422], [
    right(['L push', 'L app', 'S push', 'S app'], 'start: not_enrolled', 'The user\'s record says so.'),
    right(['L sms', 'S sms'], 'start: not_enrolled', 'The user can choose another factor; the event `fault` tells the operators, because it may be the text, too.'),
  ]),
  ...Object.fromEntries([[403, 'NEVIS_UNAUTHORIZED'], [423, 'NEVIS_REJECTED'], [500, 'NEVIS_UNEXPECTED_RESPONSE']].map(([status, code]) => [`nothing-to-ask-${status}`, [
    right(['L push', 'L app', 'S push', 'S app'], 'start: not_enrolled', 'The user\'s record says so.'),
    wrong(['L sms', 'S sms'], `start: ${code}`, NO_NUMBER),
  ]])),
  'nothing-to-ask-404': [right(['L ', 'S '], 'start: not_enrolled', 'Nevis says so.')],
  ...forStatuses('unknown-user', [400, 405, 410], [design('E ', 'start: NEVIS_REJECTED', FOREIGN_404)]),
  'unknown-user-403': [design('E ', 'start: NEVIS_UNAUTHORIZED', FOREIGN_404)],
  'unknown-user-204': [design('E ', 'start: NEVIS_UNEXPECTED_RESPONSE', FOREIGN_404)],
  'unknown-user-200-null': [design('E ', 'start: NEVIS_UNEXPECTED_RESPONSE', FOREIGN_404)],
  'unknown-user-200-empty-list': [design('E ', 'start: NEVIS_UNEXPECTED_RESPONSE', FOREIGN_404)],
  'unknown-user-200-empty-users': [design('E ', 'start: NEVIS_UNEXPECTED_RESPONSE', FOREIGN_404)],
  'unknown-user-404-text': [design('E ', 'start: NEVIS_UNEXPECTED_RESPONSE', FOREIGN_404)],
  'authenticators-null': [design(['E app', 'E wid'], 'callback: already_enrolled', 'Without the list nobody can tell whether another phone was enrolled meanwhile.')],
  'status-of-other-token-400': [design(BROUGHT, 'callback: NEVIS_REJECTED', 'A 400 may refuse the request before anybody has looked up the token: it does not prove that the token has no status.')],
  'status-of-result-token': [design(BROUGHT, 'callback: binding_mismatch', 'A token with a status may be a status token, which a browser has before anybody approves.')],
  'key-ended-401': everyCall('NEVIS_UNAUTHORIZED', KEY),
  'key-ended-403-without-body': everyCall('NEVIS_UNAUTHORIZED', KEY),
  'key-ends-midway': [
    right(['L ', 'S ', 'E ', 'A '], 'callback: NEVIS_UNAUTHORIZED', KEY),
    right('W sms', 'NEVIS_UNAUTHORIZED, then callback: NEVIS_UNAUTHORIZED', KEY),
  ],
  ...forStatuses('redirect', [301, 302, 307], everyCall('NEVIS_UNEXPECTED_RESPONSE')),
  'gateway-page-502': everyCall('NEVIS_UNEXPECTED_RESPONSE'),
  'gateway-page-200': everyCall('NEVIS_UNEXPECTED_RESPONSE'),
  'firewall-page-403': everyCall('NEVIS_UNAUTHORIZED'),
}

/** @returns the expected outcome of a flow in a dialect, the verdict on this outcome, and the reason */
export function expectedOf(dialect: string, flow: string): Expected {
  const deviations = isAttack(flow) ? [] : (TABLE[dialect] ?? [])
  const exact = deviations.find(({ flows }) => flows.includes(flow))
  const found = exact ?? deviations.find(({ flows }) => flows.some((beginning) => flow.startsWith(beginning)))
  // All other flows must end as without a dialect.
  return found ?? { outcome: OUTCOMES[flow] ?? (OUTCOMES[stepsOf(flow)] as string), verdict: 'right', because: 'As with the simulator\'s own answers.' }
}

/** The outcome as the table has it: an attack that is refused at its start has failed, too. */
export const normalised = (flow: string, outcome: string): string => (isAttack(flow) && outcome.startsWith('start: ') ? 'not in' : outcome)
