/**
 * Checks options that are objects or lists. Each function throws a TypeError that names the option.
 *
 * Out of scope: which options there are, and their defaults (`settings.ts`).
 */
import { refuseUnknown } from '../client/option-names'
import type { Factor, Prompt } from '../factors/factor'
import { MemoryLedger, type Ledger } from '../ledger/ledger'
import { flag, optionError, text, wholeNumber } from '../host/option-values'
import { SUBJECTS, type TransactionTokenClaims } from '../trust/token-claims'
import type { PollStep } from './watch/schedule'

export function factorsOf(factors: unknown): readonly Factor[] {
  if (!Array.isArray(factors) || factors.length === 0) throw optionError('factors must be a list such as [push(), sms()]')
  if (!factors.every(isFactor)) throw optionError('factors must contain the results of calls: push(), not push')
  const names = factors.map((factor) => factor.name)
  if (new Set(names).size < names.length) throw optionError('factors must not contain two factors with the same name')
  return Object.freeze([...factors])
}

const PROMPTS: readonly unknown[] = ['wait', 'code', 'widget', 'confirm'] satisfies Prompt[]

function isFactor(factor: Partial<Factor> | undefined): factor is Factor {
  return (
    typeof factor?.name === 'string' &&
    factor.name.length > 0 &&
    [factor.prompt, factor.enrollPrompt ?? factor.prompt].every((prompt) => PROMPTS.includes(prompt)) &&
    typeof factor.approve === 'function' &&
    typeof factor.check === 'function' &&
    ['undefined', 'function'].includes(typeof factor.enroll)
  )
}

export function factorNamesOf(option: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw optionError(`${option} must be a list of names of factors, such as ['recovery']`)
  return Object.freeze(value.map((name) => text(option, name)))
}

/** An origin as a browser sends it: scheme, host and port. A sandboxed page sends `null`. */
const ORIGIN = /^(?:[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+|null)$/

/**
 * Checks the option `allowPostsFromOtherSites`.
 * @param addresses the options `waitingURL` and `callbackURL`: paths or full URLs. POSTs from the origin of a full URL are always accepted
 * @returns the origins whose POSTs are accepted; `any` for all
 */
export function postOriginsOf(value: unknown, addresses: readonly string[]): readonly string[] | 'any' {
  if (value === true) return 'any'
  if (!Array.isArray(value) || !value.every((origin) => typeof origin === 'string' && ORIGIN.test(origin))) {
    throw optionError('allowPostsFromOtherSites must be true, or a list of origins such as ["https://idp.example"]')
  }
  const own = addresses.filter((url) => !url.startsWith('/')).map((url) => new URL(url).origin)
  return Object.freeze([...own, ...(value as string[])])
}

export function budgetOf<Unit extends string>(option: string, value: Record<Unit | 'perSeconds', number>, unit: Unit) {
  refuseUnknown(`NevisStrategy: ${option}`, value, [unit, 'perSeconds'])
  wholeNumber(`${option}.${unit}`, value[unit], 1, 1000)
  wholeNumber(`${option}.perSeconds`, value.perSeconds, 1, 86_400)
  return Object.freeze({ ...value })
}

export function scheduleOf(steps: readonly PollStep[]): readonly PollStep[] {
  const isStep = (step: Partial<PollStep> | undefined, before = 0): boolean =>
    typeof step?.untilSeconds === 'number' && step.untilSeconds > before && typeof step.everySeconds === 'number' && step.everySeconds >= 0.5
  if (Array.isArray(steps) && steps.length > 0 && steps.every((step: PollStep, i) => isStep(step, (steps as PollStep[])[i - 1]?.untilSeconds))) {
    return structuredClone(steps as PollStep[])
  }
  throw optionError('pollSchedule must be a list of { untilSeconds, everySeconds }, with rising untilSeconds and everySeconds of 0.5 or more')
}

export function claimsOf(claims: TransactionTokenClaims = {}): TransactionTokenClaims {
  refuseUnknown('NevisStrategy: transactionTokens', claims, ['acceptAudienceApi', 'acceptMissingIssuer', 'subject'])
  const { acceptAudienceApi = false, acceptMissingIssuer = false, subject = 'userId' } = claims
  if (!SUBJECTS.includes(subject)) throw optionError('transactionTokens.subject must be "userId", "username", "transactionId" or "none"')
  return Object.freeze({
    acceptAudienceApi: flag('transactionTokens.acceptAudienceApi', acceptAudienceApi),
    acceptMissingIssuer: flag('transactionTokens.acceptMissingIssuer', acceptMissingIssuer),
    subject,
  })
}

export function ledgerOf(ledger: Ledger = new MemoryLedger()): Ledger {
  if (typeof ledger?.claim !== 'function' || typeof ledger.count !== 'function' || typeof ledger.look !== 'function' || typeof ledger.forget !== 'function') {
    throw optionError('ledger must have claim(), count(), look() and forget(), such as new MemoryLedger()')
  }
  if (ledger instanceof MemoryLedger && process.env['NODE_ENV'] === 'production') {
    process.emitWarning('NevisStrategy uses a MemoryLedger, which is safe with one process only: with several processes, use a RedisLedger', {
      code: 'PASSPORT_NEVIS_MEMORY_LEDGER',
    })
  }
  return ledger
}
