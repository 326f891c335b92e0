/**
 * What every Ledger must do, whatever it is kept in.
 *
 * Not its job: how a ledger forgets, or what happens when its store is gone; that differs.
 */
import type { Ledger } from '../../src'

export interface LedgerUnderTest {
  readonly ledger: Ledger
  /** Moves the clock by which the ledger forgets. */
  advance(ms: number): void | Promise<void>
  close?(): void | Promise<void>
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

      describe('by a hundred at once', () => {
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

      describe('by a hundred at once', () => {
        it('gives every number from 1 to 100 to one of them', async () => {
          const answers = await counts('a', 100)
          expect(answers.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
        })
      })
    })

    describe('several keys', () => {
      const KEYS = ['', 'b', 'B', 'a:b', 'claim:b', 'count:b', ' b', 'b\0', 'ü', '__proto__', 'constructor', 'x'.repeat(500)]

      it('have nothing to do with each other', async () => {
        for (const key of KEYS) {
          expect(await ledger.claim(key, 60)).toBe(true)
          expect(await ledger.count(key, 60)).toBe(1)
        }
        for (const key of KEYS) {
          expect(await ledger.claim(key, 60)).toBe(false)
          expect(await ledger.count(key, 60)).toBe(2)
        }
      })

      it('end each at their own time', async () => {
        await ledger.claim('short', 10)
        await ledger.claim('long', 100)
        await ledger.count('short', 10)
        await ledger.count('long', 100)
        await advance(11_000)
        expect(await ledger.claim('short', 10)).toBe(true)
        expect(await ledger.claim('long', 100)).toBe(false)
        expect(await ledger.count('short', 10)).toBe(1)
        expect(await ledger.count('long', 100)).toBe(2)
      })
    })

    describe('claim and count of the same key', () => {
      it('do not touch each other', async () => {
        expect(await ledger.count('a', 60)).toBe(1)
        expect(await ledger.claim('a', 60)).toBe(true)
        expect(await ledger.count('a', 60)).toBe(2)
        expect(await ledger.claim('a', 60)).toBe(false)
        expect(await ledger.count('a', 60)).toBe(3)
      })
    })
  })
}
