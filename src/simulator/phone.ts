/**
 * A simulated phone. A test, or the page in the browser, uses the phone to scan QR codes, and to see, approve and deny requests.
 *
 * Out of scope: the page in the browser (`phones-page.ts`), and SMS codes, which the user types into the application.
 */
import type { Cloud } from './cloud'
import type { Authenticator, Transaction, User } from './model'
import type { Text } from './phones-texts'

/** A request for approval, as the phone shows it. */
export interface PhoneRequest {
  /** The id to pass to `approve` and `deny`. */
  readonly transactionId: string
  /** The userId of the user who is asked to approve. */
  readonly userId: string
  /** How the request reached the phone. */
  readonly channel: 'push' | 'app'
  /** The message of the approval; `undefined` if the approval has none. */
  readonly message: string | undefined
  /** The text of the notification; `undefined` if the approval has none. */
  readonly notificationMessage: string | undefined
  /** Id of the authenticator that may approve; `*` for any authenticator of the user. */
  readonly authenticatorId: string
  /** When the request was started, by the simulator's clock. */
  readonly createdAt: Date
  /** When the request expires, by the simulator's clock. */
  readonly expiresAt: Date
}

/** Runs a function, and returns its result as a promise. If the function throws, the promise rejects. */
const asPromise = <Value>(work: () => Value): Promise<Value> =>
  new Promise((resolve) => {
    resolve(work())
  })

/** The error of a simulated phone that cannot approve, deny or scan. */
export class PhoneRefusal extends Error {
  /** @param text why the phone refuses, in English, with `{name}` for the phone's owner. The page with the phones translates this text */
  constructor(
    readonly text: Text,
    readonly owner = '',
  ) {
    super(text.replace('{name}', () => owner))
  }
}

/** The text that says why a transaction that has ended can no longer be approved or denied. */
function textOfEnd(transaction: Transaction): Text {
  if (transaction.status === 'succeeded') return "The request on {name}'s phone was approved already."
  return transaction.lastUpdatedAt >= transaction.expiresAt ? "The request on {name}'s phone has expired." : "The request on {name}'s phone was denied."
}

/** A simulated phone: `simulator.phone('anna')`. */
export class Phone {
  /**
   * @internal
   * @param name the owner's username or userId; or any name for a phone that has not scanned an enrolment yet
   */
  constructor(
    private readonly cloud: Cloud,
    readonly name: string,
  ) {}

  /** The requests on this phone that wait for an answer, newest last. */
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

  /** Returns the same requests as `waiting`. */
  requests(): readonly PhoneRequest[] {
    return this.waiting
  }

  /**
   * Approves a request. Does nothing if the request is already approved.
   * @param transactionId the request to approve. Default: the newest request that waits for an answer, or else the newest request
   * @throws Error (rejects) if there is no request, or if it was denied or has expired
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
   * @param transactionId the request to deny. Default: the newest request that waits for an answer
   * @throws Error (rejects) if no request waits for an answer
   */
  deny(transactionId?: string): Promise<void> {
    return asPromise(() => {
      const transaction = this.pick(transactionId)
      this.checkPending(transaction)
      this.cloud.transactions.decide(transaction, 'failed')
    })
  }

  /**
   * Scans the QR code of an app link, or opens the link on the phone. For an enrolment, this registers the phone. For an approval with `prompt`, the
   * request then waits on the phone for `approve` or `deny`. For an approval without `prompt`, scanning approves it.
   *
   * @param appLinkUri the link in the response to an enrolment or approval
   * @param authenticatorId the owner's authenticator that scans. Default: the authenticator that may approve
   * @throws Error (rejects) if the link is unknown, used or expired, or if the request is for another phone
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
    if (right === undefined) throw new PhoneRefusal("{name}'s phone cannot answer this request: it is for another phone.", this.name)
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
    if (transaction === undefined) throw new PhoneRefusal('This is not an app link of this simulator.')
    return transaction
  }

  private checkPending(transaction: Transaction): void {
    if (transaction.status !== 'pending') throw new PhoneRefusal(textOfEnd(transaction), this.name)
  }

  /** Returns the request with this id. Without an id: the newest request that waits for an answer, or else the newest request. */
  private pick(transactionId: string | undefined): Transaction {
    const arrived = this.arrived()
    const found =
      transactionId === undefined
        ? (arrived.findLast((each) => each.status === 'pending') ?? arrived.at(-1))
        : arrived.find((each) => each.transactionId === transactionId)
    if (found === undefined) throw new PhoneRefusal("No request is waiting on {name}'s phone.", this.name)
    return found
  }

  /** The requests that have reached this phone, in order of arrival. */
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

  /** The authenticators on this phone: those of its owner, and those that other users have enrolled with it. */
  private devices(): { user: User; authenticator: Authenticator }[] {
    const owner = this.cloud.userByName(this.name) ?? this.cloud.userById(this.name)
    return [...this.cloud.users.values()].flatMap((user) =>
      user.authenticators
        .filter(({ holder }) => user === owner || holder === this.name)
        .map((authenticator) => ({ user, authenticator })),
    )
  }
}

/** Returns the token in an app link; null if the text is not a URL with a token. */
function tokenIn(appLinkUri: string): string | null {
  try {
    return new URL(appLinkUri).searchParams.get('dispatchTokenResponse')
  } catch {
    return null
  }
}
