/**
 * With the option `healthCheck`, pings Nevis before a start. If Nevis does not answer, the start fails within two seconds.
 *
 * Out of scope: switching to another factor.
 */
import type { NevisClient } from '../client/client'
import { withDeadline } from '../client/deadline'
import { isFromPage, NevisError } from '../client/errors'
import { SharedCache } from './shared-cache'

/** Time limit for one ping, including its retries. */
const DEADLINE_MS = 2000
/** A successful ping counts for 10 s, so that not every start costs a ping. */
const UP_MS = 10_000
/** A failed ping counts for 2 s only, so that users notice quickly when Nevis is back. */
const DOWN_MS = 2000

/** @internal */
export class Health {
  private readonly pings = new SharedCache<unknown>(UP_MS, DOWN_MS)

  constructor(private readonly client: NevisClient) {}

  private async ping(): Promise<void> {
    try {
      await this.client.ping()
    } catch (error) {
      if (!showsReachable(error)) throw error
    }
  }

  /**
   * Pings Nevis, unless a recent ping is cached.
   * @throws NevisError, the error of the ping or of the cached ping
   */
  async check(): Promise<void> {
    await this.pings.get('', () => withDeadline(DEADLINE_MS, () => new NevisError('NEVIS_TIMEOUT', 'ping'), () => this.ping()))
  }
}

/** If Nevis answers the ping with one of these HTTP statuses (wrong access key, too many calls), Nevis would refuse a start as well. */
const OF_EVERY_CALL: readonly number[] = [401, 403, 429]

/**
 * True if the ping has failed, but Nevis can be reached: the answer comes from Nevis (a gateway would send HTML or plain text), and its HTTP status is 2xx or
 * 4xx, but not 401, 403 or 429.
 */
function showsReachable(error: unknown): boolean {
  if (!(error instanceof NevisError) || isFromPage(error)) return false
  const { nevisStatus = 0 } = error
  return (nevisStatus >= 200 && nevisStatus < 300) || (nevisStatus >= 400 && nevisStatus < 500 && !OF_EVERY_CALL.includes(nevisStatus))
}
