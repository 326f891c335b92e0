// @ts-check
// Creates an app's session store and ledger in the Redis or PostgreSQL whose address is in the environment variable STORE: see `stores.mjs`.
import { RedisStore } from 'connect-redis'
import pgSimple from 'connect-pg-simple'
import session from 'express-session'
import { PostgresLedger, RedisLedger } from 'passport-nevis'
import pg from 'pg'
import { createClient, createCluster } from 'redis'

/** @returns {Promise<{ store: session.Store, ledger: import('passport-nevis').Ledger }>} */
export async function openStore(address = String(process.env.STORE)) {
  const place = address.slice(address.indexOf(':') + 1)
  if (address.startsWith('postgres:')) {
    const pool = new pg.Pool({ connectionString: address })
    pool.on('error', () => {})
    const ledger = new PostgresLedger(pool)
    await ledger.createTable()
    // The lock is needed because several processes start at once, and CREATE TABLE IF NOT EXISTS can then fail.
    await pool.query('SELECT pg_advisory_lock(1); CREATE TABLE IF NOT EXISTS session (sid text PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL); CREATE INDEX IF NOT EXISTS session_expire ON session (expire); SELECT pg_advisory_unlock(1)')
    return { store: new (pgSimple(session))({ pool }), ledger }
  }
  if (address.startsWith('cluster:')) {
    const client = createCluster({ rootNodes: place.split(',').map((port) => ({ url: `redis://127.0.0.1:${port}` })) })
    client.on('error', () => {})
    await client.connect()
    return { store: new RedisStore({ client: /** @type {any} */ (client), ttl: 900 }), ledger: new RedisLedger(client) }
  }
  const client = createClient({ socket: { path: place, tls: false }, disableOfflineQueue: true })
  client.on('error', () => {})
  await client.connect()
  return { store: new RedisStore({ client, ttl: 900 }), ledger: new RedisLedger(client) }
}
