/**
 * The list of the user's own authenticators, to choose another phone on the waiting page.
 *
 * Nevis is asked only when the user opens the list, so that a usual sign-in makes no extra call. Out of scope: checking that the
 * chosen authenticator belongs to the user; the start checks that.
 */
import type { User } from '../client/client'
import { withDeadline } from '../client/deadline'
import { NevisError } from '../client/errors'
import type { Settings } from '../strategy/settings'
import { SharedCache } from '../strategy/shared-cache'
import { loginOf } from '../host/login'
import type { SessionLike } from '../host/request'
import type { Transaction } from '../factors/transaction'
import { withQuery } from '../host/url'

/** One of the user's own phones. */
export interface OfferedAuthenticator {
  /** Value for the field `authenticatorId`. */
  readonly id: string
  /** The name that the user chose; not every authenticator has one. */
  readonly name?: string
}

/** The part of a {@link WaitingView} for choosing another phone. */
export interface Offer {
  /** URL of the list, if the transaction's factor can ask another authenticator. */
  readonly authenticatorsURL?: string
  /** The list, if the browser asked for it; null while Nevis cannot be reached. */
  readonly authenticators?: readonly OfferedAuthenticator[] | null
}

/** The list is cached for this long, so opening it again makes no further call to Nevis. */
const KEEP_MS = 10_000
const KEEP_FAILURE_MS = 2000
/** Upper limit for how long a page request waits for Nevis. */
const MAX_WAIT_MS = 2000

/** @internal */
export class AuthenticatorChoice {
  private readonly users = new SharedCache<User>(KEEP_MS, KEEP_FAILURE_MS)

  constructor(private readonly settings: Settings) {}

  /** @param isAsked true if the browser asked for the list itself */
  async offer(handle: string, transaction: Transaction, session: SessionLike, isAsked: boolean): Promise<Offer> {
    if (!this.mayChoose(transaction, session)) return {}
    const authenticatorsURL = withQuery(this.settings.waitingURL, { transaction: handle, authenticators: '1' })
    return { authenticatorsURL, ...(isAsked && { authenticators: await this.listOf(transaction.userId as string) }) }
  }

  /** The names of a user's phones are shown only in a session that could start the transaction again. */
  private mayChoose({ factor, operation, userId, closed, login, firstFactorAt }: Transaction, session: SessionLike): boolean {
    const { factors, firstFactorLifetimeMs } = this.settings
    const takesOne = operation === 'approve' && factors.find(({ name }) => name === factor)?.takesAuthenticator === true
    const isOpen = closed !== 'cancelled' && Date.now() < firstFactorAt + firstFactorLifetimeMs
    return takesOne && userId !== undefined && isOpen && (login === undefined || login === loginOf(session))
  }

  private async listOf(userId: string): Promise<readonly OfferedAuthenticator[] | null> {
    const tooLate = () => new NevisError('NEVIS_TIMEOUT', 'getUser')
    const user = await withDeadline(MAX_WAIT_MS, tooLate, () => this.users.get(userId, () => this.settings.client.getUser(userId))).catch(() => undefined)
    if (user?.userId !== userId) return null
    // Passkeys are not phones.
    const phones = user.authenticators.filter(({ authenticatorType }) => authenticatorType !== 'fido2')
    return phones.flatMap(({ authenticatorId: id, name }) => (id === undefined ? [] : [{ id, ...(name !== undefined && { name }) }]))
  }
}
