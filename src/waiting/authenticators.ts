/**
 * The person's own authenticators, to choose another one from on the waiting page.
 *
 * Nevis is asked only when somebody opens the list, so that a usual sign-in costs no call more. Not its job: whether the
 * one that is chosen is the person's own; the start asks for that again.
 */
import type { User } from '../client/client'
import { withDeadline } from '../client/deadline'
import { NevisError } from '../client/errors'
import type { Settings } from '../strategy/options'
import { SharedCache } from '../strategy/shared-cache'
import { loginOf } from '../host/login'
import type { SessionLike } from '../host/request'
import type { Transaction } from '../factors/transaction'
import { withQuery } from '../host/url'

/** One of the person's own phones. */
export interface OfferedAuthenticator {
  /** For the field `authenticatorId`. */
  readonly id: string
  /** Free text by the person; not every authenticator has one. */
  readonly name?: string
}

/** The part of a {@link WaitingView} about other phones. */
export interface Offer {
  /** Where the list is, if the transaction's factor can ask another authenticator. */
  readonly authenticatorsURL?: string
  /** The list, if it was asked for; null while Nevis cannot be asked. */
  readonly authenticators?: readonly OfferedAuthenticator[] | null
}

/** However often the list is opened, Nevis is asked for it once in this time. */
const KEEP_MS = 10_000
const KEEP_FAILURE_MS = 2000
/** Nobody's page waits longer for Nevis than this. */
const PATIENCE_MS = 2000

/** @internal */
export class AuthenticatorChoice {
  private readonly users = new SharedCache<User>(KEEP_MS, KEEP_FAILURE_MS)

  constructor(private readonly settings: Settings) {}

  /** @param isAsked whether the list is wanted, too */
  async offer(handle: string, transaction: Transaction, session: SessionLike, isAsked: boolean): Promise<Offer> {
    if (!this.mayChoose(transaction, session)) return {}
    const authenticatorsURL = withQuery(this.settings.waitingURL, { transaction: handle, authenticators: '1' })
    return { authenticatorsURL, ...(isAsked && { authenticators: await this.listOf(transaction.userId as string) }) }
  }

  /** Only whoever could start it anew reads the names of somebody's phones. */
  private mayChoose({ factor, operation, userId, closed, login, firstFactorAt }: Transaction, session: SessionLike): boolean {
    const { factors, firstFactorLifetimeMs } = this.settings
    const takesOne = operation === 'approve' && factors.find(({ name }) => name === factor)?.takesAuthenticator === true
    const isOpen = closed !== 'cancelled' && Date.now() < firstFactorAt + firstFactorLifetimeMs
    return takesOne && userId !== undefined && isOpen && (login === undefined || login === loginOf(session))
  }

  private async listOf(userId: string): Promise<readonly OfferedAuthenticator[] | null> {
    const tooLate = () => new NevisError('NEVIS_TIMEOUT', 'getUser')
    const user = await withDeadline(PATIENCE_MS, tooLate, () => this.users.get(userId, () => this.settings.client.getUser(userId))).catch(() => undefined)
    if (user?.userId !== userId) return null
    // A passkey is no phone.
    const phones = user.authenticators.filter(({ authenticatorType }) => authenticatorType !== 'fido2')
    return phones.flatMap(({ authenticatorId: id, name }) => (id === undefined ? [] : [{ id, ...(name !== undefined && { name }) }]))
  }
}
