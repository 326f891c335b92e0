/**
 * Derives from the probe's records which values of this package's options fit a Nevis instance.
 *
 * Out of scope: the words of the report (`questions.ts`), and the options of an app (`../probe-findings.ts`).
 */
import type { FactsReader } from './facts-reader'

const RIGHT = '200'

/** True if the option `healthCheck` accepts the instance's answer to /ping. */
export function isPingUsable(facts: FactsReader): boolean {
  return /^2|^4(?!01|03|29)/.test(facts.http('ping')) && !facts.fields('ping').some((kind) => ['a page', 'other text'].includes(kind))
}

/** The name that the instance accepts for the channel `app`; undefined if it accepts both names, or if the responses do not show which one. */
export function appChannelOf(facts: FactsReader): 'app' | 'qr-code' | undefined {
  if (facts.has('approval.app.refused') && facts.http('approval.app').startsWith('2')) return 'qr-code'
  const [app, older, push] = ['app', 'qr-code', 'push'].map((channel) => facts.http(`approval.${channel}.no-device`))
  // Nevis documents 400 for a malformed request. So only 400 shows that Nevis does not know the name.
  if (older === '400' && app !== older && app === push) return 'app'
  return app === '400' && app !== older && older === push ? 'qr-code' : undefined
}

/** True if Nevis's links for the factor `app` have a custom URL scheme: such a link opens a branded Access App instead of a web page. */
export function hasLinkOfApp(facts: FactsReader): boolean {
  return facts.kinds('enroll.app', 'appLinkUri').includes('link with the scheme of an app')
}

/** Whether the verification of an SMS code needs the field `channel` or refuses it; undefined if the field makes no difference, or no code was accepted. */
export function smsChannelOf(facts: FactsReader): 'needed' | 'refused' | undefined {
  if (facts.http('verification.sms.right') !== RIGHT) return facts.http('verification.sms.right.with-channel') === RIGHT ? 'needed' : undefined
  return facts.http('verification.sms.wrong') === facts.http('verification.sms.wrong.with-channel') ? undefined : 'refused'
}

/** True if the status after a right SMS code is `succeeded`, with a token that introspects as active, for sign-ins and for enrolments. */
export function canRequireIntrospection(facts: FactsReader): boolean {
  return ['sms', 'enroll.sms'].every((step) => {
    const hasSucceeded = facts.http(`status.${step}.verified`) === RIGHT && facts.kinds(`status.${step}.verified`, 'status').some((status) => status.toLowerCase() === '"succeeded"')
    return hasSucceeded && facts.claim(`introspect.${step}`, 'active') === 'true'
  })
}

/** How the transaction tokens of the instance differ from what Nevis documents. */
export interface TokenNeeds {
  readonly acceptAudienceApi: boolean
  readonly acceptMissingIssuer: boolean
  readonly subject: 'userId' | 'username' | 'transactionId' | 'none'
  /** True if the `iss` of transaction tokens names another host than that of the instance. */
  readonly hasOtherIssuer: boolean
}

/** @returns undefined if no active transaction token was introspected */
export function tokenNeedsOf(facts: FactsReader): TokenNeeds | undefined {
  const step = 'introspect.push.accept'
  if (facts.claim(step, 'active') !== 'true') return undefined
  const [sub, aud, iss] = (['sub', 'aud', 'iss'] as const).map((claim) => facts.claim(step, claim)) as [string, string, string]
  return {
    acceptAudienceApi: aud.split(', ').includes('"api"'),
    acceptMissingIssuer: iss === 'absent',
    subject: sub === 'absent' ? 'none' : sub.startsWith('the username') ? 'username' : sub.startsWith('the transactionId') ? 'transactionId' : 'userId',
    hasOtherIssuer: iss !== 'absent' && !/^(URL of the instance|the base URL)($|,)/.test(iss),
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
