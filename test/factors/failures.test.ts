/** What a person is told. The sentences are read by people and by the waiting page's texts; changing one is a decision. */
import { failures } from '../../src'
import { Refusal, type FailureCode } from '../../src/factors/failures'

const TOLD: Record<FailureCode, [number, string]> = {
  no_subject: [400, 'Sign in first: nobody is known whom the second factor could ask.'],
  unknown_factor: [400, 'This second factor is not offered here.'],
  unknown_authenticator: [400, 'This phone is not set up for the account.'],
  missing_code: [400, 'Enter the code.'],
  invalid_username: [400, 'Your user name cannot be used with a second factor. Contact support.'],
  phone_refused: [400, 'This phone number cannot be used.'],
  start_requires_post: [405, 'A second factor is started with POST.'],
  not_enrolled: [403, 'This second factor is not set up for the account.'],
  already_enrolled: [403, 'This account has a second factor already. Use it first.'],
  too_many_authenticators: [409, 'This account has as many devices as it may have. Remove one first.'],
  cancelled: [401, 'The request was cancelled.'],
  too_many_attempts: [429, 'Too many wrong codes. Start again.'],
  codes_locked: [403, 'Your codes are locked after too many wrong ones. Use the Access App, or contact support.'],
  rejected: [401, 'The account was not accepted.'],
  not_approved: [401, 'The request was not approved.'],
  wrong_code: [401, 'The code is not right.'],
  expired_transaction: [401, 'The time to approve is over. Start again.'],
  unknown_transaction: [403, 'This request was not started in this browser. Start again.'],
  used_transaction: [403, 'This approval has already been used.'],
  binding_mismatch: [403, 'The approval does not belong to this request.'],
  too_many_starts: [429, 'Too many requests for this account. Wait a few minutes.'],
}

describe('a refusal', () => {
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
