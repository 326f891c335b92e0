/**
 * The HTTP client for the Nevis Authentication Cloud, with one method per endpoint. Every failed call becomes a {@link NevisError} without secrets.
 *
 * The folder `client/` calls Nevis over HTTP. Its files import neither Express nor Passport, and do not decide whether a user is logged in.
 * Out of scope of this file: HTTP (`http.ts`), rules for parameters (`checks.ts`) and for responses (`decode.ts`).
 */
import { AccessKey } from './access-key'
import type { Answer } from './answer'
import { checkedApproval, checkedEnrollment, checkedId, checkedIntent, checkedName, checkedToken, checkedUsername, checkedVerification } from './checks'
import { decodeApproval, decodeAuthenticator, decodeEnrollment, decodeIntent, decodeStatus, decodeUser } from './decode'
import type { NevisMethod } from './errors'
import { Http } from './http'
import { decodeIntrospection } from './introspection'
import { resolveOptions, type NevisClientOptions } from './options'
import type { ApproveRequest, CreateIntentRequest, EnrollRequest, VerifyCodeRequest } from './requests'
import type { Approval, Enrollment, Intent, Introspection, NamedAuthenticator, Status, User } from './results'
import { isInstance } from './same-class'
import { verdictOf, type ExpectedNames } from './verdict'

export type { NevisClientOptions } from './options'
export type * from './requests'
export type * from './results'

/** With these HTTP statuses, Nevis rejects a code as wrong, used, expired or another user's. Nevis documents only "4xx otherwise". */
const WRONG_CODE_STATUSES: readonly number[] = [400, 404, 409, 412, 422]

const MARK = Symbol.for('passport-nevis.NevisClient')
const STATUS_PATH = '/api/v1/status'

/**
 * The HTTP client for the Nevis Authentication Cloud, with one method per endpoint. The strategy creates its own client by default. Create one
 * yourself to look up users, or to rename and delete their phones, and pass it to the strategy as `client`.
 *
 * Every method can reject with:
 * - a `TypeError` if a parameter is invalid; no request is sent;
 * - a {@link NevisError} if the call fails;
 * - any error that the application's own `accessKey` function throws.
 *
 * Where a method says "Retried on failure", the client repeats a failed request up to `retries` times, all within `timeoutMs`.
 */
export class NevisClient {
  /** @internal */
  static [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(NevisClient, this, MARK, value)
  }

  /** The base URL of the API, without a trailing slash. */
  readonly baseURL: string
  /** The instance id; absent if the client was made with `baseURL`. */
  declare readonly instance?: string
  readonly #http: Http
  readonly #accessKey: AccessKey
  #doesStatusNeedKey = false

  /** @internal */
  get [MARK](): true {
    return true
  }

  /** @throws TypeError that names the option, if an option is missing, wrong or unknown. */
  constructor(options: NevisClientOptions) {
    const resolved = resolveOptions(options)
    this.baseURL = resolved.baseURL
    if (resolved.instance !== undefined) this.instance = resolved.instance
    this.#accessKey = new AccessKey(resolved.accessKey, resolved.timeoutMs)
    this.#http = new Http(resolved, this.#accessKey)
  }

  /**
   * Checks that the instance responds. Nevis does not document whether this endpoint checks the access key. Retried on failure.
   * @returns `'PONG'`
   * @throws NevisError `NEVIS_UNEXPECTED_RESPONSE` for any other response; `NEVIS_UNAUTHORIZED`, `NEVIS_RATE_LIMITED`,
   * `NEVIS_REJECTED`, `NEVIS_UNREACHABLE`, `NEVIS_TIMEOUT`
   * @see https://docs.nevis.net/apidoc/authcloud/#endpoint
   */
  async ping(): Promise<string> {
    const answer = await this.answerToPing()
    if (answer.status === 200 && answer.text.trim().toUpperCase() === 'PONG') return 'PONG'
    throw answer.status === 200 ? answer.unexpected('the answer is not PONG') : answer.status === 404 ? answer.unexpected() : answer.statusError()
  }

  /**
   * Starts an enrolment: registers a new phone, phone number or set of recovery codes for a user, and creates the user if necessary. Never retried.
   * @param request the user, and the channel (default `app`)
   * @returns the QR code, the link or the recovery codes to show, and the status token for `getStatus`
   * @throws NevisError, any code; `NEVIS_NOT_FOUND` for an unknown userId
   * @see https://docs.nevis.net/authcloud/api-doc/api-reference/registration-ref
   */
  async enroll(request: EnrollRequest): Promise<Enrollment> {
    const body = checkedEnrollment(request)
    const answer = await this.#http.send({ operation: 'enroll', method: 'POST', path: '/api/v1/users/enroll', body })
    return decodeEnrollment(answer, body.channel ?? 'app')
  }

  /**
   * Starts an approval: asks the user to confirm, for example by a push to their phone. Never retried, because each request sends another push or SMS.
   * @param request the user, the channel (default `push`), and the message
   * @returns the transaction's id, the userId, and the status token for `getStatus`. Keep the status token on the server
   * @throws NevisError, any code; `NEVIS_NOT_FOUND` for an unknown user
   * @see https://docs.nevis.net/authcloud/api-doc/api-reference/approval-ref
   */
  async approve(request: ApproveRequest): Promise<Approval> {
    const body = checkedApproval(request)
    const answer = await this.#http.send({ operation: 'approve', method: 'POST', path: '/api/v1/approval', body })
    return decodeApproval(answer, body.channel)
  }

  /**
   * Checks an SMS code or a recovery code. Never retried, because Nevis may count each request as an attempt. Take `userId` from data that your server stored
   * at the start, never from the browser, because Nevis's response does not always name the user.
   *
   * A maintenance page or a firewall may also respond with HTTP 200. So a 200 means a right code only if its body is empty, says yes, or has only fields of
   * Nevis's own responses.
   * @param expected the user's username and the transaction id of the code, if known. A body with another username or transaction id is not accepted
   * @returns true if the code is right. False for HTTP 400, 404, 409, 412 and 422, and for a 200 whose JSON says no
   * @throws NevisError, any code but `NEVIS_NOT_FOUND`. `NEVIS_UNEXPECTED_RESPONSE` in three cases: the body is a page, a text or a list; a 200 does not say
   * whether the code is right; the JSON of a 404 is not Nevis's own error
   * @see https://docs.nevis.net/authcloud/api-doc/api-reference/verification-ref
   */
  async verifyCode(request: VerifyCodeRequest, expected: { readonly username?: string | undefined; readonly transactionId?: string | undefined } = {}): Promise<boolean> {
    const { userId, body } = checkedVerification(request)
    const path = `${userPath(userId)}/verification`
    const answer = await this.#http.send({ operation: 'verifyCode', method: 'POST', path, body, alone: true })
    if (answer.status === 200) {
      const verdict = verdictOf(answer, { ...expected, userId })
      if (verdict === 'unclear') throw answer.unexpected('the body does not say whether the code is right')
      return verdict === 'yes'
    }
    if (!WRONG_CODE_STATUSES.includes(answer.status)) throw answer.statusError()
    if (answer.isPage) throw answer.unexpected('the body is neither empty nor a JSON object')
    // Do not count the 404 of a gateway as a wrong code. Only Nevis's own error body has a numeric `status`.
    const body404 = answer.status === 404 ? (answer.jsonObject() ?? {}) : {}
    if (Object.keys(body404).length > 0 && typeof body404['status'] !== 'number') throw answer.unexpected('the body of this 404 is not an error body of Nevis')
    return false
  }

  /**
   * Gets the status of a transaction. Sends the access key only if Nevis asks for it. Retried on failure.
   * @param statusToken from the response to `approve` or `enroll`
   * @returns the status: `pending`, `succeeded`, `failed` or `unknown`. `failed` and `unknown` are results, not errors
   * @throws NevisError, any code but `NEVIS_NOT_FOUND`: a 404 that does not say `unknown` is `NEVIS_UNEXPECTED_RESPONSE`
   * @see https://docs.nevis.net/authcloud/api-doc/api-reference/status-ref
   */
  async getStatus(statusToken: string): Promise<Status> {
    return decodeStatus(await this.#answerToStatus(statusToken))
  }

  /**
   * Introspects a token: whether the token is active, to which user it belongs, and when it expires. An active token alone does not prove a
   * login, because access keys and status tokens are active as well. Retried on failure.
   * @param token a transaction, status or intent token, or an access key
   * @returns times in seconds since 1970
   * @throws NevisError, any code but `NEVIS_NOT_FOUND`
   * @see https://docs.nevis.net/authcloud/api-doc/api-reference/introspect-ref, RFC 7662
   */
  async introspect(token: string): Promise<Introspection> {
    const body = `token=${encodeURIComponent(checkedToken('introspect', 'token', token))}`
    const path = '/api/v1/introspect'
    const answer = await this.#http.send({ operation: 'introspect', method: 'POST', path, body, repeatable: true })
    return decodeIntrospection(answer)
  }

  /**
   * Gets a user by userId. Retried on failure.
   * @throws NevisError, any code; `NEVIS_NOT_FOUND` if there is no such user
   * @see https://docs.nevis.net/authcloud/api-doc/api-reference/users-endpoint-ref
   */
  async getUser(userId: string): Promise<User> {
    const path = userPath(checkedId('getUser', 'userId', userId))
    return decodeUser(await this.#http.send({ operation: 'getUser', method: 'GET', path, repeatable: true }))
  }

  /**
   * Gets a user by username. Compare the returned username with yours, because Nevis does not document whether usernames are case-sensitive.
   * Retried on failure.
   * @throws NevisError, any code; `NEVIS_NOT_FOUND` if there is no such user
   * @see https://docs.nevis.net/authcloud/api-doc/api-reference/users-endpoint-ref
   */
  async findUserByUsername(username: string): Promise<User> {
    const operation = 'findUserByUsername'
    const path = `/api/v1/users?username=${encodeURIComponent(checkedUsername(operation, username))}`
    return decodeUser(await this.#http.send({ operation, method: 'GET', path, repeatable: true }))
  }

  /**
   * Deletes a user with all authenticators. Never retried.
   * @throws NevisError, any code; `NEVIS_NOT_FOUND` if there is no such user
   * @see https://docs.nevis.net/authcloud/api-doc/api-reference/users-endpoint-ref
   */
  async deleteUser(userId: string): Promise<void> {
    await this.#delete('deleteUser', userPath(checkedId('deleteUser', 'userId', userId)), { userId })
  }

  /**
   * Renames an authenticator. Never retried. Nevis does not check to which user the authenticator belongs: call `ownAuthenticator` first.
   * @param name 1 to 16384 characters
   * @throws NevisError, any code; `NEVIS_NOT_FOUND` if there is no such authenticator
   * @see https://docs.nevis.net/authcloud/api-doc/api-reference/authenticator-endpoint-ref
   */
  async renameAuthenticator(authenticatorId: string, name: string): Promise<NamedAuthenticator> {
    const operation = 'renameAuthenticator'
    const path = authenticatorPath(checkedId(operation, 'authenticatorId', authenticatorId))
    const body = { name: checkedName(operation, name) }
    const answer = await this.#http.send({ operation, method: 'PATCH', path, body })
    const renamed = decodeAuthenticator(answer)
    if (renamed.authenticatorId.toLowerCase() !== authenticatorId.toLowerCase()) throw answer.unexpected('the answer is about another authenticator')
    return renamed
  }

  /**
   * Deletes an authenticator. Never retried. Nevis does not check to which user the authenticator belongs: call `ownAuthenticator` first.
   * @throws NevisError, any code; `NEVIS_NOT_FOUND` if there is no such authenticator
   * @see https://docs.nevis.net/authcloud/api-doc/api-reference/authenticator-endpoint-ref
   */
  async deleteAuthenticator(authenticatorId: string): Promise<void> {
    const operation = 'deleteAuthenticator'
    await this.#delete(operation, authenticatorPath(checkedId(operation, 'authenticatorId', authenticatorId)), { authenticatorId })
  }

  /**
   * Creates an intent token, with which the browser starts Nevis's widget. Never retried.
   * @returns the token, valid for one use within ten minutes
   * @throws NevisError, any code; `NEVIS_NOT_FOUND` for an unknown user
   * @see https://docs.nevis.net/authcloud/api-doc/api-reference/intent-ref
   */
  async createIntent(request: CreateIntentRequest): Promise<Intent> {
    const body = checkedIntent(request)
    const answer = await this.#http.send({ operation: 'createIntent', method: 'POST', path: '/api/v1/intent', body })
    return decodeIntent(answer)
  }

  /**
   * @internal Asks Nevis whether the token is a status token. False if Nevis responds with the status `unknown`, or if Nevis itself (and not a proxy) responds
   * with 404.
   * @throws NevisError for any other response that is not a status. If this method wrongly returned false, a browser could sign in with a status token,
   * without an approval
   */
  async isStatusToken(token: string): Promise<boolean> {
    const answer = await this.#answerToStatus(token)
    const isRefused = answer.status === 404 && answer.isErrorOfNevis && answer.jsonObject()?.['path'] === STATUS_PATH
    return !isRefused && decodeStatus(answer).status !== 'unknown'
  }

  /** @internal The response to a ping, with any HTTP status. The command `doctor` reads Nevis's time from the `Date` header, which even a 403 has. */
  async answerToPing(): Promise<Answer> {
    return this.#http.send({ operation: 'ping', method: 'GET', path: '/ping', accept: '*/*', repeatable: true })
  }

  /** @internal Introspects the client's own access key, for the command `doctor`. */
  async introspectAccessKey(): Promise<Introspection> {
    return this.introspect(await this.#accessKey.currentWithinDeadline())
  }

  /** @internal True if the token is the access key. Callers reject such a token, because Nevis's introspection reports the access key as active. */
  holdsAccessKey(token: string): Promise<boolean> {
    return this.#accessKey.equals(token)
  }

  /** @internal True if Nevis responded to the last request with a status below 500; undefined before the first request. */
  get isUp(): boolean | undefined {
    return this.#http.isUp
  }

  /** @internal Derives one 32-byte key per label from the current access key. A label names the purpose of the derived key. */
  deriveKeys(labels: readonly string[]): readonly Buffer[] | Promise<readonly Buffer[]> {
    return this.#accessKey.derive(labels)
  }

  /**
   * Asks for a status without the access key. If the response is a 401 and no HTML page, asks again with the key. Later calls send the key at once if the
   * second response is no 401, or if the first one is Nevis's own error. Nevis's overview requires the key for all requests, but no example of this endpoint
   * sends it.
   */
  async #answerToStatus(statusToken: string): Promise<Answer> {
    const body = { statusToken: checkedToken('getStatus', 'statusToken', statusToken) }
    const call = { operation: 'getStatus', method: 'POST', path: STATUS_PATH, body, repeatable: true } as const
    const withoutKey = !this.#doesStatusNeedKey
    const answer = await this.#http.send({ ...call, withoutKey })
    if (answer.status !== 401 || !withoutKey || /^\s*</.test(answer.text)) return answer
    const second = await this.#http.send(call)
    this.#doesStatusNeedKey ||= second.status !== 401 || answer.isErrorOfNevis
    return second
  }

  async #delete(operation: NevisMethod, path: string, expected: ExpectedNames): Promise<void> {
    const answer = await this.#http.send({ operation, method: 'DELETE', path, alone: true })
    if (answer.status !== 204 && answer.status !== 200) throw answer.statusError()
    // HTTP 200 with a maintenance page, or with a user record, does not prove the deletion. The owner of a lost phone must not believe that it is deleted.
    if (verdictOf(answer, expected, 'unclear') !== 'yes') throw answer.unexpected('the body does not confirm the deletion')
  }
}

function userPath(userId: string): string {
  return `/api/v1/users/${encodeURIComponent(userId)}`
}

function authenticatorPath(authenticatorId: string): string {
  return `/api/v1/authenticators/${encodeURIComponent(authenticatorId)}`
}
