/**
 * Runs many flows of users (such as a sign-in) at once, on a simulator that answers in a dialect (a possible behaviour of Nevis).
 *
 * Out of scope: whether the outcome of a flow is right.
 */
import { MemoryStore } from 'express-session'
import { MemoryLedger } from '../../src'
import { NevisSimulator, type NevisSimulatorOptions } from '../../src/simulator'
import { startDialectApp, type Options } from './app'
import { FLOWS, type Factors, type World } from './flows'

export interface Setting extends Pick<World, 'prepare' | 'phone'> {
  readonly factors?: Factors | ((flow: string) => Factors)
  readonly dialect: NonNullable<NevisSimulatorOptions['dialect']>
  readonly isSlow?: boolean
  readonly simulator?: NevisSimulatorOptions
  readonly options?: Options | ((simulator: NevisSimulator) => Options)
}

let people = 0

/** @returns the outcome of each flow */
export async function play(setting: Setting, flows: readonly string[]): Promise<Record<string, string>> {
  const simulator = await NevisSimulator.start({ ...setting.simulator, dialect: setting.dialect })
  const shared = { store: new MemoryStore(), ledger: new MemoryLedger() }
  const options = typeof setting.options === 'function' ? setting.options(simulator) : (setting.options ?? {})
  const apps = [await startDialectApp(simulator, options, shared), await startDialectApp(simulator, options, shared)] as const
  const { isSlow = false, factors, prepare, phone } = setting
  const worldOf = (flow: string): World => ({ simulator, apps, isSlow, ...(factors && { factors: typeof factors === 'function' ? factors(flow) : factors }), ...(prepare && { prepare }), ...(phone !== undefined && { phone }) })
  try {
    const outcomes = await Promise.all(
      flows.map(async (flow) => [flow, await (FLOWS[flow] as (typeof FLOWS)[string])(worldOf(flow), `Anna-${++people}`).catch((error: Error) => `broken: ${error.message}`)]),
    )
    return Object.fromEntries(outcomes) as Record<string, string>
  } finally {
    await Promise.all(apps.map((app) => app.close()))
    await simulator.close()
  }
}

/** Runs the tasks, at most `width` of them at a time. */
export async function pooled<Task, Result>(tasks: readonly Task[], width: number, run: (task: Task) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const worker = async () => {
    for (let at = next++; at < tasks.length; at = next++) results[at] = await run(tasks[at] as Task)
  }
  await Promise.all(Array.from({ length: width }, worker))
  return results
}
