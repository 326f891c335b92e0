/** The database: PGlite in this process, or the PostgreSQL server that DATABASE_URL names. Both take the same SQL. */
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import type { DatabasePlace } from './config.js'

export interface Database {
  /** `Row` is what the columns of the statement are; nothing checks it at run time. */
  query<Row extends object = object>(sql: string, parameters: unknown[]): Promise<{ readonly rows: Row[] }>
  /** Creates tables. */
  create(sql: string): Promise<unknown>
  close(): Promise<void>
}

export async function openDatabase({ url, dataDir }: DatabasePlace): Promise<Database> {
  if (url === undefined) return embedded(await (dataDir === undefined ? PGlite.create() : PGlite.create(dataDir)))
  const pool = new pg.Pool({ connectionString: url })
  // The pool replaces a connection that breaks while idle. Without this listener the event would end the process.
  pool.on('error', (error: NodeJS.ErrnoException) => console.error(error.name, error.code ?? ''))
  return {
    query: (sql, parameters) => pool.query(sql, parameters),
    // Several processes may start at once, and `if not exists` alone lets two of them create the table.
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
