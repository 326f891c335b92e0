/**
 * The TypeScript types of the parameters of client methods.
 *
 * Out of scope: validation at run time (`checks.ts`), which JavaScript applications need.
 */
import type { ApprovalChannel, EnrollmentChannel, IntentChannel, Open, Operation } from './wire'

/**
 * A user of this instance: by username (your application's own stable identifier) or by Nevis's userId, never both.
 * A username has 1 to 300 of the characters `A-Z a-z 0-9 _ . @ -`; a userId is a UUID.
 */
export type UserReference =
  | {
      /** Your application's own identifier of the user. It must never change. */
      username: string
      /** Must be absent if `username` is given. */
      userId?: undefined
    }
  | {
      /** Nevis's identifier of the user, a UUID. It never changes. */
      userId: string
      /** Must be absent if `userId` is given. */
      username?: undefined
    }

/** Enrols a new user without a username. `anonymous: true` is required, so that a call that passes `username: undefined` by mistake creates no user. */
export interface AnonymousEnrollRequest {
  /** Always true: it tells Nevis to create a user without a username. */
  anonymous: true
  /** The channel. Only `app` is possible. */
  channel?: 'app' | undefined
  /** Not allowed: the user has no username. */
  username?: undefined
  /** Not allowed: a new user has no userId yet. */
  userId?: undefined
}

/** Enrols a new user, or adds a factor for an existing one. Call it only for a user who is already authenticated: Nevis does not check who the user is. */
export type UserEnrollRequest = UserReference & {
  /** Must be absent: `anonymous: true` is allowed only without `username` and `userId`. */
  anonymous?: undefined
  /** Default `app`. `sms` needs `phone`; `recovery` needs a username. */
  channel?: Open<EnrollmentChannel> | undefined
  /** The phone number for `sms`, in international form: `+` and 5 to 15 digits. */
  phone?: string | undefined
  /** The text of the SMS for `sms`, in the GSM-7 alphabet, with `{{CODE}}` where the code goes. */
  message?: string | undefined
}

/** The parameter of `NevisClient.enroll`. */
export type EnrollRequest = AnonymousEnrollRequest | UserEnrollRequest

/** The parameter of `NevisClient.approve`: the user, the channel and the message. */
export type ApproveRequest = UserReference & {
  /** Default `push`. Older Nevis instances use the name `qr-code` for the channel `app`. */
  channel?: Open<ApprovalChannel> | undefined
  /** True: the user must accept or deny explicitly in the Access App. Only for push and app, and only with a `message`. Nevis's default is false. */
  prompt?: boolean | undefined
  /**
   * The text that the user reads. For push and app: plain text, or `<html>…</html>` with the tags `b br em i strong u`. Insert untrusted values
   * into an `<html>` message only with `htmlMessage`. For sms: the text of the SMS in the GSM-7 alphabet, with `{{CODE}}` where the code goes.
   */
  message?: string | undefined
  /** The text of the notification in the phone's notification area. The text in the Access App is `message`. */
  notificationMessage?: string | undefined
  /** Id of the authenticator to ask. Default: the user's authenticator that was registered last. For `app`, `*` means any of the user's authenticators. */
  authenticatorId?: string | undefined
}

/** The parameter of `NevisClient.verifyCode`: an SMS code with the status token of its approval or enrolment, or a recovery code of the user. */
export type VerifyCodeRequest =
  | {
      /** The user for whom your server started the transaction. Take it from data on your server, never from the browser. */
      userId: string
      /** The SMS code: digits only. The factors of this package remove spaces from what the user typed. */
      code: string
      /** The status token from the response to `approve` or `enroll`. */
      statusToken: string
      /** Newer Nevis documentation requires `sms` here; older documentation does not have this field. Default: not sent. */
      channel?: 'sms' | undefined
    }
  | {
      /** The user to whom the recovery code belongs. */
      userId: string
      /** The recovery code: letters, digits and dashes; upper and lower case differ. */
      code: string
      /** Required, to distinguish a recovery code from an SMS code. */
      channel: 'recovery'
      /** Must be absent for a recovery code. */
      statusToken?: undefined
    }

/** The parameter of `NevisClient.createIntent`. */
export type CreateIntentRequest = UserReference & {
  /** The operation that the widget performs: approve or enroll. */
  operation: Operation
  /** The channels that the widget may use. Default: all. */
  channels?: readonly IntentChannel[] | undefined
}
