/**
 * Listens to all audit events.
 *
 * Not its job: to judge them.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { NevisEventName } from '../../../src'

export const EVENT_NAMES: readonly NevisEventName[] = ['started', 'reused', 'decided', 'failed', 'budget', 'suspicious']

export interface Recorded {
  readonly all: readonly (Record<string, unknown> & { event: NevisEventName })[]
  /** Those of one name, without it. */
  of(name: NevisEventName): Record<string, unknown>[]
  stop(): void
}

export function recordEvents(): Recorded {
  const all: (Record<string, unknown> & { event: NevisEventName })[] = []
  const listeners = EVENT_NAMES.map((event) => {
    const channel = `passport-nevis:${event}`
    const listener = (message: unknown) => void all.push({ event, ...(message as object) })
    subscribe(channel, listener)
    return () => unsubscribe(channel, listener)
  })
  return {
    all,
    of: (name) => all.filter(({ event }) => event === name).map(({ event: _event, ...rest }) => rest),
    stop: () => listeners.forEach((stop) => stop()),
  }
}
