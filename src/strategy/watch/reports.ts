/**
 * The types with which polling reports its results: the status for the open pages, and the end of the transaction for the strategy.
 *
 * Out of scope: polling (`watched-transaction.ts`), and what the strategy does at the end (`strategy/watch-reports.ts`).
 */
import type { FailedStatus, UnknownStatus } from '../../client/client'
import type { Transaction } from '../../factors/transaction'
import type { HandleContent } from '../../trust/handle'

/** The status that a page gets. `unreadable`: Nevis's last answers contained no status. @inline */
export type WatchedStatus = 'pending' | 'succeeded' | 'failed' | 'expired' | 'unreadable'

export type Listener = (status: WatchedStatus) => void

/** Functions that are called when a watched transaction ends, or when its status call fails. */
export interface WatchReports {
  /** Called once per transaction, when Nevis answers `failed` (denied or expired) or `unknown`. Must not throw. */
  readonly ended?: (sealed: HandleContent, answer: FailedStatus | UnknownStatus, transaction?: Transaction) => void | Promise<void>
  /** Called once, a minute or more after the transaction has expired, if it has not ended in another way, as by an approval or a denial. Must not throw. */
  readonly abandoned?: (sealed: HandleContent, transaction?: Transaction) => void | Promise<void>
  /**
   * True if another process has ended the transaction. If false, this process asks Nevis once more after the expiry, because the user may have denied while no
   * page was open.
   */
  readonly hasEnded?: (sealed: HandleContent) => Promise<boolean>
  /** Called at the first failed status call for a page, and again only after a successful call in between. Must not throw. */
  readonly faulted?: (sealed: HandleContent, error: unknown) => void
}
