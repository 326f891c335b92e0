/**
 * Recognises the dialects of an instance. The probe runs on the simulator once in each dialect. The changes that a dialect makes there are then
 * compared with the differences between the instance and the simulator.
 *
 * Out of scope: the questions that a person asks (`questions.ts`).
 */
import { DIALECT_GROUPS } from '../../simulator/dialects'
import { NevisSimulator } from '../../simulator'
import type { Facts } from './caller'
import { SimulatedPerson } from './simulated-person'
import { runStages, type Stage, type StageResults } from './stages'

/** How a response differs from the simulator's, such as `enroll.recovery.http is 200` or `status.unknown.fields lacks status: "unknown"`. */
export type Differences = ReadonlySet<string>

/** The facts of the simulator, and the changes that each dialect makes to them. */
export interface Simulated {
  readonly facts: Facts
  readonly dialects: ReadonlyMap<string, Differences>
  /** The results of the stages in each dialect. */
  readonly results: ReadonlyMap<string, StageResults>
}

/** How many pushes the simulator allows. The probe sends more, so that it reaches the limit. */
const PUSH_RATE_LIMIT = 3
const CONCURRENT_SIMULATORS = 4

export const DIALECT_NAMES: readonly string[] = DIALECT_GROUPS.flatMap(({ dialects }) => dialects.map(({ name }) => name))

/** Runs the stages on the simulator. */
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
 * Runs the stages on the simulator once in each dialect.
 * @param stages the stages that the instance was probed with
 * @param progress called after each dialect
 * @param names the dialects, by default all
 */
export async function simulate(stages: readonly Stage[], progress: (done: number, all: number) => void = () => undefined, names = DIALECT_NAMES): Promise<Simulated> {
  const { facts } = await runOnSimulator([], stages)
  const dialects = new Map<string, Differences>()
  const results = new Map<string, StageResults>()
  const waiting = [...names]
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const result = await runOnSimulator(name, stages)
      dialects.set(name, differencesOf(result.facts, facts))
      results.set(name, result)
      progress(dialects.size, names.length)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENT_SIMULATORS }, work))
  return { facts, dialects, results }
}

/** The differences between these facts and those of the simulator, field by field. */
export function differencesOf(facts: Facts, simulated: Facts): Differences {
  const found = new Set<string>()
  for (const [name, value] of Object.entries(facts)) {
    const other = simulated[name] ?? []
    if (typeof value === 'string') {
      if (value !== other) found.add(`${name} is ${value}`)
      continue
    }
    for (const one of value) if (!other.includes(one)) found.add(`${name} has ${one}`)
    for (const one of other) if (!value.includes(one)) found.add(`${name} lacks ${one}`)
  }
  // A missing step is a difference, too: the probe could not try the step because an earlier step had another result.
  for (const name of Object.keys(simulated)) if (!(name in facts) && name.endsWith('.http')) found.add(`${name.slice(0, -'.http'.length)} was not tried`)
  return found
}

/** True if the step was tried that a difference names, such as `status.sms.verified` in `status.sms.verified.fields lacks …`. */
function wasTried(difference: string, facts: Facts): boolean {
  const [name = ''] = difference.split(' ')
  return `${name.slice(0, name.lastIndexOf('.'))}.http` in facts || name in facts
}

export interface Recognised {
  readonly dialects: readonly string[]
  /** Groups of dialects that these stages cannot tell apart; the first of each group is in `dialects`. */
  readonly alike: readonly (readonly string[])[]
  /** Differences from the simulator that no dialect explains. */
  readonly unexplained: readonly string[]
}

/**
 * Finds the dialects all of whose changes are among the differences, and takes first the one that explains most differences. A change in a step
 * that was not tried with the instance counts neither for nor against a dialect.
 */
export function recognise(facts: Facts, { facts: simulated, dialects }: Simulated): Recognised {
  const differences = differencesOf(facts, simulated)
  const visible = (changes: Differences) => new Set([...changes].filter((one) => differences.has(one) || wasTried(one, facts)))
  const fitting = [...dialects]
    .map(([name, changes]) => [name, visible(changes)] as const)
    .filter(([, changes]) => changes.size > 0 && [...changes].every((one) => differences.has(one)))
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
  return { dialects: found.sort(), alike, unexplained: [...unexplained].sort() }
}
