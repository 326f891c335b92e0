/**
 * The types of the client's results: Nevis's responses after decoding.
 *
 * Out of scope: decoding (`decode.ts`). Dates are Nevis's own ISO 8601 strings unless a name says otherwise.
 */
import type { RawAnswer } from './answer'
import type { Open } from './wire'

interface Decoded {
  /** The response's JSON as received, including new and undocumented fields. Do not log it: it contains tokens. */
  readonly raw: RawAnswer
}

/** A picture to scan with the Access App. */
export interface QrCode {
  /** The picture as `data:image/…;base64,…`, validated so that it cannot break out of an HTML attribute. */
  readonly dataUri: string
  /** The media type of the picture, such as `image/png`. */
  readonly type?: string
  /** Width and height in pixels. */
  readonly size?: number
}

/**
 * A phone with the Access App, or a passkey, of a user.
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/#authenticator
 */
export interface Authenticator extends Decoded {
  /**
   * Id of the authenticator, a UUID. Nevis documents an id for every authenticator. An authenticator without an id counts as a factor, but cannot be
   * renamed or deleted.
   */
  readonly authenticatorId?: string
  /** The name that the user chose for the authenticator. It can contain personal data. */
  readonly name?: string
  /** The phone's system. */
  readonly type?: Open<'ios' | 'android'>
  /** The app on a phone, or a passkey. */
  readonly authenticatorType?: Open<'app' | 'fido2'>
  /** Nevis documents no complete list of values. */
  readonly state?: string
  /** When the authenticator was registered; ISO 8601. */
  readonly enrolledAt?: string
  /** When the authenticator was last changed; ISO 8601. */
  readonly updatedAt?: string
  /** Only in newer responses, and only for authenticators of the app. */
  readonly uaf?: UafDetails
}

/** An authenticator that can be renamed and deleted. */
export interface NamedAuthenticator extends Authenticator {
  /** A UUID. */
  readonly authenticatorId: string
}

/**
 * Nevis's details about an Access App.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/authenticator-endpoint-ref
 */
export interface UafDetails {
  /** User agent of the app that registered the authenticator. */
  readonly userAgent?: string
  /** The phone's own reference, as the app reports it. */
  readonly deviceRef?: string
  /** True if the user has switched notifications off: they see a push only when they open the app. */
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
  /** When the user last logged in successfully; ISO 8601. Only in newer answers. */
  readonly lastLoginDateSuccess?: string
  /** When a login of the user last failed; ISO 8601. Only in newer answers. */
  readonly lastLoginDateFailure?: string
  /** Present only while the user is blocked for push or SMS; Nevis does not document its shape. */
  readonly exceededRateLimits?: unknown
}

/**
 * A user of the instance.
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/#user
 */
export interface User extends UserFields {
  /** Nevis's lifelong identifier, a UUID in lower case. */
  readonly userId: string
  /** `new` until the first authenticator is confirmed. `unknown` if the answer has no status. */
  readonly status: Open<'new' | 'active'>
}

/**
 * A started enrolment. `app` and `push` always have transactionId, statusToken, and qrCode or a link; `sms` always
 * has statusToken. Nevis does not document the response for `recovery`: if `recoveryCodes` is absent, search in `raw`.
 */
export interface Enrollment extends UserFields {
  /** Nevis's lifelong identifier, a UUID in lower case. Always there for `app` and `push`. */
  readonly userId?: string
  /** Status of the user. Nevis documents it for `app` and `push`. */
  readonly status?: Open<'new' | 'active'>
  /** Nevis's id of the enrolment. Always there for `app` and `push`. */
  readonly transactionId?: string
  /** Token for `getStatus`. Keep it on the server. */
  readonly statusToken?: string
  /** QR code to scan with the Access App. Always there for `app` and `push`, unless Nevis sent only a link. */
  readonly qrCode?: QrCode
  /**
   * A deep link that opens the app on the same phone. If its scheme is not https, as for branded apps, it is only in `raw`. It acts like a bearer
   * token: keep it out of logs.
   */
  readonly appLinkUri?: string
  /** The new recovery codes. Show them to the user once. Never store them unencrypted. */
  readonly recoveryCodes?: readonly string[]
}

/** A started approval. */
export interface Approval extends Decoded {
  /** Identifies the approval in status responses and audit logs. */
  readonly transactionId: string
  /** The userId of the user who is asked. */
  readonly userId: string
  /** Token for `getStatus`. Keep it on the server. */
  readonly statusToken: string
  /** QR code to scan with the Access App. For `app`, unless Nevis sent only a link. */
  readonly qrCode?: QrCode
  /** A deep link that opens the app on the same phone, for `app`. If its scheme is not https, as for branded apps, the link is only in `raw`. */
  readonly appLinkUri?: string
}

interface UndecidedStatus extends Decoded {
  /** The transaction id of the approval or enrolment. */
  readonly transactionId?: string
  /** Nevis's id of the user. Absent until the operation succeeds, if the operation was started without a username. */
  readonly userId?: string
  /** The username. Only in newer answers. */
  readonly username?: string
  /** Nevis sends a token with the status `pending` or `failed`, too, so a token alone proves nothing. */
  readonly token?: string
  /** When the transaction was started; ISO 8601. */
  readonly createdAt?: string
  /** When the status last changed; ISO 8601. */
  readonly lastUpdatedAt?: string
}

/** The user has not answered yet. */
export interface PendingStatus extends UndecidedStatus {
  /** Distinguishes this status from the others. */
  readonly status: 'pending'
}

/** The user denied, or the transaction timed out: Nevis does not say which. */
export interface FailedStatus extends UndecidedStatus {
  /** Distinguishes this status from the others. */
  readonly status: 'failed'
}

/** The user has approved or enrolled. The token must still be introspected. */
export interface SucceededStatus extends UndecidedStatus {
  /** Distinguishes this status from the others. */
  readonly status: 'succeeded'
  /** The transaction token, to be introspected. */
  readonly token: string
}

/** Nevis does not know the status token. */
export interface UnknownStatus extends Decoded {
  /** Distinguishes this status from the others. */
  readonly status: 'unknown'
}

/**
 * The status of a transaction; `status` distinguishes the cases.
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/#status-polling
 */
export type Status = PendingStatus | SucceededStatus | FailedStatus | UnknownStatus

/** The introspection of a token that this instance did not issue, or that is no longer valid. */
export interface InactiveToken extends Decoded {
  /** Always false. TypeScript uses this value to tell the token from an active one. */
  readonly active: false
}

/**
 * The introspection of a token that this instance issued and that is still valid. That alone proves no login: access keys, status tokens
 * and intent tokens are active, too.
 */
export interface ActiveToken extends Decoded {
  /** Always true. TypeScript uses this value to tell the token from an inactive one. */
  readonly active: true
  /** For a transaction token, the userId. */
  readonly sub?: string
  /** The issuer, as received. Nevis's value ends with a slash. */
  readonly iss?: string
  /** The audience: always a list, even if Nevis sends a string. It contains `api` for an access key. */
  readonly aud?: readonly string[]
  /** When the token expires, in seconds since 1970. If Nevis sends milliseconds, they are converted. */
  readonly exp?: number
  /** When the token was issued, in seconds since 1970. */
  readonly iat?: number
  /** From when the token is valid, in seconds since 1970. */
  readonly nbf?: number
  /** When Nevis answered, by its own clock: the `Date` header, in milliseconds since 1970. */
  readonly answeredAt?: number
}

/**
 * The introspection of a token; `active` distinguishes the cases.
 *
 * Source: RFC 7662, https://docs.nevis.net/apidoc/authcloud/#checking-token-validity
 */
export type Introspection = InactiveToken | ActiveToken

/** The token with which the browser starts Nevis's widget. */
export interface Intent extends Decoded {
  /** The intent token for the widget: valid for one use within ten minutes. */
  readonly token: string
}
