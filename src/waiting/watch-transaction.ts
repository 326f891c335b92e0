/**
 * Yields a transaction's status as an AsyncIterable, for a server that pushes it to browsers over a channel of its own, such as a WebSocket.
 *
 * Out of scope: signing in. Only the session that started the transaction can do that.
 */
import { settingsOf } from '../strategy/settings'
import type { NevisStrategy } from '../strategy/strategy'
import { followStatus, statusOf, type WaitingStatus } from './status'

/**
 * Yields the current status. After `pending`, yields a second status when the user has answered or the transaction has expired.
 * @param strategy the strategy of the transaction
 * @param handle the encrypted id of the transaction: the value that the browser got as `transaction`
 * @param options `signal` ends the iteration early, without an error
 * @throws TypeError if `strategy` is no NevisStrategy, or the handle cannot be decrypted
 */
export async function* watchTransaction(
  strategy: NevisStrategy,
  handle: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<WaitingStatus, void, undefined> {
  const settings = settingsOf('watchTransaction', strategy)
  const sealed = (await settings.keys()).handles.open(handle)
  if (sealed === undefined) throw new TypeError('watchTransaction: the handle cannot be decrypted')
  const status = await statusOf(settings, sealed)
  yield status
  if (status.status !== 'pending' || signal?.aborted) return
  const { promise, resolve } = deferred<WaitingStatus | undefined>()
  const abort = () => resolve(undefined)
  const stop = followStatus(settings, sealed, resolve)
  signal?.addEventListener('abort', abort)
  try {
    const decided = await promise
    if (decided !== undefined) yield decided
  } finally {
    signal?.removeEventListener('abort', abort)
    stop()
  }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((done) => (resolve = done))
  return { promise, resolve }
}
