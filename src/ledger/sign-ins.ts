/**
 * Records when a user last signed in, for an app that keeps its session in a cookie, and when a user last enrolled a factor.
 *
 * A browser, or an attacker, can send an old copy of such a cookie. If the copy is older than the user's last sign-in, the strategy does not start another
 * factor until the user has given the password again. Out of scope: sessions in a store, because the store forgets the old session id when it gives the session
 * a new one.
 */
import type { Ledger } from './ledger'
import { MARGIN_SECONDS } from './lifetimes'

interface SignInSettings {
  readonly ledger: Ledger
  readonly firstFactorLifetimeMs: number
}

/** @internal */
export class SignIns {
  constructor(private readonly settings: SignInSettings) {}

  async note(key: string): Promise<void> {
    const { ledger } = this.settings
    await ledger.forget(`signed-in:${key}`)
    await ledger.claim(`signed-in:${key}`, this.lifetimeSeconds())
  }

  /**
   * True if the user has signed in since `time`. A sign-in in the same second counts, because the ledger measures whole seconds.
   * @param key the user's key in the ledger
   * @param time milliseconds since 1970
   */
  async hasSignedInSince(key: string, time: number): Promise<boolean> {
    const left = await this.settings.ledger.look(`signed-in:${key}`)
    return left > 0 && Date.now() - (this.lifetimeSeconds() - left) * 1000 >= time
  }

  private lifetimeSeconds(): number {
    return Math.ceil(this.settings.firstFactorLifetimeMs / 1000) + MARGIN_SECONDS
  }
}
