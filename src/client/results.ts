/**
 * What the client gives back, as types: Nevis's answers after they were decoded.
 *
 * Out of scope: decoding (`decode.ts`). Dates are Nevis's own ISO 8601 strings unless a name says otherwise.
 */
import type { RawAnswer } from './answer'
import type { Open } from './wire'

interface Decoded {
  /** The answer's JSON as received: fields that are new or not documented stay reachable. Not for logs: it holds tokens. */
  readonly raw: RawAnswer
}

/** A picture to scan with the Access App. */
export interface QrCode {
  /** `data:image/png;base64,…`, and nothing that could break out of an HTML attribute. */
  readonly dataUri: string
  /** A media type, `image/png`. */
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
  /** A UUID. Nevis documents it for each; one without it counts as a factor, and can be neither renamed nor deleted. */
  readonly authenticatorId?: string
  /** Free text by the person; may hold personal data. */
  readonly name?: string
  /** The phone's system. */
  readonly type?: Open<'ios' | 'android'>
  /** The app on a phone, or a passkey. */
  readonly authenticatorType?: Open<'app' | 'fido2'>
  /** Nevis names no closed list. */
  readonly state?: string
  /** When it was registered; ISO 8601. */
  readonly enrolledAt?: string
  /** When it was last changed; ISO 8601. */
  readonly updatedAt?: string
  /** Of newer answers, and only for authenticators of the app. */
  readonly uaf?: UafDetails
}

/** An authenticator that can be renamed and deleted. */
export interface NamedAuthenticator extends Authenticator {
  /** A UUID. */
  readonly authenticatorId: string
}

/**
 * What Nevis knows of an Access App.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/authenticator-endpoint-ref
 */
export interface UafDetails {
  /** Of the app that registered it. */
  readonly userAgent?: string
  /** The phone's own reference. */
  readonly deviceRef?: string
  /** The person has switched notifications off: a push waits unseen until the app is opened. */
  readonly userDisabledPushNotification?: boolean
}

interface UserFields extends Decoded {
  /** Nevis's lifelong identifier, a UUID. */
  readonly userId: string
  /** Absent for a user who was enrolled without one. */
  readonly username?: string
  /** The person's phones and passkeys. */
  readonly authenticators: readonly Authenticator[]
  /** ISO 8601. */
  readonly createdAt?: string
  /** ISO 8601. */
  readonly updatedAt?: string
  /** ISO 8601, of newer answers. */
  readonly lastLoginDateSuccess?: string
  /** ISO 8601, of newer answers. */
  readonly lastLoginDateFailure?: string
  /** There only while the user is blocked for push or SMS; Nevis does not document its shape. */
  readonly exceededRateLimits?: unknown
}

/**
 * A user of the instance.
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/#user
 */
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
  /** Always there for `app` and `push`. */
  readonly transactionId?: string
  /** Keep it on the server. */
  readonly statusToken?: string
  /** Always there for `app` and `push`. */
  readonly qrCode?: QrCode
  /** A deep link that opens the app on the same phone. It acts like a bearer token: keep it out of logs. */
  readonly appLinkUri?: string
  /** To be shown to the person once. Never store them in clear. */
  readonly recoveryCodes?: readonly string[]
}

/** An approval under way. */
export interface Approval extends Decoded {
  /** Names it in the status and in audit logs. */
  readonly transactionId: string
  /** Who is asked, by Nevis's own identifier. */
  readonly userId: string
  /** Keep it on the server. */
  readonly statusToken: string
  /** Always there for `app`. */
  readonly qrCode?: QrCode
  /** Always there for `app`. */
  readonly appLinkUri?: string
}

interface UndecidedStatus extends Decoded {
  /** The one of the approval or enrolment. */
  readonly transactionId: string
  /** Absent for operations without a username until they succeed. */
  readonly userId?: string
  /** Of newer answers. */
  readonly username?: string
  /** Nevis sends a token with these, too: having one proves nothing. */
  readonly token?: string
  /** ISO 8601. */
  readonly createdAt?: string
  /** ISO 8601. */
  readonly lastUpdatedAt?: string
}

/** Nobody has answered yet. */
export interface PendingStatus extends UndecidedStatus {
  /** Tells it from the others. */
  readonly status: 'pending'
}

/** Denied by the person, or timed out: Nevis does not tell which. */
export interface FailedStatus extends UndecidedStatus {
  /** Tells it from the others. */
  readonly status: 'failed'
}

/** Approved or enrolled; whose token it is remains to be introspected. */
export interface SucceededStatus extends UndecidedStatus {
  /** Tells it from the others. */
  readonly status: 'succeeded'
  /** Who has done it. */
  readonly userId: string
  /** The transaction token, to be introspected. */
  readonly token: string
}

/** Nevis does not know the status token. */
export interface UnknownStatus extends Decoded {
  /** Tells it from the others. */
  readonly status: 'unknown'
}

/**
 * Where a transaction stands: look at `status`.
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/#status-polling
 */
export type Status = PendingStatus | SucceededStatus | FailedStatus | UnknownStatus

/** A token that this instance did not issue, or that does not hold any more. */
export interface InactiveToken extends Decoded {
  /** Tells it from an active one. */
  readonly active: false
}

/**
 * A token that this instance issued and that still holds. That alone proves no login: access keys, status tokens and
 * intent tokens are active as well.
 */
export interface ActiveToken extends Decoded {
  /** Tells it from an inactive one. */
  readonly active: true
  /** For a transaction token, the userId. */
  readonly sub?: string
  /** As received; Nevis ends it in a slash. */
  readonly iss?: string
  /** As a list, also where Nevis sends one text. `api` is that of access keys. */
  readonly aud?: readonly string[]
  /** Seconds since 1970, whichever unit the answer used. */
  readonly exp?: number
  /** Seconds since 1970. */
  readonly iat?: number
  /** Seconds since 1970. */
  readonly nbf?: number
}

/**
 * What Nevis says of a token: look at `active`.
 *
 * Source: RFC 7662, https://docs.nevis.net/apidoc/authcloud/#checking-token-validity
 */
export type Introspection = InactiveToken | ActiveToken

/** What starts Nevis's widget. */
export interface Intent extends Decoded {
  /** For the widget: good for one use within ten minutes. */
  readonly token: string
}
