/**
 * Turns a page into an HTTP answer with its headers, including a strict Content-Security-Policy.
 *
 * Out of scope: the HTML (`page.ts`, `notices.ts`).
 */
import { headerOf, isHeaderSet, completeAnswer, type Answer, type HostResponse } from '../host/answer'
import type { PageSettings } from './document'

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
 * The URLs of the pages contain the handle (the encrypted transaction id). With this policy, other sites see only the origin in `Referer`. With
 * `no-referrer`, the forms would send the `Origin` "null", which apps may refuse as a forged POST.
 */
export const REFERRER_POLICY = 'strict-origin'

/** @internal */
export function page(res: HostResponse | undefined, status: number, body: string, { language, formAction }: PageSettings, policy = POLICY): Answer {
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

/** A Content-Security-Policy with the exceptions that Nevis's widget requires: https://docs.nevis.net/authcloud/widget/auth-widget-ref */
export function policyForWidget(origin: string): Policy {
  return { ...POLICY, 'script-src': `'self' ${origin}`, 'child-src': origin, 'style-src': "'self' 'unsafe-inline'" }
}

/**
 * Sends this package's Content-Security-Policy only if the app has set none, because browsers would enforce both. If the app's policy has no
 * `frame-ancestors`, `X-Frame-Options` keeps the page out of frames of other sites.
 */
function policyHeaders(res: HostResponse | undefined, policy: Policy): Readonly<Record<string, string>> {
  if (!isHeaderSet(res, 'Content-Security-Policy')) {
    return { 'Content-Security-Policy': Object.entries(policy).map(([name, sources]) => `${name} ${sources}`).join('; ') }
  }
  const own = headerOf(res, 'Content-Security-Policy') ?? ''
  const isFramingSaid = own.split(/[;,]/).some((directive) => /^\s*frame-ancestors(\s|$)/i.test(directive))
  return isFramingSaid || isHeaderSet(res, 'X-Frame-Options') ? {} : { 'X-Frame-Options': 'DENY' }
}
