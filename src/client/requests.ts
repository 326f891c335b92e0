/**
 * The types of the client's requests.
 *
 * Out of scope: validating requests (`checks.ts`), which apps in JavaScript need as well.
 */
import type { ApprovalChannel, EnrollmentChannel, IntentChannel, Open, Operation } from './wire'

/**
 * A user of this instance: by username (the app's own stable identifier) or by Nevis's userId, never both.
 * A username has 1 to 300 of the characters `A-Z a-z 0-9 _ . @ -`; a userId is a UUID.
 */
export type UserReference =
  | {
      /** The app's own stable identifier of the user. */
      username: string
      /** Must be absent if `username` is given. */
      userId?: undefined
    }
  | {
      /** Nevis's lifelong identifier of the user. */
      userId: string
      /** Must be absent if `userId` is given. */
      username?: undefined
    }

/**
 * A new user without a username. The app must ask for this explicitly (`anonymous: true`): if it forgot the username, JSON would drop the field, and
 * Nevis would create another new user for each request.
 */
export interface AnonymousEnrollRequest {
  /** Must be true: creates a user without a username. */
  anonymous: true
  /** The channel. Default `app`; no other is possible. */
  channel?: 'app' | undefined
  /** Not allowed: the user has no username. */
  username?: undefined
  /** Not allowed: a new user has no userId yet. */
  userId?: undefined
}

/**
 * Enrols a new user, or adds a factor to an existing one. Nevis asks for no proof of identity: call it only for a user who is
 * already authenticated.
 */
export type UserEnrollRequest = UserReference & {
  /** Only for a user without a username. */
  anonymous?: undefined
  /** Default `app`. `sms` needs `phone`; `recovery` needs a username. */
  channel?: Open<EnrollmentChannel> | undefined
  /** The phone number for `sms`, in international form: `+` and 5 to 15 digits. */
  phone?: string | undefined
  /** The text of the SMS for `sms`, in the GSM-7 alphabet, with `{{CODE}}` where the code goes. */
  message?: string | undefined
}

/** What `NevisClient.enroll` takes. */
export type EnrollRequest = AnonymousEnrollRequest | UserEnrollRequest

/** What `NevisClient.approve` takes: the user, the channel and the message. */
export type ApproveRequest = UserReference & {
  /** Default `push`. `qr-code` is what older instances call `app`. */
  channel?: Open<ApprovalChannel> | undefined
  /** If true, the user must accept or deny explicitly. For push and app only, and it needs a `message`. Nevis's default is false. */
  prompt?: boolean | undefined
  /**
   * The message. For push and app, the text shown in the app: plain text, or `<html>…</html>` with the tags `b br em i strong u`. Do not insert
   * untrusted values into an `<html>` message yourself: use `htmlMessage`. For sms, the text in the GSM-7 alphabet, with `{{CODE}}` where the code
   * goes.
   */
  message?: string | undefined
  /** The text in the phone's notification area. */
  notificationMessage?: string | undefined
  /** Id of the authenticator to ask. Default: the one registered last. For `app` also `*`, any of the user's authenticators. */
  authenticatorId?: string | undefined
}

/** What `NevisClient.verifyCode` takes: an SMS code with the status token of its approval or enrolment, or a recovery code of the user. */
export type VerifyCodeRequest =
  | {
      /** The user of the transaction, from the server's own record. */
      userId: string
      /** The digits of the SMS code. The factors of this package normalise what the user typed. */
      code: string
      /** The status token from the answer of `approve` or `enroll`. */
      statusToken: string
      /** Newer Nevis documentation requires `sms` here; the older one does not have this field. Default: not sent. */
      channel?: 'sms' | undefined
    }
  | {
      /** The user to whom the recovery code belongs. */
      userId: string
      /** The recovery code: letters, digits and dashes; upper and lower case differ. */
      code: string
      /** Marks the code as a recovery code. */
      channel: 'recovery'
      /** Must be absent for a recovery code. */
      statusToken?: undefined
    }

/** What `NevisClient.createIntent` takes. */
export type CreateIntentRequest = UserReference & {
  /** What the widget may do with the token. */
  operation: Operation
  /** Which channels the widget may use: `app`, `push`, `sms`. Default: all. */
  channels?: readonly IntentChannel[] | undefined
}
