/**
 * Reads from the probe's records what the client does with the instance's answers to codes, and derives which factors are dangerous, and whether the
 * verification of an SMS code needs the field `channel`.
 *
 * Out of scope: the client's decision itself (`../../client/verdict.ts`), whose result the probe records.
 */
import type { Verdict } from '../../client/verdict'
import { FactsReader, type Facts } from './facts-reader'

const OK = '200'
const VERDICTS: readonly string[] = ['yes', 'no', 'unclear'] satisfies readonly Verdict[]

/**
 * Returns how the client reads the body of an HTTP 200 to a code: `yes` means "the code is right".
 * @returns undefined if the report does not show this, because an older version of the probe did not record it
 */
export function verdictIn(facts: FactsReader, step: string): Verdict | undefined {
  const recorded = facts.text(`${step}.verdict`)
  if (VERDICTS.includes(recorded)) return recorded as Verdict
  const fields = facts.fields(step)
  if (fields.every((field) => ['empty body', ': empty object'].includes(field))) return 'yes'
  return fields.some((field) => ['a page', 'other text'].includes(field)) ? 'unclear' : undefined
}

/** True if the client takes the code that got this answer for a right code. */
export function isAcceptedCode(facts: FactsReader, step: string): boolean {
  return facts.http(step) === OK && verdictIn(facts, step) === 'yes'
}

/** True if Nevis has refused the code. A 401, 403, 405, 408 or 429 refuses the request, whatever its code is. */
export function isRefusedCode(facts: FactsReader, step: string): boolean {
  return /^4(?!01|03|05|08|29)/.test(facts.http(step)) || (facts.http(step) === OK && verdictIn(facts, step) === 'no')
}

/** True if the client accepts a recovery code that was already used, but no wrong code. */
export function areUsedCodesAccepted(facts: FactsReader): boolean {
  return isAcceptedCode(facts, 'verification.recovery.used') && !isAcceptedCode(facts, 'verification.recovery.wrong')
}

/** Describes an answer to a code, for example `HTTP 200, empty body, which the client reads as "yes"`. Of an error, names only the HTTP status. */
export function codeAnswerIn(facts: FactsReader, step: string): string {
  const http = facts.http(step)
  if (/^[45]/.test(http)) return `HTTP ${http}`
  const verdict = http === OK ? verdictIn(facts, step) : undefined
  return `HTTP ${http}, ${facts.fields(step).join(', ') || 'no fields'}${verdict === undefined ? '' : `, which the client reads as "${verdict}"`}`
}

/** True if this answer does not tell the client whether the code is right. For an SMS code, the client then asks Nevis for the transaction's status. */
export function isUnclear(facts: FactsReader, step: string): boolean {
  return facts.http(step).startsWith('2') && !isAcceptedCode(facts, step) && verdictIn(facts, step) !== 'no'
}

export function isAnsweredAlike(facts: FactsReader, step: string, other: string): boolean {
  return facts.http(step) === facts.http(other) && facts.fields(step).join() === facts.fields(other).join()
}

/**
 * Whether the verification of an SMS code needs the field `channel` or refuses it, or whether a wrong code is accepted with this field only (`unsafe`).
 * Undefined if the field makes no difference, or no code was accepted.
 */
export function smsChannelOf(facts: FactsReader): 'needed' | 'refused' | 'unsafe' | undefined {
  if (!isTakenForRight(facts, 'verification.sms.right')) return isTakenForRight(facts, 'verification.sms.right.with-channel') ? 'needed' : undefined
  if (['sms', 'enroll.sms'].some((step) => isAcceptedCode(facts, `verification.${step}.wrong.with-channel`) && !isAcceptedCode(facts, `verification.${step}.wrong`))) return 'unsafe'
  const [without, withChannel] = [facts.http('verification.sms.wrong'), facts.http('verification.sms.wrong.with-channel')]
  // The request with `channel` is the second one with a wrong code, so a 423, for example, may come from a limit. Only 400 and 415 refuse the field.
  return without !== withChannel && ['400', '415'].includes(withChannel) ? 'refused' : undefined
}

/** True if the client accepts the code, or if the report does not show whether it accepts the code (see `verdictIn`). */
function isTakenForRight(facts: FactsReader, step: string): boolean {
  return facts.http(step) === OK && [undefined, 'yes'].includes(verdictIn(facts, step))
}

/** Says why the client does not accept a right code that got this answer. Undefined if the client may accept the code, or if the answer is 4xx or 5xx. */
export function refusalOfRightCode(facts: FactsReader, step: string): string | undefined {
  const http = facts.http(step)
  if (/^[45]/.test(http) || isTakenForRight(facts, step)) return undefined
  const body = facts.fields(step).find((kind) => ['a page', 'other text'].includes(kind))
  if (body !== undefined || http !== OK) return `the answer to a right code is HTTP ${http}${body === undefined ? '' : `, with ${body}`}`
  return `the answer to a right code is HTTP ${http}, with a body that ${verdictIn(facts, step) === 'no' ? 'says no' : 'does not say whether the code is right'}`
}

/**
 * Lists the factors whose wrong codes the instance accepts: the client reads the answer as "yes". With such a factor, any code would sign in. Leaves out a
 * request that the client sends only with an option which the app does not need (`smsChannelOf`).
 * @param isUsed whether the app has this factor. Default: all factors count
 */
export function acceptedWrongCodesIn(allFacts: Facts, isUsed: (factor: string) => boolean = () => true): string[] {
  const isUnsafe = smsChannelOf(new FactsReader(allFacts)) === 'unsafe'
  return (['recovery', 'sms'] as const).flatMap((factor) => {
    const accepted = CODE_STEPS[factor].filter(([wrong, right]) => !(isUnsafe && isWithChannel(wrong)) && isWrongAccepted(allFacts, wrong, right)).map(([wrong]) => wrong)
    const how = accepted.every(isWithChannel) ? ', sent with the field `channel`,' : ''
    return isUsed(factor) && accepted.length > 0 ? [`the client takes the answer to a wrong code of the factor ${factor}${how} for that to a right code (HTTP 200), so any code would sign in`] : []
  })
}

const isWithChannel = (step: string) => step.endsWith('.with-channel')

/** The steps that send a wrong code, each with the step that sends a right code in the same way. */
const CODE_STEPS = {
  recovery: [
    ['verification.recovery.wrong', 'verification.recovery.right'],
    ['verification.unknown-user', 'verification.recovery.right'],
    ['verification.with-intent', 'verification.recovery.right'],
    ['limit.codes', 'limit.codes.right'],
  ],
  sms: ['verification.sms', 'verification.enroll.sms'].flatMap((step) => ['', '.with-channel'].map((way) => [`${step}.wrong${way}`, `${step}.right${way}`] as const)),
} as const

function isWrongAccepted(allFacts: Facts, wrong: string, right: string): boolean {
  const facts = new FactsReader(allFacts)
  if (!facts.has(wrong) || facts.http(wrong) !== OK) return false
  const verdict = verdictIn(facts, wrong)
  // A report of an older version of the probe: if a right code and the wrong code got the same answer, assume that the client accepts the wrong code.
  if (verdict === undefined) return isTakenForRight(facts, right) && isAnsweredAlike(facts, right, wrong) && !facts.hasReadLost
  return verdict === 'yes'
}
