/** English. */
import { failures, type FailureCode } from '../../failures'
import type { Texts } from './texts'

export const en: Texts = {
  dir: 'ltr',
  heading: {
    push: 'Check your phone',
    app: 'Scan the code',
    sms: 'Enter the code from the SMS',
    recovery: 'Enter a recovery code',
    other: 'Confirm that it is you',
  },
  hint: {
    push: 'We have sent a request to your Access App. Open it and accept.',
    app: 'Scan this code with your Access App. If the app is on this device, open it from here.',
    sms: 'We have sent a code to your phone number.',
    recovery: 'Type one of the recovery codes that you wrote down. Each works once.',
    other: 'Follow the instructions of your second factor.',
  },
  use: {
    push: 'Send a request to my phone',
    app: 'Use a QR code or link',
    sms: 'Send me a code by SMS',
    recovery: 'Use a recovery code',
    other: 'Use another second factor',
  },
  messageLabel: 'Your phone shows',
  openApp: 'Open the Access App',
  qrCode: 'QR code for the Access App',
  code: 'Code',
  send: 'Continue',
  attemptsLeft: 'The code is not right. Attempts left: {n}.',
  timeLeft: 'Time left',
  refreshes: 'This page looks again by itself every few seconds.',
  otherWays: 'Another way',
  resend: 'Send it again',
  resendIn: 'Send it again (in {n} s)',
  cancel: 'Cancel',
  failed: 'That did not work',
  approved: 'Approved. One moment …',
  elsewhere: 'This went on in another tab. You can close this one.',
  offline: 'No connection. Trying again …',
  stranger: 'This page belongs to a sign-in that was started in another browser, or that is over. Nobody can sign in with its address. Start again from the sign-in page.',
  recoveryCodes: 'Write these codes down and keep them safe. They are shown only now.',
  written: 'I have written them down',
  failure: Object.fromEntries(Object.entries(failures).map(([code, { message }]) => [code, message])) as Record<FailureCode, string>,
}
