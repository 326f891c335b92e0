/**
 * What the client can be asked, as types.
 *
 * Out of scope: checking what is asked (`checks.ts`); types alone are no help to an app written in JavaScript.
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
      /** Not with a username. */
      userId?: undefined
    }
  | {
      /** Nevis's lifelong identifier of the user. */
      userId: string
      /** Not with a userId. */
      username?: undefined
    }

/**
 * A new user without a username. It has to be said in so many words: JSON drops a field that is `undefined`, and Nevis
 * answers an empty request by making another new user each time.
 */
export interface AnonymousEnrollRequest {
  /** Says that a user without a username is meant. */
  anonymous: true
  /** Default `app`; there is no other. */
  channel?: 'app' | undefined
  /** Not for a user without one. */
  username?: undefined
  /** Not for a new user. */
  userId?: undefined
}

/**
 * Enrols a new user, or adds a factor to an existing one. Nevis asks for no proof of identity here: call it only for
 * a person who is already authenticated.
 */
export type UserEnrollRequest = UserReference & {
  /** Only for a user without a username. */
  anonymous?: undefined
  /** Default `app`; sent only if given. `sms` needs `phone`; `recovery` needs a username. */
  channel?: Open<EnrollmentChannel> | undefined
  /** For `sms`: international, `+` and 5 to 15 digits. */
  phone?: string | undefined
  /** For `sms`: the text, in the GSM-7 alphabet, with `{{CODE}}` where the code goes. */
  message?: string | undefined
}

/** What `NevisClient.enroll` takes. */
export type EnrollRequest = AnonymousEnrollRequest | UserEnrollRequest

/** What `NevisClient.approve` takes: whom to ask, by which channel, and with which words. */
export type ApproveRequest = UserReference & {
  /** Default `push`. `qr-code` is what older instances call `app`. */
  channel?: Open<ApprovalChannel> | undefined
  /** Asks the person to accept or deny in so many words; push and app only. Needs a `message`. Nevis's default is false. */
  prompt?: boolean | undefined
  /**
   * push, app: what is shown in the app. Plain text, or `<html>…</html>` with the tags `b br em i strong u`. Never put
   * text that somebody else can influence into an `<html>` message.
   * sms: the text, in the GSM-7 alphabet, with `{{CODE}}` where the code goes.
   */
  message?: string | undefined
  /** The text in the phone's notification area. */
  notificationMessage?: string | undefined
  /** Which device; default is the one registered last. `*` (any device) only for `app`. */
  authenticatorId?: string | undefined
}

/** SMS codes belong to the status token of their approval or enrolment; recovery codes to the user alone. */
export type VerifyCodeRequest =
  | {
      /** Whose transaction it is, from the server's own record. */
      userId: string
      /** The digits; factors of this package normalise what the person typed. */
      code: string
      /** From the answer of `approve` or `enroll`. */
      statusToken: string
      /** Not for SMS. */
      channel?: undefined
    }
  | {
      /** Whose recovery codes they are. */
      userId: string
      /** Letters, digits and dashes; upper and lower case differ. */
      code: string
      /** Says that it is a recovery code. */
      channel: 'recovery'
      /** Not for recovery codes. */
      statusToken?: undefined
    }

/** What `NevisClient.createIntent` takes. */
export type CreateIntentRequest = UserReference & {
  /** What the widget may do with the token. */
  operation: Operation
  /** Which channels it may use: `app`, `push`, `sms`. Default: all. */
  channels?: readonly IntentChannel[] | undefined
}
