/**
 * The JSON that travels between an application and the Nevis Authentication Cloud, as types and nothing else.
 *
 * Not its job: to check or to decode (see `checks.ts`, `decode.ts`). Enumerations are open where Nevis says that
 * new values come without notice.
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/ (older) and https://docs.nevis.net/authcloud/api-doc/ (newer).
 */

/** A string enumeration that keeps editor completion and lets unknown values pass. */
export type Open<Known extends string> = Known | (string & {})

/** What is asked of a person. */
export type Operation = 'approve' | 'enroll'

/** By which an approval can be asked for; `qr-code` is the older documents' name for `app`. */
export type ApprovalChannel = 'push' | 'app' | 'qr-code' | 'sms'
/** What can be enrolled; `push` and `app` are the same Access App. */
export type EnrollmentChannel = 'app' | 'push' | 'sms' | 'recovery'
/** What Nevis's widget may use. */
export type IntentChannel = 'app' | 'push' | 'sms'

export interface EnrollBody {
  username?: string
  userId?: string
  channel?: string
  phone?: string
  message?: string
  /** Snake case, alone in this API. */
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
  /** `data:image/png;base64,…` */
  dataUri: string
}

/** An authenticator as it travels. Dates are ISO 8601. */
export interface AuthenticatorJson {
  /** A UUID. */
  authenticatorId: string
  /** Free text by the person. */
  name?: string
  /** The phone's system. */
  type?: Open<'ios' | 'android'>
  /** The app on a phone, or a passkey. */
  authenticatorType?: Open<'app' | 'fido2'>
  /** Nevis names no closed list. */
  state?: string
  /** When it was registered. */
  enrolledAt?: string
  /** When it was last changed. */
  updatedAt?: string
  /** Only for authenticators of the app. */
  uaf?: {
    /** Of the app that registered it. */
    userAgent?: string
    /** The phone's own reference. */
    deviceRef?: string
    /** The person has switched notifications off. */
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
  /** Only there while the user is blocked for SMS or push; its shape is not documented. */
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

/** `unknown` comes alone, without the other fields, and with HTTP 404; `failed` comes with HTTP 412. */
export interface StatusJson {
  status: 'pending' | 'succeeded' | 'failed' | 'unknown'
  transactionId?: string
  userId?: string
  username?: string
  /** Also there while the transaction is pending or failed: its presence proves nothing. */
  token?: string
  createdAt?: string
  lastUpdatedAt?: string
}

/** Times are seconds in the documents' tables and milliseconds in their example. */
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

/** The first shape is that of a 400, the second that of a 403. */
export interface ErrorJson {
  error: string
  path: string
  status: number
  timestamp: string | number
  message?: string
}
