/** Redis: sessions, and the ledger of the second factor, for several processes of this app. */
import { createClient } from 'redis'
import { ConfigError } from './config.js'

/** A Redis that is there and says nothing must not hold requests for ever. */
const ANSWERS_WITHIN_MS = 3000

/** @returns a client that answers or fails at once, and comes back by itself; undefined without a URL */
export async function openRedis(url) {
  if (url === undefined) return undefined
  let isUp = false
  const reconnectStrategy = (retries, cause) => (isUp ? Math.min(100 * retries, 1000) : cause)
  const where = url.startsWith('unix:') ? { path: new URL(url).pathname, tls: false } : {}
  const redis = createClient({ ...(where.path ? {} : { url }), socket: { ...where, reconnectStrategy, socketTimeout: ANSWERS_WITHIN_MS }, pingInterval: ANSWERS_WITHIN_MS / 3, disableOfflineQueue: true, commandOptions: { timeout: ANSWERS_WITHIN_MS } })
  redis.on('error', (error) => isUp && console.error('Redis', error.code ?? error.name))
  await redis.connect().catch(() => {
    throw new ConfigError('Redis does not answer at REDIS_URL.')
  })
  isUp = true
  return redis
}
