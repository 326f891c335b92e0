/**
 * Records all audit events.
 *
 * Out of scope: checking them.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { NevisEventName } from '../../../src'

export const EVENT_NAMES: readonly NevisEventName[] = ['started', 'reused', 'decided', 'failed', 'budget', 'browser', 'suspicious', 'call', 'fault']

/** The names of the audit events without `call`: each call to Nevis publishes such an event, and most tests count the calls at the simulator. */
export const AUDIT_NAMES: readonly NevisEventName[] = EVENT_NAMES.filter((name) => name !== 'call')

export interface Recorded {
  readonly all: readonly (Record<string, unknown> & { event: NevisEventName })[]
  /** The events with this name, without the name itself. */
  of(name: NevisEventName): Record<string, unknown>[]
  stop(): void
}

export function recordEvents(names = AUDIT_NAMES): Recorded {
  const all: (Record<string, unknown> & { event: NevisEventName })[] = []
  /**
   * All test files that run in one process publish on the same channels. A status call that an earlier file has left open may fail during this recording,
   * because the simulator of that file is closed. Ignore the event of this failure: its transaction was started before this recording.
   */
  const isOfEarlierTest = (event: NevisEventName, { at, transactionId }: Record<string, unknown>) =>
    event === 'fault' && at === 'watch' && !all.some((earlier) => earlier.event === 'started' && earlier['transactionId'] === transactionId)
  const listeners = names.map((event) => {
    const channel = `passport-nevis:${event}`
    const listener = (message: unknown) => {
      const fields = message as Record<string, unknown>
      if (!isOfEarlierTest(event, fields)) all.push({ event, ...fields })
    }
    subscribe(channel, listener)
    return () => unsubscribe(channel, listener)
  })
  return {
    all,
    of: (name) => all.filter(({ event }) => event === name).map(({ event: _event, ...rest }) => rest),
    stop: () => listeners.forEach((stop) => stop()),
  }
}
