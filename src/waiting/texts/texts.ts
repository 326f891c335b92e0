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
  /** Name of the app on the phone, for `{app}` in other texts. The option `appName` replaces it. */
  readonly app: string
  /** The name with its article, for `{theApp}` in other texts. */
  readonly theApp: string
  /** Heading while the page waits for the user. */
  readonly heading: ByFactor
  /** What the user should do. */
  readonly hint: ByFactor
  /** Replaces the hint of `sms` if the app names the phone number; `{number}` is, for example, `•••• 0001`. */
  readonly sentToNumber: string
  /** What a screen reader says for that number; `{digits}` are its last digits. It also follows the button that starts `sms`. */
  readonly numberEnding: string
  /** Button that starts a factor. */
  readonly use: ByFactor
  /** Heading during an enrolment. */
  readonly enrollHeading: ByEnrollable
  /** What the user should do during an enrolment. */
  readonly enrollHint: ByEnrollable
  /** Button that starts an enrolment. */
  readonly enrollUse: ByEnrollable
  /** Label above the message, if the phone shows the same message. */
  readonly messageLabel: string
  /** Label above what the user confirms, if the phone does not show it, and above the list of details. */
  readonly confirming: string
  /** Link that opens the Access App on the same phone. */
  readonly openApp: string
  /** The numbered steps to set up the app. */
  readonly enrollSteps: Readonly<Record<'install' | 'scan' | 'finish', string>>
  /** Alternative text of the QR code. */
  readonly qrCode: string
  /** Last line of the message on the phone; `{code}` is the code that the user enters on the page. Shorter than 60 characters. */
  readonly typedCodeLine: string
  /** Replaces the hint of `push` if the phone shows such a code. */
  readonly typedCodeHint: string
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
  /** Announced once, half a minute before the end. */
  readonly endsSoon: string
  /** Button that gives more time. */
  readonly moreTime: string
  /** Without JavaScript: before the link that loads the page again. */
  readonly checkHint: string
  /** Without JavaScript: link that loads the page again. */
  readonly checkNow: string
  /** Heading of the other factors. */
  readonly otherWays: string
  /** Button that sends the request or the code again. */
  readonly resend: string
  /** The button that sends again, while it is disabled; `{n}` is the number of seconds left. */
  readonly resendIn: string
  /** Link to the list of the user's own phones. */
  readonly anotherPhone: string
  /** Heading of that list. */
  readonly whichPhone: string
  /** Shown in place of the list if the user has no other phone. */
  readonly onlyPhone: string
  /** Shown in place of the list while Nevis cannot be reached; the link `tryAgain` follows. */
  readonly phonesUnavailable: string
  /** Name of a phone to which the user gave none; `{n}` is its position in the list. */
  readonly phone: string
  /** Under the name of a phone; `{date}` is when it was registered. */
  readonly registered: string
  /** Under the name of the phone that the transaction asks, by name of the factor; `other` is for your own factors. */
  readonly askedPhone: Readonly<Record<'push' | 'app' | 'other', string> & Record<string, string>>
  /** Button that starts the widget again. */
  readonly startOver: string
  /** Button that cancels the transaction. */
  readonly cancel: string
  /** Heading after the transaction ended without success, by failure code; `other` for every other code. */
  readonly ended: Readonly<Record<'not_approved' | 'expired_transaction' | 'too_many_attempts' | 'codes_locked' | 'cancelled' | 'not_enrolled' | 'other', string>>
  /** For a factor that the user does not have; `{way}` is the text of the button that starts it. */
  readonly notSetUp: string
  /** Announced when the approval has arrived. */
  readonly approved: string
  /** Shown in the other tabs when one tab continues. */
  readonly continuedInOtherTab: string
  /** Heading in the other tabs when one tab continues. */
  readonly continuedInOtherTabHeading: string
  /** Shown while the status cannot be loaded. */
  readonly offline: string
  /** Explains why the link cannot be used in this browser. */
  readonly unknownTransaction: string
  /** Heading above it. */
  readonly unknownTransactionHeading: string
  /** For a signed-in user who returns to a request that has already been used. */
  readonly used: string
  /** Heading above it. */
  readonly usedHeading: string
  /** Link to the sign-in page. */
  readonly toSignIn: string
  /** Link for a user who did not start the request. */
  readonly changePassword: string
  /** Link that leaves the page before anything is sent. */
  readonly notNow: string
  /** Link in the footer. */
  readonly help: string
  /** Name of the list of languages in the footer. */
  readonly language: string
  /** Heading while Nevis, or one of the app's own stores, is down. */
  readonly unavailable: string
  /** What an outage means for the user. */
  readonly unavailableHint: string
  /** Link of the outage page. */
  readonly tryAgain: string
  /** Button with which the user confirms that the recovery codes are saved. */
  readonly written: string
  /** Label of the box that enables that button. */
  readonly saved: string
  /** Shown if the widget ended without success, or could not be loaded. */
  readonly widgetFailed: string
  /** Shown in place of the widget without JavaScript. */
  readonly needsScript: string
  /** Label of the box with which this browser is remembered; `{days}` is, for example, `30 days`. */
  readonly remember: string
  /** What the box means. */
  readonly rememberHint: string
  /** Without JavaScript: button that cancels the choice to remember this browser. */
  readonly doNotRemember: string
  /** Button beside the recovery codes. */
  readonly print: string
  /** Button beside the recovery codes. */
  readonly copy: string
  /** The button `copy`, after copying. */
  readonly copied: string
  /** Link beside the recovery codes. */
  readonly download: string
  /** The link `download`, after the download. */
  readonly downloaded: string
  /** Explanation of each failure; English uses the messages of `failures`. */
  readonly failure: Readonly<Record<FailureCode, string>>
}
