/**
 * The report of the command `probe`: which fields and kinds of values the responses have, the answers to the probe's questions, and the recognised dialects of
 * the simulator (variants of Nevis's behaviour). The report contains no value of a response.
 *
 * The option `dialect` of the simulator and `doctor --report` read the report. Out of scope: the requests (`stages.ts`) and the recognition of dialects
 * (`recognise.ts`).
 */
import type { Facts } from './facts-reader'
import { acceptedWrongCodesIn } from './code-answers'
import { refusalsIn } from './needs'
import type { Answered } from './question'
import { answersIn, flagsOf, refusalOf, unansweredIn } from './questions'
import { NOT_COMPARED, type Recognised } from './recognise'
import { STAGES, type Stage, type StageFailure, type StageResults } from './stages'

/** Why the probe ended, if the person interrupted it. */
export const INTERRUPTED = 'interrupted'

export interface ProbeReport {
  readonly probe: 1
  /** The stages that ran to their end, even if one of their requests failed. */
  readonly stages: readonly Stage[]
  /** The stages in which something went wrong, each with the reason, for example that an HTTP request got no response; absent if there is no such stage. */
  readonly failed?: readonly StageFailure[]
  /** Why the responses do not come from a Nevis instance that accepts the access key. If this is present, the report has no answers. */
  readonly obstacle?: string
  readonly calls: number
  /** The number of test users whose deletion Nevis did not confirm. */
  readonly usersLeft: number
  /** Why the probe ended early: before its last stage, or before it had compared the responses with those of the simulator. Otherwise absent. */
  readonly endedBy?: string
  /**
   * False if the probe has not compared the responses with those of the simulator. `dialects` is then empty, and `endedBy` has the reason. Otherwise absent.
   */
  readonly isCompared?: false
  readonly answers: readonly Answered[]
  readonly unanswered: readonly string[]
  /** Names of the simulator's dialects (variants of Nevis's behaviour) with which the simulator imitates the instance. */
  readonly dialects: readonly string[]
  /** Groups of dialects that the probe cannot tell apart. */
  readonly alike: readonly (readonly string[])[]
  /** Differences between the Nevis instance and the simulator that no dialect of the simulator explains. */
  readonly unexplained: readonly string[]
  /** Requests that the instance refused, each with the HTTP status, although the simulator accepts them. They are not compared. Absent if there are none. */
  readonly unsettled?: readonly string[]
  /**
   * Stages that failed, and whose answers may not come from Nevis, because no known dialect explains all of them. So the report uses these answers neither for
   * its questions nor for dialects and differences. Absent if there are none.
   */
  readonly leftOut?: readonly Stage[]
  /** What the probe has recorded, without the stages in `leftOut`. */
  readonly facts: Facts
  /** What the probe has recorded in the stages in `leftOut`, for a bug report. Nothing is concluded from it. Absent if there are no such stages. */
  readonly leftOutFacts?: Facts
}

/** @param recognised the matching dialects; or why the probe has not compared the responses with those of the simulator, for example `INTERRUPTED` */
export function reportOf({ facts: recorded, finished, failed, ofFailed, obstacle, calls, usersLeft, endedBy }: StageResults, recognised: Recognised | string): ProbeReport {
  const isCompared = typeof recognised !== 'string'
  const { dialects, alike, unexplained, unsettled } = isCompared ? recognised : NOT_COMPARED
  // Without a comparison, nothing shows whether Nevis itself gave the answers of a failed stage. So leave out these answers.
  const leftOut = isCompared ? recognised.leftOut ?? [] : [...new Set(ofFailed.values())]
  const recordedIn = (isLeftOut: boolean): Facts => Object.fromEntries(Object.entries(recorded).filter(([name]) => (leftOut.length > 0 && ofFailed.has(name)) === isLeftOut))
  const facts = recordedIn(false)
  // If the probe ended in the middle of a stage, both `endedBy` and `failed` contain the reason.
  const reason = isCompared ? endedBy : recognised
  return {
    probe: 1,
    stages: finished,
    ...(failed.length > 0 && { failed }),
    ...(obstacle !== undefined && { obstacle }),
    calls,
    usersLeft,
    ...(reason !== undefined && { endedBy: reason }),
    ...(!isCompared && { isCompared }),
    answers: obstacle === undefined ? answersIn(facts) : [],
    unanswered: unansweredIn(obstacle === undefined ? facts : {}),
    dialects,
    alike,
    unexplained,
    ...(unsettled !== undefined && { unsettled }),
    ...(leftOut.length > 0 && { leftOut }),
    facts,
    ...(leftOut.length > 0 && { leftOutFacts: recordedIn(true) }),
  }
}

/**
 * Formats the report for a terminal, without the recorded responses.
 * @param address the base URL of the instance, which the report itself does not contain
 */
export function textOf(report: ProbeReport, address = 'the instance'): string {
  const { answers, unanswered, alike, unexplained, unsettled = [], leftOut = [], calls, usersLeft, stages, failed = [], obstacle, endedBy } = report
  const lines: string[] = []
  if (obstacle === undefined) {
    lines.push(...section('DANGER: this instance, or a gateway in front of it, accepts wrong codes. Do not use these factors', acceptedWrongCodesIn(report.facts)))
    lines.push(...answers.flatMap(({ question, answer, does, option }) => [question, `  ${answer}`, `  passport-nevis: ${does}`, ...(option === undefined ? [] : [`  option: ${option}`]), '']))
    lines.push(...section('This instance gives answers that this package refuses, whatever the options are', refusalsIn(report.facts).map(({ sentence }) => sentence)))
    lines.push(...section('Questions without an answer, because the stage was not run or got no usable answer', unanswered.map((question) => withReason(question, report))))
    lines.push(...section('The instance answers like these dialects of the simulator', dialectsIn(report)))
    lines.push(...section('Dialects that these stages cannot distinguish', alike.map((names) => names.join(', '))))
    lines.push(...section('Answers that no dialect of the simulator explains', unexplained))
    lines.push(...section('Not settled, because the instance refused requests that the simulator accepts (the access key may lack a permission, for example)', unsettled))
    lines.push(...section('Left out with all of their answers, because these stages failed and no dialect is known to explain all of these answers', leftOut))
  } else lines.push(`No result: ${obstacle}.`, `  address: ${address}`, '  The responses were not compared with the simulator.', '')
  lines.push(...section('Stages that failed', failed.filter(({ reason }) => reason !== obstacle).map(({ stage, reason }) => `${stage}: ${reason}`)))
  lines.push(`Stages: ${stages.map((stage) => (hasFailed(report, stage) && obstacle === undefined ? `${stage} (failed)` : stage)).join(', ') || 'none completed'}. Calls: ${calls}. Test users that may still exist: ${usersLeft}.${endedBy === undefined || obstacle !== undefined ? '' : ` Ended early: ${endedBy}.`}`)
  return lines.join('\n')
}

/** Adds why a question has no answer: the instance refused a request that the answer needs, or the stage with this question runs only with certain flags. */
function withReason(question: string, { facts }: ProbeReport): string {
  const reason = refusalOf(question, facts) ?? flagsOf(question)
  return reason === undefined ? question : `${question} (${reason})`
}

function hasFailed({ failed = [] }: ProbeReport, stage: Stage): boolean {
  return failed.some((failure) => failure.stage === stage)
}

/** Returns why the probe has not compared the responses with those of the simulator; undefined if it has. */
export function whyNotCompared({ isCompared, endedBy = INTERRUPTED }: ProbeReport): string | undefined {
  if (isCompared !== false) return undefined
  return endedBy === INTERRUPTED ? 'the probe was interrupted' : endedBy
}

function dialectsIn(report: ProbeReport): readonly string[] {
  const { dialects, unexplained, unsettled, leftOut = [], stages } = report
  const why = whyNotCompared(report)
  if (why !== undefined) return [`not compared, because ${why}`]
  const missing = STAGES.filter((stage) => !stages.includes(stage) || hasFailed(report, stage))
  const [notCompared, inPart] = [missing.filter((stage) => !stages.includes(stage) || leftOut.includes(stage)), missing.filter((stage) => stages.includes(stage) && !leftOut.includes(stage))]
  const notAsked = [
    ...(notCompared.length === 0 ? [] : [`as far as asked: not in the stages ${notCompared.join(', ')}, which were not completed`]),
    ...(inPart.length === 0 ? [] : [`as far as answered: some answers of the stages ${inPart.join(', ')}, which failed, may be missing`]),
  ]
  if (stages.length === 0) return ['none: no stage was completed']
  if (dialects.length > 0) return [...dialects, ...notAsked]
  if (unexplained.length > 0) return ['none: the instance differs from the simulator in each dialect', ...notAsked]
  if (unsettled !== undefined) return ['none: apart from the requests that it refused (see "Not settled"), the instance answers like the simulator without a dialect', ...notAsked]
  return missing.length === 0 ? ['none: the instance answers like the simulator without a dialect'] : [`none: as far as asked, the instance answers like the simulator without a dialect (stages not completed: ${missing.join(', ')})`]
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : [`${title}:`, ...entries.map((one) => `  ${one}`), '']
}
