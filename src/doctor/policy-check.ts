/**
 * Checks that the application's Content-Security-Policy allows what the waiting page uses: script, style, images, status requests and forms.
 *
 * Out of scope: Nevis's widget, which needs more (docs/guides/factors.md), and `form-action` for a callback that redirects to another origin.
 */
import { error, ok, type Finding } from './findings'
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
  const blocked = policies.split(',').flatMap((policy) => blockedBy(policy, text))
  if (blocked.length === 0) return ok(check, 'the Content-Security-Policy allows the waiting page')
  const [needed] = blocked as [string]
  const remedy = needed.startsWith('sandbox')
    ? 'remove sandbox from the policy of the waiting page'
    : `allow ${[...new Set(blocked)].join('; ')} on that page, or remove the policy there: the page sends its own; with nonces, waitingPage(nevis, { nonce })`
  return error(check, `the Content-Security-Policy of the app blocks the waiting page: ${[...new Set(blocked)].map((need) => need.split(' ')[0]).join(', ')}`, remedy)
}

/**
 * Lists what the waiting page needs and the policy blocks.
 * @returns for example `script-src 'self'`
 */
function blockedBy(policy: string, html: string): string[] {
  const directives = new Map<string, string[]>()
  for (const directive of policy.split(';')) {
    const [name = '', ...sources] = directive.trim().split(/\s+/)
    // If a directive occurs twice, browsers use the first one.
    if (name !== '' && !directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), sources)
  }
  const sandbox = directives.get('sandbox')
  if (sandbox !== undefined && !['allow-forms', 'allow-scripts', 'allow-same-origin'].every((flag) => sandbox.includes(flag))) return ['sandbox']
  return NEEDS.flatMap(([name, source]) => {
    const element = name === 'script-src' ? 'script-src-elem' : name === 'style-src' ? 'style-src-elem' : name
    const allowed = directives.get(element) ?? directives.get(name) ?? (WITHOUT_FALLBACK.includes(name) ? undefined : directives.get('default-src'))
    return allowed === undefined || isAllowed(source, allowed, html) ? [] : [`${name} ${source}`]
  })
}

function isAllowed(source: string, allowed: readonly string[], html: string): boolean {
  const nonces = allowed.flatMap((one) => /^'nonce-(.+)'$/.exec(one)?.[1] ?? [])
  if (nonces.some((nonce) => html.includes(` nonce="${nonce}"`))) return true
  if (allowed.includes(source)) return !allowed.includes("'strict-dynamic'")
  // Also accept a host name instead of 'self'. This name may be the public name of the application, which `doctor` does not know.
  return source === "'self'" && allowed.some((one) => /^(\*$|https?:|[a-z\d*])/i.test(one) && !['data:', 'blob:'].includes(one.toLowerCase()))
}
