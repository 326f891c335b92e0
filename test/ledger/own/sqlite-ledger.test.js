// sqlite-ledger.test.js
const { mkdtempSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { test } = require('node:test')
const { proveLedger } = require('passport-nevis/simulator')
const { SqliteLedger } = require('./sqlite-ledger')

test('the ledger keeps its promises', { timeout: 60_000 }, async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'ledger-')), 'ledger.db')
  await proveLedger(() => new SqliteLedger(file))
})
