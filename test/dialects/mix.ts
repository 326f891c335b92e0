/**
 * Several dialects at a time: merges the situations in which each of them has an effect. So each dialect of a mix meets the users, limits and options that it
 * needs.
 *
 * Out of scope: which dialects are mixed, and how the flows must not end (`dialects.test.ts`).
 */
import type { NevisSimulator } from '../../src/simulator'
import type { Options } from './app'
import type { Factors } from './person'
import type { Setting } from './run'
import { situationOf, type Situation } from './settings'

type Fields = Readonly<Record<string, unknown>>

/** Thrown if two dialects need different values of the same thing. */
class Contradiction extends Error {}

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

function merged<Value extends object>(values: readonly (Value | undefined)[]): Value {
  const all = new Map<string, unknown>()
  for (const [name, value] of values.flatMap((each) => Object.entries<unknown>(each ?? {}))) {
    const other = all.get(name)
    if (isObject(other) && isObject(value)) all.set(name, merged([other, value]))
    else if (all.has(name) && JSON.stringify(other) !== JSON.stringify(value)) throw new Contradiction(name)
    else all.set(name, value)
  }
  return Object.fromEntries(all) as Value
}

const optionsOf = (options: Situation['options'], simulator: NevisSimulator): Options | undefined => (typeof options === 'function' ? options(simulator) : options)
const factorsOf = ({ factors }: Situation, flow: string): Factors | undefined => (typeof factors === 'function' ? factors(flow) : factors)

/** The name without the number at its end: `wrong-code-400` and `wrong-code-404` both say how Nevis answers a wrong code. */
const questionOf = (dialect: string) => dialect.replace(/-\d+$/, '')

/**
 * @param dialects the dialects that the simulator has
 * @param optionOf the name of a further dialect. The app is set up for it, although the simulator does not have it
 * @returns undefined if two of the dialects contradict each other
 */
export function settingOf(dialects: readonly string[], optionOf: string | null, flows: readonly string[]): Setting | undefined {
  if (new Set(dialects.map(questionOf)).size < dialects.length) return undefined
  const situations = dialects.map(situationOf)
  const appsOf = optionOf === null ? situations : [...situations, situationOf(optionOf)]
  const options = (simulator: NevisSimulator) => merged(appsOf.map((each) => optionsOf(each.options, simulator)))
  const factors = (flow: string) => merged(situations.map((each) => factorsOf(each, flow)))
  try {
    options({ baseURL: 'http://127.0.0.1' } as NevisSimulator)
    flows.forEach(factors)
    const { phone } = merged(situations.map(({ phone: needed }) => (needed === undefined ? {} : { phone: needed })))
    return {
      dialect: dialects, options, factors,
      simulator: merged(situations.map(({ simulator }) => simulator)),
      isSlow: situations.some(({ isSlow }) => isSlow === true),
      isLate: situations.some(({ isLate }) => isLate === true),
      prepare: async (world, username) => {
        for (const { prepare } of situations) await prepare?.(world, username)
      },
      ...(phone !== undefined && { phone }),
    }
  } catch (error) {
    if (error instanceof Contradiction) return undefined
    throw error
  }
}
