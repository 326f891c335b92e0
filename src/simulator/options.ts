/**
 * The options of a simulator, validated once and resolved into one readonly object.
 *
 * Out of scope: faults, which tests add while it runs (`faults.ts`).
 */

import { dialectsOf, type DialectOption } from './dialects'
import type { Dialect } from './dialects/dialect'

/** Options of `NevisSimulator.start`; all are optional. */
export interface NevisSimulatorOptions {
  /** TCP port; 0, the default, chooses a free one. */
  readonly port?: number
  /** `127.0.0.1` (the default), `localhost` or `::1`. */
  readonly host?: string
  /** Instance id; `simulator` by default. */
  readonly instance?: string
  /** The access key; by default a new JSON Web Token like those of the cloud. */
  readonly accessKey?: string
  /** Seconds until a pending transaction fails; 120 by default. */
  readonly lifetimeSeconds?: number
  /** Milliseconds of real time before every response of the API; 0 by default. */
  readonly latencyMs?: number
  /** Pushes per user before the user is blocked for five minutes; unlimited by default. */
  readonly pushRateLimit?: number
  /** SMS per user before the user is blocked for five minutes; unlimited by default. */
  readonly smsRateLimit?: number
  /** Seed of the random numbers behind the `share` of a fault; 1 by default. */
  readonly seed?: number
  /**
   * How the cloud reads what Nevis's documents leave open: the name of a dialect, a list of names, or the report of a probe. Default:
   * no dialect. `npx passport-nevis-simulator --list-dialects` prints them.
   */
  readonly dialect?: DialectOption
}

export interface ResolvedOptions {
  readonly port: number
  readonly host: string
  readonly instance: string
  readonly accessKey: string | undefined
  readonly lifetimeSeconds: number
  readonly latencyMs: number
  readonly pushRateLimit: number | undefined
  readonly smsRateLimit: number | undefined
  readonly seed: number
  readonly dialects: readonly Dialect[]
}

/** The simulator shows codes and approves for anyone who asks, so it must not be reachable from a network. */
const LOOPBACK = ['127.0.0.1', 'localhost', '::1']

const refuse = (option: string, rule: string): never => {
  throw new TypeError(`NevisSimulator: ${option} must be ${rule}`)
}

function number(option: string, value: number, least: number, most = Infinity): number {
  if (typeof value !== 'number' || !(value >= least && value <= most)) refuse(option, `a number of at least ${String(least)}`)
  return value
}

/**
 * Checks the options and adds the defaults.
 * @throws TypeError that names the option
 */
export function resolve(options: NevisSimulatorOptions): ResolvedOptions {
  const { port = 0, host = '127.0.0.1', instance = 'simulator', accessKey, lifetimeSeconds = 120 } = options
  const { latencyMs = 0, pushRateLimit, smsRateLimit, seed = 1, dialect = [], ...others } = options
  const known = ['port', 'host', 'instance', 'accessKey', 'lifetimeSeconds']
  const unknown = Object.keys(others).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new TypeError(`NevisSimulator: the option ${unknown} is unknown`)
  if (!Number.isInteger(port) || port < 0 || port > 65535) refuse('port', 'a whole number from 0 to 65535')
  if (!LOOPBACK.includes(host)) refuse('host', LOOPBACK.join(', '))
  if (typeof instance !== 'string' || !/^[a-z0-9-]+$/.test(instance)) refuse('instance', 'made of a-z, 0-9 and -')
  if (accessKey !== undefined && (typeof accessKey !== 'string' || !/^\S+$/.test(accessKey))) {
    refuse('accessKey', 'a text without spaces')
  }
  return {
    port,
    host,
    instance,
    accessKey,
    lifetimeSeconds: number('lifetimeSeconds', lifetimeSeconds, 1),
    latencyMs: number('latencyMs', latencyMs, 0),
    pushRateLimit: pushRateLimit === undefined ? undefined : number('pushRateLimit', pushRateLimit, 0),
    smsRateLimit: smsRateLimit === undefined ? undefined : number('smsRateLimit', smsRateLimit, 0),
    seed: number('seed', seed, 0),
    dialects: dialectsOf(dialect),
  }
}
