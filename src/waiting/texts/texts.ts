/**
 * What a language must say for the waiting page to speak it.
 *
 * Not its job: to choose among languages (`languages.ts`).
 */
import type { FailureCode } from '../../failures'

/** Texts by a factor's name; `other` is for factors of your own. */
export type ByFactor = Readonly<Record<'push' | 'app' | 'sms' | 'recovery' | 'widget' | 'other', string> & Record<string, string>>
/** The same for what can be enrolled. */
export type ByEnrollable = Readonly<Record<'app' | 'sms' | 'recovery' | 'widget' | 'other', string> & Record<string, string>>

export interface Texts {
  /** Direction of the script. */
  readonly dir: 'ltr' | 'rtl'
  /** Heading while a factor waits. */
  readonly heading: ByFactor
  /** What the person should do. */
  readonly hint: ByFactor
  /** Button that starts a factor. */
  readonly use: ByFactor
  /** The same at an enrolment. */
  readonly enrollHeading: ByEnrollable
  readonly enrollHint: ByEnrollable
  readonly enrollUse: ByEnrollable
  /** Above the message that the phone shows too. */
  readonly messageLabel: string
  readonly openApp: string
  /** For those who cannot see the QR code. */
  readonly qrCode: string
  readonly code: string
  /** At an enrolment by SMS; says that the country code belongs to it. */
  readonly phoneNumber: string
  readonly send: string
  /** After a wrong code; `{n}` is how many may still be tried. */
  readonly attemptsLeft: string
  readonly timeLeft: string
  /** Shown where there is no JavaScript. */
  readonly refreshes: string
  readonly otherWays: string
  readonly resend: string
  /** `{n}` is seconds. */
  readonly resendIn: string
  /** Link to the list of the person's own phones. */
  readonly anotherPhone: string
  /** Heading of that list. */
  readonly whichPhone: string
  /** In place of the list where there is nothing to choose from. */
  readonly onlyPhone: string
  /** For a phone without a name; `{n}` is its place in the list. */
  readonly phone: string
  /** Button that starts the widget anew. */
  readonly startOver: string
  readonly cancel: string
  /** Heading once it has ended without success. */
  readonly failed: string
  /** Announced when the approval is there. */
  readonly approved: string
  /** In the other tabs, when one of them goes on. */
  readonly elsewhere: string
  /** Heading of those tabs. */
  readonly nothingLeft: string
  readonly offline: string
  /** Opened where it was not started: an explanation, never a login. */
  readonly stranger: string
  /** Heading while Nevis, or one of the app's own stores, is down. */
  readonly unavailable: string
  readonly unavailableHint: string
  readonly tryAgain: string
  /** Confirms that the recovery codes were written down. */
  readonly written: string
  /** Shown when the widget has ended without a success, or has not come. */
  readonly widgetFailed: string
  /** Shown in the widget's place where there is no JavaScript. */
  readonly needsScript: string
  readonly print: string
  readonly copy: string
  readonly copied: string
  readonly failure: Readonly<Record<FailureCode, string>>
}
