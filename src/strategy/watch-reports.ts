/**
 * Ends a transaction and publishes the event `decided` as soon as polling learns how the transaction ended. The callback would be too late: an
 * attacker never calls it, and a user may close the page.
 *
 * Out of scope: polling (`watch/`), and the callback (`callback.ts`), which does the same if it learns of the end first.
 */
import type { FailedStatus, UnknownStatus } from '../client/client'
import { inferredEnding, type Ending } from '../factors/ending'
import type { Transaction } from '../factors/transaction'
import { publishFault } from '../host/faults'
import { Budgets } from '../ledger/budgets'
import type { Sealed } from '../trust/handle'
import type { WatchReports } from '../watch/watched-transaction'
import { about, publish } from './events'

interface ReportSettings {
  readonly name: string
  readonly lifetimeMs: number
  readonly enrollmentLifetimeMs: number
  readonly afterDenial: 'offer' | 'stop'
  readonly budgets: ConstructorParameters<typeof Budgets>[0]
}

/**
 * Creates the functions that polling calls when a transaction ends or the ledger fails.
 * @internal
 */
export function watchReports({ name, lifetimeMs, enrollmentLifetimeMs, afterDenial, budgets }: ReportSettings): Required<WatchReports> {
  const lifetimeOf = ({ operation }: Sealed) => (operation === 'enroll' ? enrollmentLifetimeMs : lifetimeMs)
  async function end(sealed: Sealed, wasDenied: boolean, named: Named, ending: Ending | undefined): Promise<void> {
    try {
      const { endings } = new Budgets(budgets)
      if (!(await endings.end(sealed, sealed.budget, wasDenied))) return
      if (!wasDenied || afterDenial === 'offer') await endings.allowOtherFactor(sealed)
      const ageMs = Math.max(0, Date.now() - (sealed.expiresAt - lifetimeOf(sealed)))
      publish('decided', () => ({ ...about(name, { ...sealed, ...named }), outcome: 'failed', ...(ending !== undefined && { reason: ending }), ageMs }))
    } catch (error) {
      // Only publish the event `fault`. The callback or the next start will end the transaction.
      publishFault(error, 'watch', about(name, sealed))
    }
  }
  return {
    ended: (sealed, answer, transaction) => end(sealed, true, transaction ?? namedIn(answer), answer.status === 'failed' ? inferredEnding(answer, lifetimeOf(sealed)) : undefined),
    abandoned: (sealed) => end(sealed, false, {}, 'timed_out'),
    faulted: (sealed, error) => publishFault(error, 'watch', about(name, sealed)),
  }
}

type Named = Pick<Partial<Transaction>, 'subject' | 'userId'>

/** The userId and username in Nevis's answer, for the event `decided`. Polling knows only the handle, which does not name the user. */
function namedIn(answer: FailedStatus | UnknownStatus): Named {
  if (answer.status === 'unknown') return {}
  const { userId, username } = answer
  return { ...(username !== undefined && { subject: { username } }), ...(userId !== undefined && { userId }) }
}
