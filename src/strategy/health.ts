/**
 * Checks that Nevis answers before a user is sent to the waiting page.
 *
 * While Nevis is down, no start goes out. Out of scope: callbacks, which ask Nevis for the decision and fail closed; and falling back to
 * another factor.
 */
import type { NevisClient } from '../client/client'
import { withDeadline } from '../client/deadline'
import { NevisError } from '../client/errors'
import { SharedCache } from './shared-cache'

/** Upper limit for one ping, including its retries. */
const DEADLINE_MS = 2000
/** A successful ping is cached for 10 s, so that not every start costs a ping. */
const UP_MS = 10_000
/** A failed ping is cached for 2 s only, so that users notice quickly when Nevis is back. */
const DOWN_MS = 2000

/** @internal Each strategy has one. */
export class Health {
  private readonly pings = new SharedCache<unknown>(UP_MS, DOWN_MS)

  constructor(private readonly client: NevisClient) {}

  /** @throws NevisError of the last ping, if that ping failed */
  async check(): Promise<void> {
    await this.pings.get('', () => withDeadline(DEADLINE_MS, () => new NevisError('NEVIS_TIMEOUT', 'ping'), () => this.client.ping()))
  }
}
