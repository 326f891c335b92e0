/**
 * Runs many flows of users (such as a sign-in) at once, on a simulator that answers in a dialect (a possible behaviour of Nevis). Checks after each flow that it
 * has created or changed no other user.
 *
 * Out of scope: whether the outcome of a flow is right.
 */
import { MemoryStore } from 'express-session'
import { MemoryLedger } from '../../src'
import { NevisSimulator, type NevisSimulatorOptions } from '../../src/simulator'
import { startDialectApp, type Options } from './app'
import { otherName } from './attacks'
import { FLOWS } from './flows'
import type { Factors, World } from './person'

export interface Setting extends Pick<World, 'prepare' | 'phone' | 'isLate'> {
  readonly factors?: Factors | ((flow: string) => Factors)
  readonly dialect: NonNullable<NevisSimulatorOptions['dialect']>
  readonly isSlow?: boolean
  readonly simulator?: NevisSimulatorOptions
  readonly options?: Options | ((simulator: NevisSimulator) => Options)
}

/** More pages than this would wait too long for their turn on a busy machine. */
const FLOWS_AT_A_TIME = 24

let people = 0

/**
 * Adds a user whose username differs from that of the flow's user only in upper and lower case.
 * @returns a function that says whether the flow has changed this user, or created a user with another name than those of the flows
 */
function addBystander(simulator: NevisSimulator, username: string, namesOfFlows: readonly string[]): () => boolean {
  const name = username.toLowerCase()
  simulator.addUser({ username: name, phone: '+41790000077', recoveryCodes: ['YYYY-7777-yyyy-7777'] })
  const stateOf = () => JSON.stringify(simulator.users.filter((user) => user.username === name))
  const before = stateOf()
  const known = namesOfFlows.flatMap((one) => [one, one.toLowerCase(), otherName(one)])
  return () => stateOf() !== before || simulator.users.some((user) => !known.includes(String(user.username)))
}

/** @returns the outcome of each flow */
export async function play(setting: Setting, flows: readonly string[]): Promise<Record<string, string>> {
  const simulator = await NevisSimulator.start({ ...setting.simulator, dialect: setting.dialect })
  const shared = { store: new MemoryStore(), ledger: new MemoryLedger() }
  const options = typeof setting.options === 'function' ? setting.options(simulator) : (setting.options ?? {})
  const apps = [await startDialectApp(simulator, options, shared), await startDialectApp(simulator, options, shared)] as const
  const { isSlow = false, factors, prepare, phone, isLate = false } = setting
  const worldOf = (flow: string): World => ({ simulator, apps, isSlow, isLate, ...(factors && { factors: typeof factors === 'function' ? factors(flow) : factors }), ...(prepare && { prepare }), ...(phone !== undefined && { phone }) })
  const names = flows.map(() => `Anna-${++people}`)
  try {
    const outcomes = await pooled([...flows.entries()], FLOWS_AT_A_TIME, async ([at, flow]) => {
      const username = names[at] as string
      const hasTouchedOthers = addBystander(simulator, username, names)
      const outcome = await (FLOWS[flow] as (typeof FLOWS)[string])(worldOf(flow), username).catch((error: Error) => `broken: ${error.message}`)
      return [flow, hasTouchedOthers() ? `UNSAFE: another user was created or changed (${outcome})` : outcome]
    })
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
