/**
 * Allows one enrolment per user at a time: a newer enrolment makes the older one invalid, in any session.
 *
 * The attack: an attacker starts an enrolment before the user enrols, and finishes it after the user has enrolled. The attacker would then have a factor for
 * the user's account. Out of scope: who may enrol (`strategy/enrolment.ts`).
 */
import type { Ledger } from './ledger'
import { DAY_SECONDS, YEAR_SECONDS } from './lifetimes'

/** @internal */
export class Enrolments {
  constructor(private readonly ledger: Ledger) {}

  /**
   * Starts an enrolment, and makes the user's earlier enrolment invalid.
   * @param key the user's key in the ledger
   * @returns the number of this enrolment
   */
  async start(key: string): Promise<number> {
    // After a year, the numbers of the user's enrolments start at 1 again. The key that made
    // last year's enrolment 1 invalid has expired long before, so the new enrolment 1 is valid.
    const generation = await this.ledger.count(`enrolment:${key}`, YEAR_SECONDS)
    if (generation > 1) await this.ledger.claim(`superseded:${key}:${generation - 1}`, DAY_SECONDS)
    return generation
  }

  async isNewest(key: string, generation: number): Promise<boolean> {
    return (await this.ledger.look(`superseded:${key}:${generation}`)) === 0
  }
}
