/**
 * The findings of the command `doctor`. A finding is the result of one check, with a remedy if something is wrong.
 *
 * A finding contains no secret, because it is printed. Out of scope: the checks, and printing (`report.ts`).
 */
import { printable } from './printable'

/** The names of all checks, in the order in which the report lists them. */
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
  'ledger.counts',
  'ledger.forget',
  'routes.password',
  'routes.start',
  'routes.waiting',
  'routes.policy',
  'routes.waiting-post',
  'routes.status',
  'routes.status-limit',
  'routes.callback',
  'routes.callback-post',
  'routes.session',
  'routes.sign-in',
  'session.store',
  'session.resave',
  'session.save-uninitialized',
  'session.secret',
  'session.http-only',
  'session.secure',
  'session.same-site',
  'session.trust-proxy',
] as const

/** The check `cloud.probe` only runs if the developer passes a report of the command `probe` with `--report`. */
export type Check = (typeof CHECKS)[number] | 'cloud.probe'

interface Base {
  readonly check: Check
  readonly finding: string
  /** The name of the strategy; set only if the application has several Nevis strategies. */
  readonly strategy?: string
}

/**
 * The result of one check. `error`: users cannot sign in, or can sign in without the second factor · `warning`: something will fail in production, for example
 * with several processes · `unchecked`: `doctor` could not run the check; the remedy says what the developer can check instead.
 */
export type Finding =
  | (Base & { readonly level: 'ok'; readonly remedy?: never })
  | (Base & { readonly level: 'warning' | 'error' | 'unchecked'; readonly remedy: string })

export const ok = (check: Check, finding: string): Finding => ({ check, level: 'ok', finding })
export const warning = (check: Check, finding: string, remedy: string): Finding => ({ check, level: 'warning', finding, remedy })
export const error = (check: Check, finding: string, remedy: string): Finding => ({ check, level: 'error', finding, remedy })
export const unchecked = (check: Check, finding: string, remedy: string): Finding => ({ check, level: 'unchecked', finding, remedy })

/** The remedy for an application that does not start: look at its output, which `doctor` hides by default because it may contain secrets. */
export const seeOutput = (file: string) => `npx passport-nevis doctor ${file} --app-output shows what the app prints`

/** Validates a message from the child process. The application runs in that process and can send any message. */
export function isFinding(value: unknown): value is Finding {
  const { check, level, finding, remedy, strategy } = Object(value) as Record<keyof Base | 'level' | 'remedy', unknown>
  const isText = (one: unknown) => typeof one === 'string'
  return (
    [...CHECKS, 'cloud.probe'].includes(check as Check) &&
    isText(finding) &&
    (level === 'ok' ? remedy === undefined : ['warning', 'error', 'unchecked'].includes(level as string) && isText(remedy)) &&
    (strategy === undefined || isText(strategy))
  )
}

export function printableFinding(one: Finding): Finding {
  const texts = Object.entries(one).map(([name, text]) => [name, printable(String(text))])
  return Object.fromEntries(texts) as Finding
}

/** Sorts the findings into the order of the report. Each check without a finding gets the finding `unchecked`, with `why` as the reason and with `remedy`. */
export function withUnchecked(findings: readonly Finding[], why: string, remedy: string): Finding[] {
  return CHECKS.flatMap((check) => {
    const own = findings.filter((one) => one.check === check)
    return own.length > 0 ? own : [unchecked(check, why, remedy)]
  })
}
