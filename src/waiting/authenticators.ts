/**
 * Lists the user's authenticators (registered phones) on the waiting page, so that the user can choose another phone.
 *
 * The list is fetched from Nevis only when the user opens it. Out of scope: checking that the chosen phone belongs to the user; the start checks
 * that.
 */
import type { Authenticator, User } from '../client/results'
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
  /** The name that the user gave to the phone; absent if there is none. */
  readonly name?: string
  /** The phone's operating system; absent if it is neither iOS nor Android. */
  readonly type?: 'ios' | 'android'
  /** When the phone was registered; ISO 8601. */
  readonly enrolledAt?: string
  /** True for the phone that got this transaction's request. Absent for all other phones, and if it is not known which phone got the request. */
  readonly isAsked?: true
}

/** The fields of a {@link WaitingView} with which the user chooses another phone. */
export interface Offer {
  /** URL of the list of the user's phones; absent if the user cannot choose another phone. */
  readonly authenticatorsURL?: string
  /** The user's phones; absent unless the browser requested the list, and null if Nevis cannot be reached. */
  readonly authenticators?: readonly OfferedAuthenticator[] | null
}

/** How long the list of the user's phones is cached, in case the user opens the list several times. */
const KEEP_MS = 10_000
const KEEP_FAILURE_MS = 2000
const MAX_WAIT_MS = 2000

/** @internal */
export class AuthenticatorChoice {
  private readonly users = new SharedCache<User>(KEEP_MS, KEEP_FAILURE_MS)

  constructor(private readonly settings: Settings) {}

  /**
   * Returns the fields of the waiting page's data that the user needs to choose another phone.
   * @param isAsked true if the browser requested the list of phones; false if it requested only the page
   */
  async offer(handle: string, transaction: Transaction, session: SessionLike, isAsked: boolean): Promise<Offer> {
    if (!this.mayChoose(transaction, session)) return {}
    const authenticatorsURL = withQuery(this.settings.waitingURL, { transaction: handle, authenticators: '1' })
    return { authenticatorsURL, ...(isAsked && { authenticators: await this.listOf(transaction) }) }
  }

  /** The user's phones, if the user has chosen one of them and may choose another one. In all other cases, an empty list. */
  async phonesIfChosen(transaction: Transaction, session: SessionLike): Promise<readonly OfferedAuthenticator[]> {
    const isChosen = transaction.authenticatorId !== undefined && this.mayChoose(transaction, session)
    return (isChosen && (await this.listOf(transaction))) || []
  }

  /** True if the browser of this session may send the request to another phone of the user. Only such a browser gets the names of the phones. */
  private mayChoose({ factor, operation, userId, closed, login, firstFactorAt }: Transaction, session: SessionLike): boolean {
    const { factors, firstFactorLifetimeMs } = this.settings
    const takesOne = operation === 'approve' && factors.find(({ name }) => name === factor)?.takesAuthenticator === true
    const isOpen = closed !== 'cancelled' && Date.now() < firstFactorAt + firstFactorLifetimeMs
    return takesOne && userId !== undefined && isOpen && (login === undefined || login === loginOf(session))
  }

  private async listOf(transaction: Transaction): Promise<readonly OfferedAuthenticator[] | null> {
    const userId = transaction.userId as string
    const tooLate = () => new NevisError('NEVIS_TIMEOUT', 'getUser')
    const user = await withDeadline(MAX_WAIT_MS, tooLate, () => this.users.get(userId, () => this.settings.client.getUser(userId))).catch(() => undefined)
    if (user?.userId !== userId) return null
    // Leave out passkeys (`fido2`), because they are not phones.
    const phones = user.authenticators.filter(({ authenticatorType }) => authenticatorType !== 'fido2')
    const asked = askedOf(phones, transaction)
    return phones.flatMap((phone) => (phone.authenticatorId === undefined ? [] : [offered(phone, phone.authenticatorId, asked)]))
  }
}

function offered({ name, type, enrolledAt }: Authenticator, id: string, asked: string | undefined): OfferedAuthenticator {
  const system = (['ios', 'android'] as const).find((one) => one === type)
  return {
    id,
    ...(name !== undefined && { name }),
    ...(system !== undefined && { type: system }),
    ...(enrolledAt !== undefined && !Number.isNaN(Date.parse(enrolledAt)) && { enrolledAt }),
    ...(id === asked && { isAsked: true as const }),
  }
}

/** Nevis documents that the factors `push` and `app` ask the phone that was registered last, if the app names no phone. */
const ASK_THE_NEWEST: readonly string[] = ['push', 'app']

/** The id of the phone that got the request; undefined if this is not known. */
function askedOf(phones: readonly Authenticator[], { authenticatorId, factor, startedAt }: Transaction): string | undefined {
  if (authenticatorId !== undefined || !ASK_THE_NEWEST.includes(factor)) return authenticatorId
  const times = phones.map(({ enrolledAt }) => Date.parse(enrolledAt ?? ''))
  const newest = Math.max(...times)
  // If a phone was registered after the start, or if two phones were registered last at the same time, it is not known which phone got the request.
  const isClear = times.filter((time) => time === newest).length === 1 && newest <= startedAt
  return isClear ? phones[times.indexOf(newest)]?.authenticatorId : undefined
}
