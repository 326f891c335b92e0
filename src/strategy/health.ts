/**
 * Is Nevis there? Asked before a person is sent off to wait.
 *
 * Not its job: to choose another factor, or to let anybody in: while Nevis is down, nothing is started. Callbacks do
 * not ask here; they ask Nevis for the decision itself, and fail closed.
 */
import type { NevisClient } from '../client/client'
import { withDeadline } from '../client/deadline'
import { NevisError } from '../client/errors'
import { SharedCache } from './shared-cache'

/** Nobody waits longer for a ping, its repetitions included. */
const DEADLINE_MS = 2000
/** So long nobody asks again: a little staleness is cheaper than a ping for each start … */
const UP_MS = 10_000
/** … but whoever was turned away wants to hear soon that Nevis is back. */
const DOWN_MS = 2000

/** @internal One for each strategy and process. */
export class Health {
  private readonly pings = new SharedCache<unknown>(UP_MS, DOWN_MS)

  constructor(private readonly client: NevisClient) {}

  /** @throws NevisError, that of the last ping, if Nevis did not answer it */
  async check(): Promise<void> {
    await this.pings.get('', () => withDeadline(DEADLINE_MS, () => new NevisError('NEVIS_TIMEOUT', 'ping'), () => this.client.ping()))
  }
}
