/**
 * Validates JSON from Nevis and turns it into typed values, or throws `NEVIS_UNEXPECTED_RESPONSE`.
 *
 * Unknown fields are kept in `raw`. A missing required field throws. An id or a token with characters that cannot be sent in a request throws as well.
 * Out of scope: sending the request, and what a value means for a login.
 */
import { isJsonObject, type Answer, type RawAnswer } from './answer'
import { asRefused, asUndecided } from './errors'
import { compact, Fields } from './fields'
import { objectsIn, ownField, userIn } from './places'
import { recoveryCodesIn } from './recovery-codes'
import type { Approval, Authenticator, Enrollment, Intent, NamedAuthenticator, Status, UafDetails, User } from './results'

const APP_ENROLLMENT: readonly string[] = ['app', 'push']
const APP_APPROVAL: readonly string[] = ['app', 'qr-code']
/** A word for a transaction that has ended without the user's approval. */
const REFUSED_WORD = /den[iy]|declin|reject|refus|cancel|abort|expir|time.?out|timed|fail|block|lock|revok|withdr|dismiss/
/** As `REFUSED_WORD`, but only with HTTP 200 or 202. With other HTTP statuses, the word may refuse the status request, and not the transaction. */
const REFUSED_IN_ANSWER = /invalid|wrong|incorrect|mismatch|unauthor|forbid|disallow|not.?(?:approv|accept|author|allow|permit|grant)/
/** A word for a transaction that is still waiting, even if the word also matches `FINAL_WORD`, as `unconfirmed` and `waiting_for_approval` do. */
const WAITING_WORD = /pend|wait|progress|process|unconfirmed|authenticating/
/** A word that may be the final status of a transaction, such as `approved`. After it, there is no other status to wait for. */
const FINAL_WORD = /succe|approv|confirm|complet|accept|verif|authenti|done|finish|\bend(?:ed)?\b|clos|\bok\b|error|invalid|unknown|unauth|forbid|enrolled|registered|granted|\bused\b|not.?found/
const TRANSACTION_STATUSES: readonly string[] = ['pending', 'succeeded', 'failed', 'unknown']

/** Decodes a user. For a search by username, Nevis may send a list with one user. */
export function decodeUser(answer: Answer): User {
  if (answer.status !== 200) throw answer.status >= 300 ? answer.statusError() : answer.unexpected()
  const user = userIn(answer.jsonValue())
  if (user === undefined) throw answer.jsonObject() === undefined ? answer.notAnObject() : answer.unexpected('userId is missing')
  const fields = new Fields(answer, user)
  return {
    ...userFields(fields, fields.optionalString('username')),
    userId: fields.id('userId'),
    status: fields.optionalOwnString('status') ?? 'unknown',
    authenticators: authenticatorsIn(fields) ?? [],
  }
}

export function decodeAuthenticator(answer: Answer): NamedAuthenticator {
  const fields = new Fields(answer, answer.json())
  return { ...authenticator(fields), authenticatorId: fields.id('authenticatorId') }
}

/**
 * Decodes the response to `enroll`.
 * @param channel the requested channel; it decides which fields are required
 */
export function decodeEnrollment(answer: Answer, channel: string): Enrollment {
  if (channel === 'recovery') return decodeRecoveryCodes(answer)
  const isApp = APP_ENROLLMENT.includes(channel)
  const fields = new Fields(answer, answer.json())
  const inner = fields.object('enrollment')
  const statusToken = inner?.optionalToken('statusToken') ?? fields.optionalToken('statusToken')
  const authenticators = authenticatorsIn(fields)
  const enrollment = compact<Omit<Enrollment, keyof UserBasics | 'recoveryCodes'>>({
    userId: isApp ? fields.id('userId') : fields.optionalId('userId'),
    status: statusOfUser(fields),
    authenticators: authenticators ?? [],
    transactionId: inner?.optionalTransactionId() ?? fields.optionalTransactionId(),
    statusToken: isApp || channel === 'sms' ? fields.required('statusToken', statusToken) : statusToken,
    qrCode: inner?.qrCode() ?? fields.qrCode(),
    appLinkUri: inner?.link('appLinkUri') ?? fields.link('appLinkUri'),
  })
  if (isApp) {
    // Require the user's status or the list of authenticators: they show whether the user already had a factor.
    fields.required('status', authenticators === undefined ? enrollment.status : 'listed')
    fields.required('transactionId', enrollment.transactionId)
    assertWayIn(fields, enrollment)
  }
  return { ...userFields(fields, fields.optionalString('username')), ...enrollment }
}

/**
 * Decodes the response to an enrolment of recovery codes, which Nevis does not document. Nevis has created the codes by now, so they must not be lost: any
 * success status is accepted, and other fields with an invalid value count as absent. Exception: an invalid `userId` or `username` throws, because the codes may
 * then be those of another user.
 */
function decodeRecoveryCodes(answer: Answer): Enrollment {
  if (answer.status < 200 || answer.status >= 300) throw answer.statusError()
  const json = answer.jsonValue()
  // HTTP 206, and a text without a declared length, may be cut off: the user would save only a part of the codes.
  if (answer.status === 206 || (json === undefined && answer.isOpenEnded)) throw answer.unexpected('the answer may be incomplete')
  const recoveryCodes = recoveryCodesIn(json ?? answer.text)
  if (recoveryCodes === undefined && (typeof json !== 'object' || json === null)) throw answer.notAnObject()
  const fields = new Fields(answer, isJsonObject(json) ? json : { codes: json ?? answer.text })
  const enrollment = compact<Omit<Enrollment, keyof UserBasics | 'qrCode' | 'appLinkUri'>>({
    userId: fields.get('userId') === '' ? undefined : fields.optionalId('userId'),
    status: unlessInvalid(() => statusOfUser(fields)),
    authenticators: unlessInvalid(() => authenticatorsIn(fields)) ?? [],
    transactionId: unlessInvalid(() => fields.optionalTransactionId()),
    statusToken: unlessInvalid(() => fields.optionalToken('statusToken')),
    recoveryCodes,
  })
  const username = fields.get('username') === '' ? undefined : fields.optionalString('username')
  return { ...userFields(fields, username), ...enrollment }
}

/** Returns undefined if the value that `read` reads is invalid. */
function unlessInvalid<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/**
 * Reads the user's status, wherever the response has it. The transaction of the enrolment and an authenticator may have a field `status`, too, which says
 * nothing about the user's factors. If there are several words, `new` counts only if all of them are `new`.
 */
function statusOfUser(fields: Fields): string | undefined {
  const words = objectsIn(fields.json).flatMap((one) => {
    const word = ownField(one, 'status')
    return typeof word === 'string' && word !== '' && isStatusOfUser(one, word) ? [word] : []
  })
  return words.find((word) => word !== 'new') ?? words[0]
}

/** True if the word is the status of a user, and not of a transaction or an authenticator. In doubt, false. */
function isStatusOfUser(one: RawAnswer, word: string): boolean {
  if (TRANSACTION_STATUSES.includes(word.toLowerCase()) || Object.hasOwn(one, 'authenticatorId')) return false
  const isOfTransaction = Object.hasOwn(one, 'statusToken') || Object.hasOwn(one, 'transactionId')
  return !isOfTransaction || Object.hasOwn(one, 'authenticators') || /^(?:new|active)$/i.test(word)
}

/** Requires a QR code or a link for the user to scan or open. The factor `app` checks the scheme of the link. */
function assertWayIn(fields: Fields, { qrCode }: Pick<Enrollment, 'qrCode'>): void {
  fields.required('qrCode', qrCode ?? fields.optionalString('appLinkUri'))
}

/**
 * Decodes the response to `approve`.
 * @param channel the requested channel; it decides which fields are required
 */
export function decodeApproval(answer: Answer, channel: string): Approval {
  const fields = new Fields(answer, answer.json())
  const approval = compact<Approval>({
    transactionId: fields.required('transactionId', fields.optionalTransactionId()),
    userId: fields.id('userId'),
    statusToken: fields.token('statusToken'),
    qrCode: fields.qrCode(),
    appLinkUri: fields.link('appLinkUri'),
    raw: fields.json,
  })
  if (APP_APPROVAL.includes(channel)) assertWayIn(fields, approval)
  return approval
}

/**
 * Decodes the status of a transaction. Throws if the HTTP status and the field `status` contradict each other, or if the value of `status` is unknown.
 *
 * - 412 means `failed`: Nevis documents this status as "a failed operation".
 * - 404 means `unknown` only with `"status": "unknown"`. Any other 404 means that the host or the path is wrong.
 */
export function decodeStatus(answer: Answer): Status {
  const fields = new Fields(answer, answer.jsonObject() ?? {})
  const word = fields.optionalText('status')?.toLowerCase()
  const isDocumented = [200, 202, 404, 412].includes(answer.status)
  const status = isDocumented ? statusOf(answer, word) : undefined
  if (status === undefined) {
    const error = isDocumented ? answer.unexpected('the HTTP status and the field status contradict each other') : answer.statusError()
    const isAnswer = [200, 202].includes(answer.status)
    if (answer.status < 500 && word !== undefined && (REFUSED_WORD.test(word) || (isAnswer && REFUSED_IN_ANSWER.test(word)))) throw asRefused(error)
    const isUndecided = isAnswer && word !== undefined && word !== '' && (WAITING_WORD.test(word) || !FINAL_WORD.test(word))
    throw isUndecided ? asUndecided(error, fields.looseId('transactionId')) : error
  }
  if (status === 'unknown') return { status, raw: fields.json }
  const details = compact<StatusDetails>({
    username: status === 'succeeded' ? fields.optionalString('username') : fields.looseString('username'),
    createdAt: fields.optionalText('createdAt'),
    lastUpdatedAt: fields.optionalText('lastUpdatedAt'),
    raw: fields.json,
  })
  if (status === 'succeeded') {
    const named = compact<{ transactionId?: string; userId?: string }>({ transactionId: fields.optionalTransactionId(), userId: fields.optionalId('userId') })
    return { status, ...named, token: fields.token('token'), ...details }
  }
  // Accept malformed ids and tokens, because the caller only compares them, and leave out empty ones. If a malformed id threw an error here, a user's denial
  // would become an error.
  const undecided = compact<{ transactionId?: string; userId?: string; token?: string }>({
    transactionId: fields.looseId('transactionId'),
    userId: fields.looseId('userId'),
    token: fields.looseString('token'),
  })
  return { status, ...undecided, ...details }
}

/** Returns undefined if the HTTP status and `word` (the field `status`) contradict each other. */
function statusOf(answer: Answer, word: string | undefined): Status['status'] | undefined {
  const { status } = answer
  if (status === 412) return answer.isErrorOfNevis || (word !== undefined && !['pending', 'succeeded', 'unknown'].includes(word)) ? 'failed' : undefined
  if (status === 404) return word === 'unknown' ? word : undefined
  if (word === 'pending') return word
  return status === 200 && word === 'succeeded' ? word : undefined
}

type StatusDetails = Pick<Status & { status: 'pending' }, 'username' | 'createdAt' | 'lastUpdatedAt' | 'raw'>

export function decodeIntent(answer: Answer): Intent {
  const fields = new Fields(answer, answer.json())
  return { token: fields.optionalToken('intentToken') ?? fields.token('token'), raw: fields.json }
}

type UserBasics = Pick<User, 'username' | 'createdAt' | 'updatedAt' | 'lastLoginDateSuccess' | 'lastLoginDateFailure' | 'exceededRateLimits' | 'raw'>

function userFields(fields: Fields, username: string | undefined): UserBasics {
  return compact<UserBasics>({
    username,
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

/** Accepts an authenticator without an id: the user can confirm with such an authenticator, so it counts as a second factor. */
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

/** Decodes Nevis's details about a phone with the Access App. Ignores values of a wrong type, because no decision depends on them. */
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
