/**
 * Runs the stages that were asked for, one after another, and deletes the users of the probe at the end, whatever happens.
 *
 * Out of scope: the stages themselves, and what their facts mean (`questions.ts`).
 */
import { appStage } from './app-stage'
import { Caller, ProbeEnded, type Facts } from './caller'
import { limitStage } from './limit-stage'
import { quietStage } from './quiet-stage'
import type { Person, Scene } from './scene'
import { smsStage } from './sms-stage'
import { ThrowawayUsers } from './throwaway-users'
import { userStage } from './user-stage'
import { waitStage } from './wait-stage'

/** The first stage always runs; each of the others must be asked for. */
export const STAGES = ['quiet', 'users', 'app', 'sms', 'wait', 'limits'] as const
export type Stage = (typeof STAGES)[number]

export interface StageOptions {
  readonly baseURL: string
  readonly accessKey: string
  readonly stages: readonly Stage[]
  /** For the stage `sms`: the number of the person's own phone. */
  readonly phone?: string | undefined
  readonly person: Person
  readonly pause: (ms: number) => Promise<void>
  readonly say: (line: string) => void
  /** Ends the stages early; the users are deleted all the same. */
  readonly signal: AbortSignal
}

export interface StageResults {
  readonly facts: Facts
  /** The stages that ran to their end. */
  readonly finished: readonly Stage[]
  readonly calls: number
  /** Users that may still exist because Nevis did not confirm that they are deleted. */
  readonly usersLeft: number
  /** The reason if not all stages ran to their end. */
  readonly endedBy: string | undefined
}

/** More calls than all stages need, and few enough for any instance. */
const MAX_CALLS = 1000
/** Asked before a stage that notifies somebody or that users of the instance may feel. */
const QUESTIONS: Partial<Record<Stage, string>> = {
  app: 'This sends requests to the phone with which you scan. Go on?',
  sms: 'This sends two or three text messages, which may cost money. Go on?',
  limits: 'This sends up to 40 requests to your phone, until Nevis blocks the test user. Go on?',
}

export async function runStages(options: StageOptions): Promise<StageResults> {
  const { baseURL, accessKey, stages, signal, person, pause, say, phone } = options
  const caller = new Caller(baseURL, accessKey, MAX_CALLS, signal)
  const users = new ThrowawayUsers(caller)
  const scene: Scene = { caller, users, person, pause, say, phone }
  const finished: Stage[] = []
  let endedBy: string | undefined
  let usersLeft: number
  try {
    for (const stage of STAGES.filter((one) => stages.includes(one))) {
      const question = QUESTIONS[stage]
      const needsPerson = stage !== 'limits' || stages.includes('app')
      if (question !== undefined && needsPerson && !(await person.confirm(question))) continue
      say(`Stage "${stage}" …`)
      await run(stage, scene, options)
      finished.push(stage)
    }
  } catch (reason) {
    // The text of any other error is not shown: it may quote a response.
    endedBy = reason instanceof ProbeEnded ? reason.message : signal.aborted ? 'interrupted' : 'an unexpected error'
  } finally {
    say('Deleting the test users …')
    usersLeft = await users.deleteAll()
  }
  return { facts: caller.facts, finished, calls: caller.calls, usersLeft, endedBy }
}

function run(stage: Stage, scene: Scene, { accessKey, stages }: StageOptions): Promise<void> {
  if (stage === 'quiet') return quietStage(scene, accessKey)
  if (stage === 'users') return userStage(scene)
  if (stage === 'app') return appStage(scene)
  if (stage === 'sms') return smsStage(scene)
  return stage === 'wait' ? waitStage(scene) : limitStage(scene, stages.includes('app'))
}
