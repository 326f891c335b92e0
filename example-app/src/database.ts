/** Opens the database: PGlite in this process, or the PostgreSQL server in DATABASE_URL. Both accept the same SQL. */
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import type { DatabasePlace } from './config.js'

export interface Database {
  /** Runs a statement. `Row` is the type of its columns, which is not checked at run time. */
  query<Row extends object = object>(sql: string, parameters: unknown[]): Promise<{ readonly rows: Row[] }>
  /** Creates tables. */
  create(sql: string): Promise<unknown>
  close(): Promise<void>
}

export async function openDatabase({ url, dataDir }: DatabasePlace): Promise<Database> {
  if (url === undefined) return embedded(await (dataDir === undefined ? PGlite.create() : PGlite.create(dataDir)))
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 3000, query_timeout: 4000 })
  // The pool replaces a connection that breaks while idle, and emits `error`. Without this listener, that event would end the process.
  pool.on('error', (error: NodeJS.ErrnoException) => console.error(error.name, error.code ?? ''))
  return {
    query: (sql, parameters) => pool.query(sql, parameters),
    // If several processes start at once, two of them could try to create the same table in spite of `if not exists`, and one of the two would fail. So take a
    // lock.
    create: (sql) => pool.query(`begin; select pg_advisory_xact_lock(1); ${sql}; commit`),
    close: () => pool.end(),
  }
}

function embedded(database: PGlite): Database {
  return {
    query: (sql, parameters) => database.query(sql, parameters),
    create: (sql) => database.exec(sql),
    close: () => database.close(),
  }
}
