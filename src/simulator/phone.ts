/**
 * A user with a phone, who sees requests, scans, accepts and denies.
 *
 * Out of scope: the page with the phones (`phones-page.ts`), and SMS codes, which the app asks for.
 */
import type { Cloud } from './cloud'
import type { Authenticator, Transaction, User } from './model'

/** A request as shown on the phone. */
export interface PhoneRequest {
  /** To be passed to `approve` and `deny`. */
  readonly transactionId: string
  /** The user who is asked. */
  readonly userId: string
  /** The channel by which the request reached the phone. */
  readonly channel: 'push' | 'app'
  /** The message of the approval; `undefined` for an approval without a message. */
  readonly message: string | undefined
  /** The text in the notification area, if one was given. */
  readonly notificationMessage: string | undefined
  /** The id of the only device that may answer; `*` if any device of the user may. */
  readonly authenticatorId: string
  /** When the request was made, by the simulator's clock. */
  readonly createdAt: Date
  /** When the request expires, by the simulator's clock. */
  readonly expiresAt: Date
}

/** Turns an exception into a rejected promise. */
const asPromise = <Value>(work: () => Value): Promise<Value> =>
  new Promise((resolve) => {
    resolve(work())
  })

/** Why a request cannot be answered any more. */
function endReason(transaction: Transaction): string {
  if (transaction.status === 'succeeded') return 'was approved already'
  return transaction.lastUpdatedAt >= transaction.expiresAt ? 'has expired' : 'was denied'
}

/** A user's phone: `simulator.phone('anna')`. */
export class Phone {
  /** @internal @param name username or userId of its owner, or any name for a phone that has not scanned an enrolment yet */
  constructor(
    private readonly cloud: Cloud,
    readonly name: string,
  ) {}

  /** The pending requests, newest last. */
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

  /** Returns the same list as `waiting`. */
  requests(): readonly PhoneRequest[] {
    return this.waiting
  }

  /**
   * Approves a request. Called without an id while none is pending, it does nothing if the newest request is already approved.
   *
   * @param transactionId the request to approve; default: the newest pending one
   * @throws Error (rejects) if there is no request, or if the request was denied or has expired
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
   * @param transactionId the request to deny; default: the newest pending one
   * @throws Error (rejects) if no request is pending
   */
  deny(transactionId?: string): Promise<void> {
    return asPromise(() => {
      const transaction = this.pick(transactionId)
      this.checkPending(transaction)
      this.cloud.transactions.decide(transaction, 'failed')
    })
  }

  /**
   * Scans the QR code of an app link, or opens the link on the phone. For an enrolment this registers the phone. For an approval with
   * `prompt` the request then waits on the phone; without `prompt` the scan approves it.
   *
   * @param appLinkUri the link in the response to an enrolment or approval
   * @param authenticatorId the owner's device that scans; default: the device that may answer
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

  /** The request with this id. Without an id: the newest pending request, or the newest of all if none is pending. */
  private pick(transactionId: string | undefined): Transaction {
    const arrived = this.arrived()
    const found =
      transactionId === undefined
        ? (arrived.findLast((each) => each.status === 'pending') ?? arrived.at(-1))
        : arrived.find((each) => each.transactionId === transactionId)
    if (found === undefined) throw new Error(`No request is waiting on ${this.name}'s phone.`)
    return found
  }

  /** The requests that reached one of the devices, in order of arrival. */
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

  /** All devices of the owner, and those of other users who were enrolled by a scan with this phone. */
  private devices(): { user: User; authenticator: Authenticator }[] {
    const owner = this.cloud.userByName(this.name) ?? this.cloud.userById(this.name)
    return [...this.cloud.users.values()].flatMap((user) =>
      user.authenticators
        .filter(({ holder }) => user === owner || holder === this.name)
        .map((authenticator) => ({ user, authenticator })),
    )
  }
}

/** The token in an app link; null if the text is not such a link. */
function tokenIn(appLinkUri: string): string | null {
  try {
    return new URL(appLinkUri).searchParams.get('dispatchTokenResponse')
  } catch {
    return null
  }
}
