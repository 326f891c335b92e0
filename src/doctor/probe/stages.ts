/**
 * Runs the requested stages of the command `probe` one after another. Deletes the test users at the end, even after an error or an interruption.
 *
 * Out of scope: the stages themselves, and the meaning of the recorded responses (`questions.ts`).
 */
import { appStage } from './app-stage'
import { Caller, NevisUnreachable, ProbeEnded } from './caller'
import { stepOf, type Facts } from './facts-reader'
import { limitStage, MOST_PUSHES, MOST_SCANS } from './limit-stage'
import { precheckFailure, stepFailure } from './obstacle'
import { readOnlyStage } from './read-only-stage'
import type { Person, StageContext } from './stage-context'
import { smsStage } from './sms-stage'
import { TestUsers } from './test-users'
import { userStage } from './user-stage'
import { waitStage } from './wait-stage'

/** All stages, in the order in which they run. `quiet` always runs, the others only if requested. */
export const STAGES = ['quiet', 'users', 'app', 'sms', 'wait', 'limits'] as const
export type Stage = (typeof STAGES)[number]

export interface StageOptions {
  readonly baseURL: string
  readonly accessKey: string
  readonly stages: readonly Stage[]
  /** The person's own phone number, for the stage `sms`. */
  readonly phone?: string | undefined
  /** True if the requests go through a forward proxy. Default false. */
  readonly hasProxy?: boolean
  readonly person: Person
  /** Waits for some milliseconds, and throws when the signal is aborted. With the simulator, `pause` does not wait, but moves the simulator's clock. */
  readonly pause: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly say: (line: string) => void
  /** Aborting this signal skips the remaining stages. The test users are still deleted. */
  readonly signal: AbortSignal
}

/** A stage of the probe that could not complete its task, and the reason. */
export interface StageFailure {
  readonly stage: Stage
  readonly reason: string
}

export interface StageResults {
  readonly facts: Facts
  /** The stages that ran to their end. A stage that ran to its end is also in `failed` if, for example, one of its requests got no answer. */
  readonly finished: readonly Stage[]
  readonly failed: readonly StageFailure[]
  /** The facts that were recorded in a stage that failed afterwards, each with this stage. Perhaps such a fact does not come from Nevis itself. */
  readonly ofFailed: ReadonlyMap<string, Stage>
  /** Why the responses do not come from a Nevis instance that accepts the access key; undefined if they do. */
  readonly obstacle: string | undefined
  readonly calls: number
  /** The number of test users whose deletion Nevis did not confirm. */
  readonly usersLeft: number
  /** The usernames of the test users whose deletion Nevis did not confirm. The probe prints these usernames, but the report does not contain them. */
  readonly namesLeft: readonly string[]
  /** Why the probe ended before all stages were completed; undefined if all were. */
  readonly endedBy: string | undefined
}

/** The probe sends at most this many requests. All stages together need fewer, unless the person takes minutes for each scan. */
const MAX_CALLS = 1000
/** The questions to the developer. Each is asked before a stage that notifies users, costs money, or may affect users of the instance. */
const QUESTIONS: Partial<Record<Stage, string>> = {
  app: 'The stage "app" sends requests to the phone with which you scan. Continue?',
  sms: 'The stage "sms" sends two or three text messages, and one more if you mistype a code. With --wait, the probe later sends another one. This may cost money. Continue?',
  limits: `The stage "limits" asks you to scan up to ${MOST_SCANS} codes, and sends up to ${MOST_PUSHES} requests to your phone, until Nevis refuses further ones. Continue?`,
}

/** Returns those of the given stages before which the probe must ask a question (`QUESTIONS`): `app`, `sms`, and, only together with `app`, `limits`. */
export function asksIn(stages: readonly Stage[]): Stage[] {
  return stages.filter((stage) => stage in QUESTIONS && (stage !== 'limits' || stages.includes('app')))
}

export async function runStages(options: StageOptions): Promise<StageResults> {
  const { baseURL, accessKey, stages, signal, person, say, phone, hasProxy = false } = options
  const pause = (ms: number) => options.pause(ms, signal)
  const caller = new Caller(baseURL, accessKey, MAX_CALLS, signal, undefined, say, pause)
  const users = new TestUsers(caller, options.pause, say)
  const finished: Stage[] = []
  const failed: StageFailure[] = []
  const ofFailed = new Map<string, Stage>()
  let stage: Stage = 'quiet'
  const noteFailure = (reason: string) => void failed.push({ stage, reason })
  const trouble = () => stepFailure(caller.facts, caller.steps, stage !== 'limits', hasProxy)
  const hasFailed = () => failed.some((one) => one.stage === stage)
  let [factsBefore, kept]: [Facts, Facts] = [{}, {}]
  const keepAnswers = () => {
    if (!hasFailed() && trouble() === undefined) kept = { ...caller.facts }
  }
  const context: StageContext = { caller, users, person, pause, say, noteFailure, keepAnswers, phone }
  let [endedBy, obstacle]: (string | undefined)[] = []
  let namesLeft: readonly string[]
  try {
    for (stage of STAGES.filter((one) => stages.includes(one))) {
      factsBefore = kept = { ...caller.facts }
      // The stages after `quiet` create test users. If the responses do not come from Nevis, but for example from a proxy, the probe could not see whether
      // Nevis has created or deleted these users.
      if (obstacle !== undefined) throw new ProbeEnded(`${obstacle}; no test user was created`)
      const question = QUESTIONS[stage]
      if (question !== undefined && asksIn([...finished, stage]).includes(stage) && !(await person.confirm(question))) {
        say(`The stage "${stage}" was left out, so the report leaves its questions open. This is no failure.`)
        continue
      }
      say(`Stage "${stage}" …`)
      caller.steps.clear()
      const lost = await run(stage, context, options.accessKey, finished.includes('app')).then(() => undefined, (reason: unknown) => ifLost(reason))
      // If Nevis cannot be reached in the stage `quiet`, do not end here: `precheckFailure` below finds out the reason. In any other stage, end the probe.
      if (lost !== undefined && stage !== 'quiet') throw lost
      finished.push(stage)
      if (stage === 'quiet') obstacle = precheckFailure(caller.facts, hasProxy) ?? lost?.message
      const reason = (stage === 'quiet' ? obstacle : undefined) ?? trouble()
      if (reason !== undefined) noteFailure(reason)
      for (const name of Object.keys(caller.facts).filter((one) => caller.steps.has(stepOf(one)) || !(one in factsBefore))) {
        if (hasFailed()) ofFailed.set(name, stage)
        else ofFailed.delete(name)
      }
    }
  } catch (reason) {
    // Report the message only of a `ProbeEnded`, an error of the probe itself. The message of another error may quote a response, which may contain secrets.
    endedBy = reason instanceof ProbeEnded ? reason.message : signal.aborted ? 'interrupted' : 'an unexpected error'
    if (!finished.includes(stage) && obstacle === undefined) noteFailure(endedBy)
    // Without an interruption, keep nothing: perhaps a gateway has answered. The answers are also compared with the simulator, which runs complete stages only.
    if (!signal.aborted) kept = factsBefore
  } finally {
    const { count } = users
    if (count > 0) say('Deleting the test users …')
    namesLeft = await users.deleteAll()
    if (count > 0 && namesLeft.length === 0) say('No test user is left at Nevis.')
  }
  // Of a stage that did not end, leave out all responses but those that the stage has kept.
  const facts = endedBy !== undefined && !finished.includes(stage) ? kept : caller.facts
  return { facts, finished, failed, ofFailed, obstacle, calls: caller.calls, usersLeft: namesLeft.length, namesLeft, endedBy }
}

function ifLost(reason: unknown): NevisUnreachable {
  if (reason instanceof NevisUnreachable) return reason
  throw reason
}

function run(stage: Stage, context: StageContext, accessKey: string, withPhone: boolean): Promise<void> {
  if (stage === 'quiet') return readOnlyStage(context, accessKey)
  if (stage === 'users') return userStage(context)
  if (stage === 'app') return appStage(context)
  if (stage === 'sms') return smsStage(context)
  return stage === 'wait' ? waitStage(context) : limitStage(context, withPhone)
}
