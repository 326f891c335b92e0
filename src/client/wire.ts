/**
 * The types of the JSON that this client exchanges with the Nevis Authentication Cloud.
 *
 * An enumeration is open if Nevis's documentation says that Nevis may add values without notice. Out of scope: validating or decoding the
 * JSON (`checks.ts`, `decode.ts`).
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/ (older) and https://docs.nevis.net/authcloud/api-doc/ (newer).
 */

/** A string enumeration that editors complete and that accepts unknown values. */
export type Open<Known extends string> = Known | (string & {})

/** What a user is asked to do. */
export type Operation = 'approve' | 'enroll'

/** Channels of an approval; `qr-code` is the name of `app` in the older documents. */
export type ApprovalChannel = 'push' | 'app' | 'qr-code' | 'sms'
/** Channels that can be enrolled; `push` and `app` are the same Access App. */
export type EnrollmentChannel = 'app' | 'push' | 'sms' | 'recovery'
/** Channels that Nevis's widget may use. */
export type IntentChannel = 'app' | 'push' | 'sms'

export interface EnrollBody {
  username?: string
  userId?: string
  channel?: string
  phone?: string
  message?: string
  /** The username; the only snake-case field in this API. */
  recovery_username?: string
}

export interface ApprovalBody {
  username?: string
  userId?: string
  channel: string
  authenticatorId?: string
  prompt?: boolean
  message?: string
  notificationMessage?: string
}

export interface VerificationBody {
  code: string
  statusToken?: string
  channel?: string
}

export interface StatusBody {
  statusToken: string
}

export interface IntentBody {
  username?: string
  userId?: string
  operation: string
  channels?: string[]
}

export interface QrCodeJson {
  type: string
  size: number
  /** The picture: `data:image/png;base64,…` */
  dataUri: string
}

/** An authenticator as JSON. Dates are ISO 8601. */
export interface AuthenticatorJson {
  /** A UUID. */
  authenticatorId: string
  /** The name that the user chose. */
  name?: string
  /** The phone's system. */
  type?: Open<'ios' | 'android'>
  /** The app on a phone, or a passkey. */
  authenticatorType?: Open<'app' | 'fido2'>
  /** Nevis documents no complete list of values. */
  state?: string
  /** When it was registered. */
  enrolledAt?: string
  /** When the authenticator was last changed. */
  updatedAt?: string
  /** Only for authenticators of the app. */
  uaf?: {
    /** User agent of the app that registered the authenticator. */
    userAgent?: string
    /** The phone's own reference. */
    deviceRef?: string
    /** The user has switched notifications off. */
    userDisabledPushNotification?: boolean
  }
}

export interface UserJson {
  userId: string
  username?: string | null
  status: Open<'new' | 'active'>
  createdAt?: string
  updatedAt?: string
  lastLoginDateSuccess?: string
  lastLoginDateFailure?: string
  authenticators: AuthenticatorJson[]
  /** Present only while the user is blocked for SMS or push; its shape is not documented. */
  exceededRateLimits?: unknown
}

export interface EnrollmentJson extends UserJson {
  enrollment: {
    transactionId?: string
    statusToken?: string
    qrCode?: QrCodeJson
    appLinkUri?: string
  }
}

export interface ApprovalJson {
  transactionId: string
  userId?: string | null
  statusToken: string
  qrCode?: QrCodeJson
  appLinkUri?: string
}

/** `unknown` has no other fields and comes with HTTP 404; `failed` comes with HTTP 412. */
export interface StatusJson {
  status: 'pending' | 'succeeded' | 'failed' | 'unknown'
  transactionId?: string
  userId?: string
  username?: string
  /** The transaction token. Also present while the transaction is pending or after it failed, so its presence proves nothing. */
  token?: string
  createdAt?: string
  lastUpdatedAt?: string
}

/** Nevis's tables say that times are in seconds, but its example shows milliseconds. */
export interface IntrospectionJson {
  active: boolean
  sub?: string
  iss?: string
  aud?: string | string[]
  iat?: number | string
  exp?: number | string
  nbf?: number | string
}

export interface IntentJson {
  token: string
}

/** A 403 has no `message` and a numeric `timestamp`; a 400 has both `message` and an ISO `timestamp`. */
export interface ErrorJson {
  error: string
  path: string
  status: number
  timestamp: string | number
  message?: string
}
