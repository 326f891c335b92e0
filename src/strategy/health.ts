/**
 * Checks that Nevis answers before a user is sent to the waiting page.
 *
 * While Nevis is down, no start goes out. Out of scope: callbacks, which ask Nevis for the decision and fail closed; and falling back to
 * another factor.
 */
import type { NevisClient } from '../client/client'
import { withDeadline } from '../client/deadline'
import { isFromPage, NevisError } from '../client/errors'
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

  private async ping(): Promise<void> {
    try {
      await this.client.ping()
    } catch (error) {
      if (!isThere(error)) throw error
    }
  }

  /** @throws NevisError of the last ping, if that ping failed */
  async check(): Promise<void> {
    await this.pings.get('', () => withDeadline(DEADLINE_MS, () => new NevisError('NEVIS_TIMEOUT', 'ping'), () => this.ping()))
  }
}

/** Statuses that a start would get, too: the access key, and too many calls. */
const OF_EVERY_CALL: readonly number[] = [401, 403, 429]

/**
 * True for an answer that is not the documented one, but shows that Nevis is there: another text in JSON, nothing, or a 4xx about the ping
 * itself. A page is that of a gateway.
 */
function isThere(error: unknown): boolean {
  if (!(error instanceof NevisError) || isFromPage(error)) return false
  const { nevisStatus = 0 } = error
  return (nevisStatus >= 200 && nevisStatus < 300) || (nevisStatus >= 400 && nevisStatus < 500 && !OF_EVERY_CALL.includes(nevisStatus))
}
