/** Reads the environment variables, checks them once, and returns one frozen object. Out of scope: using the values. */
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'

/** The error for a wrong environment variable. Its message is one sentence for the developer who starts the app. */
export class ConfigError extends Error {}

/** How to reach Nevis: an instance id, or the base URL of a simulator; and the access key. */
export interface Cloud {
  readonly instance?: string
  readonly baseURL?: string
  readonly accessKey: string
}

/** Where the data is stored: on a PostgreSQL server (`url`), by PGlite in a folder (`dataDir`), or, if neither is set, by PGlite in memory. */
export interface DatabasePlace {
  readonly url?: string | undefined
  readonly dataDir?: string | undefined
}

export interface Config {
  readonly host: string
  readonly port: number
  /** How to reach Nevis. If undefined, the app runs as a demo with the simulator. */
  readonly nevis: Cloud | undefined
  /** The port of the simulator. If undefined: 4001, or any free port if 4001 is taken. */
  readonly simulatorPort: number | undefined
  readonly sessionSecret: string
  /** The number of proxies in front of the app whose headers `X-Forwarded-…` are trusted. */
  readonly trustProxy: number
  readonly cookieSecure: boolean
  /** How many passwords a client address may try in 15 minutes. */
  readonly loginLimit: number
  /** How many wrong passwords are allowed for one account in 15 minutes, from all addresses together. Each process counts for itself. */
  readonly accountLimit: number
  /** True if the app also offers Nevis's widget as a factor. Before you use it with a Nevis instance, adapt `public/widget.js`. */
  readonly widget: boolean
  /** The pages from which users install the Access App. In the demo, there is nothing to install, so the links lead to the help page. */
  readonly storeLinks: { readonly ios: string | undefined; readonly android: string | undefined }
  readonly database: DatabasePlace
  /** The URL of the Redis that stores the sessions and the ledger (used approvals and limits). If undefined, both are in the memory of this process. */
  readonly redisURL: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const MIN_SECRET_LENGTH = 32

export function readConfig(env: Environment = process.env): Config {
  const nevis = nevisOf(env)
  const redisURL = redisOf(env, nevis === undefined)
  const isProduction = env['NODE_ENV'] === 'production'
  if (isProduction && nevis === undefined) {
    throw new ConfigError('NODE_ENV=production needs NEVIS_INSTANCE and NEVIS_ACCESS_KEY: the demo shows its passwords to every visitor.')
  }
  const trustProxy = whole(env, 'TRUST_PROXY', 0, 0, 10)
  const cookieSecure = flag(env, 'COOKIE_SECURE', isProduction)
  if (cookieSecure && trustProxy === 0) {
    throw new ConfigError('COOKIE_SECURE needs TRUST_PROXY, the number of TLS proxies in front: this app itself speaks plain http.')
  }
  return Object.freeze({
    host: text(env, 'HOST') ?? '127.0.0.1',
    port: whole(env, 'PORT', 3000, 0, 65535),
    nevis,
    simulatorPort: whole(env, 'SIMULATOR_PORT', undefined, 0, 65535),
    sessionSecret: secretOf(env, isProduction || nevis !== undefined),
    trustProxy,
    cookieSecure,
    loginLimit: whole(env, 'LOGIN_LIMIT', 20, 1, 1_000_000),
    accountLimit: whole(env, 'ACCOUNT_LIMIT', 10, 1, 1_000_000),
    widget: flag(env, 'WIDGET', false),
    storeLinks: Object.freeze({ ios: storeLinkOf(env, 'APP_STORE_URL', nevis === undefined), android: storeLinkOf(env, 'GOOGLE_PLAY_URL', nevis === undefined) }),
    database: databaseOf(env, nevis === undefined),
    redisURL,
  })
}

function nevisOf(env: Environment): Cloud | undefined {
  const instance = text(env, 'NEVIS_INSTANCE')
  const baseURL = text(env, 'NEVIS_BASE_URL')
  const accessKey = text(env, 'NEVIS_ACCESS_KEY')
  if (instance !== undefined && baseURL !== undefined) throw new ConfigError('Set NEVIS_INSTANCE or NEVIS_BASE_URL, not both.')
  if (baseURL !== undefined && accessKey !== undefined) return Object.freeze({ baseURL, accessKey })
  if (baseURL !== undefined) throw new ConfigError('NEVIS_ACCESS_KEY is missing, and NEVIS_BASE_URL needs it. For the demo, set neither.')
  if (instance === undefined && accessKey === undefined) return undefined
  if (instance === undefined) throw new ConfigError('NEVIS_INSTANCE is missing, and NEVIS_ACCESS_KEY needs it. For the demo, set neither.')
  if (accessKey === undefined) throw new ConfigError('NEVIS_ACCESS_KEY is missing, and NEVIS_INSTANCE needs it. For the demo, set neither.')
  return Object.freeze({ instance, accessKey })
}

function secretOf(env: Environment, isRequired: boolean): string {
  const secret = text(env, 'SESSION_SECRET')
  if (secret === undefined && isRequired) throw new ConfigError('SESSION_SECRET is missing: only the demo generates its own.')
  if (secret !== undefined && secret.length < MIN_SECRET_LENGTH) {
    throw new ConfigError(`SESSION_SECRET must have at least ${MIN_SECRET_LENGTH} characters.`)
  }
  return secret ?? randomBytes(32).toString('base64url')
}

function redisOf(env: Environment, isDemo: boolean): string | undefined {
  const url = text(env, 'REDIS_URL')
  if (url !== undefined && isDemo) throw new ConfigError('REDIS_URL is for several processes, and the demo is one: set NEVIS_INSTANCE too.')
  if (url !== undefined && !/^(rediss?|unix):\/\/./.test(url)) throw new ConfigError('REDIS_URL must start with redis://, rediss:// or unix://.')
  return url
}

function databaseOf(env: Environment, isDemo: boolean): DatabasePlace {
  const url = text(env, 'DATABASE_URL')
  const dataDir = text(env, 'DATA_DIR')
  if (url !== undefined && dataDir !== undefined) throw new ConfigError('Set DATABASE_URL or DATA_DIR, not both.')
  if (url !== undefined && !/^postgres(ql)?:\/\/./.test(url)) throw new ConfigError('DATABASE_URL must start with postgres://.')
  if (url !== undefined || dataDir !== undefined || isDemo) return Object.freeze({ url, dataDir })
  return Object.freeze({ dataDir: fileURLToPath(new URL('../data', import.meta.url)) })
}

function storeLinkOf(env: Environment, name: string, isDemo: boolean): string | undefined {
  const url = text(env, name)
  if (url !== undefined && !/^https:\/\/./.test(url)) throw new ConfigError(`${name} must start with https://.`)
  return url ?? (isDemo ? '/help#app' : undefined)
}

/** Reads an environment variable. An empty one counts as not set. */
function text(env: Environment, name: string): string | undefined {
  return env[name] || undefined
}

function whole<Default extends number | undefined>(env: Environment, name: string, byDefault: Default, least: number, most: number): number | Default {
  const value = text(env, name)
  if (value === undefined) return byDefault
  const number = /^\d+$/.test(value) ? Number(value) : NaN
  if (number >= least && number <= most) return number
  throw new ConfigError(`${name} must be a whole number from ${least} to ${most}.`)
}

function flag(env: Environment, name: string, byDefault: boolean): boolean {
  const value = text(env, name)
  if (value === undefined) return byDefault
  if (value === 'true' || value === 'false') return value === 'true'
  throw new ConfigError(`${name} must be true or false.`)
}
