/**
 * The types of the results of client methods: Nevis's responses after decoding.
 *
 * Out of scope: decoding (`decode.ts`). Dates are ISO 8601 strings as sent by Nevis, unless a field says otherwise.
 */
import type { RawAnswer } from './answer'
import type { Open } from './wire'

interface Decoded {
  /** The JSON of the response, with new and undocumented fields. Do not log it: it contains tokens. */
  readonly raw: RawAnswer
}

/** A QR code that the user scans with the Access App. */
export interface QrCode {
  /** The picture as `data:image/…;base64,…`. It contains no character that could end an HTML attribute. */
  readonly dataUri: string
  /** The media type of the picture, such as `image/png`. */
  readonly type?: string
  /** Width and height of the picture, in pixels. */
  readonly size?: number
}

/**
 * A second factor of a user: a phone with Nevis's Access App, or a passkey.
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/#authenticator
 */
export interface Authenticator extends Decoded {
  /**
   * Id of the authenticator, a UUID. Nevis documents an id for every authenticator. If Nevis sends none, the authenticator is listed, but
   * cannot be renamed or deleted.
   */
  readonly authenticatorId?: string
  /** The name that the user chose for the authenticator. It can contain personal data. */
  readonly name?: string
  /** The operating system of the phone. */
  readonly type?: Open<'ios' | 'android'>
  /** `app` for the Access App on a phone, `fido2` for a passkey. */
  readonly authenticatorType?: Open<'app' | 'fido2'>
  /** State of the authenticator. Nevis documents no complete list of values. */
  readonly state?: string
  /** When the authenticator was registered; ISO 8601. */
  readonly enrolledAt?: string
  /** When the authenticator was last changed; ISO 8601. */
  readonly updatedAt?: string
  /** Nevis's details about the Access App. Only in newer responses, and only if `authenticatorType` is `app`. */
  readonly uaf?: UafDetails
}

/** An authenticator with an id, so that it can be renamed and deleted. */
export interface NamedAuthenticator extends Authenticator {
  /** Id of the authenticator, a UUID. */
  readonly authenticatorId: string
}

/**
 * Nevis's details about an Access App on a phone.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/authenticator-endpoint-ref
 */
export interface UafDetails {
  /** User agent of the Access App at the registration. */
  readonly userAgent?: string
  /** A reference to the phone, set by the Access App. */
  readonly deviceRef?: string
  /** True if the user has switched notifications off. The user then sees a push only after opening the Access App. */
  readonly userDisabledPushNotification?: boolean
}

interface UserFields extends Decoded {
  /** The username; absent for a user who was enrolled without one. */
  readonly username?: string
  /** The user's phones and passkeys. */
  readonly authenticators: readonly Authenticator[]
  /** When the user was created; ISO 8601. */
  readonly createdAt?: string
  /** When the user was last changed; ISO 8601. */
  readonly updatedAt?: string
  /** When the user last logged in successfully; ISO 8601. Only in newer Nevis responses. */
  readonly lastLoginDateSuccess?: string
  /** When a login of the user last failed; ISO 8601. Only in newer Nevis responses. */
  readonly lastLoginDateFailure?: string
  /** Present only while the user is blocked for push or SMS; Nevis does not document its shape. */
  readonly exceededRateLimits?: unknown
}

/**
 * A user of the Nevis instance.
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/#user
 */
export interface User extends UserFields {
  /** Nevis's identifier of the user, a UUID in lower case. It never changes. */
  readonly userId: string
  /** `new` until the user's first authenticator is registered. `unknown` if Nevis's response has no status. */
  readonly status: Open<'new' | 'active'>
}

/**
 * The result of `enroll`. For `app` and `push`, the result always has transactionId, statusToken, and qrCode or a link. For `sms`, it always has statusToken.
 * Nevis does not document the response for `recovery`: if `recoveryCodes` is absent, search in `raw`.
 */
export interface Enrollment extends UserFields {
  /** Nevis's identifier of the user, a UUID in lower case. Always present for `app` and `push`. */
  readonly userId?: string
  /** Status of the user. Nevis documents the field for `app` and `push` only. */
  readonly status?: Open<'new' | 'active'>
  /** Nevis's id of the enrolment. Always present for `app` and `push`. */
  readonly transactionId?: string
  /** The token that `getStatus` and `verifyCode` take. Keep it on the server. */
  readonly statusToken?: string
  /** QR code to scan with the Access App. Always present for `app` and `push`, unless Nevis sent only a link. */
  readonly qrCode?: QrCode
  /**
   * A link that opens the Access App on the same phone. Keep it out of logs: anyone who has the link can use it. A link whose scheme is not https
   * (branded Access Apps) is only in `raw`.
   */
  readonly appLinkUri?: string
  /** The new recovery codes. Show them to the user once. Never store them unencrypted. */
  readonly recoveryCodes?: readonly string[]
}

/** The result of `approve`. */
export interface Approval extends Decoded {
  /** Identifies the approval in status responses and audit logs. */
  readonly transactionId: string
  /** The userId of the user who is asked. */
  readonly userId: string
  /** The token that `getStatus` and `verifyCode` take. Keep it on the server. */
  readonly statusToken: string
  /** QR code to scan with the Access App. Only for the channel `app`; absent if Nevis sent only a link. */
  readonly qrCode?: QrCode
  /**
   * A link that opens the Access App on the same phone. Only for the channel `app`. A link whose scheme is not https (branded Access Apps) is only in `raw`.
   */
  readonly appLinkUri?: string
}

interface UndecidedStatus extends Decoded {
  /** The transaction id of the approval or enrolment. */
  readonly transactionId?: string
  /** Nevis's id of the user. If the user is enrolled without a username, the id is absent until the enrolment has succeeded. */
  readonly userId?: string
  /** The username. Only in newer Nevis responses. */
  readonly username?: string
  /** A token for introspection. Nevis sends a token with `pending` and `failed` as well, so a token does not prove success. */
  readonly token?: string
  /** When the transaction was started; ISO 8601. */
  readonly createdAt?: string
  /** When the status last changed; ISO 8601. */
  readonly lastUpdatedAt?: string
}

/** The user has neither approved nor denied yet. */
export interface PendingStatus extends UndecidedStatus {
  /** The user has not approved or denied yet. */
  readonly status: 'pending'
}

/** The user has denied, or the transaction has expired. Nevis does not say which. */
export interface FailedStatus extends UndecidedStatus {
  /** The user has denied, or the transaction has expired. Nevis does not say which. */
  readonly status: 'failed'
}

/** The user has approved or enrolled. Introspect the token before you log the user in. */
export interface SucceededStatus extends UndecidedStatus {
  /** The user has approved or enrolled. */
  readonly status: 'succeeded'
  /** The transaction token. Introspect it before you log the user in. */
  readonly token: string
}

/** Nevis does not know the status token. */
export interface UnknownStatus extends Decoded {
  /** Nevis does not know the status token. */
  readonly status: 'unknown'
}

/**
 * The status of a transaction; `status` distinguishes the cases.
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/#status-polling
 */
export type Status = PendingStatus | SucceededStatus | FailedStatus | UnknownStatus

/** The result of `introspect` for a token that this instance did not issue, or that is no longer valid. */
export interface InactiveToken extends Decoded {
  /** Always false. TypeScript distinguishes InactiveToken from ActiveToken by this value. */
  readonly active: false
}

/**
 * The result of `introspect` for a valid token of this instance. Such a token does not prove a login: access keys, status tokens and intent tokens are
 * active as well.
 */
export interface ActiveToken extends Decoded {
  /** Always true. TypeScript distinguishes ActiveToken from InactiveToken by this value. */
  readonly active: true
  /** The subject: the userId if the token is a transaction token. */
  readonly sub?: string
  /** The issuer, as sent by Nevis. It ends with a slash. */
  readonly iss?: string
  /** The audience, always as a list. For an access key, the list contains `api`. */
  readonly aud?: readonly string[]
  /** When the token expires, in seconds since 1970. Milliseconds from Nevis are converted. */
  readonly exp?: number
  /** When the token was issued, in seconds since 1970. */
  readonly iat?: number
  /** From when the token is valid, in seconds since 1970. */
  readonly nbf?: number
  /** The `Date` header of Nevis's response, in milliseconds since 1970. It shows the time of Nevis's clock. */
  readonly answeredAt?: number
}

/**
 * The introspection of a token; `active` distinguishes the cases.
 *
 * Source: RFC 7662, https://docs.nevis.net/apidoc/authcloud/#checking-token-validity
 */
export type Introspection = InactiveToken | ActiveToken

/** The intent token, with which the browser starts Nevis's widget. */
export interface Intent extends Decoded {
  /** The intent token, with which Nevis's widget runs one approval or one enrolment. Valid for one use within ten minutes. */
  readonly token: string
}
