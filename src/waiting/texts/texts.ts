/**
 * The texts that each language of the waiting page needs.
 *
 * The folder `texts/` has one file for each language, such as `en.ts`.
 * Out of scope: choosing a language (`languages.ts`).
 */
import type { FailureCode } from '../../factors/failures'

/** Texts by name of the factor; `other` is for your own factors. */
export type ByFactor = Readonly<Record<'push' | 'app' | 'sms' | 'recovery' | 'widget' | 'other', string> & Record<string, string>>
/** Texts by name of a factor that can be enrolled; `other` is for your own factors. */
export type ByEnrollable = Readonly<Record<'app' | 'sms' | 'recovery' | 'widget' | 'other', string> & Record<string, string>>

/** The texts of the waiting page and the outage page, in one language. */
export interface Texts {
  /** Writing direction of the language. */
  readonly dir: 'ltr' | 'rtl'
  /** Name of the app on the phone, for `{app}` in other texts. The option `appName` replaces it. */
  readonly app: string
  /** Name of the app on the phone with its article ("the Access App"), for `{theApp}` in other texts. */
  readonly theApp: string
  /** Heading while the page waits for the user. */
  readonly heading: ByFactor
  /** What the user should do to confirm with the factor. */
  readonly hint: ByFactor
  /** Replaces the text `hint` of the factor `app` on a phone, where the link to the app comes before the QR code. */
  readonly openAppHint: string
  /** Replaces the text `hint` of the factor `sms` if the app gives the phone number; `{number}` is `•••• 0001`. */
  readonly sentToNumber: string
  /** What a screen reader says for a masked phone number; `{digits}` are its last digits. */
  readonly numberEnding: string
  /** Like `numberEnding`, with the preposition "to": what a screen reader says after the text of the button that sends an SMS. */
  readonly toNumberEnding: string
  /** Text of the button that starts a factor. */
  readonly use: ByFactor
  /** Names of the factors, for `{way}` in other texts. */
  readonly method: ByFactor
  /** Heading during an enrolment. */
  readonly enrollHeading: ByEnrollable
  /** What the user should do to enrol the factor. */
  readonly enrollHint: ByEnrollable
  /** Button that starts an enrolment. */
  readonly enrollUse: ByEnrollable
  /** Label above the message, if the phone shows the same message. */
  readonly messageLabel: string
  /** Replaces the text `messageLabel` if the user must type a code that the phone shows now. */
  readonly phoneShows: string
  /** Label above the list of details. Also the label above the app's `message` with a factor that does not show the message on the phone, such as SMS. */
  readonly confirming: string
  /** Label above the list of details, after the transaction has ended without success. */
  readonly notConfirmed: string
  /** Link that opens the Access App on the same phone. */
  readonly openApp: string
  /** The numbered steps to set up the app. Without the script, the page does not continue by itself, so `check` replaces `finish`. */
  readonly enrollSteps: Readonly<Record<'install' | 'scan' | 'finish' | 'check', string>>
  /** Warning above the QR code and the link of an enrolment: if another person scans or opens them, that person's phone is registered. */
  readonly enrollWarning: string
  /** Alternative text of the QR code. */
  readonly qrCode: string
  /** Last line of the message on the phone; `{code}` is the code that the user must type into the page. At most 59 characters. */
  readonly typedCodeLine: string
  /** Replaces the text `hint` of the factor `push` if the user must type a code from the phone into the page. */
  readonly typedCodeHint: string
  /** Follows `typedCodeHint` if the user may request another code. `{button}` is the text `resend`: the button that sends a new code. */
  readonly codeGoneHint: string
  /** Heading after the user has typed the right code from the phone, while the page waits for the approval. */
  readonly codeAccepted: string
  /** What the user should do after typing the right code. */
  readonly codeAcceptedHint: string
  /** Label of the field for the code. */
  readonly code: string
  /** Label of the field for the phone number; asks for the country code. */
  readonly phoneNumber: string
  /** What the browser says if the phone number has no country code. */
  readonly phoneFormat: string
  /** Button that submits the form. */
  readonly send: string
  /** Shown after a wrong code; `{n}` is the number of attempts left. */
  readonly attemptsLeft: string
  /** Label before the remaining minutes and seconds. */
  readonly timeLeft: string
  /** Only shown if the script does not run, because the remaining time then does not count down; `{minutes}` is, for example, `2 minutes`. */
  readonly endsIn: string
  /** Shown half a minute before the transaction expires. */
  readonly endsSoon: string
  /** Follows `endsSoon`; `{button}` is the text of the button with which the user gets more time: `moreTime`, `resend`, `resendOrChange` or `startOver`. */
  readonly moreTimeHint: string
  /** Button that gives the user more time before the transaction expires. */
  readonly moreTime: string
  /** Only shown if the script does not run: the sentence before the link that reloads the page. */
  readonly checkHint: string
  /** Only shown if the script does not run: the link that reloads the page. */
  readonly checkNow: string
  /** Only shown if the script does not run: shown after the link `checkNow`, if the user has not answered yet. */
  readonly noAnswerYet: string
  /** Heading above the buttons that start another factor. */
  readonly otherWays: string
  /** Replaces the text `otherWays` during an enrolment. */
  readonly enrollOtherWays: string
  /** Button that sends the push or the SMS again. */
  readonly resend: string
  /** Like `resend`, but for the form in which the user can also change the phone number before another SMS is sent. */
  readonly resendOrChange: string
  /** Label of the button `resend` during the pause; `{n}` is the number of seconds left. */
  readonly resendIn: string
  /** Shown if the user has sent again too soon; `{n}` is the number of seconds left. */
  readonly tooSoon: string
  /** Shown if the user has entered too many codes in all sessions together; `{minutes}` is, for example, `60 minutes`. */
  readonly tooManyCodes: string
  /** Shown after the push or the SMS was sent again. */
  readonly sentAgain: string
  /** Replaces the text `sentAgain` if the user has chosen one of several phones; `{phone}` is its name. */
  readonly sentToPhone: string
  /** The text of the link that opens the list of the user's phones. */
  readonly anotherPhone: string
  /** Heading of the list of the user's own phones. */
  readonly whichPhone: string
  /** Shown in place of the list of phones if the user has no other phone. */
  readonly onlyPhone: string
  /** Shown in place of the list of phones while Nevis cannot be reached; the link `tryAgain` follows. */
  readonly phonesUnavailable: string
  /** Name of a phone that has no name; `{n}` is its position in the list. */
  readonly phone: string
  /** Text below the name of a phone; `{date}` is when it was registered. */
  readonly registered: string
  /** Text below the name of the phone that got the request, by name of the factor; `other` is for your own factors. */
  readonly askedPhone: Readonly<Record<'push' | 'app' | 'other', string> & Record<string, string>>
  /** Button that starts the widget again. */
  readonly startOver: string
  /** Button that cancels the transaction. */
  readonly cancel: string
  /** Heading after a transaction without success, by failure code; `other` for every other code. */
  readonly ended: Readonly<Record<'not_approved' | 'expired_transaction' | 'too_many_attempts' | 'codes_locked' | 'cancelled' | 'not_enrolled' | 'user_blocked' | 'other', string>>
  /** Says that the user does not have a factor; `{way}` is the factor's name: a text of `method`, or the text of the button that starts the factor. */
  readonly notSetUp: string
  /** Says that Nevis has blocked the user for a factor; `{way}` is the factor's name, as in `notSetUp`. */
  readonly blocked: string
  /** Heading when the user has approved, before the next page loads. */
  readonly approved: string
  /** Shown in the other tabs after one tab has gone to the callback. */
  readonly continuedInOtherTab: string
  /** Heading in the other tabs after one tab has gone to the callback. */
  readonly continuedInOtherTabHeading: string
  /** Link in the other tabs: lets the user continue there after all, for example because the tab that went to the callback is closed. */
  readonly continueInThisTab: string
  /** Shown while the status cannot be loaded. */
  readonly offline: string
  /** Shown while Nevis does not respond. */
  readonly noResponse: string
  /** Explains why a link to a transaction cannot be used in this browser. */
  readonly unknownTransaction: string
  /** Heading above `unknownTransaction`. */
  readonly unknownTransactionHeading: string
  /**
   * Shown to a signed-in user who opens the waiting page of a transaction that the session does not hold, that another user has started, or whose replacement
   * the user has confirmed.
   */
  readonly used: string
  /** Heading above `used`. */
  readonly usedHeading: string
  /** Replaces the text `used` if the user has confirmed this very transaction, for example after the button "Back" of the browser. */
  readonly done: string
  /** Heading above `done`. */
  readonly doneHeading: string
  /** Replaces the text `used` if the user has finished this very enrolment, for example after the button "Back" of the browser. */
  readonly enrolled: string
  /** Heading above `enrolled`. */
  readonly enrolledHeading: string
  /** Says why a signed-in user must confirm, and what happens next. */
  readonly startHint: string
  /** Link to the sign-in page. */
  readonly toSignIn: string
  /** Link to the page for changing the password, shown if someone else may have entered the user's password. */
  readonly changePassword: string
  /** Link back to the app, for a signed-in user who does not want to give the second factor now. */
  readonly notNow: string
  /** Link to the app's help page, in the footer. */
  readonly help: string
  /** What a screen reader says after the text of a link that opens a new tab; other users see an arrow. */
  readonly newTab: string
  /** Name of the list of languages in the footer, for screen readers. */
  readonly language: string
  /** Heading while Nevis, or one of the app's own stores, is down. */
  readonly unavailable: string
  /** What an outage means for the user. */
  readonly unavailableHint: string
  /** Link with which the user tries again, on the outage page and in the list of phones. */
  readonly tryAgain: string
  /** Button with which the user confirms that the recovery codes are saved. */
  readonly written: string
  /** Label of the box that enables the button `written`. */
  readonly saved: string
  /** Shown if the widget ended without success, or could not be loaded. `pleaseStartOver` or `startOverOrChoose` follows. */
  readonly widgetFailed: string
  /** Replaces the text `widgetFailed` during an enrolment. */
  readonly enrollFailed: string
  /** Follows `widgetFailed` if the page offers no other factor. */
  readonly pleaseStartOver: string
  /** Follows `widgetFailed` if the page offers the user another factor. */
  readonly startOverOrChoose: string
  /** Shown in place of the widget if the script does not run: JavaScript is switched off, or the script could not be loaded. */
  readonly needsScript: string
  /** Follows `needsScript` if the page offers the user another factor. */
  readonly orChooseAnother: string
  /** Label of the box "Remember this browser"; `{days}` is, for example, `30 days`. */
  readonly remember: string
  /** Explains the box "Remember this browser". */
  readonly rememberHint: string
  /** Only shown if the script does not run: button with which the user takes back the choice "Remember this browser". */
  readonly doNotRemember: string
  /** Button beside the recovery codes that prints the page. */
  readonly print: string
  /** Button beside the recovery codes that copies them. */
  readonly copy: string
  /** The button `copy`, after copying. */
  readonly copied: string
  /** Shown if the browser has refused to copy the recovery codes. */
  readonly copyFailed: string
  /** Link beside the recovery codes that downloads them. */
  readonly download: string
  /** What a screen reader says after the link `download`. The page does not know whether the browser has saved the file. */
  readonly downloaded: string
  /** What a screen reader says after the button `print`. The page does not know whether the codes were printed. */
  readonly printed: string
  /** Explanation of each failure, by failure code. The English texts are the messages in the package's export `failures`. */
  readonly failure: Readonly<Record<FailureCode, string>>
}
