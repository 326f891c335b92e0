/**
 * Turns a page into an HTTP answer: sets its headers, including a strict Content-Security-Policy.
 *
 * Out of scope: the HTML (`page.ts`, `notices.ts`).
 */
import { headerOf, isHeaderSet, completeAnswer, type Answer, type HostResponse } from '../host/answer'
import type { ShellParts } from './document'

export type Policy = Readonly<Record<string, string>>

export const POLICY: Policy = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'form-action': "'self'",
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
}

/**
 * The referrer policy of the pages, whose URLs contain the handle (encrypted transaction id). With this policy, the `Referer` header shows the next
 * page and other sites only the origin. `no-referrer` would set the `Origin` of the page's forms to "null", and apps use `Origin` to detect forged
 * posts.
 */
export const REFERRER_POLICY = 'strict-origin'

/**
 * Makes the answer with a page, its security headers and its policy.
 * @internal
 */
export function page(res: HostResponse | undefined, status: number, body: string, { language, formAction }: ShellParts, policy = POLICY): Answer {
  return completeAnswer(
    status,
    {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Language': language.tag,
      'Referrer-Policy': REFERRER_POLICY,
      ...policyHeaders(res, { ...policy, 'form-action': formAction }),
    },
    body,
  )
}

/** A Content-Security-Policy with the exceptions that Nevis's widget reference requires: https://docs.nevis.net/authcloud/widget/auth-widget-ref */
export function policyForWidget(origin: string): Policy {
  return { ...POLICY, 'script-src': `'self' ${origin}`, 'child-src': origin, 'style-src': "'self' 'unsafe-inline'" }
}

/**
 * The headers that restrict the page. This package sends its Content-Security-Policy only if the app has set none: with two policies, browsers
 * enforce both, so this package's policy would block what the app's policy allows. If the app's policy has no `frame-ancestors`, or cannot be read,
 * `X-Frame-Options` keeps the page out of other sites' frames; browsers ignore this header if the policy has `frame-ancestors` (Content Security
 * Policy Level 3, 6.4.2.1).
 */
function policyHeaders(res: HostResponse | undefined, policy: Policy): Readonly<Record<string, string>> {
  if (!isHeaderSet(res, 'Content-Security-Policy')) {
    return { 'Content-Security-Policy': Object.entries(policy).map(([name, sources]) => `${name} ${sources}`).join('; ') }
  }
  const own = headerOf(res, 'Content-Security-Policy') ?? ''
  const isFramingSaid = own.split(/[;,]/).some((directive) => /^\s*frame-ancestors(\s|$)/i.test(directive))
  return isFramingSaid || isHeaderSet(res, 'X-Frame-Options') ? {} : { 'X-Frame-Options': 'DENY' }
}
