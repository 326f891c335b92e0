/**
 * Validates unknown JSON from Nevis and turns it into typed values, or rejects it.
 *
 * Unknown fields are accepted and kept in `raw`. A missing required field is `NEVIS_UNEXPECTED_RESPONSE`, and so is an id or a
 * token that cannot be sent in a later request. Out of scope: sending, and what a value means for a login.
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

/** @param channel the requested channel, which decides the required fields */
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

/** @param channel the requested channel, which decides the required fields */
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
 * HTTP status and the field `status` must agree, or the response is rejected. Logins depend on this value, so this is the one
 * enumeration where an unknown value is rejected: it could mean yes or no.
 *
 * A 404 without `"status": "unknown"` is not from this endpoint but from a wrong host or path; in error bodies `status` is a
 * *number*. The call names no user and no authenticator, so the error is `NEVIS_UNEXPECTED_RESPONSE`, not `NEVIS_NOT_FOUND`.
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
  // Not validated further: these values are only compared with the started transaction, and a malformed one must not turn a
  // denial into an unreadable response.
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

/** In a list the id may be missing: the user has that factor anyway, and the other authenticators must stay usable. */
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

/** No decision depends on these details, so a value of the wrong type counts as absent. */
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
 * The first list of strings in the response. Nevis does not document which field holds the recovery codes; they are several
 * strings, and no other documented field is a list of strings.
 */
function firstStrings(json: RawAnswer | undefined): readonly string[] | undefined {
  return Object.values(json ?? {}).find(isListOfStrings)
}

function isListOfStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && item !== '')
}
