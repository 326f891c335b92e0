/**
 * What a strategy is doing right now in this process, as numbers for a dashboard.
 *
 * Out of scope: what has happened. The events say that; the guide "Monitoring" counts them.
 */
import type { NevisStrategy } from '../strategy/strategy'
import { openStreamsOf } from './status-endpoint'

/** Gauges of one strategy in this process, read at one moment. */
export interface NevisMetrics {
  /** Event streams of `statusEndpoint` that are open. */
  readonly openStreams: number
  /** Transactions whose waiting page was open in this process, and that are still undecided. */
  readonly waiting: number
  /** Status calls of waiting pages that are delayed by `maxStatusCallsPerSecond`. */
  readonly queuedStatusCalls: number
  /** Status calls of waiting pages since the strategy was made; a counter. */
  readonly spentStatusCalls: number
  /** Status calls of waiting pages that are allowed per second now: `maxStatusCallsPerSecond`, and fewer while calls fail. */
  readonly statusCallsPerSecond: number
  /** Whether the last request to Nevis, of any kind, was answered without an error of the server; `unknown` before the first. */
  readonly health: 'up' | 'down' | 'unknown'
  /** Milliseconds that a call of the ledger takes, averaged over about the last twenty; undefined before the first. */
  readonly ledgerLatencyMs: number | undefined
}

/**
 * Reads the gauges of a strategy. It makes no call, so it can be called for every scrape.
 * @param strategy the strategy of this process
 */
export function metricsOf({ settings }: NevisStrategy): NevisMetrics {
  const { waiting, queued, taken, perSecond } = settings.watch.usage()
  const { isUp } = settings.client
  return Object.freeze({
    openStreams: openStreamsOf(settings),
    waiting,
    queuedStatusCalls: queued,
    spentStatusCalls: taken,
    statusCallsPerSecond: perSecond,
    health: isUp === undefined ? 'unknown' : isUp ? 'up' : 'down',
    ledgerLatencyMs: settings.ledger.latencyMs(),
  })
}
