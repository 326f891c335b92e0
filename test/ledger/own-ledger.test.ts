/**
 * Tests ledgers (stores that all processes of an app share) that an app implements itself. The ledger of docs/guides/ledgers.md passes the checks of
 * `proveLedger`. In each faulty ledger, the checks find the fault.
 */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MemoryLedger, type Ledger } from '../../src'
import { ledgerChecks } from '../../src/ledger/contract'
import { proveLedger } from '../../src/simulator'

const ROOT = join(__dirname, '../..')

let aheadMs = 0
const now = Date.now
const advance = (ms: number) => {
  aheadMs += ms
  jest.spyOn(Date, 'now').mockImplementation(() => now() + aheadMs)
}
afterEach(() => {
  jest.restoreAllMocks()
  aheadMs = 0
})

describe('the ledger of the guide', () => {
  it.each(['sqlite-ledger.js', 'sqlite-ledger.test.js'])('is printed there as it runs: %s', (file) => {
    const guide = readFileSync(join(ROOT, 'docs/guides/ledgers.md'), 'utf8')
    expect(guide).toContain(`\n\`\`\`js\n${readFileSync(join(__dirname, 'own', file), 'utf8')}\`\`\`\n`)
  })

  it('keeps every promise, with real lifetimes', async () => {
    if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error('run "npm run build" first')
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', join(__dirname, 'own/sqlite-ledger.test.js')], { cwd: ROOT })
    expect(stdout).toMatch(/^ok 1 - the ledger keeps its promises$/m)
  }, 90_000)
})

describe('proveLedger', () => {
  it('resolves for a ledger that keeps every promise', async () => {
    const ledger = new MemoryLedger()
    expect(await proveLedger(() => ledger, { advance })).toBeUndefined()
  })

  const pause = () => new Promise((resolve) => setImmediate(resolve))
  /** Each row: a fault, a function that prepares ledgers with this fault, and the message of the check that must find the fault. */
  const FAULTY: [string, () => () => Ledger, RegExp][] = [
    ['shares nothing with its like', () => () => new MemoryLedger(), /claims a key for the first caller/],
    ['reads first and writes then', () => {
      const store = new MemoryLedger()
      class ReadsFirst extends MemoryLedger {
        override async claim(key: string, seconds: number) {
          if ((await store.look(key)) > 0) return false
          await pause()
          return store.claim(key, seconds).then(() => true)
        }
        override count = store.count.bind(store)
        override look = store.look.bind(store)
        override forget = store.forget.bind(store)
      }
      return () => new ReadsFirst()
    }, /exactly one of a hundred concurrent callers/],
    ['never ends a claim', () => {
      const store = new MemoryLedger()
      store.claim = ((claim) => (key: string) => claim(key, 1e6))(store.claim.bind(store))
      return () => store
    }, /ends a claim with its lifetime/],
    ['extends a count with each call', () => {
      const store = new MemoryLedger()
      store.count = (({ count, forget }) => async (key: string, seconds: number) => {
        const before = await count.call(store, key, seconds)
        await forget.call(store, key)
        for (let i = 1; i < before; i++) await count.call(store, key, seconds)
        return count.call(store, key, seconds)
      })(store)
      return () => store
    }, /later calls do not extend it/],
    ['extends a claim when it is looked at', () => {
      const store = new MemoryLedger()
      store.look = ((look) => async (key: string) => {
        const left = await look(key)
        if (left > 0) {
          await store.forget(key)
          await store.claim(key, 60)
        }
        return left
      })(store.look.bind(store))
      return () => store
    }, /looking extends nothing/],
    ['ignores upper and lower case', () => {
      const store = new MemoryLedger()
      for (const name of ['claim', 'count', 'look', 'forget'] as const) (store as any)[name] = ((call: any) => (key: string, seconds: number) => call(key.toLowerCase(), seconds))(store[name].bind(store))
      return () => store
    }, /keeps keys apart/],
    ['rounds what is left down', () => {
      const store = new MemoryLedger()
      store.look = ((look) => async (key: string) => Math.max(0, (await look(key)) - 2))(store.look.bind(store))
      return () => store
    }, /the whole seconds that are left/],
    ['forgets nothing', () => {
      const store = new MemoryLedger()
      store.forget = async () => undefined
      return () => store
    }, /forgets a count[^]*forgets a claim/],
    ['says 1 for true', () => {
      const store = new MemoryLedger()
      store.claim = ((claim) => async (key: string, seconds: number) => Number(await claim(key, seconds)) as never)(store.claim.bind(store))
      return () => store
    }, /claims a key for the first caller/],
    ['rejects', () => () => ({ ...new MemoryLedger(), claim: () => Promise.reject(new Error('gone')) }) as never, /gone/],
  ]

  it.each(FAULTY)('finds out a ledger that %s', async (_name, make, found) => {
    const create = make()
    const error: unknown = await proveLedger(create, { advance }).catch((reason: unknown) => reason)
    expect(String(error)).toMatch(new RegExp(`^Error: The ledger breaks \\d+ of ${ledgerChecks.length} promises:\n`))
    expect(String(error)).toMatch(found)
  })
})
