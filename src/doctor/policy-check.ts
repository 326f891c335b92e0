/**
 * Checks that the application's Content-Security-Policy allows what the waiting page uses: script, style, images, status requests and forms.
 *
 * Out of scope: Nevis's widget, which needs more (docs/guides/factors.md), and `form-action` for a callback that redirects to another origin.
 */
import { error, ok, unchecked, type Finding } from './findings'
import type { Reply } from './probe'

/** CSP directives, each with the source that the waiting page needs. */
const NEEDS: readonly (readonly [directive: string, source: string])[] = [
  ['script-src', "'self'"],
  ['style-src', "'self'"],
  ['img-src', 'data:'],
  ['connect-src', "'self'"],
  ['form-action', "'self'"],
]
/** Directives to which `default-src` does not apply. For example, a policy without `form-action` allows forms to every address. */
const WITHOUT_FALLBACK = ['form-action']

export function policyFinding({ headers, text }: Reply): Finding {
  const check = 'routes.policy'
  const policies = [headers['content-security-policy'] ?? []].flat().join(',')
  const needs = policies.split(',').flatMap((policy) => needsOf(policy, text))
  const [blocked, unclear] = [false, undefined].map((result) => needs.filter(({ isAllowed }) => isAllowed === result).map(({ need }) => need)) as [string[], string[]]
  const names = (list: readonly string[]) => [...new Set(list)].map((need) => need.split(' ')[0]).join(', ')
  if (blocked.length === 0 && unclear.length === 0) return ok(check, 'the Content-Security-Policy allows the waiting page')
  if (blocked.length === 0) {
    return unchecked(check, `the Content-Security-Policy of the app names hosts: ${names(unclear)}. The doctor does not know whether the app itself is one of them`, `if it is not, allow ${[...new Set(unclear)].join('; ')}`)
  }
  const [needed] = blocked as [string]
  const remedy = needed.startsWith('sandbox')
    ? 'remove sandbox from the policy of the waiting page'
    : `allow ${[...new Set(blocked)].join('; ')} on that page, or remove the policy there: the page sends its own; with nonces, waitingPage(nevis, { nonce })`
  return error(check, `the Content-Security-Policy of the app blocks the waiting page: ${names(blocked)}`, remedy)
}

interface Need {
  /** For example `script-src 'self'`. */
  readonly need: string
  /** Whether the policy allows the need. Undefined if the answer depends on the public host name of the application, which the doctor does not know. */
  readonly isAllowed: boolean | undefined
}

/** Lists what the waiting page needs, and whether the content security policy allows each need. */
function needsOf(policy: string, html: string): Need[] {
  const directives = new Map<string, string[]>()
  for (const directive of policy.split(';')) {
    const [name = '', ...sources] = directive.trim().split(/\s+/)
    // If a directive occurs twice, browsers use the first one.
    if (name !== '' && !directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), sources)
  }
  const sandbox = directives.get('sandbox')
  if (sandbox !== undefined && !['allow-forms', 'allow-scripts', 'allow-same-origin'].every((flag) => sandbox.some((one) => one.toLowerCase() === flag))) return [{ need: 'sandbox', isAllowed: false }]
  return NEEDS.flatMap(([name, source]) => {
    const element = name === 'script-src' ? 'script-src-elem' : name === 'style-src' ? 'style-src-elem' : name
    const allowed = directives.get(element) ?? directives.get(name) ?? (WITHOUT_FALLBACK.includes(name) ? undefined : directives.get('default-src'))
    return allowed === undefined ? [] : [{ need: `${name} ${source}`, isAllowed: allows(allowed, name, source, html) }]
  })
}

function allows(allowed: readonly string[], name: string, source: string, html: string): boolean | undefined {
  // A nonce can allow only scripts and styles. With 'strict-dynamic' in `script-src`, browsers ignore 'self' and host names there.
  const nonces = /^(?:script|style)-src$/.test(name) ? allowed.flatMap((one) => /^'nonce-(.+)'$/i.exec(one)?.[1] ?? []) : []
  if (nonces.some((nonce) => html.includes(` nonce="${nonce}"`))) return true
  // Browsers ignore the case of keywords and schemes, but not of a nonce.
  const isListed = (keyword: string) => allowed.some((one) => one.toLowerCase() === keyword)
  if (name === 'script-src' && isListed("'strict-dynamic'")) return false
  if (isListed(source)) return true
  if (source !== "'self'") return false
  if (allowed.some((one) => /^(?:\*|https?:)$/i.test(one))) return true
  // A host name in the policy, with or without `http:` or `https:` and a port, may be the public name of the application. An entry with another scheme, such as
  // `wss:`, cannot.
  return allowed.some((one) => /^(?:https?:\/\/)?[a-z\d*][^:/]*(?::[\d*]+)?(?:\/.*)?$/i.test(one)) ? undefined : false
}
