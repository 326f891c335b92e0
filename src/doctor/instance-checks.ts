/**
 * Compares the options of a strategy with the report of the command `probe`. Finds options that this Nevis instance needs, and options that make sign-ins fail
 * at this instance.
 *
 * Out of scope: which values fit an instance (`probe/needs.ts`), and a report without an app (`probe-findings.ts`).
 */
import type { NevisStrategy } from '../strategy/strategy'
import { error, warning, type Finding } from './findings'
import { withGeneral } from './probe-findings'
import type { ReportOfProbe } from './probe-report'
import { areUsedCodesAccepted, isAcceptedCode, isRefusedCode, smsChannelOf } from './probe/code-answers'
import { FactsReader } from './probe/facts-reader'
import { appChannelOf, areCodesBlocked, canRequireIntrospection, hasLinkOfApp, isPingUsable, isUnknownUserClear, TOKEN_STEPS, tokenNeedsOf, transactionTokensOf } from './probe/needs'

/** The settings of a strategy that this file compares with the probe's report on the Nevis instance. */
export type InstanceSettings = Pick<NevisStrategy['settings'], 'factors' | 'claims' | 'issuers' | 'health' | 'operation' | 'lifetimeMs' | 'enrollmentLifetimeMs' | 'startBudget' | 'attemptBudget'> & {
  readonly client: { readonly baseURL: string }
}

type Rule = (facts: FactsReader, settings: InstanceSettings) => Finding | undefined

export function instanceFindings(report: ReportOfProbe, settings: InstanceSettings): Finding[] {
  const findings = RULES.flatMap(([step, rule]) => {
    const facts = new FactsReader(report.facts)
    const finding = [step].flat().some((one) => facts.has(one)) ? rule(facts, settings) : undefined
    // Leave out a finding that depends on a request which Nevis has not answered: it would be a guess.
    return finding === undefined || facts.hasReadLost ? [] : [finding]
  })
  return withGeneral(report, findings, 'the options of the strategy fit the instance', (name) => settings.factors.some((factor) => isOfPackage(factor) && factor.name === name))
}

const wrong = (finding: string, remedy: string) => error('cloud.probe', finding, remedy)
const doubtful = (finding: string, remedy: string) => warning('cloud.probe', finding, remedy)

/** False for a factor with the name `app` or `sms` that the app itself defines. */
const isOfPackage = ({ name, instanceOptions }: InstanceSettings['factors'][number]) => instanceOptions !== undefined || !['app', 'sms'].includes(name)

/** The options of a factor of the strategy; empty if the strategy does not have the factor. */
function optionsOf({ factors }: InstanceSettings, name: string): Readonly<Record<string, unknown>> {
  return factors.find((factor) => factor.name === name)?.instanceOptions ?? {}
}

/**
 * Pairs: one or more steps of the probe, and the rule that checks the responses to these steps. The rule is skipped if the report has no response to any of
 * them.
 */
const RULES: readonly (readonly [step: string | readonly string[], rule: Rule])[] = [
  ['ping', (facts, { health }) => (health === undefined || isPingUsable(facts) ? undefined : wrong(`healthCheck refuses every sign-in: the answer to /ping is ${facts.saw('ping')}`, 'remove healthCheck'))],
  ['user.unknown-name', (facts, { operation }) => {
    if (operation !== 'approve-or-enroll' || isUnknownUserClear(facts)) return undefined
    const http = facts.http('user.unknown-name')
    return wrong(`approve-or-enroll enrols nobody: an unknown user gets HTTP ${http}${http === '404' ? " without Nevis's own error body" : ''}`, "set operation to a function that returns 'enroll' for a new user")
  }],
  ['approval.app.no-device', wrongChannel],
  ['approval.app.refused', (facts, settings) => (facts.has('approval.app.no-device') ? undefined : wrongChannel(facts, settings))],
  ['enroll.app', (facts, settings) => {
    const { linkSchemes } = optionsOf(settings, 'app')
    if (!Array.isArray(linkSchemes) || linkSchemes.length > 0 || !hasLinkOfApp(facts)) return undefined
    return wrong('the links of the instance have the scheme of an app, so the waiting page does not show them', "app({ linkSchemes: ['yourapp:'] }), with the scheme of your Access App")
  }],
  ['verification.sms.right', (facts, settings) => {
    const [set, channel] = [optionsOf(settings, 'sms')['sendChannelWithVerification'], smsChannelOf(facts)]
    if (set === false && channel === 'needed') return wrong('the instance refuses each code of a text message without the channel', 'sms({ sendChannelWithVerification: true })')
    if (set === true && channel === 'unsafe') return wrong('the instance accepts a wrong code of a text message that is sent with the channel, so any code would sign in', 'remove sendChannelWithVerification from sms()')
    if (set === true && channel === 'refused') return doubtful('the instance answers a code of a text message with the channel in another way', 'remove sendChannelWithVerification from sms()')
    return undefined
  }],
  ['status.sms.verified', (facts, settings) => {
    if (optionsOf(settings, 'sms')['requireIntrospection'] !== true || canRequireIntrospection(facts)) return undefined
    // A 401 shows that the endpoint refused the request, not what the status is.
    if (facts.http('status.sms.verified') === '401') return undefined
    return wrong(`requireIntrospection refuses every right code of a text message: the status after it is ${facts.saw('status.sms.verified')}, without an active token`, 'remove requireIntrospection from sms()')
  }],
  [TOKEN_STEPS, missingTokenOption],
  [TOKEN_STEPS, unneededTokenOption],
  [TOKEN_STEPS, (facts, { issuers, client }) => {
    const needs = tokenNeedsOf(facts)
    if (needs === undefined || needs.acceptMissingIssuer) return undefined
    const isOwn = issuers.includes(client.baseURL)
    if (needs.hasOtherIssuer && isOwn && issuers.length === 1) return wrong('transaction tokens have another iss than the base URL, so sign-ins fail with binding_mismatch', 'set the option issuer; docs/guides/probe.md says where to find the value')
    return !needs.hasOtherIssuer && !isOwn ? wrong('transaction tokens have the base URL as iss, which the option issuer does not contain', 'remove the option issuer') : undefined
  }],
  ['status.ignored', (facts, { enrollmentLifetimeMs }) => tooLong(facts, 'status.ignored', 'enrollmentLifetimeSeconds', enrollmentLifetimeMs, 'an enrolment')],
  ['status.ignored-approval', (facts, { lifetimeMs }) => tooLong(facts, 'status.ignored-approval', 'lifetimeSeconds', lifetimeMs, 'an approval')],
  ['verification.sms.late', (facts, { factors, lifetimeMs }) => {
    const isUsed = factors.some((factor) => factor.name === 'sms' && isOfPackage(factor))
    return isUsed && isRefusedCode(facts, 'verification.sms.late') ? tooLong(facts, 'verification.sms.late', 'lifetimeSeconds', lifetimeMs, 'the code of a text message') : undefined
  }],
  ['limit.pushes', (facts, { startBudget: { starts } }) => {
    const after = Number(facts.text('limit.pushes.after'))
    return starts > after ? doubtful(`Nevis blocks a user after ${after} requests, before startBudget with ${starts} starts does`, `startBudget: { starts: ${Math.max(1, after)}, … }`) : undefined
  }],
  ['verification.recovery.used', (facts, { factors }) => {
    const isUsed = factors.some(({ name }) => name === 'recovery')
    return isUsed && areUsedCodesAccepted(facts) ? doubtful('Nevis accepts a recovery code that was already used, so a code that an attacker has seen signs in again', 'leave recovery() out of factors, and report this answer to Nevis') : undefined
  }],
  ['limit.codes', (facts, { attemptBudget: { attempts } }) => {
    if (isAcceptedCode(facts, 'limit.codes')) return undefined
    const isNumberOpen = areCodesBlocked(facts)
    const after = Number(facts.text('limit.codes.after').replace(isNumberOpen ? 'more than ' : '', ''))
    return attempts > after ? doubtful(`Nevis blocks a user after ${isNumberOpen ? 'at most ' : ''}${after} wrong codes, before attemptBudget with ${attempts} attempts does`, `attemptBudget: { attempts: ${Math.max(1, after)}, … }`) : undefined
  }],
]

function wrongChannel(facts: FactsReader, settings: InstanceSettings): Finding | undefined {
  const [set, known] = [optionsOf(settings, 'app')['channel'], appChannelOf(facts)]
  if (set === undefined || known === undefined || set === known) return undefined
  return wrong(`the instance does not know the channel ${known === 'app' ? 'qr-code' : 'app'}`, known === 'qr-code' ? "app({ channel: 'qr-code' })" : "remove channel: 'qr-code' from app()")
}

function tooLong(facts: FactsReader, step: string, option: string, lifetimeMs: number, what: string): Finding | undefined {
  const seconds = Number(facts.text(`${step}.seconds`))
  return lifetimeMs > seconds * 1000 ? doubtful(`${option} is ${lifetimeMs / 1000}, but ${what} ends at Nevis after ${seconds} s`, `${option}: ${Math.max(30, seconds)}`) : undefined
}

function missingTokenOption(facts: FactsReader, { claims }: InstanceSettings): Finding | undefined {
  const needs = tokenNeedsOf(facts)
  if (needs === undefined) return undefined
  const { acceptAudienceApi = false, acceptMissingIssuer = false, subject = 'userId' } = claims
  // With `transactionTokens: { subject: 'none' }`, the strategy also accepts a token whose `sub` is the userId.
  const isSubject = subject === needs.subject || (subject === 'none' && needs.subject === 'userId')
  if ((acceptAudienceApi || !needs.acceptAudienceApi) && (acceptMissingIssuer || !needs.acceptMissingIssuer) && isSubject) return undefined
  return wrong('transaction tokens have other claims than the strategy expects, so sign-ins fail with binding_mismatch', transactionTokensOf(needs) ?? 'remove transactionTokens')
}

function unneededTokenOption(facts: FactsReader, { claims }: InstanceSettings): Finding | undefined {
  const needs = tokenNeedsOf(facts)
  if (needs === undefined) return undefined
  const unneeded = [
    ...(['acceptAudienceApi', 'acceptMissingIssuer'] as const).filter((name) => claims[name] === true && !needs[name]),
    ...(claims.subject === 'none' && needs.subject === 'userId' ? ["subject: 'none'"] : []),
  ].join(' and ')
  return unneeded === '' ? undefined : doubtful(`transactionTokens accepts more than the tokens of the instance need: ${unneeded}`, `remove ${unneeded}`)
}
