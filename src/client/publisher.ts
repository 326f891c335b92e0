/**
 * Publishes events of this package on `node:diagnostics_channel`. An event is created only if someone subscribes, and it is frozen, so that no
 * subscriber can change it.
 *
 * An exception of a subscriber never reaches the code that publishes: Node reports it as an `uncaughtException` of the process.
 * Out of scope: which events there are. `calls.ts`, `host/faults.ts` and `strategy/events.ts` define them.
 */
import { channel } from 'node:diagnostics_channel'

/**
 * Creates a function that publishes one kind of event.
 * @param name the part of the channel's name after `passport-nevis:`
 * @returns a function that publishes an event; its argument is a function that creates the event
 */
export function publisher<Event extends object>(name: string): (event: () => Event) => void {
  const target = channel(`passport-nevis:${name}`)
  return (event) => {
    if (target.hasSubscribers) target.publish(Object.freeze(event()))
  }
}
