/** PostgreSQL: in this process (PGlite), or a server that DATABASE_URL names. Both take the same SQL. */
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'

/** @returns `query(sql, parameters)` → `{ rows }`, and `close()` */
export async function openDatabase({ url, dataDir }) {
  if (url === undefined) return PGlite.create(dataDir)
  const pool = new pg.Pool({ connectionString: url })
  // A connection that breaks while idle is replaced by the pool; unheard, the event would end the process.
  pool.on('error', (error) => console.error(error.name, error.code ?? ''))
  return { query: (sql, parameters) => pool.query(sql, parameters), close: () => pool.end() }
}
