/**
 * The checks of a Ledger as jest tests, and ledgers for tests.
 *
 * Out of scope: a ledger whose store is down, which each test file tests itself.
 */
import { MemoryLedger, type Ledger } from '../../src'
import { ledgerChecks } from '../../src/ledger/contract'

export interface LedgerUnderTest {
  readonly ledger: Ledger
  /** Moves the clock by which the ledger's entries expire. */
  advance(ms: number): void | Promise<void>
  close?(): void | Promise<void>
}

/**
 * A ledger whose store knows only whole seconds, as DynamoDB and memcached do: an entry lives up to a second longer than asked, and the remaining time is
 * rounded up.
 */
export class SecondsLedger extends MemoryLedger {
  override claim(key: string, ttlSeconds: number): Promise<boolean> {
    return super.claim(key, this.rounded(ttlSeconds))
  }

  override count(key: string, ttlSeconds: number): Promise<number> {
    return super.count(key, this.rounded(ttlSeconds))
  }

  private rounded(ttlSeconds: number): number {
    return Date.now() % 1000 === 0 ? ttlSeconds : ttlSeconds + 1
  }
}

/**
 * A ledger in which the functions of `answers` replace the methods with the same names. The results of these functions may break the interface. All other
 * methods answer like an empty ledger.
 */
export function ledgerWith(answers: Partial<Record<keyof Ledger, (key: string, ttlSeconds: number) => unknown>>): Ledger {
  return { claim: async () => true, count: async () => 1, look: async () => 0, forget: async () => undefined, ...answers } as Ledger
}

/** Declares a jest test for each check that this package publishes for ledgers (`ledgerChecks`). @param start returns a new ledger for each test */
export function ledgerContract(name: string, start: () => LedgerUnderTest | Promise<LedgerUnderTest>): void {
  describe(`${name}, as a Ledger`, () => {
    let started: LedgerUnderTest

    beforeEach(async () => void (started = await start()))
    afterEach(async () => started.close?.())

    // Shows: ASVS V15.4.2
    it.each(ledgerChecks)('$name', async ({ run }) => run(() => started.ledger, { advance: (ms) => started.advance(ms) }))

    it('keeps keys apart that no store likes', async () => {
      const { ledger } = started
      const keys = ['', 'b\0', 'b', 'ü', 'u\u0308', '__proto__', 'constructor', 'x'.repeat(500)]
      for (const key of keys) expect([await ledger.look(key), await ledger.claim(key, 60), await ledger.claim(key, 60)]).toEqual([0, true, false])
      for (const key of keys) await ledger.forget(key)
      for (const key of keys) expect(await ledger.count(key, 60)).toBe(1)
    })
  })
}
