/**
 * One enrolment per subject at a time: a newer enrolment invalidates the older one, in any session.
 *
 * Otherwise an attacker could start an enrolment before the user enrols, and finish it afterwards.
 * Out of scope: who may enrol (`strategy/enrolment.ts`).
 */
import type { Ledger } from './ledger'
import { DAY_SECONDS, YEAR_SECONDS } from './lifetimes'

/** @internal */
export class Enrolments {
  constructor(private readonly ledger: Ledger) {}

  /**
   * Starts an enrolment and invalidates the one before it.
   * @returns the number of this enrolment
   */
  async start(key: string): Promise<number> {
    // The numbers restart after a year. A `superseded` mark ends after a day, so a reused number never finds the mark of an older enrolment.
    const generation = await this.ledger.count(`enrolment:${key}`, YEAR_SECONDS)
    if (generation > 1) await this.ledger.claim(`superseded:${key}:${generation - 1}`, DAY_SECONDS)
    return generation
  }

  async isNewest(key: string, generation: number): Promise<boolean> {
    return (await this.ledger.look(`superseded:${key}:${generation}`)) === 0
  }
}
