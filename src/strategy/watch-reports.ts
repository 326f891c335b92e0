/**
 * Ends a transaction as soon as polling learns that the user has denied it or has not answered in time. The callback alone is not enough: an attacker would not
 * send a callback after a denial, and a user may close the page. If the ledger fails, only an event is published, and the callback ends the transaction.
 *
 * Out of scope: polling (`watch/`), and the callback (`callback.ts`), which does the same if it learns of the end first.
 */
import type { FailedStatus, UnknownStatus } from '../client/client'
import { inferredEnding, type Ending } from '../factors/ending'
import type { Transaction } from '../factors/transaction'
import { publishFault } from '../host/faults'
import { Budgets } from '../ledger/budgets'
import { lifetimeMsOf } from '../factors/lifetime'
import type { HandleContent } from '../trust/handle'
import type { WatchReports } from './watch/reports'
import { about, publish } from './events'

interface ReportSettings {
  readonly name: string
  readonly lifetimeMs: number
  readonly enrollmentLifetimeMs: number
  readonly afterDenial: 'offer' | 'stop'
  readonly budgets: ConstructorParameters<typeof Budgets>[0]
}

/**
 * Creates the functions that polling calls when a transaction ends, or when the ledger fails.
 * @internal
 */
export function watchReports({ name, lifetimeMs, enrollmentLifetimeMs, afterDenial, budgets }: ReportSettings): Required<WatchReports> {
  const lifetimeOf = ({ operation }: HandleContent) => lifetimeMsOf({ lifetimeMs, enrollmentLifetimeMs }, operation)
  async function end(sealed: HandleContent, wasDenied: boolean, named: Named, ending: Ending | undefined): Promise<void> {
    try {
      const all = new Budgets(budgets)
      const keys = all.keysOf({ budget: sealed.budget, userId: named.userId })
      const canGoOn = !wasDenied || afterDenial === 'offer'
      if (!(await all.endings.end(sealed, keys, { wasDenied, isCertain: ending === 'denied', canGoOn }))) return
      const ageMs = Math.max(0, Date.now() - (sealed.expiresAt - lifetimeOf(sealed)))
      publish('decided', () => ({ ...about(name, { ...sealed, ...named }), outcome: 'failed', ...(ending !== undefined && { reason: ending }), ageMs }))
    } catch (error) {
      // The ledger has failed, so the end of the transaction is not noted. The callback route notes it when the browser arrives there.
      publishFault(error, 'watch', about(name, sealed))
    }
  }
  return {
    ended: (sealed, answer, transaction) => {
      const ending = answer.status === 'failed' ? inferredEnding(answer, lifetimeOf(sealed)) : undefined
      // Nevis also answers `failed` if the user does not answer in time. So after the expiry, treat `failed` as a denial only if the times in Nevis's answer
      // show that the user has denied.
      const isTimeOut = ending !== 'denied' && Date.now() >= sealed.expiresAt
      return end(sealed, !isTimeOut, namedBy(transaction) ?? namedIn(answer), isTimeOut ? 'timed_out' : ending)
    },
    // The user can get more time to save recovery codes, with a new handle (`extend.ts`). A process with only the old handle must not end the transaction.
    abandoned: async (sealed, transaction) => {
      if (sealed.encryptedCodes === undefined) await end(sealed, false, namedBy(transaction) ?? {}, 'timed_out')
    },
    hasEnded: (sealed) =>
      new Budgets(budgets).endings.hasEnded(sealed).catch((error: unknown) => {
        publishFault(error, 'watch', about(name, sealed))
        throw error
      }),
    faulted: (sealed, error) => publishFault(error, 'watch', about(name, sealed)),
  }
}

type Named = Pick<Partial<Transaction>, 'subject' | 'userId'>

const namedBy = (transaction: Transaction | undefined): Named | undefined =>
  transaction && { subject: transaction.subject, ...(transaction.userId !== undefined && { userId: transaction.userId }) }

/** The user in Nevis's answer, for the event `decided`. Polling knows only the handle (the encrypted transaction id), which does not name the user. */
function namedIn(answer: FailedStatus | UnknownStatus): Named {
  if (answer.status === 'unknown') return {}
  const { userId, username } = answer
  return { ...(username !== undefined && { subject: { username } }), ...(userId !== undefined && { userId }) }
}
