/**
 * Records when a user last enrolled a factor and, for an app that keeps its session in a cookie, when a user last signed in.
 *
 * An enrolment is refused if the user has finished another one after this one was started (`strategy/enrolment.ts`). A browser, or an attacker, can send
 * an old copy of a session cookie. If the copy is older than the user's last sign-in, the strategy does not start another factor until the user has given the
 * password again. Sessions in a store need no record of sign-ins: each sign-in gives the session a new id, and the store forgets the old id.
 * Out of scope: refusing a start or an enrolment.
 */
import type { Ledger } from './ledger'
import { MARGIN_SECONDS } from './lifetimes'

/**
 * How long the ledger keeps a record: longer than any enrolment by app or SMS, and than any `firstFactorLifetimeSeconds`. All strategies on one ledger use the
 * same lifetime, because `hasSignedInSince` computes the time of the record from the seconds left.
 */
const LIFETIME_SECONDS = 3600 + MARGIN_SECONDS

/** @internal */
export class SignIns {
  constructor(private readonly ledger: Ledger) {}

  async note(key: string): Promise<void> {
    await this.ledger.forget(`signed-in:${key}`)
    await this.ledger.claim(`signed-in:${key}`, LIFETIME_SECONDS)
  }

  /**
   * True if a sign-in or an enrolment was noted since `time`, or in the same second as `time`: the ledger measures whole seconds.
   * @param key the user's key in the ledger
   * @param time milliseconds since 1970
   */
  async hasSignedInSince(key: string, time: number): Promise<boolean> {
    const left = await this.ledger.look(`signed-in:${key}`)
    return left > 0 && Date.now() - (LIFETIME_SECONDS - left) * 1000 >= time
  }
}
