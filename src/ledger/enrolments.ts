/**
 * Allows one enrolment per user at a time: a newer enrolment makes the older one invalid, in any session.
 *
 * The attack: an attacker starts an enrolment before the user enrols, and finishes it after the user has enrolled. The attacker would then have a factor for
 * the user's account. Out of scope: who may enrol (`strategy/enrolment.ts`).
 */
import type { Ledger } from './ledger'
import { DAY_SECONDS, YEAR_SECONDS } from './lifetimes'

/**
 * A new enrolment makes at most this many earlier numbers invalid. A user can lose fewer starts to failures of the ledger while an enrolment is pending,
 * because failed starts count towards the user's limit, too (by default, five starts in five minutes). Without this maximum, a start after a day without enrolments would read all numbers of the year.
 */
const MOST_LOST = 20

/** @internal */
export class Enrolments {
  constructor(private readonly ledger: Ledger) {}

  /**
   * Starts an enrolment, and makes the user's earlier enrolments invalid.
   * @param key the user's key in the ledger
   * @returns the number of this enrolment
   */
  async start(key: string): Promise<number> {
    // After a year, the numbers of the user's enrolments start at 1 again. The key that made
    // last year's enrolment 1 invalid has expired long before, so the new enrolment 1 is valid.
    const generation = await this.ledger.count(`enrolment:${key}`, YEAR_SECONDS)
    // Usually, only the number before this one is still valid. But if the reply to an earlier `count` was lost, the start with that number has failed, and has
    // made no other enrolment invalid. So go down to the first number that is already invalid. All numbers below that one are invalid or expired.
    let first = Math.max(1, generation - 1)
    while (first > 1 && generation - first < MOST_LOST && (await this.isNewest(key, first - 1))) first--
    // Begin with the lowest number, so that this stays true even if the ledger fails halfway.
    for (let number = first; number < generation; number++) await this.ledger.claim(nameOf(key, number), DAY_SECONDS)
    return generation
  }

  async isNewest(key: string, generation: number): Promise<boolean> {
    return (await this.ledger.look(nameOf(key, generation))) === 0
  }
}

const nameOf = (key: string, generation: number): string => `superseded:${key}:${generation}`
