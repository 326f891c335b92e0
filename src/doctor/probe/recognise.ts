/**
 * Finds the dialects with which the simulator behaves like a Nevis instance. A dialect is one possible
 * behaviour of Nevis where its documentation leaves something open.
 *
 * The probe also runs on the simulator, once in each dialect. A dialect is recognised if everything that it changes is also found on the instance.
 * Out of scope: the questions that Nevis's documentation does not answer (`questions.ts`).
 */
import { DIALECT_GROUPS } from '../../simulator/dialects'
import { NevisSimulator } from '../../simulator'
import { MESSAGE_STEP, TOO_LONG } from './app-stage'
import { isLost, stepOf, type Facts } from './facts-reader'
import { SimulatedPerson } from './simulated-person'
import { runStages, type Stage, type StageResults } from './stages'

/** How the responses of a Nevis instance differ from the simulator's, for example `enroll.recovery.http is 200`. */
export type Differences = ReadonlySet<string>

/** What the probe has recorded on the simulator, without a dialect and in each dialect. */
export interface Simulated {
  readonly facts: Facts
  readonly dialects: ReadonlyMap<string, Differences>
  /** The key is the name of a dialect; the value is what the probe has recorded on the simulator in this dialect. */
  readonly results: ReadonlyMap<string, StageResults>
}

/** The simulator blocks a user after this many pushes. The number is small, so that the probe reaches the limit soon. */
const PUSH_RATE_LIMIT = 3
const CONCURRENT_SIMULATORS = 4
/** The steps that repeat a request until Nevis refuses it. */
const LIMIT_STEPS = ['limit.codes', 'limit.phones', 'limit.pushes']

export const DIALECT_NAMES: readonly string[] = DIALECT_GROUPS.flatMap(({ dialects }) => dialects.map(({ name }) => name))

/** Runs the stages of the probe on a simulator with this dialect, or with several at once. */
export async function runOnSimulator(dialect: string | readonly string[], stages: readonly Stage[]): Promise<StageResults> {
  const simulator = await NevisSimulator.start({ dialect, pushRateLimit: PUSH_RATE_LIMIT })
  try {
    const person = new SimulatedPerson(simulator)
    const { baseURL, accessKey } = simulator
    const pause = async (ms: number) => simulator.advance(ms)
    return await runStages({ baseURL, accessKey, stages, phone: person.number, person, pause, say: () => undefined, signal: new AbortController().signal })
  } finally {
    await simulator.close()
  }
}

/**
 * Runs the stages of the probe on the simulator, once in each dialect.
 * @param stages the stages that were run on the instance
 * @param progress called after each dialect
 * @param names the dialects. Default: all
 * @param signal when it is aborted, no further dialect is run
 */
export async function simulate(stages: readonly Stage[], progress: (done: number, all: number) => void = () => undefined, names = DIALECT_NAMES, signal?: AbortSignal): Promise<Simulated> {
  const { facts } = await runOnSimulator([], stages)
  const dialects = new Map<string, Differences>()
  const results = new Map<string, StageResults>()
  const waiting = [...names]
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined && signal?.aborted !== true; name = waiting.shift()) {
      const result = await runOnSimulator(name, stages)
      dialects.set(name, differencesOf(result.facts, facts))
      results.set(name, result)
      progress(dialects.size, names.length)
    }
  }
  try {
    await Promise.all(Array.from({ length: CONCURRENT_SIMULATORS }, work))
  } finally {
    // If the run in one dialect throws, start no further dialects.
    waiting.length = 0
  }
  return { facts, dialects, results }
}

/**
 * Compares two runs of the probe, field by field.
 * @param facts what the probe has recorded on the instance, or on the simulator in one dialect
 * @param simulated what the probe has recorded on the simulator without a dialect
 */
export function differencesOf(facts: Facts, simulated: Facts): Differences {
  const found = new Set<string>()
  for (const [name, value] of Object.entries(facts)) {
    const other = simulated[name] ?? []
    if (typeof value === 'string') {
      if (value !== other) found.add(`${name} is ${value}`)
      continue
    }
    const [here, there] = [value, other].map((fields) => [fields].flat().map((field) => withoutAppHost(name, field))) as [string[], string[]]
    for (const one of here) if (!there.includes(one)) found.add(`${name} has ${one}`)
    for (const one of there) if (!here.includes(one)) found.add(`${name} lacks ${one}`)
  }
  // If a step ran on the simulator but not on the instance, an earlier step failed on the instance. Report this as a difference.
  for (const name of Object.keys(simulated)) if (!(name in facts) && name.endsWith('.http')) found.add(`${name.slice(0, -'.http'.length)} was not tried`)
  return found
}

/**
 * The app links of an enrolment lead to Nevis's app host. In the simulator, they lead to the simulator, so that a browser can open them. This function removes
 * that difference.
 */
function withoutAppHost(name: string, field: string): string {
  return name.startsWith('enroll.') ? field.replace(/(appLinkUri: URL of the instance)'s app host$/, '$1') : field
}

/** Lifetimes, and how many requests Nevis allows, are settings of the instance. The report lists these numbers as answers, not as differences. */
const NUMBER_OF_LIMIT = /^(limit\.\w+\.after is \d+|status\.ignored(-approval)?\.seconds is (more than )?\d+|verification\.sms\.late\.seconds is \d+|status\.sms\.late was not tried)$/

/** True for a difference that a setting of the instance explains. */
function isOfSetting(difference: string, facts: Facts): boolean {
  const step = stepOf(difference)
  return NUMBER_OF_LIMIT.test(difference) || (step.startsWith(MESSAGE_STEP) && TOO_LONG.includes(String(facts[`${step}.http`])))
}

/**
 * Leaves out the steps that cannot be compared. In the steps `LIMIT_STEPS`, the probe repeats a request until it is refused, but only up to a fixed number of
 * times. If only the instance or only the simulator has refused the request within this number, leaves out the records of the step.
 */
function withoutOpenLimits(facts: Facts, simulated: Facts): [Facts, Facts] {
  const isReached = (all: Facts, step: string) => /^\d/.test(String(all[`${step}.after`]))
  const steps = LIMIT_STEPS.filter((step) => `${step}.after` in facts && `${step}.after` in simulated)
  const open = steps.filter((step) => isReached(facts, step) !== isReached(simulated, step))
  const without = (all: Facts): Facts => Object.fromEntries(Object.entries(all).filter(([name]) => !open.some((step) => name.startsWith(`${step}.`))))
  return [without(facts), without(simulated)]
}

/** True if the probe has run the step that a difference names: `status.sms.verified` in `status.sms.verified.fields lacks …`. */
function wasTried(difference: string, facts: Facts): boolean {
  return `${stepOf(difference)}.http` in facts || (difference.split(' ')[0] as string) in facts
}

/** Matches a difference that only shows that a request got no answer. The report names the stage of this request as failed. */
const NO_ANSWER = /\.http is no answer \(/

/**
 * True if the request to which a difference belongs got no answer. Also true if it got a momentary answer such as HTTP 503, unless most requests got no answer
 * or a momentary one: momentary answers are then usual for this instance.
 */
function isOfLost(difference: string, facts: Facts): boolean {
  return NO_ANSWER.test(difference) || (hasLastingAnswers(facts) && isLost(facts, stepOf(difference)))
}

/** True if at least half of the requests got an answer, and not only a momentary one such as HTTP 503. */
function hasLastingAnswers(facts: Facts): boolean {
  const steps = Object.keys(facts).filter((name) => name.endsWith('.http')).map((name) => name.slice(0, -'.http'.length))
  return steps.filter((step) => isLost(facts, step)).length * 2 <= steps.length
}

const NOT_TRIED = / was not tried$/

const NO_FIELDS = ['other text', 'a page', 'empty body']

/**
 * True if the instance's answer does not show whether the instance makes a change of this dialect (`difference`). There are two cases:
 * - the instance sends a status that neither the simulator nor this dialect sends, for example because the instance refuses the request;
 * - the change is one of the body, and the instance sends an error without fields, which neither the simulator nor this dialect sends.
 */
function isHidden(difference: string, changes: Differences, facts: Facts, simulated: Facts): boolean {
  const [http, fields] = [`${stepOf(difference)}.http`, `${stepOf(difference)}.fields`]
  const [kind = ''] = [facts[fields] ?? []].flat()
  const isWithoutFields = /^[45]/.test(String(facts[http])) && NO_FIELDS.includes(kind) && ![simulated[fields] ?? []].flat().includes(kind) && !changes.has(`${fields} has ${kind}`)
  if (isWithoutFields && OF_FORM.test(difference)) return true
  if (difference.startsWith(`${http} `) || !(http in facts) || facts[http] === simulated[http]) return false
  return !changes.has(`${http} is ${String(facts[http])}`)
}

/** True if the dialect leaves a field out, but the instance sends it, with a value of another kind than the simulator sends without a dialect. */
function isReplaced(difference: string, changes: Differences, differences: Differences): boolean {
  const [, name, path] = /^(\S+) lacks (.*): [^:]*$/.exec(difference) ?? []
  const isOfField = (one: string) => one.startsWith(`${name} has ${path}: `)
  return name !== undefined && [...differences].some(isOfField) && ![...changes].some(isOfField)
}

/**
 * Lists the steps at which the fields and the type of the instance's error cannot be compared with those of the simulator's error.
 *
 * The instance may send all its errors in another form than the simulator, for example as `application/problem+json`. All dialects send errors in the
 * simulator's form, so the instance's errors would fit no dialect. A sign of another form: of the errors that both send with the same HTTP status, most have
 * other fields or another type on the instance. Without this sign, the list is empty. The values:
 * - `all`: the instance sends another HTTP status than the simulator. Only the HTTP status can be compared.
 * - `new`: the instance sends an error body instead of the status of a transaction, such as `failed`. Only the fields that are missing can be compared.
 */
function stepsOfOtherErrors(facts: Facts, simulated: Facts): ReadonlyMap<string, 'all' | 'new'> {
  const errors = Object.keys(facts).filter((name) => name.endsWith('.http') && /^[45]/.test(String(facts[name])))
  const ofBoth = errors.filter((name) => facts[name] === simulated[name]).map(stepOf)
  const formOf = (all: Facts, step: string) => JSON.stringify([all[`${step}.type`], all[`${step}.fields`]])
  const ofOtherForm = ofBoth.filter((step) => formOf(facts, step) !== formOf(simulated, step))
  if (ofOtherForm.length * 2 <= ofBoth.length) return new Map()
  const isError = (all: Facts, step: string) => [all[`${step}.fields`] ?? []].flat().includes('status: HTTP status')
  const isNew = (step: string) => isError(facts, step) && !isError(simulated, step)
  const otherStatus = errors.filter((name) => facts[name] !== simulated[name]).map(stepOf)
  return new Map([...errors.map(stepOf).filter(isNew).map((step) => [step, 'new'] as const), ...otherStatus.map((step) => [step, 'all'] as const)])
}

const OF_FORM = /^\S+\.(fields|type) /

export interface Recognised {
  readonly dialects: readonly string[]
  /** Groups of dialects that the probe cannot tell apart. Only the first dialect of a group is in `dialects`. */
  readonly alike: readonly (readonly string[])[]
  /** Differences between the Nevis instance and the simulator that no dialect of the simulator explains. */
  readonly unexplained: readonly string[]
  /** Requests that the instance refused, each with the HTTP status, although the simulator, with the recognised dialects, accepts them. Absent if none. */
  readonly unsettled?: readonly string[]
  /** Stages of the probe that ended with an error. If no dialect explains all answers of such a stage, the comparison leaves the stage out. Absent if none. */
  readonly leftOut?: readonly Stage[]
}

/** The empty result, for a probe that got no answers from Nevis or was interrupted, so that nothing could be compared with the simulator. */
export const NOT_COMPARED: Recognised = { dialects: [], alike: [], unexplained: [] }

/**
 * Finds the dialects that describe the instance: every change that such a dialect makes to a response was also seen on the instance. Takes the dialect with the
 * most changes first, and then only dialects that explain further differences.
 * @param hasFailed true if a stage failed: then it may not have sent all its requests
 * @param ofFailed the names of the facts that failed stages have recorded. If no dialect explains all of these facts, they are left out: a
 * gateway may have answered in Nevis's place
 */
export function recognise(facts: Facts, simulated: Simulated, hasFailed = false, ofFailed: StageResults['ofFailed'] = new Map()): Recognised {
  const all = settled(facts, simulated, hasFailed)
  if (!all.unexplained.some((one) => ofFailed.has(one.split(' ')[0] as string))) return all
  const others = Object.fromEntries(Object.entries(facts).filter(([name]) => !ofFailed.has(name)))
  return { ...settled(others, simulated, true), leftOut: [...new Set(ofFailed.values())] }
}

/** Finds the dialects that describe the instance. Leaves out the requests that the instance refused. */
function settled(allFacts: Facts, { facts: allSimulated, dialects }: Simulated, hasFailed: boolean): Recognised {
  const [facts, simulated] = withoutOpenLimits(allFacts, allSimulated)
  const all = matching(facts, simulated, dialects, hasFailed)
  const refused = refusedSteps(facts, simulated, all.unexplained)
  if (refused.length === 0) return all
  // An error does not show what Nevis would answer without the error. So leave out the refused requests.
  const withoutRefused = (one: Facts): Facts => Object.fromEntries(Object.entries(one).filter(([name]) => !refused.includes(stepOf(name))))
  const changed = [...dialects].map(([name, changes]) => [name, new Set([...changes].filter((one) => !refused.includes(stepOf(one))))] as const)
  const unsettled = refused.map((step) => `${step}: HTTP ${String(facts[`${step}.http`])}`)
  return { ...matching(withoutRefused(facts), withoutRefused(simulated), new Map(changed), true), unsettled }
}

/**
 * Lists the steps that the simulator accepts and the instance refuses, if no dialect explains the refusal: for example, the access key may lack a permission.
 * The instance then refuses other requests of the same operation, too. So also lists the steps of this operation that got the same HTTP status on the instance,
 * but not on the simulator.
 */
function refusedSteps(facts: Facts, simulated: Facts, unexplained: readonly string[]): string[] {
  const statuses = Object.keys(facts).filter((name) => name.endsWith('.http') && facts[name] !== simulated[name])
  const isRefusal = (name: string) => /^[45]/.test(String(facts[name])) && !isAnswerOfNevis(name, String(facts[name]))
  const refused = statuses.filter((name) => isRefusal(name) && /^2/.test(String(simulated[name])) && unexplained.includes(`${name} is ${String(facts[name])}`))
  const operationOf = (name: string) => name.split('.')[0]
  const isOfRefused = (name: string) => refused.some((one) => operationOf(one) === operationOf(name) && facts[one] === facts[name])
  return statuses.filter(isOfRefused).map(stepOf)
}

/**
 * True for an error that is an answer of Nevis and no refusal of the request. There are three kinds: the status of a transaction that has ended (404, 412), a
 * limit that the probe has reached on purpose, and the answer to a phone number that the probe has chosen because it is invalid.
 */
function isAnswerOfNevis(name: string, http: string): boolean {
  if (name.startsWith('status.')) return ['404', '412'].includes(http)
  return ['400', '422', '423', '429'].includes(http) && (name.startsWith('limit.') || name.startsWith('enroll.sms.no-number.'))
}

function matching(facts: Facts, simulated: Facts, dialects: ReadonlyMap<string, Differences>, hasFailed: boolean): Recognised {
  // After a failure, a stage does not send its further requests. So a request that was not sent is no difference.
  const mayStop = hasFailed || Object.keys(facts).some((name) => isOfLost(name, facts))
  const otherErrors = stepsOfOtherErrors(facts, simulated)
  const isOfOtherError = (one: string) => OF_FORM.test(one) && otherErrors.has(stepOf(one)) && !(otherErrors.get(stepOf(one)) === 'new' && / lacks /.test(one))
  const telling = (all: Differences) => new Set([...all].filter((one) => !isOfLost(one, facts) && !isOfOtherError(one) && !(mayStop && NOT_TRIED.test(one))))
  const differences = telling(differencesOf(facts, simulated))
  const visible = (changes: Differences) =>
    new Set([...telling(changes)].filter((one) => differences.has(one) || (wasTried(one, facts) && !isHidden(one, changes, facts, simulated))))
  const fitting = [...dialects]
    .map(([name, changes]) => [name, visible(changes)] as const)
    .filter(([, changes]) => changes.size > 0 && [...changes].every((one) => differences.has(one) && !isReplaced(one, changes, differences)))
  fitting.sort(([, one], [, other]) => other.size - one.size)
  const unexplained = new Set(differences)
  const found: string[] = []
  const alike: string[][] = []
  for (const [name, changes] of fitting) {
    if (![...changes].some((one) => unexplained.has(one))) continue
    for (const one of changes) unexplained.delete(one)
    found.push(name)
    const same = fitting.filter(([other, others]) => other !== name && others.size === changes.size && [...others].every((one) => changes.has(one)))
    if (same.length > 0) alike.push([name, ...same.map(([other]) => other)])
  }
  return { dialects: found.sort(), alike, unexplained: [...unexplained].filter((one) => !isOfSetting(one, facts)).sort() }
}
