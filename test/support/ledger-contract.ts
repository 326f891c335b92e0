/**
 * What every Ledger must do, whatever it is kept in.
 *
 * Out of scope: how a ledger forgets, or what happens when its store is gone; that differs.
 */
import { MemoryLedger, type Ledger } from '../../src'

export interface LedgerUnderTest {
  readonly ledger: Ledger
  /** Moves the clock by which the ledger forgets. */
  advance(ms: number): void | Promise<void>
  close?(): void | Promise<void>
}

/**
 * A ledger whose store knows whole seconds only, as DynamoDB or memcached do: what is written lives up to a second longer than it was
 * told to, and what is left is rounded up.
 */
export class SecondsLedger extends MemoryLedger {
  override claim(key: string, ttlSeconds: number): Promise<boolean> {
    return super.claim(key, this.rounded(ttlSeconds))
  }

  override count(key: string, ttlSeconds: number): Promise<number> {
    return super.count(key, this.rounded(ttlSeconds))
  }

  private rounded(ttlSeconds: number): number {
    const now = Date.now() / 1000
    return Math.ceil(now + ttlSeconds) - now
  }
}

/** A ledger that gives these answers to the calls that are named, whether they are promised or not, and good ones to the others. */
export function ledgerWith(answers: Partial<Record<keyof Ledger, (key: string, ttlSeconds: number) => unknown>>): Ledger {
  return { claim: async () => true, count: async () => 1, look: async () => 0, forget: async () => undefined, ...answers } as Ledger
}

/** @param start gives an empty ledger, for each test a new one */
export function ledgerContract(name: string, start: () => LedgerUnderTest | Promise<LedgerUnderTest>): void {
  describe(`${name}, as a Ledger`, () => {
    let ledger: Ledger
    let advance: (ms: number) => void | Promise<void>
    let close: (() => void | Promise<void>) | undefined

    beforeEach(async () => {
      const started = await start()
      ledger = started.ledger
      advance = (ms) => started.advance(ms)
      close = started.close?.bind(started)
    })

    afterEach(async () => close?.())

    const claims = (key: string, times: number, ttlSeconds = 60) =>
      Promise.all(Array.from({ length: times }, () => ledger.claim(key, ttlSeconds)))
    const counts = (key: string, times: number, ttlSeconds = 60) =>
      Promise.all(Array.from({ length: times }, () => ledger.count(key, ttlSeconds)))

    describe('claim', () => {
      describe('of a key that nobody has claimed', () => {
        it('is true', async () => {
          expect(await ledger.claim('a', 60)).toBe(true)
        })
      })

      describe('of a key that was claimed', () => {
        it('is false, however often', async () => {
          await ledger.claim('a', 60)
          for (let i = 0; i < 3; i++) expect(await ledger.claim('a', 60)).toBe(false)
        })

        it('is false until its time is over, then true once more', async () => {
          await ledger.claim('a', 60)
          await advance(59_000)
          expect(await ledger.claim('a', 60)).toBe(false)
          await advance(2_000)
          expect(await ledger.claim('a', 60)).toBe(true)
          expect(await ledger.claim('a', 60)).toBe(false)
        })

        it('is not remembered any longer because somebody tried again', async () => {
          await ledger.claim('a', 60)
          await advance(50_000)
          await ledger.claim('a', 60)
          await advance(11_000)
          expect(await ledger.claim('a', 60)).toBe(true)
        })
      })

      describe('for one second, the shortest time', () => {
        it('is false at once, and true when two seconds are over', async () => {
          expect([await ledger.claim('a', 1), await ledger.claim('a', 1)]).toEqual([true, false])
          await advance(2_000)
          expect(await ledger.claim('a', 1)).toBe(true)
        })
      })

      describe('by two at once', () => {
        it('is true for one of them, time after time', async () => {
          for (let i = 0; i < 20; i++) expect((await claims(`pair${i}`, 2)).sort()).toEqual([false, true])
        })
      })

      describe('by a hundred at once', () => {
        // Shows: ASVS V15.4.2
        it('is true for exactly one', async () => {
          const answers = await claims('a', 100)
          expect(answers.filter((answer) => answer === true)).toHaveLength(1)
          expect(answers.filter((answer) => answer === false)).toHaveLength(99)
        })
      })
    })

    describe('count', () => {
      describe('of one key', () => {
        it('is 1, 2, 3, …', async () => {
          for (let expected = 1; expected <= 5; expected++) expect(await ledger.count('a', 60)).toBe(expected)
        })

        it('starts anew when the time is over that began with the first', async () => {
          expect(await ledger.count('a', 60)).toBe(1)
          await advance(50_000)
          expect(await ledger.count('a', 60)).toBe(2)
          await advance(9_000)
          expect(await ledger.count('a', 60)).toBe(3)
          await advance(2_000)
          expect(await ledger.count('a', 60)).toBe(1)
          expect(await ledger.count('a', 60)).toBe(2)
        })
      })

      describe('by two at once', () => {
        it('is 1 for one of them and 2 for the other', async () => {
          expect((await counts('a', 2)).sort()).toEqual([1, 2])
        })
      })

      describe('by a hundred at once', () => {
        // Shows: ASVS V15.4.2
        it('gives every number from 1 to 100 to one of them', async () => {
          const answers = await counts('a', 100)
          expect(answers.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
        })
      })
    })

    describe('look', () => {
      describe('at a key under which there is nothing', () => {
        it('is 0', async () => {
          expect(await ledger.look('a')).toBe(0)
        })

        it('leaves nothing: the first claim and the first count come after it', async () => {
          for (let i = 0; i < 3; i++) await ledger.look('a')
          expect(await ledger.claim('a', 60)).toBe(true)
          await ledger.look('b')
          expect(await ledger.count('b', 60)).toBe(1)
        })
      })

      describe.each(['claim', 'count'] as const)('after a %s', (call) => {
        /** Rounded up, and a ledger may keep a second more. */
        const expectAbout = (seconds: number, expected: number) => {
          expect(Number.isInteger(seconds)).toBe(true)
          expect(seconds).toBeGreaterThanOrEqual(expected)
          expect(seconds).toBeLessThanOrEqual(expected + 1)
        }

        it('is the whole seconds that are left', async () => {
          await ledger[call]('a', 60)
          expectAbout(await ledger.look('a'), 60)
          await advance(50_000)
          expectAbout(await ledger.look('a'), 10)
        })

        it('is never 0 before the time is over, and 0 when it is', async () => {
          await ledger[call]('a', 10)
          await advance(9_500)
          expect(await ledger.look('a')).toBeGreaterThanOrEqual(1)
          await advance(1_500)
          expect(await ledger.look('a')).toBe(0)
        })

        it('is 1 or 2 for one second, the shortest time', async () => {
          await ledger[call]('a', 1)
          expectAbout(await ledger.look('a'), 1)
        })

        it('changes nothing, however many look at once', async () => {
          await ledger[call]('a', 60)
          await Promise.all(Array.from({ length: 50 }, () => ledger.look('a')))
          if (call === 'claim') expect(await ledger.claim('a', 60)).toBe(false)
          else expect(await ledger.count('a', 60)).toBe(2)
          await advance(61_000)
          expect(await ledger.look('a')).toBe(0)
        })
      })
    })

    describe('forget', () => {
      describe('of a key under which there is nothing', () => {
        it('does nothing, and changes nothing of what comes', async () => {
          await ledger.forget('a')
          expect(await ledger.claim('a', 60)).toBe(true)
        })
      })

      describe('of a key that was claimed', () => {
        it('lets exactly one of two claim it again, for a time of its own', async () => {
          await ledger.claim('a', 60)
          await ledger.forget('a')
          expect(await ledger.look('a')).toBe(0)
          expect((await claims('a', 2, 600)).sort()).toEqual([false, true])
          await advance(500_000)
          expect(await ledger.claim('a', 60)).toBe(false)
        })
      })

      describe('of a key that was counted', () => {
        it('begins with 1 again', async () => {
          await counts('a', 3)
          await ledger.forget('a')
          expect(await ledger.look('a')).toBe(0)
          expect(await ledger.count('a', 60)).toBe(1)
        })
      })

      describe('by several at once', () => {
        it('is no error for any of them, and leaves other keys alone', async () => {
          await ledger.claim('a', 60)
          await ledger.claim('a:1', 60)
          await Promise.all(Array.from({ length: 10 }, () => ledger.forget('a')))
          expect([await ledger.claim('a', 60), await ledger.claim('a:1', 60)]).toEqual([true, false])
        })
      })
    })

    describe('several keys', () => {
      const KEYS = ['', 'b', 'B', 'a:b', 'claim:b', 'count:b', ' b', 'b\0', 'ü', '__proto__', 'constructor', 'x'.repeat(500)]

      it('have nothing to do with each other when they are claimed', async () => {
        for (const key of KEYS) expect([await ledger.look(key), await ledger.claim(key, 60)]).toEqual([0, true])
        for (const key of KEYS) expect(await ledger.claim(key, 60)).toBe(false)
      })

      it('have nothing to do with each other when they are counted', async () => {
        for (const key of KEYS) expect(await ledger.count(key, 60)).toBe(1)
        for (const key of KEYS) expect(await ledger.count(key, 60)).toBe(2)
      })

      it('are forgotten each by itself', async () => {
        for (const key of KEYS) await ledger.claim(key, 60)
        for (const [i, key] of KEYS.entries()) {
          await ledger.forget(key)
          const left = await Promise.all(KEYS.map(async (one) => (await ledger.look(one)) > 0))
          expect(left).toEqual(KEYS.map((_, place) => place > i))
        }
      })

      it('end each at their own time', async () => {
        await ledger.claim('short claim', 10)
        await ledger.claim('long claim', 100)
        await ledger.count('short count', 10)
        await ledger.count('long count', 100)
        await advance(11_000)
        expect(await ledger.claim('short claim', 10)).toBe(true)
        expect(await ledger.claim('long claim', 100)).toBe(false)
        expect(await ledger.count('short count', 10)).toBe(1)
        expect(await ledger.count('long count', 100)).toBe(2)
      })
    })
  })
}
