/**
 * Publishes events of this package on `node:diagnostics_channel`. Freezes each event, because all subscribers get the same object.
 *
 * An exception in a subscriber does not reach the publishing code: Node reports it as an `uncaughtException` of the process. Out of scope: which events exist
 * (`calls.ts`, `host/faults.ts`, `strategy/events.ts`).
 */
import { channel } from 'node:diagnostics_channel'

/**
 * Creates a function that publishes one kind of event.
 * @param name the channel's name without `passport-nevis:`, for example `call`
 * @returns a function that takes a callback. The callback creates the event and runs only if the channel has subscribers
 */
export function publisher<Event extends object>(name: string): (event: () => Event) => void {
  const target = channel(`passport-nevis:${name}`)
  return (event) => {
    if (target.hasSubscribers) target.publish(Object.freeze(event()))
  }
}
