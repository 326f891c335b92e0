/**
 * Reads a report of the command `probe` from its file.
 *
 * Out of scope: what the report means for an app (`probe-findings.ts`, `instance-checks.ts`).
 */
import { readFileSync } from 'node:fs'
import { isJsonObject } from '../client/answer'
import type { Facts } from './probe/caller'
import { wordOf } from './probe/word-of'

/** The parts of a report that the doctor reads. */
export interface ReportOfProbe {
  readonly answers: readonly Readonly<Record<string, unknown>>[]
  readonly unexplained: readonly unknown[]
  readonly stages: readonly string[]
  /** Why the probe got no answers of Nevis; undefined if Nevis answered. */
  readonly obstacle: string | undefined
  readonly facts: Facts
}

/** @returns the report, or why the file is not a report */
export function readReport(file: string): ReportOfProbe | string {
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'))
    const { probe, answers, unexplained, stages = [], obstacle, facts = {} } = isJsonObject(json) ? json : {}
    const isReport = probe === 1 && Array.isArray(answers) && answers.every(isJsonObject) && Array.isArray(unexplained) && isTexts(stages) && isJsonObject(facts)
    if (!isReport) return 'the file is not a report of the probe'
    return { answers, unexplained, stages, obstacle: typeof obstacle === 'string' ? obstacle : undefined, facts: factsIn(facts) }
  } catch (reason) {
    return wordOf(reason) === 'SyntaxError' ? 'the file is not a report of the probe' : `the report cannot be read (${wordOf(reason)})`
  }
}

function factsIn(facts: Readonly<Record<string, unknown>>): Facts {
  return Object.fromEntries(Object.entries(facts).filter((entry): entry is [string, string | string[]] => typeof entry[1] === 'string' || isTexts(entry[1])))
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}
