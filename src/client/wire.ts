/**
 * The types of the JSON that this client exchanges with the Nevis Authentication Cloud.
 *
 * An enumeration is `Open` if Nevis's documentation says that Nevis may add values without notice. Out of scope: validating or decoding the
 * JSON (`checks.ts`, `decode.ts`).
 *
 * Source: https://docs.nevis.net/apidoc/authcloud/ (older) and https://docs.nevis.net/authcloud/api-doc/ (newer).
 */

/** A string type. Editors suggest the known values, and TypeScript accepts any other string. */
export type Open<Known extends string> = Known | (string & {})

/** The operation of a transaction: to confirm something, or to register a factor. */
export type Operation = 'approve' | 'enroll'

/** How Nevis asks the user to approve. Older documents use the name `qr-code` for `app`. */
export type ApprovalChannel = 'push' | 'app' | 'qr-code' | 'sms'
/** What a user can enrol. `push` and `app` both enrol the Access App. */
export type EnrollmentChannel = 'app' | 'push' | 'sms' | 'recovery'
/** Channels that Nevis's widget may use. */
export type IntentChannel = 'app' | 'push' | 'sms'

export interface EnrollBody {
  username?: string
  userId?: string
  channel?: string
  phone?: string
  message?: string
  /** The username. It is the only field of this API in snake case. */
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
  dataUri: string
}

/** An authenticator in Nevis's JSON. Dates are ISO 8601. */
export interface AuthenticatorJson {
  /** Id of the authenticator, a UUID. */
  authenticatorId: string
  /** The name that the user chose for the authenticator. */
  name?: string
  /** The operating system of the phone. */
  type?: Open<'ios' | 'android'>
  /** `app` for the Access App on a phone, `fido2` for a passkey. */
  authenticatorType?: Open<'app' | 'fido2'>
  /** State of the authenticator. Nevis documents no complete list of values. */
  state?: string
  /** When the authenticator was registered. */
  enrolledAt?: string
  /** When the authenticator was last changed. */
  updatedAt?: string
  /** Only for authenticators of the type `app`. */
  uaf?: {
    /** User agent of the Access App at the registration. */
    userAgent?: string
    /** A reference to the phone, set by the Access App. */
    deviceRef?: string
    /** True if the user has switched notifications off. */
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
  /** Present only while Nevis blocks SMS or push for the user. Nevis does not document its shape. */
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

/** The status of a transaction. `unknown` has no other fields and comes with HTTP 404; `failed` comes with HTTP 412. */
export interface StatusJson {
  status: 'pending' | 'succeeded' | 'failed' | 'unknown'
  transactionId?: string
  userId?: string
  username?: string
  /** The transaction token. Nevis sends a token for a pending or failed transaction as well, so a token does not prove success. */
  token?: string
  createdAt?: string
  lastUpdatedAt?: string
}

/** The introspection of a token. Nevis's tables say that the times are in seconds, but its example shows milliseconds: `introspection.ts` accepts both. */
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

/** An error body of Nevis. A 403 has no `message` and a numeric `timestamp`; a 400 has a `message` and an ISO `timestamp`. */
export interface ErrorJson {
  error: string
  path: string
  status: number
  timestamp: string | number
  message?: string
}
