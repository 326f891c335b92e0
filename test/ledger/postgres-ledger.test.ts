/** The ledger in a real PostgreSQL, on pools of `pg`. `pglite.test.ts` tests PGlite. */
import connectPgSimple from 'connect-pg-simple'
import session from 'express-session'
import { Pool } from 'pg'
import { MemoryLedger, PostgresLedger, type PostgresConnection } from '../../src'
import { failClosed } from '../../src/ledger/ledger'
import { callbackOf, signIn } from '../support/app'
import { closing } from '../support/closing'
import { ledgerContract } from '../support/ledger-contract'
import { describeWithPostgres, PostgresServer } from '../support/postgres'
import { lab, outcomeOf, tally } from '../security/support/lab'

jest.setTimeout(30_000)
const TABLE = 'passport_nevis_ledger'

/** Makes every row expire `ms` milliseconds earlier, because a test cannot change the database's clock. */
const advanceIn = (pool: PostgresConnection) => async (ms: number) => void (await pool.query(`UPDATE ${TABLE} SET ends_at = ends_at - $1 * interval '1 millisecond'`, [ms]))

describeWithPostgres('PostgresLedger on a pool of pg', () => {
  let server: PostgresServer
  let pool: Pool
  const open = (options: object = {}) => {
    const opened = new Pool({ connectionString: server.url, max: 10, ...options })
    // Ignore errors of the pool: at the end of the file, PostgreSQL stops and cuts off the pool's connections.
    opened.on('error', () => undefined)
    return opened
  }

  beforeAll(async () => {
    server = await PostgresServer.start()
    pool = open()
    await new PostgresLedger(pool).createTable()
  })
  afterAll(async () => {
    await pool.end()
    await server.close()
  })
  beforeEach(async () => void (await pool.query(`TRUNCATE ${TABLE}`)))

  ledgerContract('PostgresLedger', () => ({ ledger: new PostgresLedger(pool), advance: advanceIn(pool) }))

  describe('its table', () => {
    const columns = async (table: string) =>
      (await pool.query(`SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position`, [table])).rows.map((row) => Object.values(row as object).join(' '))

    it('has three columns, and an index by which expired rows are found', async () => {
      expect(await columns(TABLE)).toEqual(['key text NO', 'uses integer NO', 'ends_at timestamp with time zone NO'])
      const { rows } = await pool.query(`SELECT indexname FROM pg_indexes WHERE tablename = $1 ORDER BY 1`, [TABLE])
      expect(rows).toEqual([{ indexname: `${TABLE}_ends_at` }, { indexname: `${TABLE}_pkey` }])
    })

    it('is made once by twenty processes that start at the same moment', async () => {
      const pools = Array.from({ length: 20 }, () => open({ max: 1 }))
      await Promise.all(pools.map((one) => new PostgresLedger(one, { table: 'made_at_once' }).createTable()))
      await Promise.all(pools.map((one) => one.end()))
      expect(await columns('made_at_once')).toHaveLength(3)
    })

    it('may have another name, in another schema, also a word of SQL', async () => {
      await pool.query('CREATE SCHEMA bank')
      const ledger = new PostgresLedger(pool, { table: 'bank.order' })
      await ledger.createTable()
      expect([await ledger.claim('a', 60), await ledger.claim('a', 60), await ledger.count('b', 60)]).toEqual([true, false, 1])
      expect((await pool.query('SELECT key FROM bank."order" ORDER BY 1')).rows).toEqual([{ key: 'a' }, { key: 'b' }])
      expect(await new PostgresLedger(pool).claim('a', 60)).toBe(true)
    })

    it.each([[''], ['a b'], ['a"b'], ['A'], ['1a'], ['a;drop table users'], ['a.b.c'], ['.a'], ['a'.repeat(50)], [1], [null]])('is not named %j', (table) => {
      expect(() => new PostgresLedger(pool, { table: table as string })).toThrow(new TypeError('PostgresLedger: table must be a name, or schema.name, of lower-case letters, digits and _, of at most 49 characters each'))
    })

    it('can be used by a user without any right but to its rows', async () => {
      await pool.query(`CREATE ROLE app LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ${TABLE} TO app`)
      const limited = open({ user: 'app' })
      closing({ close: () => limited.end() })
      const ledger = new PostgresLedger(limited)
      expect([await ledger.claim('a', 60), await ledger.claim('a', 60), await ledger.count('b', 60), (await ledger.look('a')) > 0]).toEqual([true, false, 1, true])
      await ledger.forget('a')
      expect(await ledger.look('a')).toBe(0)
    })

    it('that is missing lets no user in', async () => {
      const ledger = failClosed(new PostgresLedger(pool, { table: 'missing' }))
      for (const call of ['claim', 'count', 'look', 'forget'] as const) await expect(ledger[call]('a', 60)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE', cause: { code: '42P01' } })
    })
  })

  describe('over several pools', () => {
    const isolations = ['read committed', 'repeatable read', 'serializable'] as const

    it.each(isolations)('claims each key for at most one of a hundred callers, and never counts the same number twice: %s', async (isolation) => {
      const pools = Array.from({ length: 5 }, () => open({ options: `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}` }))
      const ledgers = pools.map((one) => new PostgresLedger(one))
      const race = async <T>(call: (ledger: PostgresLedger) => Promise<T>) => Promise.allSettled(Array.from({ length: 20 }, () => ledgers.map(call)).flat())
      const won = async () => (await race((ledger) => ledger.claim('a', 60))).filter((one) => one.status === 'fulfilled' && one.value).length
      expect(await won()).toBe(1)
      expect(await won()).toBe(0)
      await advanceIn(pool)(61_000)
      expect(await won()).toBe(1)
      const numbers = (await race((ledger) => ledger.count('b', 60))).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      expect(new Set(numbers).size).toBe(numbers.length)
      if (isolation === 'read committed') expect(numbers).toHaveLength(100)
      await Promise.all(pools.map((one) => one.end()))
    })

    it('uses the clock of the database, whatever the process believes', async () => {
      const ledger = new PostgresLedger(pool)
      await ledger.claim('a', 60)
      jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000)
      expect([await ledger.claim('a', 60), await ledger.look('a')]).toEqual([false, 60])
      jest.restoreAllMocks()
    })
  })

  describe('with expired rows', () => {
    const rows = async () => Number((await pool.query(`SELECT count(*) FROM ${TABLE}`)).rows[0].count)
    const fill = (count: number, seconds: number) => pool.query(`INSERT INTO ${TABLE} SELECT $3 || n, 1, now() + $2 * interval '1 second' FROM generate_series(1, $1) n`, [count, seconds, `row${seconds}:`])
    /** Waits until the table has the expected number of rows: a ledger call starts the deletion but does not wait for it. */
    const settled = async (expected: number) => {
      for (let i = 0; i < 200 && (await rows()) !== expected; i++) await new Promise((resolve) => setImmediate(resolve))
      return rows()
    }

    it('deletes them while it works, a thousand at a time, and none that has not expired', async () => {
      await fill(2500, -1)
      await fill(10, 60)
      const ledger = new PostgresLedger(pool)
      for (const left of [1510 + 1, 510 + 1, 10 + 1]) {
        await ledger.claim('a', 60)
        expect(await settled(left)).toBe(left)
      }
    })

    it('looks for more after thirty seconds, and not before', async () => {
      let deletions = 0
      const counting: PostgresConnection = { query: (text, values) => ((deletions += text.includes('SKIP LOCKED') ? 1 : 0), pool.query(text, values)) }
      const ledger = new PostgresLedger(counting)
      const now = jest.spyOn(Date, 'now').mockReturnValue(1_000_000)
      const seen = []
      for (const time of [1_000_000, 1_000_000, 1_029_999, 1_030_000, 1_059_999, 1_060_000]) {
        now.mockReturnValue(time)
        await ledger.count('a', 60)
        seen.push(deletions)
      }
      expect(seen).toEqual([1, 1, 1, 2, 2, 3])
      now.mockRestore()
    })

    it('gives its answers also where the deletion fails', async () => {
      const failing: PostgresConnection = {
        query: (text, values) => (text.includes('SKIP LOCKED') ? Promise.reject(new Error('gone')) : pool.query(text, values)),
      }
      expect(await new PostgresLedger(failing).claim('a', 60)).toBe(true)
    })

    it('claims and deletes the same expired key at once, and loses no claim', async () => {
      for (let i = 0; i < 20; i++) {
        await pool.query(`TRUNCATE ${TABLE}`)
        await fill(50, -1)
        const ledgers = Array.from({ length: 5 }, () => new PostgresLedger(pool))
        const claims = await Promise.all(ledgers.map((ledger) => ledger.claim('row-1:25', 60)))
        expect(claims.filter(Boolean)).toHaveLength(1)
        expect(await ledgers[0]?.look('row-1:25')).toBe(60)
      }
    })
  })

  describe('while a user signs in, with the sessions in the same database', () => {
    const world = lab()
    const PgStore = connectPgSimple(session)
    const store = (own: Pool) => {
      const sessions = new PgStore({ pool: own, createTableIfMissing: true, pruneSessionInterval: false })
      world.defer(() => sessions.close())
      return sessions
    }

    it('signs in once, of fifty callbacks at once to three apps', async () => {
      const pools = [open(), open(), open()]
      for (const own of pools) world.defer(() => own.end())
      const apps = []
      for (const own of pools) apps.push(await world.start({ session: { store: store(own) }, strategy: { ledger: new PostgresLedger(own) } }))
      const [first, ...others] = apps
      const browser = (first as (typeof apps)[number]).browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      const browsers = [browser, ...others.map((app) => app.browser())]
      for (const other of browsers.slice(1)) for (const [name, value] of browser.cookies) other.cookies.set(name, value)
      const outcomes = await Promise.all(Array.from({ length: 51 }, async (_, i) => outcomeOf(await (browsers[i % 3] as typeof browser).clone().get(callbackOf(handle)))))
      const { success, used_transaction: used = 0, unknown_transaction: unknown = 0 } = tally(outcomes)
      expect([success, used + unknown]).toEqual([1, 50])
      expect(apps.flatMap(({ verified }) => verified)).toHaveLength(1)
      expect((await pool.query(`SELECT count(*) FROM session`)).rows[0].count).not.toBe('0')
    })

    it('signs no user in while PostgreSQL is down, and once when it runs again', async () => {
      const own = open()
      world.defer(() => own.end())
      const app = await world.start({ strategy: { ledger: new PostgresLedger(own) } })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      await server.kill()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('LEDGER_UNAVAILABLE')
      expect(app.verified).toHaveLength(0)
      expect(world.events.of('fault')).toEqual([expect.objectContaining({ at: 'request', code: 'LEDGER_UNAVAILABLE', cause: expect.stringMatching(/^(ENOENT|ECONNREFUSED|ECONNRESET|57P01)$/) as string })])
      await server.restart()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('used_transaction')
    })
  })
})

describe('PostgresLedger', () => {
  it.each([[undefined], [null], [{}], ['postgres://localhost'], [{ query: 'SELECT 1' }], [new MemoryLedger()]])('refuses %p as a pool', (pool) => {
    expect(() => new PostgresLedger(pool as never)).toThrow(new TypeError('PostgresLedger: pool must have a method query(text, values), as a Pool of pg'))
  })

  it('refuses an unknown option by name', () => {
    const pool = { query: async () => ({ rows: [] }) }
    expect(() => new PostgresLedger(pool, { tabel: 'nevis' } as object)).toThrow(new TypeError('PostgresLedger: unknown option "tabel"'))
  })

  it('stores keys that PostgreSQL cannot, each as its own', async () => {
    const stored: unknown[] = []
    const ledger = new PostgresLedger({ query: async (_text, [key]) => (stored.push(key), { rows: [] }) })
    for (const key of ['a:b-C_1 ~', 'b\0', '\ud800', '\ud801', '\\ud800', 'ü']) await ledger.forget(key)
    expect(stored).toEqual(['a:b-C_1 ~', 'b\\u0000', '\\ud800', '\\ud801', '\\u005cud800', '\\u00fc'])
  })

  it.each([0, -1, 1.5, NaN, Infinity])('claims and counts nothing for %p seconds', async (seconds) => {
    const ledger = new PostgresLedger({ query: () => { throw new Error('asked') } })
    for (const call of ['claim', 'count'] as const) await expect(ledger[call]('a', seconds)).rejects.toThrow(new RangeError('PostgresLedger: a lifetime must be a whole number of seconds, 1 or more'))
  })

  describe('with a result that is not the promised one', () => {
    const results = [undefined, null, {}, { rows: undefined }, { rows: [{}] }, { rows: [[1]] }, { rows: [{ value: true }] }, { rows: [{ value: null }] }, { rows: [{ value: '' }] }, { rows: [{ value: 1.5 }] }, { rows: [{ value: 1 }, { value: 1 }] }]

    it.each(results.flatMap((result) => (['claim', 'count', 'look'] as const).map((call) => [result, call] as const)))('takes %j for no answer to %s', async (result, call) => {
      const ledger = new PostgresLedger({ query: async () => result as never })
      await expect(ledger[call]('a', 60)).rejects.toThrow()
      await expect(failClosed(ledger)[call]('a', 60)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' })
    })

    it.each([0, 2, '2'])('takes a claim that was used %p times for no claim', async (value) => {
      await expect(new PostgresLedger({ query: async () => ({ rows: [{ value }] }) }).claim('a', 60)).rejects.toThrow(TypeError)
    })

    it('takes no row for a count for no answer', async () => {
      await expect(new PostgresLedger({ query: async () => ({ rows: [] }) }).count('a', 60)).rejects.toThrow(TypeError)
    })
  })
})
