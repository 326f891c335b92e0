/**
 * What the doctor says: for each check one finding, and a remedy where one is due.
 *
 * Out of scope: to examine, or to print (`report.ts`). Nothing that is secret, and no text of somebody else's error, goes into a
 * finding: they are printed, if without what a terminal would obey.
 */
import { printable } from './printable'

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
  'ledger.forget',
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

/** Whether a message of the process in which the app ran is one of ours: the app can send anything. */
export function isFinding(value: unknown): value is Finding {
  const { check, level, finding, remedy, strategy } = Object(value) as Record<keyof Base | 'level' | 'remedy', unknown>
  const isText = (one: unknown) => typeof one === 'string'
  return (
    (CHECKS as readonly unknown[]).includes(check) &&
    isText(finding) &&
    (level === 'ok' ? remedy === undefined : ['warning', 'error', 'unchecked'].includes(level as string) && isText(remedy)) &&
    (strategy === undefined || isText(strategy))
  )
}

/** A finding as it is shown, to people or to programs. */
export function printableFinding(one: Finding): Finding {
  const texts = Object.entries(one).map(([name, text]) => [name, printable(String(text))])
  return Object.fromEntries(texts) as Finding
}

/** The findings in the order of the report; a check that has none says why: nothing is left out in silence. */
export function withUnchecked(findings: readonly Finding[], why: string, remedy: string): Finding[] {
  return CHECKS.flatMap((check) => {
    const own = findings.filter((one) => one.check === check)
    return own.length > 0 ? own : [unchecked(check, why, remedy)]
  })
}
