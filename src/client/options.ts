/**
 * Validates the options of a client and resolves them into one read-only object.
 *
 * Out of scope: using the options.
 */
import type { Agent as HttpAgent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import { isUsableAccessKey, type AccessKeySource } from './access-key'
import { isLoopback } from './loopback'
import { refuseUnknown } from './option-names'
import { hasWrongPort, parseURL } from './parse-url'

/** The options of a {@link NevisClient}. `accessKey` is required, and exactly one of `instance` and `baseURL`. */
export interface NevisClientOptions {
  /** The instance id, for example `my-instance-abc123`. The client then calls `https://my-instance-abc123.mauth.nevis.cloud`. */
  instance?: string | undefined
  /** The base URL of the API, instead of `instance`. It must be https; http is allowed only for this machine, for example for the simulator. */
  baseURL?: string | undefined
  /** The access key, or a function that returns the current one. The client calls the function once per method call. */
  accessKey: AccessKeySource
  /** Milliseconds for one method call, including its retries and the pauses between them: 1 to 120000. Default 10000. */
  timeoutMs?: number | undefined
  /** How many times a read-only request is retried if it fails: 0 to 10. Default 2. */
  retries?: number | undefined
  /** The agent for http requests. Default: an agent of the client that keeps connections alive. */
  httpAgent?: HttpAgent | undefined
  /**
   * The agent for https requests, for example to trust another CA. Default: an agent of the client that keeps connections alive and uses the forward proxy
   * of the environment (`https_proxy`). If you set an agent, the client does not use that proxy. If your agent connects without TLS, the client rejects
   * the response with `NEVIS_UNREACHABLE`.
   */
  httpsAgent?: HttpsAgent | undefined
}

export interface ResolvedOptions {
  readonly instance: string | undefined
  /** The base URL of the API, without a trailing slash. */
  readonly baseURL: string
  readonly accessKey: AccessKeySource
  readonly timeoutMs: number
  readonly retries: number
  readonly httpAgent: HttpAgent | undefined
  readonly httpsAgent: HttpsAgent | undefined
}

const NAMES: readonly (keyof NevisClientOptions)[] = ['instance', 'baseURL', 'accessKey', 'timeoutMs', 'retries', 'httpAgent', 'httpsAgent']
/** A DNS label. A `/` or `#` in the instance id would change the host of the URL, and so the receiver of the access key. */
const INSTANCE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Validates the options and fills in the defaults.
 * @throws TypeError that names the option, never its value.
 */
export function resolveOptions(options: NevisClientOptions): ResolvedOptions {
  refuseUnknown('NevisClient', options, NAMES)
  const { instance, baseURL, accessKey, timeoutMs = 10_000, retries = 2, httpAgent, httpsAgent } = options
  if ((instance === undefined) === (baseURL === undefined)) {
    const state = instance === undefined ? 'neither is set: is the environment variable missing?' : 'both are set'
    throw new TypeError(`NevisClient: set exactly one of instance and baseURL (${state})`)
  }
  if (typeof accessKey !== 'function' && !isUsableAccessKey(accessKey)) {
    throw new TypeError(
      'NevisClient: accessKey must be a non-empty string of visible ASCII characters, without white space, or a function',
    )
  }
  checkInteger('timeoutMs', timeoutMs, 1, 120_000)
  checkInteger('retries', retries, 0, 10)
  checkAgent('httpAgent', httpAgent)
  checkAgent('httpsAgent', httpsAgent)
  return Object.freeze({
    instance,
    baseURL: instance === undefined ? checkedBaseURL(baseURL) : `https://${checkedInstance(instance)}.mauth.nevis.cloud`,
    accessKey,
    timeoutMs,
    retries,
    httpAgent,
    httpsAgent,
  })
}

function checkedInstance(instance: unknown): string {
  if (typeof instance !== 'string' || !INSTANCE.test(instance)) {
    throw new TypeError('NevisClient: instance must be an instance id: lower-case letters, digits and dashes')
  }
  return instance
}

function checkedBaseURL(baseURL: unknown): string {
  const url = typeof baseURL === 'string' ? parseURL(baseURL) : undefined
  if (typeof baseURL === 'string' && hasWrongPort(baseURL)) throw new TypeError('NevisClient: baseURL must have a port from 1 to 65535, or none')
  if (typeof baseURL !== 'string' || url === undefined) throw new TypeError('NevisClient: baseURL must be an absolute URL')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
    throw new TypeError('NevisClient: baseURL must be https:; plain http: is allowed for loopback only')
  }
  if (url.username !== '' || url.password !== '' || /[?#]/.test(baseURL)) {
    throw new TypeError('NevisClient: baseURL must not contain credentials, a query or a fragment')
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

function checkInteger(name: string, value: unknown, min: number, max: number): void {
  if (!Number.isInteger(value) || Number(value) < min || Number(value) > max) {
    throw new TypeError(`NevisClient: ${name} must be an integer from ${min} to ${max}`)
  }
}

/** Checks that the agent has an agent's methods. `instanceof Agent` would fail for proxy agents that extend another copy of the class. */
function checkAgent(name: string, value: unknown): void {
  if (value === undefined) return
  if (typeof value !== 'object' || value === null || !('addRequest' in value)) {
    throw new TypeError(`NevisClient: ${name} must be an agent of node:http or node:https`)
  }
}
