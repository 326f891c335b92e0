/**
 * What a language must say for the waiting page to speak it.
 *
 * Not its job: to choose among languages (`languages.ts`).
 */
import type { FailureCode } from '../../factors/failures'

/** Texts by a factor's name; `other` is for factors of your own. */
export type ByFactor = Readonly<Record<'push' | 'app' | 'sms' | 'recovery' | 'widget' | 'other', string> & Record<string, string>>
/** Texts by the name of a factor that can be enrolled; `other` is for factors of your own. */
export type ByEnrollable = Readonly<Record<'app' | 'sms' | 'recovery' | 'widget' | 'other', string> & Record<string, string>>

/** What the waiting page and the outage page say, in one language. Factors are named by their `name`. */
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
  /** What the person should do at an enrolment. */
  readonly enrollHint: ByEnrollable
  /** Button that starts an enrolment. */
  readonly enrollUse: ByEnrollable
  /** Above the message that the phone shows too. */
  readonly messageLabel: string
  /** Link that opens the Access App on the same phone. */
  readonly openApp: string
  /** For those who cannot see the QR code. */
  readonly qrCode: string
  /** Label of the code's field. */
  readonly code: string
  /** At an enrolment by SMS; says that the country code belongs to it. */
  readonly phoneNumber: string
  /** Button that sends what was typed. */
  readonly send: string
  /** After a wrong code; `{n}` is how many may still be tried. */
  readonly attemptsLeft: string
  /** Before the minutes and seconds that are left. */
  readonly timeLeft: string
  /** Shown where there is no JavaScript. */
  readonly refreshes: string
  /** Heading of the other factors. */
  readonly otherWays: string
  /** Button that asks once more. */
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
  /** Button that ends it. */
  readonly cancel: string
  /** Heading once it has ended without success. */
  readonly failed: string
  /** Announced when the approval is there. */
  readonly approved: string
  /** In the other tabs, when one of them goes on. */
  readonly continuedInOtherTab: string
  /** Heading of those tabs. */
  readonly continuedInOtherTabHeading: string
  /** Shown while the status cannot be asked for. */
  readonly offline: string
  /** Opened where it was not started: an explanation, never a login. */
  readonly unknownTransaction: string
  /** Heading while Nevis, or one of the app's own stores, is down. */
  readonly unavailable: string
  /** What an outage means for the person. */
  readonly unavailableHint: string
  /** Link of the outage page. */
  readonly tryAgain: string
  /** Confirms that the recovery codes were written down. */
  readonly written: string
  /** Shown when the widget has ended without a success, or has not come. */
  readonly widgetFailed: string
  /** Shown in the widget's place where there is no JavaScript. */
  readonly needsScript: string
  /** Button beside the recovery codes. */
  readonly print: string
  /** Button beside the recovery codes. */
  readonly copy: string
  /** Announced after copying. */
  readonly copied: string
  /** What is told of each failure; English takes it from `failures`. */
  readonly failure: Readonly<Record<FailureCode, string>>
}
