/**
 * Evaluates alert rules and PromQL with Prometheus itself: with its program `promtool`. On a machine without promtool, these tests are skipped, except in CI.
 *
 * Out of scope: what the app exports (`alerts.test.ts`).
 */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const isInstalled = spawnSync('promtool', ['--version']).status === 0
export const describeWithPromtool = isInstalled || process.env['CI'] !== undefined ? describe : describe['skip']

/** Runs promtool. Rejects with its output if it finds a mistake. */
export async function promtool(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('promtool', args).catch(({ message, stdout = '', stderr = '' }: { message: string; stdout?: string; stderr?: string }) => {
    throw new Error(`${message}\n${stdout}\n${stderr}`)
  })
  return stdout
}

/** One of the tests that `promtool test rules` runs: its time series have a sample for each minute. */
export interface RuleTest {
  readonly input_series: readonly { readonly series: string; readonly values: string }[]
  readonly alert_rule_test?: readonly { eval_time: string; alertname: string; exp_alerts: { exp_labels: Labels; exp_annotations: Labels }[] }[]
  readonly promql_expr_test?: readonly { expr: string; eval_time: string; exp_samples: { labels: string; value: number }[] }[]
}
type Labels = Readonly<Record<string, string>>

export async function testRules(rules: string, tests: readonly RuleTest[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
  try {
    const file = join(folder, 'tests.yml')
    writeFileSync(file, JSON.stringify({ rule_files: [rules], evaluation_interval: '1m', tests: tests.map((one) => ({ interval: '1m', ...one })) }))
    await promtool('test', 'rules', file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The minutes before anything happens. */
export const QUIET = 5

/**
 * Makes time series of what an app exported before and after some sign-ins: nothing happens for some minutes, then the same sign-ins happen so many times a
 * minute, and then nothing happens again.
 */
export function seriesOf(before: string, after: string, { perMinute, minutes, restMinutes }: { perMinute: number; minutes: number; restMinutes: number }): RuleTest['input_series'] {
  const first = samplesIn(before)
  return [...samplesIn(after)].map(([series, value]) => {
    const start = first.get(series)
    const each = (value - (start ?? 0)) * perMinute
    const values = [...Array<string>(QUIET + 1).fill(String(start ?? '_')), ...Array.from({ length: minutes + restMinutes }, (_, i) => String((start ?? 0) + each * Math.min(i + 1, minutes)))]
    return { series, values: values.join(' ') }
  })
}

/** The counters and histograms in the text that Prometheus reads, with their values. */
function samplesIn(text: string): Map<string, number> {
  const lines = [...text.matchAll(/^(\w+_(?:total|bucket|sum|count)(?:\{.*\})?) (\S+)$/gm)]
  return new Map(lines.map(([, series, value]) => [series as string, Number(value)]))
}
