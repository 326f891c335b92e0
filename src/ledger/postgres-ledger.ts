/**
 * A ledger in PostgreSQL, for several processes: one table, and one atomic statement for each call.
 *
 * Every time comes from the database's clock, so that processes agree even if their own clocks differ. Out of scope: the connections, which
 * your app opens and closes.
 */
import { refuseUnknown } from '../client/option-names'
import type { Ledger } from './ledger'
import { checkedSeconds } from './lifetimes'

/** The method of a connection pool that {@link PostgresLedger} calls. `Pool` of `pg` and PGlite have this method. */
export interface PostgresConnection {
  /**
   * Runs one statement, in a transaction of its own.
   * @param text the statement, with `$1`, `$2`, … for the values
   * @param values the values
   * @returns the rows of the result
   */
  query(
    text: string,
    values: unknown[],
  ): Promise<{
    /** The rows of the result. */
    readonly rows: readonly unknown[]
  }>
}

/** Options of {@link PostgresLedger}. */
export interface PostgresLedgerOptions {
  /** Name of the table, with or without a schema: lower-case letters, digits and `_`. Default `passport_nevis_ledger`. */
  readonly table?: string | undefined
}

const TABLE_NAME = /^([a-z_][a-z0-9_]{0,48}\.)?[a-z_][a-z0-9_]{0,48}$/
/** Id of an advisory lock. `CREATE … IF NOT EXISTS` can fail if two processes run it at once. With the lock, one process waits for the other. */
const CREATE_LOCK = 1_852_143_223
const SWEEP_EVERY_MS = 30_000
/** How many expired rows one statement deletes at most. If a statement deletes this many rows, more may be left, so the next write deletes again. */
const SWEEP_ROWS = 1000

/**
 * A ledger in PostgreSQL (tested with PostgreSQL 15), for several processes. Pass it a pool, not a client inside a transaction, because a rollback of the
 * transaction would delete what the ledger has stored. You need no clean-up job, because calls to the ledger also delete expired rows.
 */
export class PostgresLedger implements Ledger {
  private readonly table: string
  private readonly index: string
  private nextSweepAt = 0

  /**
   * @param pool a `Pool` of `pg`, PGlite, or anything else with this `query`
   * @param options the name of the ledger's table
   * @throws TypeError if `pool` has no `query`, the name of the table is not allowed, or an option is unknown
   */
  constructor(
    private readonly pool: PostgresConnection,
    options: PostgresLedgerOptions = {},
  ) {
    refuseUnknown('PostgresLedger', options, ['table'])
    const { table = 'passport_nevis_ledger' } = options
    if (typeof (Object(pool) as PostgresConnection).query !== 'function') throw new TypeError('PostgresLedger: pool must have a method query(text, values), as a Pool of pg')
    if (typeof table !== 'string' || !TABLE_NAME.test(table)) {
      throw new TypeError('PostgresLedger: table must be a name, or schema.name, of lower-case letters, digits and _, of at most 49 characters each')
    }
    // Quote the name, because it may be a reserved word of SQL.
    const names = table.split('.')
    this.table = names.map((name) => `"${name}"`).join('.')
    this.index = `"${names.at(-1)}_ends_at"`
  }

  /**
   * Creates the table and its index, unless they exist. Every process may call this method when the process starts. The database user needs the right to create
   * tables; without that right, create the table in a migration and do not call this method.
   */
  async createTable(): Promise<void> {
    await this.pool.query(
      `DO $$ BEGIN
        PERFORM pg_advisory_xact_lock(${CREATE_LOCK});
        CREATE TABLE IF NOT EXISTS ${this.table} (key text PRIMARY KEY, uses integer NOT NULL, ends_at timestamptz NOT NULL);
        CREATE INDEX IF NOT EXISTS ${this.index} ON ${this.table} (ends_at);
      END $$`,
      [],
    )
  }

  /** The SQL statement inserts a row or changes an expired row, and returns a row only in these two cases. So exactly one caller gets a row. */
  async claim(key: string, ttlSeconds: number): Promise<boolean> {
    const { rows } = await this.write(
      `INSERT INTO ${this.table} AS kept (key, uses, ends_at) VALUES ($1, 1, now() + $2 * interval '1 second')
       ON CONFLICT (key) DO UPDATE SET uses = 1, ends_at = excluded.ends_at WHERE kept.ends_at <= now()
       RETURNING uses AS value`,
      key,
      ttlSeconds,
    )
    if (rows.length === 0) return false
    if (valueIn(rows) !== 1) throw unexpected()
    return true
  }

  async count(key: string, ttlSeconds: number): Promise<number> {
    const { rows } = await this.write(
      `INSERT INTO ${this.table} AS kept (key, uses, ends_at) VALUES ($1, 1, now() + $2 * interval '1 second')
       ON CONFLICT (key) DO UPDATE SET
         uses = CASE WHEN kept.ends_at > now() THEN kept.uses + 1 ELSE 1 END,
         ends_at = CASE WHEN kept.ends_at > now() THEN kept.ends_at ELSE excluded.ends_at END
       RETURNING uses AS value`,
      key,
      ttlSeconds,
    )
    return valueIn(rows)
  }

  async look(key: string): Promise<number> {
    const text = `SELECT ceil(extract(epoch FROM ends_at - now()))::integer AS value FROM ${this.table} WHERE key = $1 AND ends_at > now()`
    const { rows } = await this.pool.query(text, [columnOf(key)])
    return rows.length === 0 ? 0 : valueIn(rows)
  }

  async forget(key: string): Promise<void> {
    await this.pool.query(`DELETE FROM ${this.table} WHERE key = $1`, [columnOf(key)])
  }

  private async write(text: string, key: string, ttlSeconds: number): Promise<{ readonly rows: readonly unknown[] }> {
    const result = await this.pool.query(text, [columnOf(key), checkedSeconds('PostgresLedger', ttlSeconds)])
    void this.sweep()
    return result
  }

  /** Deletes expired rows in the background, at most every 30 s. A failure does no harm, because all other statements ignore expired rows. */
  private async sweep(): Promise<void> {
    const startedAt = Date.now()
    if (startedAt < this.nextSweepAt) return
    this.nextSweepAt = startedAt + SWEEP_EVERY_MS
    try {
      const { rows } = await this.pool.query(
        `WITH deleted AS (
           DELETE FROM ${this.table} WHERE key = ANY (ARRAY(
             SELECT key FROM ${this.table} WHERE ends_at <= now() ORDER BY ends_at LIMIT ${SWEEP_ROWS} FOR UPDATE SKIP LOCKED
           )) RETURNING 1
         ) SELECT count(*)::integer AS value FROM deleted`,
        [],
      )
      if (valueIn(rows) >= SWEEP_ROWS) this.nextSweepAt = 0
    } catch {
      // Ignore an error of this deletion: if the database is down, the next `claim` or `count` fails and reports the error.
    }
  }
}

/** Escapes everything but printable ASCII. PostgreSQL cannot store some strings of JavaScript, for example U+0000. */
function columnOf(key: string): string {
  return key.replace(/[^ -[\]-~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The integer in the result of a query. `pg` returns a string of digits if the app has changed its type parsers. */
function valueIn(rows: readonly unknown[]): number {
  const { value } = Object(rows[0]) as { value?: unknown }
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  if (rows.length !== 1 || typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) throw unexpected()
  return number
}

/**
 * The error for an unexpected result of a query. It does not quote the rows: if the app's `query` returns rows of another table by mistake, they may be secret.
 */
function unexpected(): TypeError {
  return new TypeError('PostgresLedger: unexpected result: query must resolve to { rows }, with a row as an object, as a Pool of pg does')
}
