/**
 * The report of a probe: shapes, answers and recognised dialects, never a value of a response. The simulator takes it as `dialect`, and the doctor
 * as `--report`.
 *
 * Out of scope: asking (`stages.ts`) and recognising (`recognise.ts`).
 */
import type { Facts } from './caller'
import { answersIn, unansweredIn, type Answered } from './questions'
import type { Recognised } from './recognise'
import type { Stage, StageResults } from './stages'

export interface ProbeReport {
  /** Version of this form. */
  readonly probe: 1
  /** The stages that ran to their end. */
  readonly stages: readonly Stage[]
  readonly calls: number
  readonly usersLeft: number
  /** Why not all stages ran; absent if they did. */
  readonly endedBy?: string
  readonly answers: readonly Answered[]
  readonly unanswered: readonly string[]
  /** Names of dialects of the simulator that together answer as the instance did. */
  readonly dialects: readonly string[]
  /** Dialects that these stages cannot tell from each other. */
  readonly alike: readonly (readonly string[])[]
  /** Differences from the simulator that no dialect explains. */
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

/** The report as text for a terminal, without the facts. */
export function textOf(report: ProbeReport): string {
  const { answers, unanswered, dialects, alike, unexplained, calls, usersLeft, stages, endedBy } = report
  const lines = answers.flatMap(({ question, answer, does, option }) => [question, `  ${answer}`, `  passport-nevis: ${does}`, ...(option === undefined ? [] : [`  option: ${option}`]), ''])
  lines.push(...section('Not asked, because the stage was not run or got no answer', unanswered))
  lines.push(...section('Differs from the simulator as these dialects do', dialects.length > 0 ? dialects : ['none: what was asked is answered as by the simulator']))
  lines.push(...section('Cannot be told apart by these stages', alike.map((names) => names.join(', '))))
  lines.push(...section('Differs from the simulator in ways that no dialect explains', unexplained))
  lines.push(`Stages: ${stages.join(', ')}. Calls: ${calls}. Users left behind: ${usersLeft}.${endedBy === undefined ? '' : ` Ended early: ${endedBy}.`}`)
  return lines.join('\n')
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : [`${title}:`, ...entries.map((one) => `  ${one}`), '']
}
