/**
 * The findings of the doctor: each is the result of one check, with a remedy if something is wrong.
 *
 * Because findings are printed, a finding contains no secret and no error text of another program. Out of scope: the checks, and printing
 * (`report.ts`). `printableFinding` replaces characters that a terminal would interpret.
 */
import { printable } from './printable'

/** The names of all checks, in the order of the report. */
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
  'session.store',
  'session.resave',
  'session.save-uninitialized',
  'session.secret',
  'session.http-only',
  'session.secure',
  'session.same-site',
  'session.trust-proxy',
] as const

/** `cloud.probe` is checked only if the report of a probe is given (`--report`). */
export type Check = (typeof CHECKS)[number] | 'cloud.probe'

interface Base {
  readonly check: Check
  /** What the check found, in a sentence. */
  readonly finding: string
  /** The strategy's name, if the app has several. */
  readonly strategy?: string
}

/**
 * The result of one check. `error`: users cannot sign in, or not safely · `warning`: users can sign in, but something will fail later, or with
 * several processes · `unchecked`: the doctor could not check it, and the remedy says how you can.
 */
export type Finding =
  | (Base & { readonly level: 'ok'; readonly remedy?: never })
  | (Base & { readonly level: 'warning' | 'error' | 'unchecked'; readonly remedy: string })

export const ok = (check: Check, finding: string): Finding => ({ check, level: 'ok', finding })
export const warning = (check: Check, finding: string, remedy: string): Finding => ({ check, level: 'warning', finding, remedy })
export const error = (check: Check, finding: string, remedy: string): Finding => ({ check, level: 'error', finding, remedy })
export const unchecked = (check: Check, finding: string, remedy: string): Finding => ({ check, level: 'unchecked', finding, remedy })

/** Remedy for an app that does not start: its own output, which the doctor discards because it may contain secrets. */
export const seeOutput = (file: string) => `npx passport-nevis doctor ${file} --app-output shows what the app prints`

/** Validates a message from the child process: the app runs in the same process and can send anything. */
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

/** Returns the finding with unprintable characters of its texts replaced, for the report and for JSON. */
export function printableFinding(one: Finding): Finding {
  const texts = Object.entries(one).map(([name, text]) => [name, printable(String(text))])
  return Object.fromEntries(texts) as Finding
}

/** Sorts the findings into the order of the report. A check without a finding gets one that says why it was not made. */
export function withUnchecked(findings: readonly Finding[], why: string, remedy: string): Finding[] {
  return CHECKS.flatMap((check) => {
    const own = findings.filter((one) => one.check === check)
    return own.length > 0 ? own : [unchecked(check, why, remedy)]
  })
}
