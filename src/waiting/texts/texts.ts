/**
 * The texts that each language of the waiting page needs.
 *
 * Out of scope: choosing a language (`languages.ts`).
 */
import type { FailureCode } from '../../factors/failures'

/** Texts by name of the factor; `other` is for your own factors. */
export type ByFactor = Readonly<Record<'push' | 'app' | 'sms' | 'recovery' | 'widget' | 'other', string> & Record<string, string>>
/** Texts by name of a factor that can be enrolled; `other` is for your own factors. */
export type ByEnrollable = Readonly<Record<'app' | 'sms' | 'recovery' | 'widget' | 'other', string> & Record<string, string>>

/** The texts of the waiting page and the outage page, in one language. */
export interface Texts {
  /** Direction of the script. */
  readonly dir: 'ltr' | 'rtl'
  /** Heading while the page waits for the user. */
  readonly heading: ByFactor
  /** What the user should do. */
  readonly hint: ByFactor
  /** Button that starts a factor. */
  readonly use: ByFactor
  /** Heading during an enrolment. */
  readonly enrollHeading: ByEnrollable
  /** What the user should do during an enrolment. */
  readonly enrollHint: ByEnrollable
  /** Button that starts an enrolment. */
  readonly enrollUse: ByEnrollable
  /** Label above the message that the user confirms. */
  readonly messageLabel: string
  /** Link that opens the Access App on the same phone. */
  readonly openApp: string
  /** Alternative text of the QR code. */
  readonly qrCode: string
  /** Label of the field for the code. */
  readonly code: string
  /** Label of the field for the phone number; asks for the country code. */
  readonly phoneNumber: string
  /** Button that submits the form. */
  readonly send: string
  /** After a wrong code; `{n}` is the number of attempts left. */
  readonly attemptsLeft: string
  /** Label before the remaining minutes and seconds. */
  readonly timeLeft: string
  /** Shown without JavaScript. */
  readonly refreshes: string
  /** Heading of the other factors. */
  readonly otherWays: string
  /** Button that sends the request or the code again. */
  readonly resend: string
  /** The same button while it is disabled; `{n}` is the number of seconds left. */
  readonly resendIn: string
  /** Link to the list of the user's own phones. */
  readonly anotherPhone: string
  /** Heading of that list. */
  readonly whichPhone: string
  /** Shown in place of the list if the user has no other phone. */
  readonly onlyPhone: string
  /** For a phone without a name; `{n}` is its position in the list. */
  readonly phone: string
  /** Button that starts the widget again. */
  readonly startOver: string
  /** Button that cancels the transaction. */
  readonly cancel: string
  /** Heading after the transaction ended without success. */
  readonly failed: string
  /** Announced when the approval has arrived. */
  readonly approved: string
  /** Shown in the other tabs when one tab continues. */
  readonly continuedInOtherTab: string
  /** Heading in those other tabs. */
  readonly continuedInOtherTabHeading: string
  /** Shown while the status cannot be loaded. */
  readonly offline: string
  /** Explains why the link cannot be used in this browser. */
  readonly unknownTransaction: string
  /** Heading while Nevis, or one of the app's own stores, is down. */
  readonly unavailable: string
  /** What an outage means for the user. */
  readonly unavailableHint: string
  /** Link of the outage page. */
  readonly tryAgain: string
  /** Button with which the user confirms that the recovery codes are saved. */
  readonly written: string
  /** Shown if the widget ended without success, or could not be loaded. */
  readonly widgetFailed: string
  /** Shown in place of the widget without JavaScript. */
  readonly needsScript: string
  /** Button beside the recovery codes. */
  readonly print: string
  /** Button beside the recovery codes. */
  readonly copy: string
  /** Announced after copying. */
  readonly copied: string
  /** Explanation of each failure; English uses the messages of `failures`. */
  readonly failure: Readonly<Record<FailureCode, string>>
}
