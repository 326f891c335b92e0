/**
 * What the doctor says: for each check one finding, and a remedy where one is due.
 *
 * Not its job: to examine, or to print (`report.ts`). Findings are printed as they are, so nothing that is secret, and no
 * text of somebody else's error, goes into one.
 */

/** Every check, in the order of the report. */
export const CHECKS = [
  'cloud.settings',
  'cloud.reachable',
  'cloud.access-key',
  'cloud.key-expiry',
  'cloud.issuer',
  'cloud.clock',
  'app.loaded',
  'app.passport',
  'app.strategy',
  'ledger.kind',
  'ledger.claims',
  'routes.start',
  'routes.waiting',
  'routes.waiting-post',
  'routes.status',
  'routes.callback',
  'routes.callback-post',
  'session.store',
  'session.resave',
  'session.save-uninitialized',
  'session.secret',
  'session.http-only',
  'session.secure',
  'session.same-site',
  'session.trust-proxy',
] as const

export type Check = (typeof CHECKS)[number]

interface Base {
  readonly check: Check
  /** What was found, in a sentence. */
  readonly finding: string
  /** The strategy's name, where the app has several. */
  readonly strategy?: string
}

/**
 * `error`: people cannot sign in, or not safely · `warning`: they can, but something will not last · `unchecked`: it could
 * not be found out, and the remedy says how it can.
 */
export type Finding =
  | (Base & { readonly level: 'ok'; readonly remedy?: never })
  | (Base & { readonly level: 'warning' | 'error' | 'unchecked'; readonly remedy: string })

export const ok = (check: Check, finding: string): Finding => ({ check, level: 'ok', finding })
export const warning = (check: Check, finding: string, remedy: string): Finding => ({ check, level: 'warning', finding, remedy })
export const error = (check: Check, finding: string, remedy: string): Finding => ({ check, level: 'error', finding, remedy })
export const unchecked = (check: Check, finding: string, remedy: string): Finding => ({ check, level: 'unchecked', finding, remedy })

/** The findings in the order of the report; a check that has none says why: nothing is left out in silence. */
export function completed(findings: readonly Finding[], why: string, remedy: string): Finding[] {
  return CHECKS.flatMap((check) => {
    const own = findings.filter((one) => one.check === check)
    return own.length > 0 ? own : [unchecked(check, why, remedy)]
  })
}
