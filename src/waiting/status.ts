/**
 * What the browser may know of a transaction that is under way.
 *
 * Not its job: to log anybody in. `succeeded` only sends the page to the callback, which asks Nevis itself.
 */
import { NevisError } from '../client/errors'
import type { Factor } from '../factors/factor'
import type { Sealed } from '../handle'
import type { Settings } from '../options'

export interface WaitingStatus {
  readonly status: 'pending' | 'succeeded' | 'failed' | 'expired'
  readonly prompt: Factor['prompt']
  /** ISO 8601. */
  readonly expiresAt: string
  /** Seconds after which it is worth asking again. */
  readonly retryAfterSeconds: number
}

const RETRY_AFTER_SECONDS = 2

/** While Nevis cannot be reached the transaction is still pending: nothing has been decided. */
export async function statusOf(settings: Settings, sealed: Sealed): Promise<WaitingStatus> {
  const prompt = settings.factors.find(({ name }) => name === sealed.factor)?.prompt ?? 'wait'
  const answer = (status: WaitingStatus['status']): WaitingStatus => ({
    status,
    prompt,
    expiresAt: new Date(sealed.expiresAt).toISOString(),
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  })
  if (Date.now() >= sealed.expiresAt) return answer('expired')
  if (prompt !== 'wait' || sealed.statusToken === undefined) return answer('pending')
  try {
    const { status } = await settings.client.getStatus(sealed.statusToken)
    return answer(status === 'unknown' ? 'failed' : status)
  } catch (error) {
    if (error instanceof NevisError) return answer('pending')
    throw error
  }
}
