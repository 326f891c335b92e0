/**
 * The second factor record: after an approval, the session records who gave which second factor and when. This file defines the record and reads it.
 *
 * The record contains a digest of the signed-in user, so it is not valid for another user who signs in later in the same session.
 * Out of scope: writing the record (`record-second-factor.ts`), and requiring one (`require-second-factor.ts`).
 */
import { createHash } from 'node:crypto'
import { refuseUnknown } from '../client/option-names'
import { isListOfValues } from '../factors/amr'
import type { FactorName } from '../factors/names'
import { loginOf } from '../host/login'
import { sessionOf } from '../host/request'
import { keepsDataAtLogout, sessionIdOf } from '../host/session'
import type { SessionState } from './transactions'

/** Who gave which second factor, and when. */
export interface SecondFactorRecord {
  /** Nevis's userId. */
  readonly userId: string
  /** Name of the factor. */
  readonly factor: FactorName
  /** True if the user typed a code that the phone showed and the waiting page did not. */
  readonly typedCode?: true
  /** The transaction with which the user approved, for audit logs. */
  readonly transactionId: string
  /** When the second factor was given, in milliseconds since 1970. */
  readonly at: number
  /** When the second factor was given, in seconds since 1970: `auth_time` of OpenID Connect. */
  readonly authTime: number
  /** How the user proved who they are, in values of RFC 8176; see `amr` of the profile. */
  readonly amr: readonly string[]
}

/** The record as stored in the session. */
export interface BoundRecord extends Omit<SecondFactorRecord, 'authTime'> {
  /** Digest of the user who was signed in when the record was made. */
  readonly login: string
  /** Digest of the session's id. A logout gives the session a new id. So the record is no longer valid after a logout, even if the session keeps its data. */
  readonly sessionId: string
}

/** Options of {@link recordSecondFactor} and {@link secondFactorOf}. */
export interface RecordSecondFactorOptions {
  /** The strategy's option `sessionKey`. Default `nevis`. */
  readonly sessionKey?: string | undefined
}

/**
 * Reads the second factor record of this session, if the record was made for the user who is signed in to the session now. The record says nothing about
 * another user of the same request, for example one whom a Bearer token names. If a route does not get its user from the session, use
 * {@link requireSecondFactor}, which also checks that the user of the request is the user who is signed in to the session.
 * @param req the request, with its session
 * @param options the session property in which the strategy stores its state
 * @throws TypeError if an option is unknown
 * @returns undefined if there is no valid record
 */
export function secondFactorOf(req: object, options: RecordSecondFactorOptions = {}): SecondFactorRecord | undefined {
  refuseUnknown('secondFactorOf', options, ['sessionKey'])
  const { sessionKey = 'nevis' } = options
  const session = sessionOf(req)
  const login = session && loginOf(session)
  const record = (session?.[sessionKey] as SessionState | undefined)?.secondFactor as BoundRecord | undefined
  if (login === undefined || record?.login !== login || record.sessionId !== idDigestOf(req) || keepsDataAtLogout(req)) return undefined
  const { userId, factor, typedCode, transactionId, at, amr } = record
  const isTyped = typedCode === true && { typedCode }
  return { userId, factor, ...isTyped, transactionId, at, authTime: Math.floor(at / 1000), amr: isListOfValues(amr) ? amr : [] }
}

/**
 * The digest of the session's id, to which a record is bound; the empty string if the session has no id.
 * @internal
 */
export function idDigestOf(req: object): string {
  const id = sessionIdOf(req)
  return id === undefined ? '' : createHash('sha256').update(id).digest('base64url')
}
