/**
 * The report of the command `probe`: shapes of responses, answers, and recognised dialects of the simulator. It contains no value of a response.
 *
 * The option `dialect` of the simulator and `doctor --report` read it. Out of scope: the requests (`stages.ts`) and the recognition of dialects
 * (`recognise.ts`).
 */
import type { Facts } from './caller'
import { answersIn, unansweredIn, type Answered } from './questions'
import type { Recognised } from './recognise'
import type { Stage, StageResults } from './stages'

export interface ProbeReport {
  readonly probe: 1
  readonly stages: readonly Stage[]
  readonly calls: number
  readonly usersLeft: number
  /** Why the probe ended before all stages were completed; absent if all were. */
  readonly endedBy?: string
  readonly answers: readonly Answered[]
  readonly unanswered: readonly string[]
  /** Names of the simulator's dialects that together imitate the instance. */
  readonly dialects: readonly string[]
  /** Groups of dialects that the probe cannot tell apart. */
  readonly alike: readonly (readonly string[])[]
  /** Differences between the Nevis instance and the simulator that no dialect of the simulator explains. */
  readonly unexplained: readonly string[]
  readonly facts: Facts
}

export function reportOf({ facts, finished, calls, usersLeft, endedBy }: StageResults, { dialects, alike, unexplained }: Recognised): ProbeReport {
  return {
    probe: 1,
    stages: finished,
    calls,
    usersLeft,
    ...(endedBy !== undefined && { endedBy }),
    answers: answersIn(facts),
    unanswered: unansweredIn(facts),
    dialects,
    alike,
    unexplained,
    facts,
  }
}

/** Formats the report for a terminal, without the recorded responses. */
export function textOf(report: ProbeReport): string {
  const { answers, unanswered, dialects, alike, unexplained, calls, usersLeft, stages, endedBy } = report
  const lines = answers.flatMap(({ question, answer, does, option }) => [question, `  ${answer}`, `  passport-nevis: ${does}`, ...(option === undefined ? [] : [`  option: ${option}`]), ''])
  lines.push(...section('Questions without an answer, because the stage was not run or got no answer', unanswered))
  lines.push(...section('The instance answers like these dialects of the simulator', dialects.length > 0 ? dialects : ['none: the instance answers like the simulator without a dialect']))
  lines.push(...section('Dialects that these stages cannot distinguish', alike.map((names) => names.join(', '))))
  lines.push(...section('Answers that no dialect of the simulator explains', unexplained))
  lines.push(`Stages: ${stages.join(', ')}. Calls: ${calls}. Users left behind: ${usersLeft}.${endedBy === undefined ? '' : ` Ended early: ${endedBy}.`}`)
  return lines.join('\n')
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : [`${title}:`, ...entries.map((one) => `  ${one}`), '']
}
