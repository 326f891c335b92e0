/**
 * The questions about recovery codes and codes of text messages that Nevis's documentation does not answer.
 *
 * Out of scope: all other questions, and when Nevis blocks codes (`questions.ts`), and how the client reads an answer to a code (`code-answers.ts`).
 */
import { areUsedCodesAccepted, codeAnswerIn, isAcceptedCode, isRefusedCode, isUnclear, smsChannelOf, verdictIn } from './code-answers'
import type { FactsReader } from './facts-reader'
import { canRequireIntrospection } from './needs'
import { ifAccepted, type Question } from './question'
import { POLL_SECONDS } from './wait-stage'

/** Says what this package does with a code that Nevis has not accepted because it comes too late. */
function lateCodeIs(facts: FactsReader): string {
  if (isRefusedCode(facts, 'verification.sms.late')) return 'counts as a wrong code'
  return isUnclear(facts, 'verification.sms.late') ? 'is accepted only if the status is `succeeded`' : 'is an error, which your error handler gets'
}

export const CODE_QUESTIONS: readonly Question[] = [
  ['Where are the recovery codes?', 'enroll.recovery', ifAccepted(['enroll.recovery'], (facts) => {
    const places = facts.fields('enroll.recovery').filter((one) => /: recovery codes?( in one text)?$/.test(one)).map((one) => one.split(': ')[0])
    return { answer: places.length === 0 ? 'no field has the form of a recovery code' : `${places.join(', ')} (${facts.text('enroll.recovery.codes')} codes)`, does: 'codes are recognised by their form; without codes the enrolment is an error' }
  })],
  ['Does a second set of recovery codes replace the first?', 'verification.recovery.older-set', (facts) => {
    const [second, older] = ['enroll.recovery.again', 'verification.recovery.older-set'].map((step) => facts.http(step)) as [string, string]
    const does = 'depends on neither: tell your users which of their codes are valid'
    // Nevis documents 409 for duplicates. Any other error does not show what a second set of recovery codes would do.
    if (second === '409') return { answer: 'there is no second set: HTTP 409', does }
    if (/^[45]/.test(second)) return { refused: 'enroll.recovery.again' }
    const answerTo = (step: string) => [facts.http(step), verdictIn(facts, step), ...facts.fields(step)].join()
    const [ofOlder, ofWrong, ofRight] = ['older-set', 'wrong', 'right'].map((name) => answerTo(`verification.recovery.${name}`)) as [string, string, string]
    const isAsWrong = ofOlder === ofWrong || (older !== '200' && older === facts.http('verification.recovery.wrong'))
    const isAsRight = ofOlder === ofRight || isAcceptedCode(facts, 'verification.recovery.older-set')
    // If right and wrong codes get the same answer, this answer does not show whether a code of the older set is right.
    if (ofRight === ofWrong || isAsWrong === isAsRight) return { refused: 'verification.recovery.older-set' }
    return { answer: isAsWrong ? 'yes' : 'no: codes of the older set stay valid', does }
  }],
  ['What does Nevis answer to a wrong code?', 'verification.recovery.wrong', (facts) => ({
    answer: codeAnswerIn(facts, 'verification.recovery.wrong'),
    does: 'a code is right only after an exact HTTP 200 that the client reads as "yes"',
  })],
  ['What does Nevis answer to a right code?', 'verification.recovery.right', (facts) => ({
    answer: codeAnswerIn(facts, 'verification.recovery.right'),
    does: 'an empty body, a field that says yes, or an object with only fields of Nevis is a "yes", unless another field says no; anything else is refused',
  })],
  ['Can a recovery code be used twice?', 'verification.recovery.used', (facts) => {
    const [right, used] = ['verification.recovery.right', 'verification.recovery.used'] as const
    // Only if Nevis accepted the code the first time, its second answer shows what a use changes.
    if (!isAcceptedCode(facts, right)) return { refused: right }
    const isAccepted = areUsedCodesAccepted(facts)
    if (!isAccepted && !isRefusedCode(facts, used)) return { refused: used }
    return {
      answer: `${isAccepted ? 'yes' : 'no'}: ${codeAnswerIn(facts, used)}`,
      does: isAccepted ? 'a used code signs in again, because this package keeps no list of used codes and relies on Nevis' : 'a used code counts as a wrong code',
      ...(isAccepted && { option: 'leave `recovery()` out of `factors`' }),
    }
  }],
  ['Can an intent token take the place of the access key at a verification?', 'verification.with-intent', (facts) => {
    const [withIntent, withKey] = ['with-intent', 'recovery.wrong'].map((name) => facts.http(`verification.${name}`)) as [string, string]
    // Both requests contain a wrong code. If a wrong code gets a 401 or 403 with the access key, too, this status says nothing about the intent token.
    const isRefused = /^40[13]$/.test(withIntent)
    if (isRefused ? withKey === withIntent : withKey !== withIntent) return { refused: 'verification.with-intent' }
    return { answer: isRefused ? `no (HTTP ${withIntent})` : `yes: a wrong code gets HTTP ${withIntent}, as with the access key`, does: 'the client sends each code with the access key, and gives no intent token to a verification' }
  }],
  ['What does Nevis answer to a wrong code of a text message?', 'verification.sms.wrong', (facts) => ({
    answer: codeAnswerIn(facts, 'verification.sms.wrong'),
    does: 'a code is right only after an exact HTTP 200 that the client reads as "yes", or if the answer is unclear and the status is `succeeded`',
  })],
  ['What does Nevis answer to a right code of a text message?', 'verification.sms.right', (facts) => ({
    answer: codeAnswerIn(facts, `verification.sms.right${smsChannelOf(facts) === 'needed' ? '.with-channel' : ''}`),
    does: 'as with a recovery code; if the answer is unclear, the status decides',
  })],
  ['How long is the code of a text message?', 'verification.sms.right', (facts) => ({ answer: facts.text('sms.code'), does: 'a code has 1 to 64 digits' })],
  ['Does the verification of a text message need the channel?', 'verification.sms.right', (facts) => {
    const channel = smsChannelOf(facts)
    if (channel === undefined && !isAcceptedCode(facts, 'verification.sms.right')) return { refused: 'verification.sms.right' }
    return {
      answer: channel === 'needed' ? `yes (HTTP ${facts.http('verification.sms.right')} without it)` : channel === 'refused' ? `no, and it changes the answer to a wrong code (HTTP ${facts.http('verification.sms.wrong.with-channel')})` : channel === 'unsafe' ? 'no, and with the field `channel`, a wrong code is accepted (HTTP 200)' : 'no',
      does: `the client sends no channel by default${channel === 'unsafe' ? '; with the option, any code would sign in' : ''}`,
      ...(channel === 'needed' && { option: '`sms({ sendChannelWithVerification: true })`' }),
      ...((channel === 'refused' || channel === 'unsafe') && { option: 'not `sms({ sendChannelWithVerification: true })`' }),
    }
  }],
  ['Can the status of a text message be polled?', 'status.sms.verified', ifAccepted(['introspect.sms', 'introspect.enroll.sms'], (facts) => {
    if (facts.http('status.sms.verified') === '401') return { refused: 'status.sms.verified' }
    const [signIn, enrolment] = [facts.saw('status.sms.verified'), facts.has('status.enroll.sms.verified') ? facts.saw('status.enroll.sms.verified') : '']
    return {
      answer: enrolment === '' || enrolment === signIn ? signIn : `${signIn}; after an enrolment ${enrolment}`,
      does: '`succeeded` is checked like a push, `failed` refuses the sign-in, and with any other status the right code alone is accepted',
      option: canRequireIntrospection(facts) ? '`sms({ requireIntrospection: true })` is possible' : 'not `sms({ requireIntrospection: true })`, which would refuse every right code',
    }
  })],
  ['What does Nevis answer to a code that comes too late?', 'verification.sms.late', (facts) => {
    const [seconds, isAccepted] = [facts.text('verification.sms.late.seconds'), isAcceptedCode(facts, 'verification.sms.late')]
    const time = facts.has('status.sms.late') ? `${seconds} s (to within ${POLL_SECONDS} s), when its status became ${facts.saw('status.sms.late')}` : `${seconds} s, as its status did not show an end before`
    const isEnded = isRefusedCode(facts, 'verification.sms.late')
    const conclusion = isAccepted ? 'so the code lives at least this long' : isEnded ? 'so the code lives at most this long' : 'this does not show how long the code lives'
    return {
      answer: `${codeAnswerIn(facts, 'verification.sms.late')}, after ${time}; ${conclusion}`,
      does: `after \`lifetimeSeconds\` this package refuses each code itself${isAccepted ? '' : `; before that, a code with this answer ${lateCodeIs(facts)}`}`,
      ...(isEnded && { option: '`lifetimeSeconds`, at most this time' }),
    }
  }],
]
