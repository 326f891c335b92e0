/** Tests the sentences that users see after a failure. The tests repeat each sentence, so that no sentence changes by accident. */
import { failures } from '../../src'
import { Refusal, type FailureCode } from '../../src/factors/failures'

const TOLD: Record<FailureCode, [number, string]> = {
  no_subject: [400, 'Please sign in with your password first.'],
  unknown_factor: [400, 'This way to confirm is not available here. Please choose another one.'],
  unknown_authenticator: [400, 'This phone is not registered for your account. Please choose another one.'],
  missing_code: [400, 'Please enter the code.'],
  invalid_username: [400, 'Your username cannot be used for this sign-in. Please contact support.'],
  phone_refused: [400, 'This phone number cannot be used. Please enter another one.'],
  start_requires_post: [405, 'Please start again from the sign-in page.'],
  cross_site_post: [403, 'This request came from another website, so it was refused. Please start again from the sign-in page.'],
  not_enrolled: [403, 'This way to confirm is not set up for your account. Please choose another one.'],
  already_enrolled: [403, 'You can set this up only after you have confirmed with another second factor.'],
  too_many_authenticators: [409, 'Your account cannot have more devices. Please remove one first.'],
  factor_exists: [409, 'This way to confirm is already set up for your account. To replace it, please remove it first.'],
  user_blocked: [429, 'This way to confirm is blocked for your account for a while, because of many requests. Please choose another one, or try again later.'],
  cancelled: [401, 'The request was cancelled.'],
  too_many_attempts: [429, 'Too many wrong codes. Request a new one.'],
  codes_locked: [403, 'Your codes are locked because too many wrong codes were entered. Please use the Access App, or contact support.'],
  rejected: [401, 'You cannot sign in with this account. Contact support.'],
  not_approved: [401, 'You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.'],
  wrong_code: [401, 'The code is incorrect. Please try again.'],
  expired_transaction: [401, 'This request has expired. Send a new one.'],
  unknown_transaction: [403, 'This request was started in another browser or has ended. Please sign in again.'],
  used_transaction: [403, 'This approval has already been used. Please start again.'],
  binding_mismatch: [403, 'Something did not match, so nothing was approved. Please start again.'],
  too_many_starts: [429, 'Too many requests. Try again in a few minutes. If you did not send them, change your password.'],
}

describe('a refusal', () => {
  // Shows: CD-education-1
  it.each(Object.entries(TOLD))('%s has its HTTP status and its sentence', (code, [status, message]) => {
    const refusal = new Refusal(code as FailureCode)
    expect([refusal.name, refusal.status, refusal.message]).toEqual(['Refusal', status, message])
    expect(refusal.toFailure()).toEqual({ code, message })
  })

  it('has no other codes', () => {
    expect(Object.keys(failures).sort()).toEqual(Object.keys(TOLD).sort())
  })

  it('is told in the application\'s words where it has some', () => {
    expect(new Refusal('rejected', 'Ask the bank.').toFailure()).toEqual({ code: 'rejected', message: 'Ask the bank.' })
  })

  it('says when it is worth trying again, where that is known', () => {
    const { message } = failures.too_many_starts
    expect(new Refusal('too_many_starts', undefined, 300).toFailure()).toEqual({ code: 'too_many_starts', message, retryAfterSeconds: 300 })
    expect(Object.keys(new Refusal('too_many_starts').toFailure())).toEqual(['code', 'message'])
  })
})
