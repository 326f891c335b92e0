/**
 * Answers are decoded at the door: from unknown JSON into a typed value, or refused.
 *
 * Out of scope: sending, and what a value means for a login. Unknown fields are tolerated and kept in `raw`; a
 * promised field that is missing is `NEVIS_UNEXPECTED_RESPONSE`, and so is an id or a token that no later request could carry.
 */
import { isJsonObject, type Answer, type RawAnswer } from './answer'
import { compact, Fields } from './fields'
import type { Approval, Authenticator, Enrollment, Intent, NamedAuthenticator, Status, UafDetails, User } from './results'

const APP_ENROLLMENT: readonly string[] = ['app', 'push']
const APP_APPROVAL: readonly string[] = ['app', 'qr-code']

export function decodeUser(answer: Answer): User {
  const fields = new Fields(answer, answer.json(200))
  const user = userFields(fields)
  return {
    ...user,
    status: fields.string('status'),
    authenticators: fields.required('authenticators', authenticatorsIn(fields)),
  }
}

export function decodeAuthenticator(answer: Answer): NamedAuthenticator {
  const fields = new Fields(answer, answer.json(200))
  return { ...authenticator(fields), authenticatorId: fields.id('authenticatorId') }
}

/** @param channel what was asked for: it decides what is promised. */
export function decodeEnrollment(answer: Answer, channel: string): Enrollment {
  const fields = new Fields(answer, answer.json(200, 201))
  const inner = fields.object('enrollment')
  const isApp = APP_ENROLLMENT.includes(channel)
  const status = fields.optionalString('status')
  const statusToken = inner?.optionalToken('statusToken') ?? fields.optionalToken('statusToken')
  const enrollment = compact<Omit<Enrollment, keyof ReturnType<typeof userFields>>>({
    status: isApp ? fields.required('status', status) : status,
    authenticators: (isApp ? fields.required('authenticators', authenticatorsIn(fields)) : authenticatorsIn(fields)) ?? [],
    transactionId: inner?.optionalToken('transactionId') ?? fields.optionalToken('transactionId'),
    statusToken: isApp || channel === 'sms' ? fields.required('statusToken', statusToken) : statusToken,
    qrCode: inner?.qrCode() ?? fields.qrCode(),
    appLinkUri: inner?.link('appLinkUri') ?? fields.link('appLinkUri'),
    recoveryCodes: channel === 'recovery' ? (firstStrings(inner?.json) ?? firstStrings(fields.json)) : undefined,
  })
  if (isApp) {
    fields.required('transactionId', enrollment.transactionId)
    fields.required('qrCode', enrollment.qrCode)
    fields.required('appLinkUri', enrollment.appLinkUri)
  }
  return { ...userFields(fields), ...enrollment }
}

/** @param channel what was asked for: it decides what is promised. */
export function decodeApproval(answer: Answer, channel: string): Approval {
  const fields = new Fields(answer, answer.json(200, 201))
  const approval = compact<Approval>({
    transactionId: fields.token('transactionId'),
    userId: fields.id('userId'),
    statusToken: fields.token('statusToken'),
    qrCode: fields.qrCode(),
    appLinkUri: fields.link('appLinkUri'),
    raw: fields.json,
  })
  if (APP_APPROVAL.includes(channel)) {
    fields.required('qrCode', approval.qrCode)
    fields.required('appLinkUri', approval.appLinkUri)
  }
  return approval
}

/**
 * HTTP status and `status` must agree, or the answer is refused. A login hangs on this value, so it is the one
 * enumeration where a value that is not known is not let through: nobody can say whether it means yes or no.
 *
 * A 404 without `"status": "unknown"` is not from this endpoint (a wrong host or path; error bodies have a *number*
 * there). No user or authenticator was asked for, so it is no `NEVIS_NOT_FOUND` but `NEVIS_UNEXPECTED_RESPONSE`.
 */
export function decodeStatus(answer: Answer): Status {
  if (![200, 404, 412].includes(answer.status)) throw answer.statusError()
  const fields = new Fields(answer, answer.jsonObject() ?? {})
  const combination = `${answer.status} ${fields.optionalText('status') ?? ''}`
  if (combination === '404 unknown') return { status: 'unknown', raw: fields.json }
  if (!['200 pending', '200 succeeded', '412 failed'].includes(combination)) {
    throw answer.unexpected('the HTTP status and the status do not go together')
  }
  const details = compact<StatusDetails>({
    username: fields.optionalString('username'),
    createdAt: fields.optionalText('createdAt'),
    lastUpdatedAt: fields.optionalText('lastUpdatedAt'),
    raw: fields.json,
  })
  if (combination === '200 succeeded') {
    return { status: 'succeeded', transactionId: fields.token('transactionId'), userId: fields.id('userId'), token: fields.token('token'), ...details }
  }
  // These are only compared with what was started. An odd one must not turn a denial into an answer that cannot be read.
  const transactionId = fields.string('transactionId')
  const undecided = compact<{ userId?: string; token?: string }>({
    userId: fields.optionalString('userId'),
    token: fields.optionalString('token'),
  })
  return { status: combination === '412 failed' ? 'failed' : 'pending', transactionId, ...undecided, ...details }
}

type StatusDetails = Pick<Status & { status: 'pending' }, 'username' | 'createdAt' | 'lastUpdatedAt' | 'raw'>

export function decodeIntent(answer: Answer): Intent {
  const fields = new Fields(answer, answer.json(200, 201))
  return { token: fields.token('token'), raw: fields.json }
}

type UserBasics = Pick<User, 'userId' | 'username' | 'createdAt' | 'updatedAt' | 'lastLoginDateSuccess' | 'lastLoginDateFailure' | 'exceededRateLimits' | 'raw'>

function userFields(fields: Fields): UserBasics {
  return compact<UserBasics>({
    userId: fields.id('userId'),
    username: fields.optionalString('username'),
    createdAt: fields.optionalText('createdAt'),
    updatedAt: fields.optionalText('updatedAt'),
    lastLoginDateSuccess: fields.optionalText('lastLoginDateSuccess'),
    lastLoginDateFailure: fields.optionalText('lastLoginDateFailure'),
    exceededRateLimits: fields.get('exceededRateLimits'),
    raw: fields.json,
  })
}

function authenticatorsIn(fields: Fields): readonly Authenticator[] | undefined {
  return fields.objects('authenticators')?.map(authenticator)
}

/** In a list it may lack its id: the person has that factor all the same, and their other ones must stay usable. */
function authenticator(fields: Fields): Authenticator {
  return compact<Authenticator>({
    authenticatorId: fields.optionalId('authenticatorId'),
    name: fields.optionalText('name'),
    type: fields.optionalText('type'),
    authenticatorType: fields.optionalText('authenticatorType'),
    state: fields.optionalText('state'),
    enrolledAt: fields.optionalText('enrolledAt'),
    updatedAt: fields.optionalText('updatedAt'),
    uaf: uafOf(fields),
    raw: fields.json,
  })
}

/** No decision hangs on it: of the wrong type it counts as absent. */
function uafOf(authenticator: Fields): UafDetails | undefined {
  const json = authenticator.get('uaf')
  if (!isJsonObject(json)) return undefined
  const fields = new Fields(authenticator.answer, json)
  const isSilent = fields.get('userDisabledPushNotification')
  return compact<UafDetails>({
    userAgent: fields.optionalText('userAgent'),
    deviceRef: fields.optionalText('deviceRef'),
    userDisabledPushNotification: typeof isSilent === 'boolean' ? isSilent : undefined,
  })
}

/**
 * The field that carries recovery codes is not documented. What is known is that they are strings and that there are
 * several, and no other documented field is a list of strings.
 */
function firstStrings(json: RawAnswer | undefined): readonly string[] | undefined {
  return Object.values(json ?? {}).find(isListOfStrings)
}

function isListOfStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && item !== '')
}
