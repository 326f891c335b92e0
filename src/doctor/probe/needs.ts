/**
 * Derives from the probe's records which values of this package's options fit a Nevis instance, and which sign-ins fail whatever the options are.
 *
 * Out of scope: the words of the report (`questions.ts`), the answers to codes (`code-answers.ts`), and the options of an app (`../probe-findings.ts`).
 */
import { NOT_ACCEPTED } from './answers'
import { isUnclear, refusalOfRightCode } from './code-answers'
import { CODE_OF_OTHER_CHARACTERS, FactsReader, type Facts } from './facts-reader'
import { BASE_URL, OTHER_PATH, URL_WITH_SLASH } from './shape'

/** True if the option `healthCheck` accepts the instance's answer to /ping. */
export function isPingUsable(facts: FactsReader): boolean {
  const fields = facts.fields('ping')
  const isPong = facts.http('ping') === '200' && fields.some((kind) => kind.startsWith('the text PONG'))
  return isPong || (/^2|^4(?!01|03|29)/.test(facts.http('ping')) && !fields.some((kind) => /^(?:a page|other text|the text PONG|the body:|\[|: empty list)/.test(kind)))
}

/**
 * True if the answer about an unknown user is a 404 with Nevis's own error body, and the body names no path but that of the request. Only after this answer
 * does the strategy take a user for new.
 */
export function isUnknownUserClear(facts: FactsReader): boolean {
  const fields = facts.fields('user.unknown-name')
  return facts.http('user.unknown-name') === '404' && fields.includes('status: HTTP status') && !fields.includes(OTHER_PATH)
}

/** The name that the instance accepts for the channel `app`. Undefined if it accepts `app` and `qr-code`, or if the responses do not tell. */
export function appChannelOf(facts: FactsReader): 'app' | 'qr-code' | undefined {
  if (facts.has('approval.app.refused') && facts.http('approval.app').startsWith('2')) return 'qr-code'
  const [app, older, push] = ['app', 'qr-code', 'push'].map((channel) => facts.http(`approval.${channel}.no-device`))
  // Nevis documents 400 for a malformed request. So only 400 shows that Nevis does not know the name of a channel.
  if (older === '400' && app !== older && app === push) return 'app'
  return app === '400' && app !== older && older === push ? 'qr-code' : undefined
}

/** True if Nevis's links for the factor `app` have a custom URL scheme: such a link opens a branded Access App instead of a web page. */
export function hasLinkOfApp(facts: FactsReader): boolean {
  return facts.kinds('enroll.app', 'appLinkUri').includes('link with the scheme of an app')
}

/**
 * True if the status endpoint answers 401 to a request without the access key, but not to one with it: NevisClient then sends the key. False if the 401 is an
 * HTML page, because a gateway may have sent the page; NevisClient does not send the key after such a page either.
 */
export function doesStatusNeedKey(facts: FactsReader): boolean {
  const [without, withKey] = [facts.http('status.unknown'), facts.http('status.unknown.with-key')]
  return without === '401' && /^\d/.test(withKey) && withKey !== '401' && !facts.fields('status.unknown').includes('a page')
}

/**
 * True if Nevis answers all wrong codes of the stage `limits` alike, and then refuses even a right code. So the user is blocked, but nothing shows after how
 * many wrong codes.
 */
export function areCodesBlocked(facts: FactsReader): boolean {
  return facts.text('limit.codes.after').startsWith('more than') && facts.http('limit.codes.right').startsWith('4')
}

/** True if the status after a right SMS code is `succeeded`, with a token that introspects as active, for sign-ins and for enrolments. */
export function canRequireIntrospection(facts: FactsReader): boolean {
  return ['sms', 'enroll.sms'].every((step) => hasSucceeded(facts, `status.${step}.verified`) && facts.ownClaim(`introspect.${step}`, 'active') === 'true')
}

/** How the transaction tokens of the instance differ from what Nevis documents. */
export interface TokenNeeds {
  readonly acceptAudienceApi: boolean
  readonly acceptMissingIssuer: boolean
  readonly subject: 'userId' | 'username' | 'transactionId' | 'none'
  /** True if the `iss` of transaction tokens is not the base URL, with or without a slash at its end. The option `issuer` must then be that `iss`. */
  readonly hasOtherIssuer: boolean
}

/** The introspections of transaction tokens. All tokens of an instance should have the same claims. */
export const TOKEN_STEPS = ['introspect.push.accept', 'introspect.app.accept', 'introspect.enroll.app', 'introspect.sms', 'introspect.enroll.sms'] as const

/** Returns the first of the `TOKEN_STEPS` that got an answer. Leaves out SMS transactions that are not `succeeded`: the strategy uses no token of these. */
export function tokenStepOf(facts: FactsReader): string | undefined {
  return TOKEN_STEPS.find((step) => facts.has(step) && (!step.endsWith('sms') || hasSucceeded(facts, statusStepOf(step))))
}

const statusStepOf = (step: string) => step.replace(/^introspect\.(.*)$/, 'status.$1.verified')

/** @returns undefined if no active transaction token was introspected, or if the token names another user, which no option accepts */
export function tokenNeedsOf(facts: FactsReader): TokenNeeds | undefined {
  const step = tokenStepOf(facts)
  if (step === undefined || facts.ownClaim(step, 'active') !== 'true' || isOfOther(facts.ownClaim(step, 'sub'), OWNERS)) return undefined
  const [sub, aud, iss] = (['sub', 'aud', 'iss'] as const).map((claim) => facts.ownClaim(step, claim)) as [string, string, string]
  return {
    acceptAudienceApi: aud.split(', ').includes('"api"'),
    acceptMissingIssuer: iss === 'absent',
    subject: sub === 'absent' ? 'none' : sub.startsWith('the username') ? 'username' : sub.startsWith('the transactionId') ? 'transactionId' : 'userId',
    hasOtherIssuer: iss !== 'absent' && ![BASE_URL, URL_WITH_SLASH].includes(iss),
  }
}

/** Returns the option `transactionTokens`, as source code, that fits the tokens of the instance; undefined if the defaults fit them. */
export function transactionTokensOf({ acceptAudienceApi, acceptMissingIssuer, subject }: TokenNeeds): string | undefined {
  const claims = [
    ...(acceptAudienceApi ? ['acceptAudienceApi: true'] : []),
    ...(acceptMissingIssuer ? ['acceptMissingIssuer: true'] : []),
    ...(subject === 'userId' ? [] : [`subject: '${subject}'`]),
  ]
  return claims.length === 0 ? undefined : `transactionTokens: { ${claims.join(', ')} }`
}

/** How the probe describes the `sub` of a transaction token that this package can accept. */
const OWNERS = /^the (userId|username|transactionId)/

/** True for a value that is there, but is not that of the probe's own user or transaction. */
function isOfOther(kind = 'absent', own: RegExp): boolean {
  return kind !== 'absent' && !own.test(kind)
}

/** Says why this package refuses the answer to a step, whatever the options are; undefined if it may accept the answer. */
type Reason = (facts: FactsReader, step: string) => string | undefined

const isSuccess = (http: string) => ['200', '201', '202'].includes(http)

/** Matches the kinds of values other than text. */
const NO_TEXT = /^(?:(?:negative )?number|(?:milli)?seconds since|(?:another )?http status|true|false|empty (?:list|object))/i

/** Returns the status that the client reads from an answer (`client/decode.ts`); undefined if the client throws an error instead. */
export function statusWordIn(facts: FactsReader, step: string): 'pending' | 'succeeded' | 'failed' | 'unknown' | undefined {
  const [http, kind] = [facts.http(step), facts.read(step, 'status')?.toLowerCase()]
  // A 412 means `failed` if it has Nevis's own error body, or a status word other than `pending`, `succeeded` and `unknown`.
  if (http === '412') return facts.fields(step).includes('status: HTTP status') || !(kind === undefined || NO_TEXT.test(kind) || ['"pending"', '"succeeded"', '"unknown"'].includes(kind)) ? 'failed' : undefined
  if (http === '404') return kind === '"unknown"' ? 'unknown' : undefined
  if (['200', '202'].includes(http) && kind === '"pending"') return 'pending'
  return http === '200' && kind === '"succeeded"' ? 'succeeded' : undefined
}

const hasSucceeded = (facts: FactsReader, step: string) => statusWordIn(facts, step) === 'succeeded'

const hasFailed = (facts: FactsReader, step: string) => facts.http(step) === '412' || facts.kinds(step, 'status').some((word) => NOT_ACCEPTED.includes(word.toLowerCase().replaceAll('"', '')))

/**
 * True if the phone or a limit may be the cause of a 4xx to a request by push or SMS. A request by `app` needs neither push messages nor SMS: if it gets the
 * same status, the instance itself is the cause.
 */
const isDoubtful = (facts: FactsReader, step: string) => ['approval.push', 'approval.sms'].includes(step) && facts.http(step).startsWith('4') && facts.http('approval.app') !== facts.http(step)

const ofRequest: Reason = (facts, step) => {
  if (isDoubtful(facts, step)) return undefined
  if (!isSuccess(facts.http(step))) return `the request for an approval gets HTTP ${facts.http(step)}`
  const missing = ['transactionId', 'userId', 'statusToken'].find((field) => facts.claim(step, field) === 'absent')
  return missing && `the answer to the request for an approval has no ${missing}`
}

const ofAppRequest: Reason = (facts, step) =>
  ofRequest(facts, step) ?? (isSuccess(facts.http(step)) && ['dataUri', 'qrCode', 'appLinkUri'].every((field) => facts.claim(step, field) === 'absent') ? 'the answer to the request for an approval has no code to scan' : undefined)

/** Checks only the token of a status, which is all that the factor `widget` uses. Other factors need `ofStatus`. */
const ofStatusToken: Reason = (facts, step) => (hasSucceeded(facts, step) && facts.claim(step, 'token') === 'absent' ? 'the status `succeeded` contains no token' : undefined)

const ofStatus: Reason = (facts, step) => {
  // If the request has failed, report nothing: the person may have denied it.
  if (hasFailed(facts, step)) return undefined
  if (!hasSucceeded(facts, step)) return `the status after an accepted request is ${facts.saw(step)}`
  const other = ['userId', 'username', 'transactionId'].find((field) => isOfOther(facts.read(step, field), new RegExp(`^the ${field}`)))
  return ofStatusToken(facts, step) ?? (other && `the status names another ${other}`)
}

/** After a right SMS code, the strategy also accepts a missing status. It refuses the status `failed`. */
const ofCodeStatus: Reason = (facts, step) => (statusWordIn(facts, step) === 'failed' ? `the status after a right code is ${facts.saw(step)}` : undefined)

const ofToken: Reason = (facts, step) => {
  if (!isSuccess(facts.http(step))) return `the introspection of a transaction token gets HTTP ${facts.http(step)}`
  if (facts.ownClaim(step, 'active') !== 'true') return `the transaction token of an accepted request is not active (active: ${facts.ownClaim(step, 'active')})`
  const invalid = ['exp', 'iat', 'nbf'].find((claim) => /^(negative|empty|true|false)/.test(facts.ownClaim(step, claim)))
  if (invalid !== undefined) return `the \`${invalid}\` of a transaction token is no time`
  const issued = facts.text(`${step}.issued`)
  if (facts.text(`${step}.life`) === '0 s' && issued === 'since the start') return 'a transaction token has already expired when it is issued'
  // Judge the time of issue only if the clocks agree: if Nevis's clock is behind, a new token looks old.
  if (/(minutes|hours|days) before/.test(issued) && facts.text('clock') === 'agrees') return 'a transaction token was issued long before the request'
  return isOfOther(facts.ownClaim(step, 'sub'), OWNERS) ? 'the `sub` of a transaction token names neither the user nor the transaction' : undefined
}

const ofCodeToken: Reason = (facts, step) => (hasSucceeded(facts, statusStepOf(step)) ? ofToken(facts, step) : undefined)

/** Checks a token that the browser, not Nevis, gives to the strategy: it must name its user and its time of issue, and must not be a status token. */
const ofBroughtToken: Reason = (facts, step) => {
  if (facts.ownClaim(step, 'active') !== 'true') return undefined
  if (facts.ownClaim(step, 'iat') === 'absent') return 'a transaction token does not say when it was issued (`iat`)'
  if (!/^the user/.test(facts.ownClaim(step, 'sub'))) return 'a transaction token does not name its user (`sub`)'
  const asStatusToken = `${step}.as-status-token`
  // The 404 must be an answer of Nevis itself, not of a gateway: with the status `unknown`, or with Nevis's own error body, which names the path.
  const isOfNevis = facts.kinds(asStatusToken, 'status').some((word) => word.toLowerCase() === '"unknown"') || ['status: HTTP status', 'path: text'].every((field) => facts.fields(asStatusToken).includes(field))
  if (!facts.has(asStatusToken) || (facts.http(asStatusToken) === '404' && isOfNevis)) return undefined
  return `the request for the status of a transaction token, which must have none, gets ${facts.saw(asStatusToken)} instead of Nevis's own HTTP 404`
}

/**
 * The strategy cannot send an SMS code with other characters than digits to Nevis (`client/typed-input.ts`). After an unclear answer to the code, the strategy
 * asks for the status, and accepts `succeeded`.
 */
const ofTypedCode: Reason = (facts, step) => {
  if (facts.text('sms.code') === CODE_OF_OTHER_CHARACTERS) return 'the code does not consist of digits'
  const why = refusalOfRightCode(facts, step)
  if (why === undefined || !isUnclear(facts, step)) return why
  const status = step.replace(/^verification\.(.*)\.right.*$/, 'status.$1.verified')
  return hasSucceeded(facts, status) ? undefined : `${why}, and the status after it is ${facts.saw(status)}`
}

const ofDenial: Reason = (facts, step) => (['failed', 'unknown'].includes(statusWordIn(facts, step) ?? '') ? undefined : `the status after a denied request is ${facts.saw(step)}`)

/** The steps that show whether sign-ins, enrolments or denials by a factor can work. Without a fourth value, a step is about sign-ins. */
const PROOFS: readonly (readonly [step: string, factor: string, reason: Reason, what?: 'enrolments' | 'denials'])[] = [
  ['approval.push', 'push', ofRequest],
  ['status.push.accepted', 'push', ofStatus],
  ['introspect.push.accept', 'push', ofToken],
  ['status.push.denied', 'push', ofDenial, 'denials'],
  ['approval.app', 'app', ofAppRequest],
  ['status.app.accepted', 'app', ofStatus],
  ['introspect.app.accept', 'app', ofToken],
  ['status.enroll.app.succeeded', 'app', ofStatus, 'enrolments'],
  ['introspect.enroll.app', 'app', ofToken, 'enrolments'],
  ['approval.sms', 'sms', ofRequest],
  ['status.sms.verified', 'sms', ofCodeStatus],
  ['introspect.sms', 'sms', ofCodeToken],
  ['status.enroll.sms.verified', 'sms', ofCodeStatus, 'enrolments'],
  ['introspect.enroll.sms', 'sms', ofCodeToken, 'enrolments'],
  ['verification.sms.right', 'sms', ofTypedCode],
  ['verification.sms.right.with-channel', 'sms', ofTypedCode],
  ['verification.enroll.sms.right', 'sms', ofTypedCode, 'enrolments'],
  ['verification.enroll.sms.right.with-channel', 'sms', ofTypedCode, 'enrolments'],
  ['verification.recovery.right', 'recovery', refusalOfRightCode],
  ['status.push.accepted', 'widget', ofStatusToken],
  ['introspect.push.accept', 'widget', (facts, step) => ofToken(facts, step) ?? ofBroughtToken(facts, step)],
]

/** An answer because of which sign-ins, enrolments or denials fail, whatever the options are. */
export interface Refusal {
  readonly steps: readonly string[]
  /** What fails, and why. For example `sign-ins by push, sign-ins by app fail: …` means that both fail, because Nevis answers a call with HTTP 403. */
  readonly sentence: string
}

/** @param isUsed tells whether the app has this factor; refusals about other factors are left out. Default: the app has every factor */
export function refusalsIn(allFacts: Facts, isUsed: (factor: string) => boolean = () => true): Refusal[] {
  const found = new Map<string, { readonly steps: string[]; readonly failing: Set<string> }>()
  for (const [step, factor, reason, what = 'sign-ins'] of PROOFS) {
    const facts = new FactsReader(allFacts)
    const why = isUsed(factor) && facts.has(step) ? reason(facts, step) : undefined
    if (why === undefined || facts.hasReadLost) continue
    const { steps, failing } = found.get(why) ?? { steps: [], failing: new Set() }
    found.set(why, { steps: [...steps, step], failing: failing.add(`${what} by ${factor}`) })
  }
  return [...found].map(([why, { steps, failing }]) => ({ steps, sentence: `${[...failing].join(', ')} fail: ${why}` }))
}

/**
 * Lists the requests for approvals by push or SMS that got a 4xx. The cause may be the instance, but also the phone or a limit.
 * @param isUsed as for `refusalsIn`
 */
export function refusedRequestsIn(allFacts: Facts, isUsed: (factor: string) => boolean = () => true): string[] {
  return ['push', 'sms'].flatMap((factor) => {
    const [facts, step] = [new FactsReader(allFacts), `approval.${factor}`]
    const isFound = isUsed(factor) && facts.has(step) && isDoubtful(facts, step)
    return isFound && !facts.hasReadLost ? [`the request for an approval by ${factor} got HTTP ${facts.http(step)}, so the probe does not know whether sign-ins by ${factor} work`] : []
  })
}
