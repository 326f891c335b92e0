/** The environment, checked once and made into one frozen object. Out of scope: to act on any of it. */
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'

/** Its message is one sentence for whoever set the variable. */
export class ConfigError extends Error {}

const MIN_SECRET_LENGTH = 32

export function readConfig(env = process.env) {
  const nevis = nevisOf(env)
  const redisURL = redisOf(env, nevis === undefined)
  const isProduction = env.NODE_ENV === 'production'
  if (isProduction && nevis === undefined) {
    throw new ConfigError('NODE_ENV=production needs NEVIS_INSTANCE and NEVIS_ACCESS_KEY: the demo shows its passwords to everybody.')
  }
  const trustProxy = whole(env, 'TRUST_PROXY', 0, 0, 10)
  const cookieSecure = flag(env, 'COOKIE_SECURE', isProduction)
  if (cookieSecure && trustProxy === 0) {
    throw new ConfigError('COOKIE_SECURE needs TRUST_PROXY, the number of TLS proxies in front: this app itself speaks plain http.')
  }
  return Object.freeze({
    host: text(env, 'HOST') ?? '127.0.0.1',
    port: whole(env, 'PORT', 3000, 0, 65535),
    /** Undefined: the demo with the simulator. */
    nevis,
    /** Undefined: 4001, or any free port when that one is taken. */
    simulatorPort: whole(env, 'SIMULATOR_PORT', undefined, 0, 65535),
    sessionSecret: secretOf(env, isProduction || nevis !== undefined),
    /** How many proxies in front may be believed about the address of a client. */
    trustProxy,
    cookieSecure,
    /** Passwords that one address may try in 15 minutes. */
    loginLimit: whole(env, 'LOGIN_LIMIT', 20, 1, 1_000_000),
    /** Wrong passwords that one account may be given in 15 minutes, from all addresses together. */
    accountLimit: whole(env, 'ACCOUNT_LIMIT', 10, 1, 1_000_000),
    /** Whether Nevis's widget is offered too; with an instance of Nevis, `public/widget.js` must be made to fit first. */
    widget: flag(env, 'WIDGET', false),
    database: databaseOf(env, nevis === undefined),
    /** Undefined: sessions and ledger in this process's memory. */
    redisURL,
  })
}

function nevisOf(env) {
  const instance = text(env, 'NEVIS_INSTANCE')
  const baseURL = text(env, 'NEVIS_BASE_URL')
  const accessKey = text(env, 'NEVIS_ACCESS_KEY')
  if (instance !== undefined && baseURL !== undefined) throw new ConfigError('Set NEVIS_INSTANCE or NEVIS_BASE_URL, not both.')
  if (baseURL !== undefined && accessKey !== undefined) return Object.freeze({ baseURL, accessKey })
  if (baseURL !== undefined) throw new ConfigError('NEVIS_ACCESS_KEY is missing: it goes with NEVIS_BASE_URL; set neither for the demo.')
  if (instance === undefined && accessKey === undefined) return undefined
  if (instance === undefined) throw new ConfigError('NEVIS_INSTANCE is missing: it goes with NEVIS_ACCESS_KEY; set neither for the demo.')
  if (accessKey === undefined) throw new ConfigError('NEVIS_ACCESS_KEY is missing: it goes with NEVIS_INSTANCE; set neither for the demo.')
  return Object.freeze({ instance, accessKey })
}

function secretOf(env, isRequired) {
  const secret = text(env, 'SESSION_SECRET')
  if (secret === undefined && isRequired) throw new ConfigError('SESSION_SECRET is missing: only the demo makes one for itself.')
  if (secret !== undefined && secret.length < MIN_SECRET_LENGTH) {
    throw new ConfigError(`SESSION_SECRET must have at least ${MIN_SECRET_LENGTH} characters.`)
  }
  return secret ?? randomBytes(32).toString('base64url')
}

function redisOf(env, isDemo) {
  const url = text(env, 'REDIS_URL')
  if (url !== undefined && isDemo) throw new ConfigError('REDIS_URL is for several processes, and the demo is one: set NEVIS_INSTANCE too.')
  if (url !== undefined && !/^(rediss?|unix):\/\/./.test(url)) throw new ConfigError('REDIS_URL must start with redis://, rediss:// or unix://.')
  return url
}

/** Neither url nor dataDir: in memory. */
function databaseOf(env, isDemo) {
  const url = text(env, 'DATABASE_URL')
  const dataDir = text(env, 'DATA_DIR')
  if (url !== undefined && dataDir !== undefined) throw new ConfigError('Set DATABASE_URL or DATA_DIR, not both.')
  if (url !== undefined && !/^postgres(ql)?:\/\/./.test(url)) throw new ConfigError('DATABASE_URL must start with postgres://.')
  if (url !== undefined || dataDir !== undefined || isDemo) return Object.freeze({ url, dataDir })
  return Object.freeze({ dataDir: fileURLToPath(new URL('data', import.meta.url)) })
}

/** A variable that is set to nothing is not set. */
function text(env, name) {
  return env[name] || undefined
}

function whole(env, name, byDefault, least, most) {
  const value = text(env, name)
  if (value === undefined) return byDefault
  const number = /^\d+$/.test(value) ? Number(value) : NaN
  if (number >= least && number <= most) return number
  throw new ConfigError(`${name} must be a whole number from ${least} to ${most}.`)
}

function flag(env, name, byDefault) {
  const value = text(env, name)
  if (value === undefined) return byDefault
  if (value === 'true' || value === 'false') return value === 'true'
  throw new ConfigError(`${name} must be true or false.`)
}
