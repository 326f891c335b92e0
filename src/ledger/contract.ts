/**
 * The checks that every ledger must pass. An app runs them on its own ledger with `proveLedger` of `passport-nevis/simulator`, under any test runner.
 *
 * Out of scope: what a ledger does while its store is down (`failClosed` in `ledger.ts`).
 */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Ledger } from './ledger'

/** Options of {@link proveLedger}. */
export interface ProveLedgerOptions {
  /**
   * Moves the clock of the ledger's store forward, so that keys expire. Default: a function that waits in real time, so that `proveLedger` takes
   * about five seconds.
   * @param ms milliseconds
   */
  readonly advance?: ((ms: number) => void | Promise<void>) | undefined
}

interface Proof {
  /** Two ledgers that share one store, like the ledgers of two processes. */
  readonly one: Ledger
  readonly other: Ledger
  /** Makes a key of the ledger that no other check uses. */
  readonly key: (name: string) => string
  readonly advance: (ms: number) => Promise<void>
}

/** One check of a ledger. Its name says what the ledger must do. */
export interface LedgerCheck {
  readonly name: string
  readonly run: (create: () => Ledger | Promise<Ledger>, options?: ProveLedgerOptions) => Promise<void>
}

const LIFETIME_SECONDS = 3
/** The timed checks claim a key or count under it, with the lifetime `LIFETIME_SECONDS`. They wait `EARLY_MS`, and expect that the ledger still has the key. */
const EARLY_MS = 2000
/** After `EARLY_MS`, the timed checks also wait this long, and expect that the key is gone. A ledger may keep a key one second longer than its lifetime. */
const LATE_MS = 2100

const parallel = <T>(times: number, call: (i: number) => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: times }, (_, i) => call(i)))
const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1)
const ascending = (a: number, b: number): number => a - b

type Proofs = Readonly<Record<string, (proof: Proof) => Promise<void>>>

const PROOFS: Proofs = {
  async 'claims a key for the first caller, and for no later one'({ one, other, key }) {
    deepStrictEqual(await one.claim(key('a'), 60), true)
    for (const ledger of [one, other, one]) deepStrictEqual(await ledger.claim(key('a'), 60), false)
  },

  async 'claims a key for exactly one of a hundred concurrent callers'({ one, other, key }) {
    const answers = await parallel(100, (i) => (i % 2 === 0 ? one : other).claim(key('a'), 60))
    deepStrictEqual([answers.filter((answer) => answer === true).length, answers.filter((answer) => answer === false).length], [1, 99])
  },

  async 'claims a key for exactly one of two concurrent callers, each of twenty times'({ one, other, key }) {
    for (const i of upTo(20)) deepStrictEqual((await Promise.all([one.claim(key(`a${i}`), 60), other.claim(key(`a${i}`), 60)])).sort(), [false, true])
  },

  async 'counts 1, 2, 3, …'({ one, other, key }) {
    for (const i of upTo(6)) deepStrictEqual(await (i % 2 === 0 ? one : other).count(key('a'), 60), i)
  },

  async 'gives each of a hundred concurrent callers its own number, from 1 to 100'({ one, other, key }) {
    const answers = await parallel(100, (i) => (i % 2 === 0 ? one : other).count(key('a'), 60))
    deepStrictEqual(answers.sort(ascending), upTo(100))
  },

  async 'looks at a key that is neither claimed nor counted: 0, and nothing changes'({ one, other, key }) {
    deepStrictEqual(await parallel(10, () => other.look(key('a'))), upTo(10).map(() => 0))
    deepStrictEqual(await one.claim(key('a'), 60), true)
    await other.look(key('b'))
    deepStrictEqual(await one.count(key('b'), 60), 1)
  },

  async 'forgets a missing key without an error'({ one, key }) {
    await parallel(10, () => one.forget(key('a')))
    deepStrictEqual(await one.claim(key('a'), 60), true)
  },

  async 'forgets a count; the next is 1'({ one, other, key }) {
    await parallel(3, () => one.count(key('a'), 60))
    await other.forget(key('a'))
    deepStrictEqual([await one.look(key('a')), await one.count(key('a'), 60)], [0, 1])
  },

  async 'keeps keys apart: upper and lower case, spaces, prefixes, signs, 200 characters'({ one, key }) {
    const keys = ['b', 'B', ' b', 'b ', 'b:1', 'b%', 'b_', "b'", 'b"', 'b\\', 'x'.repeat(150), `${'x'.repeat(150)}y`].map(key)
    for (const each of keys) deepStrictEqual([await one.look(each), await one.claim(each, 60), await one.claim(each, 60)], [0, true, false])
    for (const [i, each] of keys.entries()) {
      await one.forget(each)
      const isLeft = await Promise.all(keys.map(async (left) => (await one.look(left)) > 0))
      deepStrictEqual(isLeft, keys.map((_, place) => place > i))
    }
    for (const count of [1, 2]) for (const each of keys) deepStrictEqual(await one.count(each, 60), count)
  },
}

const TIMED_PROOFS: Proofs = {
  async 'ends a claim with its lifetime; then one caller can claim the key again'({ one, other, key, advance }) {
    await one.claim(key('a'), LIFETIME_SECONDS)
    await advance(EARLY_MS)
    deepStrictEqual(await one.claim(key('a'), LIFETIME_SECONDS), false)
    await advance(LATE_MS)
    deepStrictEqual((await Promise.all([one.claim(key('a'), 60), other.claim(key('a'), 60)])).sort(), [false, true])
  },

  async 'ends a claim of one second, the shortest lifetime, after two seconds'({ one, key, advance }) {
    deepStrictEqual([await one.claim(key('a'), 1), await one.claim(key('a'), 1)], [true, false])
    await advance(LATE_MS)
    deepStrictEqual(await one.claim(key('a'), 1), true)
  },

  async 'starts a count again when the lifetime of its first call ends; later calls do not extend it'({ one, key, advance }) {
    await one.count(key('a'), LIFETIME_SECONDS)
    await advance(EARLY_MS)
    deepStrictEqual(await one.count(key('a'), LIFETIME_SECONDS), 2)
    await advance(LATE_MS)
    deepStrictEqual([await one.count(key('a'), 60), await one.count(key('a'), 60)], [1, 2])
  },

  async 'looks at a claim and at a count: the whole seconds that are left, rounded up'({ one, other, key, advance }) {
    const startedAt = Date.now()
    let advancedMs = 0
    await Promise.all([one.claim(key('a'), 60), one.count(key('b'), 60)])
    const check = async () => {
      for (const seconds of [await other.look(key('a')), await other.look(key('b'))]) {
        ok(Number.isInteger(seconds), `look resolved to ${String(seconds)}: not whole seconds`)
        const longest = 61 - advancedMs / 1000
        const shortest = longest - 1 - Math.ceil((Date.now() - startedAt) / 1000)
        ok(seconds >= shortest && seconds <= longest, `look resolved to ${seconds}, not to ${shortest} … ${longest}`)
      }
    }
    await check()
    await advance(EARLY_MS)
    advancedMs = EARLY_MS
    await check()
  },

  async 'looks at a key until its lifetime ends, never 0 before and always 0 after; looking extends nothing'({ one, other, key, advance }) {
    await Promise.all([one.claim(key('a'), LIFETIME_SECONDS), one.count(key('b'), LIFETIME_SECONDS)])
    await advance(EARLY_MS)
    for (const seconds of await parallel(50, (i) => other.look(key(i % 2 === 0 ? 'a' : 'b')))) ok(seconds >= 1, `look resolved to ${seconds} before the end`)
    deepStrictEqual([await one.claim(key('a'), 60), await one.count(key('b'), 60)], [false, 2])
    await advance(LATE_MS)
    deepStrictEqual([await other.look(key('a')), await other.look(key('b'))], [0, 0])
  },

  async 'forgets a claim; then one caller can claim the key again, for a new lifetime'({ one, other, key, advance }) {
    await one.claim(key('a'), LIFETIME_SECONDS)
    await Promise.all([one.forget(key('a')), other.forget(key('a'))])
    deepStrictEqual(await one.look(key('a')), 0)
    deepStrictEqual((await Promise.all([one.claim(key('a'), 60), other.claim(key('a'), 60)])).sort(), [false, true])
    await advance(EARLY_MS + LATE_MS)
    deepStrictEqual(await one.claim(key('a'), 60), false)
  },

  async 'ends each key with its own lifetime'({ one, key, advance }) {
    await Promise.all([one.claim(key('a'), LIFETIME_SECONDS), one.claim(key('b'), 60), one.count(key('c'), LIFETIME_SECONDS), one.count(key('d'), 60)])
    await advance(EARLY_MS + LATE_MS)
    deepStrictEqual([await one.claim(key('a'), 60), await one.claim(key('b'), 60), await one.count(key('c'), 60), await one.count(key('d'), 60)], [true, false, 1, 2])
  },
}

/**
 * Turns a method that throws, or is missing, into one that returns a rejected promise. A synchronous error would leave the check's other promises without a
 * handler.
 */
function settled(ledger: Ledger): Ledger {
  return {
    claim: async (key, ttlSeconds) => ledger.claim(key, ttlSeconds),
    count: async (key, ttlSeconds) => ledger.count(key, ttlSeconds),
    look: async (key) => ledger.look(key),
    forget: async (key) => ledger.forget(key),
  }
}

const checkOf = ([name, prove]: [string, (proof: Proof) => Promise<void>]): LedgerCheck => ({
  name,
  async run(create, { advance = (ms: number) => pause(ms) } = {}) {
    const prefix = randomUUID()
    const [one, other] = [settled(await create()), settled(await create())]
    await prove({ one, other, key: (part) => `${prefix}:${part}`, advance: async (ms) => advance(ms) })
  },
})

const checks = Object.entries(PROOFS).map(checkOf)
const timedChecks = Object.entries(TIMED_PROOFS).map(checkOf)

/**
 * All checks of a ledger, for the tests of this package.
 * @internal
 */
export const ledgerChecks: readonly LedgerCheck[] = [...checks, ...timedChecks]

/**
 * Checks that your own ledger keeps all promises of the type `Ledger`. The store may already have content: the checks use random keys, which expire within a
 * minute. Without `advance`, the checks take about five seconds.
 * @param create creates a ledger. It is called several times, and all these ledgers must share one store, as the ledgers of several processes do
 * @param options `advance`: a function that moves the store's clock forward
 * @throws Error that lists each promise that is not kept, and why
 */
export async function proveLedger(create: () => Ledger | Promise<Ledger>, options: ProveLedgerOptions = {}): Promise<void> {
  const broken: string[] = []
  const run = ({ name, run }: LedgerCheck) => run(create, options).catch((error: unknown) => void broken.push(`${name}\n    ${String(error).replaceAll('\n', '\n    ')}`))
  for (const check of checks) await run(check)
  // All checks share one clock. If a check moves it forward with `advance`, the keys of other checks expire, too. So run the timed checks one after another.
  if (options.advance === undefined) await Promise.all(timedChecks.map(run))
  else for (const check of timedChecks) await run(check)
  if (broken.length > 0) throw new Error(`The ledger breaks ${broken.length} of ${ledgerChecks.length} promises:\n${broken.map((one) => `  - ${one}`).join('\n')}`)
}
