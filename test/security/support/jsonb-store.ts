/**
 * A session store with a `jsonb` column, as in apps with PostgreSQL: the column returns the fields in another order.
 *
 * Out of scope: deleting expired sessions.
 */
import session from 'express-session'

/** The part of a pool of `pg` that the store uses. */
export interface Queries {
  query(text: string, values?: readonly unknown[]): Promise<{ rows: readonly { sess: session.SessionData }[] }>
}

type Done = (error?: unknown) => void

export class JsonbStore extends session.Store {
  constructor(private readonly pool: Queries) {
    super()
  }

  static async createTable(pool: Queries): Promise<void> {
    await pool.query('CREATE TABLE sessions (sid text PRIMARY KEY, sess jsonb NOT NULL)')
  }

  override get(sid: string, done: (error: unknown, data?: session.SessionData | null) => void): void {
    this.pool.query('SELECT sess FROM sessions WHERE sid = $1', [sid]).then(({ rows }) => done(null, rows[0]?.sess ?? null), done)
  }

  override set(sid: string, data: session.SessionData, done: Done = () => {}): void {
    this.pool
      .query('INSERT INTO sessions VALUES ($1, $2) ON CONFLICT (sid) DO UPDATE SET sess = excluded.sess', [sid, JSON.stringify(data)])
      .then(() => done(), done)
  }

  override destroy(sid: string, done: Done = () => {}): void {
    this.pool.query('DELETE FROM sessions WHERE sid = $1', [sid]).then(() => done(), done)
  }
}
