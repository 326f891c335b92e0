/**
 * Reads a report of the command `probe` from its file.
 *
 * Out of scope: what the report means for an app (`probe-findings.ts`, `instance-checks.ts`).
 */
import { readFileSync, statSync } from 'node:fs'
import { isJsonObject } from '../client/answer'
import type { Facts } from './probe/facts-reader'
import { wordOf } from './probe/word-of'

/** A larger file is not read. The largest report of the probe has some 100 kB. */
const MAX_BYTES = 5_000_000
/** A report with more answers or stages than these numbers is refused. A real report has fewer, because the probe has fewer questions and stages. */
const MOST_ANSWERS = 200
const MOST_STAGES = 20

export interface ReportedAnswer {
  readonly question: string
  readonly answer: string
  readonly option?: string
}

/** The parts of a report that the doctor reads. */
export interface ReportOfProbe {
  readonly answers: readonly ReportedAnswer[]
  readonly unexplained: readonly unknown[]
  /** Requests that the instance refused although the simulator accepts them, each with the HTTP status; absent if there are none. */
  readonly unsettled?: readonly string[]
  readonly stages: readonly string[]
  /** The names of the stages that failed. The report lacks some answers of these stages. Absent if no stage failed. */
  readonly failed?: readonly string[]
  /** Why the probe got no answers of Nevis; undefined if Nevis answered. */
  readonly obstacle: string | undefined
  /** Why the probe has not compared the answers with those of the simulator, for example `interrupted`; absent if it has compared them. */
  readonly notCompared?: string
  /** The number of test users whose deletion Nevis did not confirm; absent in a report without this number. */
  readonly usersLeft?: number
  readonly facts: Facts
}

/** @returns the report, or why the file is not a report */
export function readReport(file: string): ReportOfProbe | string {
  try {
    if (!statSync(file).isFile()) return 'the file is not a report of the probe'
    if (statSync(file).size > MAX_BYTES) return 'the file is too large for a report of the probe'
    // An editor may have put a byte-order mark before the JSON.
    const json: unknown = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''))
    const { probe, answers, unexplained, unsettled = [], stages = [], failed = [], obstacle, isCompared, endedBy, usersLeft, facts = {} } = isJsonObject(json) ? json : {}
    if (typeof probe === 'number' && probe !== 1) return `the report was made by another version of the probe (probe: ${probe}, this version reads probe: 1)`
    const isReport = probe === 1 && isListOf(answers, isAnswer, MOST_ANSWERS) && isListOf(unexplained, isText) && isListOf(unsettled, isText) && isListOf(stages, isText, MOST_STAGES) && isListOf(failed, isFailure) && isJsonObject(facts)
    if (!isReport) return 'the file is not a report of the probe'
    return { answers, unexplained, unsettled, stages, failed: [...new Set(failed.map(({ stage }) => stage))], obstacle: typeof obstacle === 'string' ? obstacle : undefined, ...(isCompared === false && { notCompared: isText(endedBy) ? endedBy : 'interrupted' }), ...(typeof usersLeft === 'number' && { usersLeft }), facts: factsIn(facts) }
  } catch (reason) {
    return wordOf(reason) === 'SyntaxError' ? 'the file is not a report of the probe' : `the report cannot be read (${wordOf(reason)})`
  }
}

function factsIn(facts: Readonly<Record<string, unknown>>): Facts {
  return Object.fromEntries(Object.entries(facts).filter((entry): entry is [string, string | string[]] => isText(entry[1]) || isListOf(entry[1], isText)))
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isFailure(value: unknown): value is { readonly stage: string } {
  return isJsonObject(value) && isText(value['stage'])
}

function isAnswer(value: unknown): value is ReportedAnswer {
  if (!isJsonObject(value)) return false
  const { question, answer, option } = value
  return isText(question) && isText(answer) && (option === undefined || isText(option))
}

function isListOf<Value>(value: unknown, isOne: (one: unknown) => one is Value, most = Infinity): value is Value[] {
  return Array.isArray(value) && value.length <= most && value.every(isOne)
}
