/**
 * Turns the report of the command `probe` into findings of the command `doctor`: these findings name options that this Nevis instance needs or cannot work
 * with, and responses that the simulator cannot imitate. `doctor` uses this file if it has not checked the options of an app.
 *
 * Out of scope: making the report (`probe/`), and comparing it with the options of an app (`instance-checks.ts`).
 */
import { error, ok, unchecked, warning, type Finding } from './findings'
import { acceptedWrongCodesIn } from './probe/code-answers'
import { refusalsIn, refusedRequestsIn } from './probe/needs'
import type { ReportedAnswer, ReportOfProbe } from './probe-report'

const REMEDY = 'write a report with: npx passport-nevis probe --users --out report.json'
const REQUEST_REMEDY = 'check your subscription, the permissions of the access key, the phone (push messages may be switched off), and the limit of messages per user; then run the probe again'

export function findingsOfReport(report: ReportOfProbe): Finding[] {
  return withGeneral(report, report.answers.flatMap(findingOf), 'the instance needs no option of this package')
}

/**
 * Matches advice that the app may already follow: to leave an option unset or at its default value, or to keep a lifetime within that of Nevis. The default
 * value may already be within it.
 */
const MAY_BE_RIGHT = /^not |\(the default\)$|^`(lifetimeSeconds|enrollmentLifetimeSeconds)`/
const POSSIBLE = / is possible$/

/**
 * Advice to set an option becomes a warning. Advice that the app may already follow becomes `unchecked`, because the report does not show the options of the
 * app.
 */
function findingOf({ question, answer, option }: ReportedAnswer): Finding[] {
  if (option === undefined || POSSIBLE.test(option)) return []
  return [(MAY_BE_RIGHT.test(option) ? unchecked : warning)('cloud.probe', `${question} ${answer}`, `compare with your options: ${option}`)]
}

/**
 * Adds the findings that do not depend on the app's options, for example answers of Nevis that this version of the package does not know. If the report has no
 * answers of Nevis, returns only an error.
 * @param allWell what to say if there is no finding
 * @param isUsed tells whether the app has this factor; findings about other factors are left out. Default: the app has every factor
 */
export function withGeneral({ obstacle, unexplained, unsettled = [], stages, answers, failed = [], notCompared, usersLeft = 0, facts }: ReportOfProbe, findings: readonly Finding[], allWell: string, isUsed?: (factor: string) => boolean): Finding[] {
  if (obstacle !== undefined) return [error('cloud.probe', `the report has no answers of Nevis: ${obstacle}`, REMEDY)]
  if (stages.length === 0 && answers.length === 0) return [error('cloud.probe', 'the report has no answers of Nevis: the probe ended before a stage was completed', REMEDY)]
  const incomplete = failed.length === 0 ? [] : [warning('cloud.probe', `the report is incomplete: ${failed.length === 1 ? 'the stage' : 'the stages'} ${failed.join(', ')} failed`, failed.every((stage) => stage === 'quiet') ? 'run the probe again (with --users)' : 'run the probe again with the flags of these stages')]
  const open = notCompared === undefined ? [] : [warning('cloud.probe', `the report was not compared with the simulator (${notCompared}), so it names no answers that this version does not know`, 'run the probe again')]
  const left = usersLeft > 0 ? [warning('cloud.probe', `the probe may have left ${usersLeft} of its test users on the instance`, 'look in the management console for users whose names begin with Passport-Nevis-Probe-, and delete them')] : []
  const failing = refusalsIn(facts, isUsed).map(({ sentence }) => error('cloud.probe', sentence, 'leave out these factors at this instance, and report this answer: no option of this version accepts it'))
  const dangers = acceptedWrongCodesIn(facts, isUsed).map((sentence) => error('cloud.probe', sentence, 'do not use this factor at this instance; check the gateway in front of Nevis, and report this answer to Nevis'))
  const doubtful = refusedRequestsIn(facts, isUsed).map((sentence) => warning('cloud.probe', sentence, REQUEST_REMEDY))
  const unknown = `${unexplained.length === 1 ? '1 answer' : `${unexplained.length} answers`} of the instance ${unexplained.length === 1 ? 'differs' : 'differ'} from the documents in ways that this version does not know`
  const refused = unsettled.length === 0 ? [] : [warning('cloud.probe', `the instance refused requests that the simulator accepts, so the report leaves open how it answers: ${unsettled.join(', ')}`, 'check the permissions of the access key and your subscription, and run the probe again')]
  const all = [...dangers, ...failing, ...doubtful, ...left, ...incomplete, ...open, ...refused, ...findings, ...(unexplained.length === 0 ? [] : [warning('cloud.probe', unknown, 'test each factor once with a user of your own before you go live')])]
  return all.some(({ level }) => level !== 'unchecked') ? all : [...all, ok('cloud.probe', `${allWell}, as far as the probe asked (stages: ${stages.join(', ')})`)]
}
