/**
 * The status of a transaction, as a browser may see it.
 *
 * Out of scope: signing in. After `succeeded`, the page goes to the callback, which asks Nevis itself.
 */
import { promptOf, type Prompt } from '../factors/factor'
import { provedIn, type HandleContent } from '../trust/handle'
import type { Settings } from '../strategy/settings'
import type { Watched } from '../strategy/watch/watch'

/** Status of a transaction, for the browser. */
export interface WaitingStatus {
  /**
   * After `succeeded`, the page must go to the callback, which signs the user in. `unreadable`: Nevis's answers contain no status; the page must go
   * to the callback, which passes the error to your app.
   */
  readonly status: Watched
  /** What the browser should do while the status is `pending`. */
  readonly prompt: Prompt
  /** When the transaction expires; ISO 8601. */
  readonly expiresAt: string
  /** Seconds that the browser should wait before it requests the status again. */
  readonly retryAfterSeconds: number
  /**
   * True if the status is `pending`, and Nevis does not respond: the last two status calls got no response, HTTP 429 or 5xx, or the last one timed out. The
   * page then says that it tries again.
   */
  readonly isSilent?: true
}

/**
 * Returns the status, and asks Nevis if this process does not know the status yet. If the user types a code or uses the widget, the status stays `pending`
 * until the callback.
 * @internal
 */
export async function statusOf(settings: Settings, sealed: HandleContent): Promise<WaitingStatus> {
  // A callback has checked the approval and has sent the browser back: see `strategy/renewed-session.ts`.
  if (provedIn(sealed) !== undefined) return describe(settings, sealed, 'succeeded')
  return describe(settings, sealed, await settings.watch.look(watchable(settings, sealed)))
}

/**
 * The last status that this process knows. Makes no call to Nevis.
 * @internal
 */
export function knownStatusOf(settings: Settings, sealed: HandleContent): WaitingStatus {
  return describe(settings, sealed, settings.watch.peek(watchable(settings, sealed)))
}

/**
 * Calls the listener once, when the user has answered or the transaction has expired.
 * @param silenceChanged called each time when `isSilent` of the status changes before the listener is called
 * @returns a function that stops listening
 * @internal
 */
export function followStatus(settings: Settings, sealed: HandleContent, listener: (status: WaitingStatus) => void, silenceChanged?: () => void): () => void {
  return settings.watch.follow(watchable(settings, sealed), (status) => listener(describe(settings, sealed, status)), silenceChanged)
}

function watchable(settings: Settings, sealed: HandleContent): HandleContent {
  const { statusToken, ...rest } = sealed
  const isPolled = promptFor(settings, sealed) === 'wait' && statusToken !== undefined
  return isPolled ? { ...rest, statusToken } : rest
}

function describe(settings: Settings, sealed: HandleContent, status: Watched): WaitingStatus {
  return {
    status,
    prompt: promptFor(settings, sealed),
    expiresAt: new Date(sealed.expiresAt).toISOString(),
    retryAfterSeconds: Math.ceil(settings.watch.delayMs(sealed) / 1000),
    ...(status === 'pending' && settings.watch.isSilent(watchable(settings, sealed)) && { isSilent: true }),
  }
}

function promptFor({ factors }: Settings, { factor: named, operation, isCodeTyped }: HandleContent): Prompt {
  const factor = factors.find(({ name }) => name === named) ?? { prompt: 'wait' }
  return promptOf(factor, operation, isCodeTyped)
}
