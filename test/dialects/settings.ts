/**
 * Says where each dialect (variant of Nevis's behaviour) has an effect: in which flows, and for users with which factors.
 *
 * Out of scope: the outcomes (`table.ts`).
 */
import type { TransactionTokenClaims } from '../../src'
import { DIALECT_GROUPS } from '../../src/simulator/dialects'
import { FLOWS, IN_TWO_PROCESSES, LATE_OR_LONG, stepsOf } from './flows'
import type { World } from './person'
import type { Setting } from './run'

export interface Situation extends Omit<Setting, 'dialect'> {
  readonly flows: readonly string[]
}

const TWO = Object.keys(IN_TWO_PROCESSES)
const ALL = Object.keys(FLOWS).filter((flow) => !TWO.includes(flow) && !(flow in LATE_OR_LONG))
const withText = (text: string) => Object.keys(LATE_OR_LONG).filter((flow) => flow.endsWith(text))
/** Adds the flows that begin in one process of the app and end in the other. */
const inTwo = (flows: readonly string[]): readonly string[] => [...flows, ...TWO.filter((flow) => flows.includes(stepsOf(flow)))]
const THIEVES = ['V app', 'V sms', 'V wid']
const TOKENS = ['T other', 'T old']
const L_APP = ['L app', 'L app, JSON', 'L app, two processes']
const L_SMS = ['L sms', 'L sms, two processes']
const L_REC = ['L rec', 'L rec, two processes']
const W_SMS = ['W sms', 'W sms, two processes', 'W sms at step-up', 'W sms at enrolment', 'W sms at further enrolment']
const W_REC = ['W rec', 'W rec, two processes', 'W rec at step-up']
const CODES = [...L_SMS, ...W_SMS, 'S sms', 'E sms', ...L_REC, ...W_REC, 'S rec', 'A sms', 'V sms']
const DENIALS = ['D push', 'D app', 'D push at step-up', 'D app at step-up']
const token = (transactionTokens: TransactionTokenClaims): Situation => ({ flows: inTwo(ALL), options: { strategy: { transactionTokens } } })
const PING = { flows: ['L push'], options: { strategy: { healthCheck: true } } }

/** Asks for one push to the user. The simulator allows none here (`pushRateLimit: 0`), so it blocks the user, as Nevis does after many pushes. */
const block = async ({ simulator }: World, username: string) => {
  if (!simulator.users.some((user) => user.username === username)) return
  await fetch(`${simulator.baseURL}/api/v1/approval`, {
    method: 'POST', headers: { authorization: `Bearer ${simulator.accessKey}`, 'content-type': 'application/json' }, body: JSON.stringify({ username, channel: 'push' }),
  })
}
const rotate = ({ simulator }: World) => void simulator.rotateAccessKey()

const OF_GROUP: Readonly<Record<string, Situation>> = {
  'Enrolment of recovery codes': { flows: inTwo(['E rec', 'A rec']), factors: { recoveryCodes: [] } },
  'Enrolment by SMS': { flows: inTwo(['E sms', 'W sms at enrolment', 'A sms', 'W sms at further enrolment', 'V sms']), factors: { phone: undefined } },
  'Status of an SMS': { flows: inTwo([...L_SMS, ...W_SMS, 'S sms', 'E sms', 'A sms', 'V sms']) },
  'Verification of a code': { flows: inTwo(CODES) },
  'Enrolment of an app': { flows: inTwo(['E app', 'E wid', 'A app', 'A wid', ...THIEVES]) },
  Approvals: { flows: inTwo(['L push', 'L push, JSON', 'L push, two processes', ...L_APP, ...L_SMS, 'W sms', 'S push', 'S push, JSON', 'S app, JSON', 'S app', 'S sms', ...DENIALS, 'D push, JSON', 'N push', ...THIEVES, ...TOKENS]) },
  'QR codes and links': { flows: inTwo([...L_APP, 'S app', 'S app, JSON', 'E app', 'E app, JSON', 'A app', 'A app, JSON', 'D app', 'D app at step-up', 'V app']) },
  'Intent tokens': { flows: inTwo(['L wid', 'S wid', 'E wid', 'A wid', 'V wid', ...TOKENS]) },
  Status: { flows: inTwo(ALL), isSlow: true },
  Introspection: { flows: inTwo(ALL) },
}

/**
 * Maps the beginning of a dialect's name to the situation in which the dialect has an effect. If several beginnings match, the longest counts.
 * `flows.ts` lists the flows by name: `E rec`, for example, enrols recovery codes.
 */
const OF_NAME: Readonly<Record<string, Situation>> = {
  'recovery-codes-only-once': { flows: inTwo(['E rec', 'A rec']) },
  'phone-only-once-409': { flows: inTwo(['A sms', 'V sms']) },
  'wrong-phone-422': { flows: inTwo(['E sms', 'A sms']), phone: '+99912345678' },
  'wrong-code': { flows: inTwo([...W_SMS, ...W_REC]) },
  'late-code': { flows: [...L_SMS, ...W_SMS, ...withText(', late code')] },
  'long-message': { flows: ['L push', ...L_APP, ...withText(', long message')] },
  'verification-needs-channel': { flows: [...L_SMS, ...W_SMS, 'S sms', 'E sms', 'A sms'], options: { sms: { sendChannelWithVerification: true } } },
  'app-channel-is-qr-code': { flows: [...L_APP, 'S app', 'D app', 'D app at step-up'], options: { app: { channel: 'qr-code' } } },
  'channel-unknown': { flows: ['L push', ...L_APP, ...L_SMS, 'W sms', 'W sms at step-up', 'S push', 'S app', 'S sms', ...DENIALS] },
  'link-custom-scheme': { flows: [...L_APP, 'S app', 'E app', 'A app', 'D app', 'V app'], options: { app: { linkSchemes: ['myaccessapp:'] } } },
  'audience-api': token({ acceptAudienceApi: true }),
  'audience-list-with-api': token({ acceptAudienceApi: true }),
  'issuer-app-host': { flows: inTwo(ALL), options: ({ baseURL }) => ({ strategy: { issuer: [baseURL, baseURL.replace('127.0.0.1', '127.0.0.1-app')] } }) },
  'issuer-missing': token({ acceptMissingIssuer: true }),
  'issuer-null': token({ acceptMissingIssuer: true }),
  'subject-username': token({ subject: 'username' }),
  'subject-transaction-id': token({ subject: 'transactionId' }),
  'subject-missing': token({ subject: 'none' }),
  'subject-null': token({ subject: 'none' }),
  'verification-without-intent-tokens': { flows: [...L_SMS, ...L_REC] },
  'blocked-verification': { flows: [...L_SMS, ...L_REC, 'S sms', 'S rec'], simulator: { pushRateLimit: 0 }, prepare: block },
  'blocked-start': { flows: ['L push', 'L sms', 'S push', 'S sms', 'E sms', 'A sms'], simulator: { pushRateLimit: 0, smsRateLimit: 0 } },
  'authenticator-limit': { flows: ['A app', 'A app, JSON'], factors: { authenticators: 10 } },
  'nothing-to-ask': { flows: ['L push', 'L app', 'L sms', 'S push', 'S app', 'S sms'], factors: (flow) => (flow.endsWith('sms') ? { phone: undefined } : { authenticators: 0 }) },
  'unknown-user': { flows: ['E app', 'E sms', 'E rec', 'E wid', ...THIEVES] },
  'active-only-with-app': { flows: ['E sms', 'A sms', ...THIEVES] },
  'ping-': PING,
  'key-ended': { flows: ALL, prepare: rotate },
  // This dialect recognises the start by a transaction of the user, and then ends the key. Leave out flows with a recovery code: they begin no transaction.
  'key-ends-midway': { flows: ALL.filter((flow) => !/ rec\b/.test(flow)) },
  'status-processing': { flows: inTwo(ALL), isLate: true },
  'verification-page-200': { flows: CODES },
}

export function situationOf(name: string): Situation {
  const [longest] = Object.keys(OF_NAME).filter((beginning) => name.startsWith(beginning)).sort((one, other) => other.length - one.length)
  if (longest !== undefined) return OF_NAME[longest] as Situation
  const group = DIALECT_GROUPS.find(({ dialects }) => dialects.some((dialect) => dialect.name === name))?.title ?? ''
  return OF_GROUP[group] ?? { flows: ALL }
}
