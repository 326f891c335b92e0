/**
 * Tests the ledger (the store that all processes share) with the operations of a sign-in: it claims random keys (marks them as used), and counts, reads and
 * deletes them.
 *
 * Out of scope: the keys of real sign-ins (`ledger/`).
 */
import { randomUUID } from 'node:crypto'
import { error, ok, warning, type Finding } from './findings'
import { isWord } from './printable'
import type { Registered } from './app-observer'

type Ledger = Registered['strategy']['settings']['ledger']

/** Lifetime of the keys with which this file tests the ledger. */
const DAY_SECONDS = 86_400
/** PostgreSQL's error code for a table that does not exist, as `codeOf` returns it. */
const NO_TABLE = ' (42P01)'

/**
 * Tests the ledger of a strategy.
 * @param all the strategies of the application; those of one Nevis instance must share a ledger
 * @param isProduction true if NODE_ENV is `production`; a MemoryLedger is then a warning
 */
export async function ledgerFindings({ strategy }: Registered, all: readonly Registered[], isProduction: boolean): Promise<Finding[]> {
  const { ledger, client } = strategy.settings
  const [claimed, counted] = ['claim', 'count'].map((use) => `doctor:${randomUUID()}:${use}`) as [string, string]
  const others = all.filter((one) => one.strategy !== strategy && one.strategy.settings.client.baseURL === client.baseURL)
  try {
    const used = await useFindings(ledger, claimed, counted)
    const separate = others.length > 0 && used.every(({ level }) => level === 'ok') ? await separateFrom(ledger, others) : undefined
    return [separate ?? kindFinding(ledger, isProduction), ...used]
  } finally {
    await Promise.all([claimed, counted].map((key) => ledger.forget(key).catch(() => undefined)))
  }
}

function kindFinding(ledger: Ledger, isProduction: boolean): Finding {
  const kind = ['', 'Object'].includes(ledger.kind) ? 'custom ledger' : ledger.kind
  if (!ledger.isInMemory) return ok('ledger.kind', `the strategy uses a ${kind}`)
  if (!isProduction) return ok('ledger.kind', 'the strategy uses the MemoryLedger: fine for development')
  const remedy = 'set ledger: new RedisLedger(redis) or new PostgresLedger(pool), unless the app always runs as one process'
  return warning('ledger.kind', 'the strategy uses the MemoryLedger, which works for a single process only', remedy)
}

/** Claims a key in `ledger`. @returns an error if one of the strategies `others` has another ledger: one without this key */
async function separateFrom(ledger: Ledger, others: readonly Registered[]): Promise<Finding | undefined> {
  const key = `doctor:${randomUUID()}:shared`
  await attempt(ledger.claim(key, DAY_SECONDS))
  try {
    for (const { name, strategy } of others) {
      const { value } = await attempt(strategy.settings.ledger.look(key))
      if (value !== 0) continue
      const finding = `the strategy "${name}" uses the same Nevis instance and another ledger, so limits, pending enrolments and forgotten browsers of one strategy do not count for the other`
      return error('ledger.kind', finding, 'pass the same ledger to all strategies of one Nevis instance')
    }
    return undefined
  } finally {
    await attempt(ledger.forget(key))
  }
}

async function useFindings(ledger: Ledger, claimed: string, counted: string): Promise<Finding[]> {
  let claims: boolean[]
  let leftSeconds: number
  try {
    claims = await Promise.all([ledger.claim(claimed, DAY_SECONDS), ledger.claim(claimed, DAY_SECONDS)])
    leftSeconds = await ledger.look(claimed)
  } catch (reason) {
    const code = codeOf(reason)
    const remedy = code === NO_TABLE ? 'the table of the ledger does not exist: call await ledger.createTable() once when the app starts, or create the table in a migration: docs/guides/ledgers.md, "PostgreSQL"' : 'check the connection of the ledger, and the permissions of its database user'
    return [error('ledger.claims', `the ledger does not answer${code}, so no user can sign in`, remedy)]
  }
  // Do not run the two calls of `count` in parallel: the second count must include the first call.
  const counts = [await attempt(ledger.count(counted, DAY_SECONDS)), await attempt(ledger.count(counted, DAY_SECONDS))]
  const failure = counts.find(({ reason }) => reason !== undefined)?.reason
  const forgotten = await attempt(ledger.forget(claimed).then(() => ledger.look(claimed)))
  const toCount = ledger.kind === 'RedisLedger' ? 'the ledger counts with the Redis command EVAL: allow EVAL, INCR and EXPIRE for its Redis user (docs/guides/ledgers.md, "Redis")' : 'check the permissions of the database user of the ledger, or fix count() of your own ledger'
  return [
    claimFinding(claims, leftSeconds),
    counts[0]?.value === 1 && counts[1]?.value === 2
      ? ok('ledger.counts', 'two counts of one key are 1 and 2')
      : error('ledger.counts', `the ledger does not count${codeOf(failure)}, so ${failure === undefined ? 'requests and codes are not limited' : 'no user can sign in with a code or set up a factor'}`, toCount),
    forgotten.value === 0
      ? ok('ledger.forget', 'a deleted key can be claimed again')
      : error('ledger.forget', `the ledger does not delete keys${codeOf(forgotten.reason)}, so approved starts still count and legitimate users are refused`, 'check the permissions of the database user of the ledger: forget() deletes a key (DEL in Redis)'),
  ]
}

function claimFinding(claims: readonly boolean[], leftSeconds: number): Finding {
  if (claims.filter(Boolean).length !== 1) {
    return error('ledger.claims', `of two simultaneous claims ${claims[0] ? 'both succeed' : 'none succeeds'}`, 'claim() must return true to exactly one caller: use RedisLedger, or fix your own ledger')
  }
  // Accept a remaining time that is wrong by up to one minute, because the store may be slow or have a clock of its own.
  if (leftSeconds < DAY_SECONDS - 60 || leftSeconds > DAY_SECONDS + 60) {
    return error('ledger.claims', `right after a claim for one day, look() returns ${leftSeconds} s: used approvals would count again, or users stay locked out`, 'fix look() or the lifetimes of your own ledger; both are in whole seconds')
  }
  return ok('ledger.claims', 'of two simultaneous claims exactly one succeeds')
}

interface Attempt {
  readonly value?: unknown
  readonly reason?: unknown
}

function attempt(work: Promise<unknown>): Promise<Attempt> {
  return work.then((value) => ({ value }), (reason: unknown) => ({ reason }))
}

/** The error code of the store in parentheses, for example ` (NOPERM)`. The `cause` of a StorageError contains this code. */
function codeOf(reason: unknown): string {
  const { cause } = Object(reason) as { cause?: unknown }
  const { code } = Object(cause) as { code?: unknown }
  return isWord(code) ? ` (${code})` : ''
}
