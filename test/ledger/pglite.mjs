/** Runs the checks of the built package on the ledger in PGlite, as an app would. Prints "proved" and the rows of the table. */
import { PGlite } from '@electric-sql/pglite'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { PostgresLedger } = require('../../dist/index.js')
const { proveLedger } = require('../../dist/simulator/index.js')

const database = new PGlite()
const ledger = new PostgresLedger(database)
await Promise.all([ledger.createTable(), ledger.createTable()])
await proveLedger(() => new PostgresLedger(database), {
  advance: async (ms) => void (await database.query("UPDATE passport_nevis_ledger SET ends_at = ends_at - $1 * interval '1 millisecond'", [ms])),
})
await ledger.claim('own:\0\ud800', 60)
const { rows } = await database.query("SELECT key FROM passport_nevis_ledger WHERE key LIKE 'own:%'")
console.log(JSON.stringify(['proved', rows]))
await database.close()
