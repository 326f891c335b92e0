/**
 * The words of the waiting page.
 *
 * Not its job: to choose among languages at run time (`waiting-page.ts` does).
 */
import { failures, type FailureCode } from '../failures'

export interface Texts {
  /** Heading while a factor waits, by its name; `other` for a factor of your own. */
  readonly heading: Readonly<Record<string, string>>
  /** What the person should do, by the factor's name. */
  readonly hint: Readonly<Record<string, string>>
  readonly messageLabel: string
  readonly openApp: string
  readonly qrCode: string
  readonly code: string
  readonly send: string
  readonly attemptsLeft: (left: number) => string
  readonly timeLeft: string
  readonly refreshes: string
  readonly otherWays: string
  /** Button that starts a factor, by its name. */
  readonly use: Readonly<Record<string, string>>
  readonly resend: string
  readonly cancel: string
  readonly failed: string
  readonly failure: Readonly<Record<FailureCode, string>>
  readonly recoveryCodes: string
  readonly written: string
  readonly unreachable: string
}

export const en: Texts = {
  heading: {
    push: 'Check your phone',
    app: 'Scan the code',
    sms: 'Enter the code from the SMS',
    recovery: 'Enter a recovery code',
    other: 'Confirm the sign-in',
  },
  hint: {
    push: 'We have sent a request to your Access App. Open it and accept.',
    app: 'Scan this code with your Access App, or open the app if it is on this device.',
    sms: 'We have sent a code to your phone number.',
    recovery: 'Type one of the recovery codes you wrote down. Each works once.',
    other: 'Follow the instructions of your second factor.',
  },
  messageLabel: 'Your phone shows',
  openApp: 'Open the Access App',
  qrCode: 'QR code for the Access App',
  code: 'Code',
  send: 'Continue',
  attemptsLeft: (left) => (left === 1 ? 'The code is not right. 1 attempt left.' : `The code is not right. ${left} attempts left.`),
  timeLeft: 'Time left',
  refreshes: 'This page checks by itself every few seconds.',
  otherWays: 'Another way',
  use: { push: 'Send a request to my phone', app: 'Use a QR code', sms: 'Send me an SMS', recovery: 'Use a recovery code', other: 'Use another factor' },
  resend: 'Send it again',
  cancel: 'Cancel',
  failed: 'That did not work',
  failure: Object.fromEntries(Object.entries(failures).map(([code, { message }]) => [code, message])) as Record<FailureCode, string>,
  recoveryCodes: 'Write these codes down and keep them safe. They are shown only now.',
  written: 'I have written them down',
  unreachable: 'No connection. Trying again…',
}
