/**
 * Marks in the ledger, from which a sign-in sees that the app has called `forgetBrowsers` since the user gave the password.
 *
 * A ledger stores no values: it says only whether a key is claimed, and how many seconds are left. So a sign-in cannot read from a claimed key which call of
 * `forgetBrowsers` has claimed it. Therefore the lifetime of each mark is random, and serves as a version. A sign-in reads the seconds left twice. They should
 * decrease by as many seconds as lie between the two reads. Otherwise another call has replaced the mark. The lifetimes are spread over 59 days. So even the
 * marks of two calls within a second almost always differ by more than the tolerance.
 * Out of scope: forgetting the browsers (`browsers.ts`), and when a sign-in reads the marks (`strategy/remembered.ts`).
 */
import { randomInt } from 'node:crypto'
import type { Ledger } from './ledger'
import { DAY_SECONDS } from './lifetimes'

/** For each of the user's keys with a mark, the seconds until the mark ends. */
type SecondsLeft = Readonly<Record<string, number>>

/** The shortest and the longest lifetime of a mark. Both are longer than any sign-in. */
const LIFETIME_SECONDS = [DAY_SECONDS, 60 * DAY_SECONDS] as const
/**
 * If the seconds left differ from the expected ones by at most this much, the mark is still the same one. A small difference is normal: the clocks of two
 * processes differ, and a ledger returns whole seconds.
 */
const TOLERANCE_SECONDS = 10

/** @internal */
export class ForgetMarks {
  constructor(private readonly ledger: Ledger) {}

  /** Sets a new mark for a call of `forgetBrowsers`, in place of the mark of an earlier call. */
  async replace(key: string): Promise<void> {
    await this.ledger.forget(nameOf(key))
    await this.ledger.claim(nameOf(key), randomInt(...LIFETIME_SECONDS))
  }

  /** Reads the marks, to be compared later by `areReplaced`. */
  async read(keys: readonly string[]): Promise<SecondsLeft> {
    const marks = await Promise.all([...new Set(keys)].map(async (key) => [key, await this.ledger.look(nameOf(key))] as const))
    return Object.fromEntries(marks.filter(([, leftSeconds]) => leftSeconds > 0))
  }

  /**
   * True if `replace` has been called for one of the keys since the marks were read.
   * @param before the seconds left at an earlier time, as `read` returns them
   * @param sinceSeconds the seconds from that time until now
   */
  async areReplaced(keys: readonly string[], before: SecondsLeft, sinceSeconds: number): Promise<boolean> {
    const marks = await this.read(keys)
    const expected = (key: string) => Math.max(0, (before[key] ?? 0) - sinceSeconds)
    return keys.some((key) => Math.abs((marks[key] ?? 0) - expected(key)) > TOLERANCE_SECONDS)
  }
}

const nameOf = (key: string): string => `browsers-forgotten-today:${key}`
