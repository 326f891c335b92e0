/** Connects to Redis. If the app runs in several processes, Redis stores their sessions and their ledger, the store of used approvals and limits. */
import { createClient } from 'redis'
import { ConfigError } from './config.js'

/** Time limit for each command, so that requests do not wait for ever if Redis accepts connections but does not answer. */
const ANSWERS_WITHIN_MS = 3000

export type Redis = NonNullable<Awaited<ReturnType<typeof openRedis>>>

/**
 * Connects to Redis.
 * @returns a client that reconnects by itself, and whose commands succeed or fail within three seconds; undefined if no URL is given
 */
export async function openRedis(url: string | undefined) {
  if (url === undefined) return undefined
  let isUp = false
  const reconnectStrategy = (retries: number, cause: Error) => (isUp ? Math.min(100 * retries, 1000) : cause)
  const timing = { reconnectStrategy, socketTimeout: ANSWERS_WITHIN_MS }
  const redis = createClient({
    ...(url.startsWith('unix:') ? { socket: { ...timing, path: new URL(url).pathname, tls: false as const } } : { url, socket: timing }),
    pingInterval: ANSWERS_WITHIN_MS / 3,
    disableOfflineQueue: true,
    commandOptions: { timeout: ANSWERS_WITHIN_MS },
  })
  redis.on('error', (error: unknown) => isUp && console.error('Redis', codeWordOf(error)))
  await redis.connect().catch(() => {
    throw new ConfigError('Redis does not answer at REDIS_URL.')
  })
  isUp = true
  return redis
}

/**
 * Says in one word what happened. The message of the error is left out, because it may contain the URL of Redis. The word is the code of a network error
 * (`ECONNREFUSED`), the code word of an answer of Redis (`NOAUTH`), or the class of an error of the client (`SocketTimeoutError`). The `name` of such a client
 * error is always `Error`, so it says nothing.
 */
export function codeWordOf(error: unknown): string {
  const { code, errors, message, constructor: type } = Object(error) as { code?: unknown; errors?: unknown; message?: unknown; constructor?: { name?: unknown } }
  // For a host with several addresses, Node.js collects one error for each address.
  const [first] = Array.isArray(errors) ? (errors as readonly unknown[]) : []
  if (typeof code !== 'string' && first !== undefined) return codeWordOf(first)
  const [ofRedis] = /^[A-Z]{3,20}(?= |$)/.exec(String(message)) ?? []
  return [code, ofRedis, type?.name].find((word): word is string => typeof word === 'string' && /^\w{2,64}$/.test(word)) ?? 'Error'
}
