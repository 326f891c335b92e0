/**
 * What the client gives back, as types: Nevis's answers after they were decoded.
 *
 * Not its job: to decode (`decode.ts`). Dates are Nevis's own ISO 8601 strings unless a name says otherwise.
 */
import type { RawAnswer } from './answer'
import type { Open } from './wire'

interface Decoded {
  /** The answer's JSON as received: fields that are new or not documented stay reachable. Not for logs: it holds tokens. */
  readonly raw: RawAnswer
}

export interface QrCode {
  /** `data:image/png;base64,…`, and nothing that could break out of an HTML attribute. */
  readonly dataUri: string
  /** A media type, `image/png`. */
  readonly type?: string
  /** Width and height in pixels. */
  readonly size?: number
}

/** Source: https://docs.nevis.net/apidoc/authcloud/#authenticator */
export interface Authenticator extends Decoded {
  readonly authenticatorId: string
  /** Free text by the person; may hold personal data. */
  readonly name?: string
  readonly type?: Open<'ios' | 'android'>
  readonly authenticatorType?: Open<'app' | 'fido2'>
  readonly state?: string
  readonly enrolledAt?: string
  readonly updatedAt?: string
  /** Of newer answers, and only for authenticators of the app. */
  readonly uaf?: UafDetails
}

/** Source: https://docs.nevis.net/authcloud/api-doc/api-reference/authenticator-endpoint-ref */
export interface UafDetails {
  readonly userAgent?: string
  readonly deviceRef?: string
  /** The person has switched notifications off: a push waits unseen until the app is opened. */
  readonly userDisabledPushNotification?: boolean
}

interface UserFields extends Decoded {
  readonly userId: string
  readonly username?: string
  readonly authenticators: readonly Authenticator[]
  readonly createdAt?: string
  readonly updatedAt?: string
  /** Of newer answers. */
  readonly lastLoginDateSuccess?: string
  /** Of newer answers. */
  readonly lastLoginDateFailure?: string
  /** There only while the user is blocked for push or SMS; Nevis does not document its shape. */
  readonly exceededRateLimits?: unknown
}

/** Source: https://docs.nevis.net/apidoc/authcloud/#user */
export interface User extends UserFields {
  /** `new` until the first authenticator is confirmed. */
  readonly status: Open<'new' | 'active'>
}

/**
 * An enrolment under way. `app` and `push` always have transactionId, statusToken, qrCode and appLinkUri; `sms` always
 * has statusToken. Nevis does not document the answer for `recovery`: if `recoveryCodes` is absent, look into `raw`.
 */
export interface Enrollment extends UserFields {
  /** Always there for `app` and `push`. */
  readonly status?: Open<'new' | 'active'>
  readonly transactionId?: string
  readonly statusToken?: string
  readonly qrCode?: QrCode
  /** A deep link that opens the app on the same phone. It acts like a bearer token: keep it out of logs. */
  readonly appLinkUri?: string
  /** To be shown to the person once. Never store them in clear. */
  readonly recoveryCodes?: readonly string[]
}

export interface Approval extends Decoded {
  readonly transactionId: string
  readonly userId: string
  /** Keep it on the server. */
  readonly statusToken: string
  /** Always there for `app`. */
  readonly qrCode?: QrCode
  /** Always there for `app`. */
  readonly appLinkUri?: string
}

interface UndecidedStatus extends Decoded {
  readonly transactionId: string
  /** Absent for operations without a username until they succeed. */
  readonly userId?: string
  readonly username?: string
  /** Nevis sends a token with these, too: having one proves nothing. */
  readonly token?: string
  readonly createdAt?: string
  readonly lastUpdatedAt?: string
}

export interface PendingStatus extends UndecidedStatus {
  readonly status: 'pending'
}

/** Denied by the person, or timed out: Nevis does not tell which. */
export interface FailedStatus extends UndecidedStatus {
  readonly status: 'failed'
}

export interface SucceededStatus extends UndecidedStatus {
  readonly status: 'succeeded'
  readonly userId: string
  /** The transaction token, to be introspected. */
  readonly token: string
}

/** Nevis does not know the status token. */
export interface UnknownStatus extends Decoded {
  readonly status: 'unknown'
}

/** Source: https://docs.nevis.net/apidoc/authcloud/#status-polling */
export type Status = PendingStatus | SucceededStatus | FailedStatus | UnknownStatus

export interface InactiveToken extends Decoded {
  readonly active: false
}

/**
 * A token that this instance issued and that still holds. That alone proves no login: access keys, status tokens and
 * intent tokens are active as well.
 */
export interface ActiveToken extends Decoded {
  readonly active: true
  /** For a transaction token, the userId. */
  readonly sub?: string
  /** As received; Nevis ends it in a slash. */
  readonly iss?: string
  readonly aud?: readonly string[]
  /** Seconds since 1970, whichever unit the answer used. */
  readonly exp?: number
  /** Seconds since 1970. */
  readonly iat?: number
  /** Seconds since 1970. */
  readonly nbf?: number
}

/** Source: RFC 7662, https://docs.nevis.net/apidoc/authcloud/#checking-token-validity */
export type Introspection = InactiveToken | ActiveToken

export interface Intent extends Decoded {
  /** For the widget: good for one use within ten minutes. */
  readonly token: string
}
