/** Tests the ledger in PGlite as an app would: in a process of its own, with the test kit of the built package. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

describe('PostgresLedger in PGlite', () => {
  it('keeps every promise of a ledger, stores keys that PostgreSQL cannot, and signs in once, with the sessions of connect-pg-simple beside it', async () => {
    if (!existsSync(join(__dirname, '../../dist/index.js'))) throw new Error('run "npm run build" first')
    const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, 'pglite.mjs')])
    expect(JSON.parse(stdout)).toEqual(['proved', [{ key: 'own:\\u0000\\ud800' }], ['Forbidden', 'Hello anna']])
  }, 60_000)
})
