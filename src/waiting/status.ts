/**
 * What the browser may know of a transaction that is under way.
 *
 * Not its job: to log anybody in. `succeeded` only sends the page to the callback, which asks Nevis itself.
 */
import { promptOf, type Prompt } from '../factors/factor'
import type { Sealed } from '../trust/handle'
import type { Settings } from '../strategy/options'
import type { Watched } from '../watch/watch'

/** How a transaction stands, for the browser. */
export interface WaitingStatus {
  /** `succeeded` logs nobody in: it says that it is time to go to the callback. */
  readonly status: Watched
  /** What the browser is to do meanwhile. */
  readonly prompt: Prompt
  /** ISO 8601. */
  readonly expiresAt: string
  /** Seconds after which it is worth asking again. */
  readonly retryAfterSeconds: number
}

/**
 * Nevis is asked nothing for factors that need the browser's answer: they stay pending until the callback.
 * @internal
 */
export async function statusOf(settings: Settings, sealed: Sealed): Promise<WaitingStatus> {
  return describe(settings, sealed, await settings.watch.look(watchable(settings, sealed)))
}

/**
 * The same as far as this process knows, without asking anybody.
 * @internal
 */
export function knownStatusOf(settings: Settings, sealed: Sealed): WaitingStatus {
  return describe(settings, sealed, settings.watch.peek(watchable(settings, sealed)))
}

/**
 * @returns a function that stops listening
 * @internal
 */
export function followStatus(settings: Settings, sealed: Sealed, listener: (status: WaitingStatus) => void): () => void {
  return settings.watch.follow(watchable(settings, sealed), (status) => listener(describe(settings, sealed, status)))
}

function watchable(settings: Settings, sealed: Sealed): Sealed {
  const { id, factor, statusToken, expiresAt, budget } = sealed
  const isPolled = promptFor(settings, sealed) === 'wait' && statusToken !== undefined
  return { id, factor, expiresAt, ...(isPolled && { statusToken }), ...(budget !== undefined && { budget }) }
}

function describe(settings: Settings, sealed: Sealed, status: Watched): WaitingStatus {
  return {
    status,
    prompt: promptFor(settings, sealed),
    expiresAt: new Date(sealed.expiresAt).toISOString(),
    retryAfterSeconds: Math.ceil(settings.watch.delayMs(sealed) / 1000),
  }
}

function promptFor({ factors }: Settings, { factor: named, operation }: Sealed): Prompt {
  const factor = factors.find(({ name }) => name === named)
  return factor === undefined ? 'wait' : promptOf(factor, operation)
}
