/**
 * Validates the options of a simulator and resolves them into one read-only object.
 *
 * Out of scope: faults, which tests add to a running simulator (`faults.ts`).
 */

import { dialectsOf, type DialectOption } from './dialects'
import type { Dialect } from './dialects/dialect'

/** The options of `NevisSimulator.start`. */
export interface NevisSimulatorOptions {
  /** TCP port. 0 uses a free port. Default 0. */
  readonly port?: number | undefined
  /** Host on which the simulator listens: `127.0.0.1`, `localhost` or `::1`. Default `127.0.0.1`. */
  readonly host?: string | undefined
  /** The instance id. Default `simulator`. */
  readonly instance?: string | undefined
  /** The access key. Default: a new JSON Web Token, as Nevis's access keys are. */
  readonly accessKey?: string | undefined
  /** Seconds until a pending transaction fails. Default 120. */
  readonly lifetimeSeconds?: number | undefined
  /** Milliseconds to wait before each API response. The method `advance` does not shorten this time. Default 0. */
  readonly latencyMs?: number | undefined
  /** How many pushes a user may get before the user is blocked for push for five minutes. Default: unlimited. */
  readonly pushRateLimit?: number | undefined
  /** How many SMS a user may get before the user is blocked for SMS for five minutes. Default: unlimited. */
  readonly smsRateLimit?: number | undefined
  /** Seed of the random numbers that decide which calls fail, for a fault with `share` (which makes only a part of the calls fail). Default 1. */
  readonly seed?: number | undefined
  /**
   * How Nevis behaves where its documentation leaves something open: the name of a dialect (one possible behaviour), a list of names, or the report of `npx
   * passport-nevis probe`. Default: no dialect. `npx passport-nevis-simulator --list-dialects` prints all names.
   */
  readonly dialect?: DialectOption | undefined
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

/** The simulator must not be reachable from a network, because it shows codes and approves for anyone who asks. */
const LOOPBACK = ['127.0.0.1', 'localhost', '::1']

const refuse = (option: string, rule: string): never => {
  throw new TypeError(`NevisSimulator: ${option} must be ${rule}`)
}

function number(option: string, value: number, least: number, most = Infinity): number {
  if (typeof value !== 'number' || !(value >= least && value <= most)) refuse(option, `a number of at least ${String(least)}`)
  return value
}

/**
 * Validates the options and fills in the defaults.
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
  if (accessKey !== undefined && (typeof accessKey !== 'string' || !/^[\x21-\x7e]+$/.test(accessKey))) {
    // A client could not send other characters in the header `Authorization`.
    refuse('accessKey', 'a non-empty string of visible ASCII characters, without white space')
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
