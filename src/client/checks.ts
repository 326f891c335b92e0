/**
 * Validates the parameters of client methods before a request is sent, and builds the JSON bodies.
 *
 * Invalid parameters throw a `TypeError` that names the method and the field. The error never contains the value, because the value may be a
 * code, a phone number or a token. Out of scope: sending the request.
 */
import { appMessageFault, smsFault, textFault } from './messages'
import type { ApproveRequest, CreateIntentRequest, EnrollRequest, VerifyCodeRequest } from './requests'
import type { ApprovalBody, EnrollBody, IntentBody, IntentChannel, VerificationBody } from './wire'

/**
 * An argument with a value that Nevis does not accept, such as a message that is too long. The client throws this error before it sends anything.
 * @internal
 */
export class ArgumentError extends TypeError {}

type Fields = Readonly<Record<string, unknown>>

const USERNAME = /^[A-Za-z0-9_.@-]{1,300}$/
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const CHANNEL = /^[a-z][a-z0-9-]{0,31}$/
const PHONE = /^\+[1-9][0-9]{4,14}$/
const PHONE_PREFIX = /^\+[1-9][0-9]{0,13}$/
const CODE_MAX_CHARACTERS = 64
const TOKEN = /^[\x20-\x7e]{1,8192}$/
const INTENT_CHANNELS: readonly unknown[] = ['app', 'push', 'sms']
const APP_CHANNELS: readonly string[] = ['app', 'qr-code']
const CHANNELS_WITHOUT_PHONE: readonly string[] = ['app', 'push', 'recovery']

export function checkedEnrollment(request: EnrollRequest): EnrollBody {
  const method = 'enroll'
  const fields = fieldsOf(method, request, ['anonymous', 'username', 'userId', 'channel', 'phone', 'message'])
  const { anonymous, phone, message } = fields
  const body: EnrollBody = {}
  const channel = channelOf(method, fields.channel)
  if (channel !== undefined) body.channel = channel
  if (anonymous === undefined) Object.assign(body, userReferenceIn(method, fields))
  else if (anonymous !== true) fail(method, 'anonymous', 'must be true or absent')
  else if (fields.username !== undefined || fields.userId !== undefined) {
    fail(method, 'anonymous', 'cannot be combined with username or userId')
  }
  if (anonymous === true && channel !== undefined && channel !== 'app') fail(method, 'anonymous', 'is allowed only with channel "app"')

  if (CHANNELS_WITHOUT_PHONE.includes(channel ?? 'app')) {
    if (phone !== undefined) fail(method, 'phone', 'is allowed only with channel "sms"')
    if (message !== undefined) fail(method, 'message', 'is allowed only with channel "sms"')
  }
  if (channel === 'sms' && phone === undefined) fail(method, 'phone', 'is required for channel "sms"')
  if (phone !== undefined) {
    if (!isPhone(phone)) fail(method, 'phone', 'must be + and 5 to 15 digits')
    body.phone = phone
  }
  if (message !== undefined) body.message = text(method, 'message', message, smsFault)
  if (channel === 'recovery') {
    if (body.username === undefined) fail(method, 'username', 'is required for channel "recovery"')
    body.recovery_username = body.username
  }
  return body
}

export function checkedApproval(request: ApproveRequest): ApprovalBody {
  const method = 'approve'
  const known = ['username', 'userId', 'channel', 'prompt', 'message', 'notificationMessage', 'authenticatorId']
  const fields = fieldsOf(method, request, known)
  const { prompt, message, notificationMessage, authenticatorId } = fields
  // Always send the channel: one page of Nevis's documentation requires it, another calls it optional.
  const channel = channelOf(method, fields.channel) ?? 'push'
  const body: ApprovalBody = { channel, ...userReferenceIn(method, fields) }
  const isSms = channel === 'sms'
  if (authenticatorId !== undefined) {
    const anyDevice = authenticatorId === '*' && APP_CHANNELS.includes(channel)
    body.authenticatorId = anyDevice ? '*' : checkedId(method, 'authenticatorId', authenticatorId)
  }
  if (prompt !== undefined) {
    if (typeof prompt !== 'boolean') fail(method, 'prompt', 'must be true or false')
    if (isSms) fail(method, 'prompt', 'is not allowed with channel "sms"')
    if (prompt && message === undefined) fail(method, 'message', 'is required with prompt: true')
    body.prompt = prompt
  }
  if (message !== undefined) body.message = text(method, 'message', message, isSms ? smsFault : appMessageFault)
  if (notificationMessage !== undefined) {
    if (isSms) fail(method, 'notificationMessage', 'is not allowed with channel "sms"')
    body.notificationMessage = text(method, 'notificationMessage', notificationMessage, textFault)
  }
  return body
}

export function checkedVerification(request: VerifyCodeRequest): { userId: string; body: VerificationBody } {
  const method = 'verifyCode'
  const fields = fieldsOf(method, request, ['userId', 'code', 'statusToken', 'channel'])
  const { code, statusToken, channel } = fields
  const userId = checkedId(method, 'userId', fields.userId)
  // Accept only a string as the code, because a form parser turns `code[]=…` into an array or an object.
  if (typeof code !== 'string' || code === '' || code.length > CODE_MAX_CHARACTERS) {
    fail(method, 'code', `must be a string of 1 to ${CODE_MAX_CHARACTERS} characters`)
  }
  if (channel !== undefined && channel !== 'recovery' && channel !== 'sms') fail(method, 'channel', 'must be "recovery", "sms" or absent')
  if ((statusToken === undefined) !== (channel === 'recovery')) {
    throw new TypeError(`${method}: give exactly one of statusToken and channel: "recovery"`)
  }
  if (channel === 'recovery') return { userId, body: { code, channel } }
  const body = { code, statusToken: checkedToken(method, 'statusToken', statusToken) }
  return { userId, body: channel === undefined ? body : { ...body, channel } }
}

export function checkedIntent(request: CreateIntentRequest): IntentBody {
  const method = 'createIntent'
  const fields = fieldsOf(method, request, ['username', 'userId', 'operation', 'channels'])
  const { operation, channels } = fields
  if (operation !== 'approve' && operation !== 'enroll') fail(method, 'operation', 'must be "approve" or "enroll"')
  const body: IntentBody = { operation, ...userReferenceIn(method, fields) }
  if (channels !== undefined) {
    assertIntentChannels(method, channels)
    body.channels = [...channels]
  }
  return body
}

export function checkedUsername(method: string, value: unknown): string {
  if (!isUsername(value)) {
    fail(method, 'username', 'must be 1 to 300 of the characters A-Z a-z 0-9 _ . @ -')
  }
  return value
}

/** Accepts only a UUID, because the id becomes part of the URL path: `../` would lead to another endpoint. */
export function checkedId(method: string, field: string, value: unknown): string {
  if (!isUuid(value)) fail(method, field, 'must be a UUID')
  return value
}

export function checkedToken(method: string, field: string, value: unknown): string {
  if (!isToken(value)) {
    fail(method, field, 'must be a non-empty token of at most 8192 characters')
  }
  return value
}

export function checkedName(method: string, value: unknown): string {
  return text(method, 'name', value, textFault)
}

/** Validates the SMS text when the application creates the factor `sms`, so that the application sees a mistake when it starts, not at the first login. */
export function assertSmsText(owner: string, value: unknown): asserts value is string {
  text(owner, 'message', value, smsFault)
}

export function assertIntentChannels(owner: string, value: unknown): asserts value is readonly IntentChannel[] {
  const known = Array.isArray(value) && value.length > 0 && value.every((name) => INTENT_CHANNELS.includes(name))
  if (!known) fail(owner, 'channels', 'must be a non-empty list of "app", "push", "sms"')
}

/** Rejects unknown fields. Nevis would ignore a misspelt `promt: true`, and the user would not be asked to accept or deny. */
function fieldsOf(method: string, request: unknown, known: readonly string[]): Fields {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw new TypeError(`${method}: request must be an object`)
  }
  for (const name of Object.keys(request)) {
    if (!known.includes(name)) throw new TypeError(`${method}: unknown field ${JSON.stringify(name)}`)
  }
  return { ...request }
}

function userReferenceIn(method: string, { username, userId }: Fields): { username: string } | { userId: string } {
  if ((username === undefined) === (userId === undefined)) {
    throw new TypeError(`${method}: give exactly one of username and userId`)
  }
  return username === undefined
    ? { userId: checkedId(method, 'userId', userId) }
    : { username: checkedUsername(method, username) }
}

function channelOf(method: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !CHANNEL.test(value)) fail(method, 'channel', 'must be the name of a channel')
  return value
}

function text(method: string, field: string, value: unknown, faultOf: (value: unknown) => string | undefined): string {
  const fault = faultOf(value)
  if (fault !== undefined) fail(method, field, fault)
  return String(value)
}

function fail(method: string, field: string, fault: string): never {
  throw new ArgumentError(`${method}: ${field} ${fault}`)
}

export function isUsername(value: unknown): value is string {
  return typeof value === 'string' && USERNAME.test(value)
}

export function isUserId(value: unknown): value is string {
  return isUuid(value)
}

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value)
}

/** True for a string that can be sent as a token: 1 to 8192 printable ASCII characters. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && TOKEN.test(value)
}

/** True for a phone number in the form that Nevis accepts, for example `+41791234567`. */
export function isPhone(value: unknown): value is string {
  return typeof value === 'string' && PHONE.test(value)
}

export function assertPhonePrefixes(owner: string, field: string, value: unknown): asserts value is readonly string[] {
  const areAll = Array.isArray(value) && value.every((prefix) => typeof prefix === 'string' && PHONE_PREFIX.test(prefix))
  if (!areAll) fail(owner, field, 'must be a list of strings, each + and 1 to 14 digits')
}
