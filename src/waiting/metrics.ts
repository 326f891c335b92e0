/**
 * Numbers for a dashboard: what a strategy is doing now in this process.
 *
 * Out of scope: past events. These are published on `diagnostics_channel`; the guide "Monitoring" shows how to count them.
 */
import { settingsOf } from '../strategy/settings'
import type { NevisStrategy } from '../strategy/strategy'
import { openStreamsOf } from './status-endpoint'

/** Gauges of one strategy in this process, read at one moment. */
export interface NevisMetrics {
  /** Event streams of `statusEndpoint` that are open. */
  readonly openStreams: number
  /** Transactions that the user has not answered, and whose waiting page was opened in this process. */
  readonly waiting: number
  /** Status calls to Nevis that wait because `maxStatusCallsPerSecond` is reached. */
  readonly queuedStatusCalls: number
  /** Status calls to Nevis for waiting pages since the strategy was created. This number only grows. */
  readonly spentStatusCalls: number
  /** Status calls to Nevis that are allowed per second: `maxStatusCallsPerSecond`, or fewer while calls fail. */
  readonly statusCallsPerSecond: number
  /** `up` if Nevis answered the last request without a server error (5xx), `down` if not, `unknown` before the first request. */
  readonly health: 'up' | 'down' | 'unknown'
  /** Average duration of about the last twenty calls to the ledger (the store that all processes share), in milliseconds; undefined before the first call. */
  readonly ledgerLatencyMs: number | undefined
}

/**
 * Reads the gauges of a strategy. Makes no network call.
 * @param strategy the strategy of this process
 * @throws TypeError if `strategy` is no NevisStrategy
 */
export function metricsOf(strategy: NevisStrategy): NevisMetrics {
  const settings = settingsOf('metricsOf', strategy)
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
