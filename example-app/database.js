/** PostgreSQL: in this process (PGlite), or a server that DATABASE_URL names. Both take the same SQL. */
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'

/** @returns `query(sql, parameters)` → `{ rows }`, `create(sql)` for tables, and `close()` */
export async function openDatabase({ url, dataDir }) {
  if (url === undefined) return embedded(await PGlite.create(dataDir))
  const pool = new pg.Pool({ connectionString: url })
  // A connection that breaks while idle is replaced by the pool; unheard, the event would end the process.
  pool.on('error', (error) => console.error(error.name, error.code ?? ''))
  return {
    query: (sql, parameters) => pool.query(sql, parameters),
    // Several processes start at once, and `if not exists` alone lets two of them create.
    create: (sql) => pool.query(`begin; select pg_advisory_xact_lock(1); ${sql}; commit`),
    close: () => pool.end(),
  }
}

function embedded(database) {
  return {
    query: (sql, parameters) => database.query(sql, parameters),
    create: (sql) => database.exec(sql),
    close: () => database.close(),
  }
}
