/**
 * A person with a phone: sees the requests, scans, accepts, denies.
 *
 * Out of scope: to show anything (see `phones-page.ts`), nor codes by SMS, which an application asks for.
 */
import type { Cloud } from './cloud'
import type { Authenticator, Transaction, User } from './model'

/** A request as the phone shows it. */
export interface PhoneRequest {
  /** For `approve` and `deny`. */
  readonly transactionId: string
  /** Who is asked. */
  readonly userId: string
  /** By which way it came to the phone. */
  readonly channel: 'push' | 'app'
  /** `undefined` where nothing was given to be shown. */
  readonly message: string | undefined
  /** The text in the notification area, if one was given. */
  readonly notificationMessage: string | undefined
  /** The device that may answer; `*` is any of the user's. */
  readonly authenticatorId: string
  /** By the simulator's clock. */
  readonly createdAt: Date
  /** By the simulator's clock. */
  readonly expiresAt: Date
}

/** So that a mistake rejects the promise and is never thrown past it. */
const asPromise = <Value>(work: () => Value): Promise<Value> =>
  new Promise((resolve) => {
    resolve(work())
  })

/** Why a request cannot be answered any more. */
function endReason(transaction: Transaction): string {
  if (transaction.status === 'succeeded') return 'was approved already'
  return transaction.lastUpdatedAt >= transaction.expiresAt ? 'has expired' : 'was denied'
}

/** Somebody's phone: `simulator.phone('anna')`. */
export class Phone {
  /** @internal @param name the username or userId of its owner, or any name for a phone that is still to scan something */
  constructor(
    private readonly cloud: Cloud,
    readonly name: string,
  ) {}

  /** The requests that wait for an answer, newest last. */
  get waiting(): readonly PhoneRequest[] {
    return this.arrived()
      .filter((transaction) => transaction.status === 'pending')
      .map((transaction) => ({
        transactionId: transaction.transactionId,
        userId: transaction.user?.userId ?? '',
        channel: transaction.channel === 'push' ? 'push' : 'app',
        message: transaction.message,
        notificationMessage: transaction.notificationMessage,
        authenticatorId: transaction.authenticatorId ?? '*',
        createdAt: new Date(transaction.createdAt),
        expiresAt: new Date(transaction.expiresAt),
      }))
  }

  /** The same as `waiting`. */
  requests(): readonly PhoneRequest[] {
    return this.waiting
  }

  /**
   * Approves a request. If the newest one is approved already and none waits, nothing changes.
   *
   * @param transactionId which one; the newest that waits by default
   * @throws Error (rejects) if there is none, or it was denied or has expired
   */
  approve(transactionId?: string): Promise<void> {
    return asPromise(() => {
      const transaction = this.pick(transactionId)
      if (transaction.status === 'succeeded') return
      this.checkPending(transaction)
      this.cloud.transactions.decide(transaction, 'succeeded')
    })
  }

  /**
   * Denies a request.
   *
   * @param transactionId which one; the newest that waits by default
   * @throws Error (rejects) if none waits
   */
  deny(transactionId?: string): Promise<void> {
    return asPromise(() => {
      const transaction = this.pick(transactionId)
      this.checkPending(transaction)
      this.cloud.transactions.decide(transaction, 'failed')
    })
  }

  /**
   * Scans the QR code of an app link, or opens the link on the phone. For an enrolment this registers the phone. For
   * an approval with `prompt` the request then waits on the phone; without it the scan approves.
   *
   * @param appLinkUri from the answer to an enrolment or approval
   * @param authenticatorId which of the owner's devices scans; by default the one that may
   * @throws Error (rejects) if the link is unknown, decided or expired, or the request is for another phone
   */
  scan(appLinkUri: string, authenticatorId?: string): Promise<void> {
    return asPromise(() => {
      const transaction = this.transactionOf(appLinkUri)
      this.checkPending(transaction)
      if (transaction.operation === 'enroll') this.register(transaction)
      else this.open(transaction, authenticatorId)
    })
  }

  private register(transaction: Transaction): void {
    const { user } = transaction
    if (user === undefined) return
    this.cloud.addAuthenticator(user, this.name)
    this.cloud.transactions.decide(transaction, 'succeeded')
  }

  private open(transaction: Transaction, authenticatorId: string | undefined): void {
    const right = this.devices().find(
      ({ user, authenticator }) =>
        (transaction.user === undefined || transaction.user === user) &&
        ['*', authenticator.authenticatorId].includes(transaction.authenticatorId ?? '*') &&
        (authenticatorId === undefined || authenticatorId === authenticator.authenticatorId),
    )
    if (right === undefined) throw new Error(`${this.name}'s phone cannot answer this request: it is for another phone.`)
    transaction.user = right.user
    if (!transaction.prompt) {
      this.cloud.transactions.arrive(transaction)
      this.cloud.transactions.decide(transaction, 'succeeded')
    } else if (transaction.arrival === undefined) {
      this.cloud.transactions.arrive(transaction)
    }
  }

  private transactionOf(appLinkUri: string): Transaction {
    const link = tokenIn(appLinkUri)
    const transaction = this.cloud.transactions.ofDispatchToken(link ?? '')
    if (transaction === undefined) throw new Error('This is not an app link of this simulator.')
    return transaction
  }

  private checkPending(transaction: Transaction): void {
    if (transaction.status !== 'pending') throw new Error(`The request on ${this.name}'s phone ${endReason(transaction)}.`)
  }

  /** The named one, else the newest that waits, else the newest of all. */
  private pick(transactionId: string | undefined): Transaction {
    const arrived = this.arrived()
    const found =
      transactionId === undefined
        ? (arrived.findLast((each) => each.status === 'pending') ?? arrived.at(-1))
        : arrived.find((each) => each.transactionId === transactionId)
    if (found === undefined) throw new Error(`No request is waiting on ${this.name}'s phone.`)
    return found
  }

  /** Requests that came to one of the devices, in that order. */
  private arrived(): Transaction[] {
    const devices = this.devices()
    const mine = ({ user, authenticatorId, arrival }: Transaction) =>
      arrival !== undefined &&
      devices.some((each) => each.user === user && ['*', each.authenticator.authenticatorId].includes(authenticatorId ?? '*'))
    return this.cloud.transactions
      .all()
      .filter(mine)
      .sort((one, other) => (one.arrival ?? 0) - (other.arrival ?? 0))
  }

  /** All devices of the owner, and those of others that were enrolled by this phone. */
  private devices(): { user: User; authenticator: Authenticator }[] {
    const owner = this.cloud.userByName(this.name) ?? this.cloud.userById(this.name)
    return [...this.cloud.users.values()].flatMap((user) =>
      user.authenticators
        .filter(({ holder }) => user === owner || holder === this.name)
        .map((authenticator) => ({ user, authenticator })),
    )
  }
}

/** What the link of an approval or enrolment carries; null for what is no such link. */
function tokenIn(appLinkUri: string): string | null {
  try {
    return new URL(appLinkUri).searchParams.get('dispatchTokenResponse')
  } catch {
    return null
  }
}
