/**
 * The transactions of the simulated Nevis: creates them, finds them by token, and sets their status.
 *
 * Out of scope: approving (`phone.ts`, `verification.ts`), and the JSON of responses (`resources.ts`).
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Clock } from './clock'
import { BoundedMap, CAPACITY } from './memory'
import type { Transaction, User } from './model'
import type { Tokens } from './tokens'

/**
 * A transaction token is valid for ten minutes. A status token is valid for ten minutes after its transaction has expired. Nevis documents neither lifetime.
 */
const TOKEN_LIFETIME_SECONDS = 600

/** The values that the caller gives for a new transaction. `begin` adds the other values. */
export type NewTransaction = Pick<Transaction, 'operation' | 'channel' | 'user'> &
  Partial<Pick<Transaction, 'authenticatorId' | 'prompt' | 'message' | 'notificationMessage' | 'code' | 'phone'>>

export class Transactions {
  private readonly byId = new BoundedMap<string, Transaction>(CAPACITY.transactions, (oldest) => this.forget(oldest))
  private readonly byStatusToken = new Map<string, Transaction>()
  private readonly byDispatchToken = new Map<string, Transaction>()
  private readonly deletedAt = new WeakMap<User, number>()
  private arrivals = 0

  constructor(
    private readonly clock: Clock,
    private readonly tokens: Tokens,
    private readonly lifetimeSeconds: number,
  ) {}

  begin(values: NewTransaction): Transaction {
    const { user, operation, channel } = values
    const now = this.clock.now()
    const hasLink = operation === 'enroll' ? channel !== 'sms' : channel === 'app'
    const transaction: Transaction = {
      operation,
      channel,
      user,
      usernameless: user === undefined,
      transactionId: randomUUID(),
      statusToken: this.tokens.mint('status', this.lifetimeSeconds + TOKEN_LIFETIME_SECONDS, user?.userId),
      dispatchToken: hasLink ? dispatchToken() : undefined,
      authenticatorId: values.authenticatorId,
      prompt: values.prompt ?? false,
      message: values.message,
      notificationMessage: values.notificationMessage,
      code: values.code,
      phone: values.phone,
      wrongCodes: 0,
      status: 'pending',
      token: this.resultToken(user, 'pending'),
      arrival: undefined,
      createdAt: now,
      lastUpdatedAt: now,
      expiresAt: now + this.lifetimeSeconds * 1000,
    }
    this.byId.set(transaction.transactionId, transaction)
    this.byStatusToken.set(transaction.statusToken, transaction)
    if (transaction.dispatchToken !== undefined) this.byDispatchToken.set(transaction.dispatchToken, transaction)
    return transaction
  }

  ofStatusToken(token: string): Transaction | undefined {
    return this.withDeadlineApplied(this.byStatusToken.get(token))
  }

  ofDispatchToken(token: string): Transaction | undefined {
    return this.withDeadlineApplied(this.byDispatchToken.get(token))
  }

  all(): Transaction[] {
    return [...this.byId.values()].map((transaction) => this.withDeadlineApplied(transaction))
  }

  failAllOf(user: User): void {
    this.deletedAt.set(user, this.clock.now())
  }

  arrive(transaction: Transaction): void {
    transaction.arrival = ++this.arrivals
  }

  decide(transaction: Transaction, status: 'succeeded' | 'failed', at = this.clock.now()): void {
    transaction.status = status
    transaction.lastUpdatedAt = at
    transaction.token = this.resultToken(transaction.user, status)
  }

  private forget({ statusToken, dispatchToken, channel, user }: Transaction): void {
    this.byStatusToken.delete(statusToken)
    if (dispatchToken !== undefined) this.byDispatchToken.delete(dispatchToken)
    // Delete the transaction's SMS, too. This SMS is the first one in the user's inbox, because the oldest transaction is always removed first.
    if (channel === 'sms') user?.inbox.shift()
  }

  /**
   * Sets the transaction to failed if it has expired or its user was deleted, and returns it. Every method that finds a transaction calls this method, because
   * the simulator has no timers.
   */
  private withDeadlineApplied<Found extends Transaction | undefined>(transaction: Found): Found {
    if (transaction?.status !== 'pending') return transaction
    const { user, expiresAt } = transaction
    const endedAt = Math.min(expiresAt, (user && this.deletedAt.get(user)) ?? Infinity)
    if (this.clock.now() >= endedAt) this.decide(transaction, 'failed', endedAt)
    return transaction
  }

  private resultToken(user: User | undefined, status: Transaction['status']): string {
    return this.tokens.mint('transaction', TOKEN_LIFETIME_SECONDS, user?.userId, status)
  }
}

/** Creates the token for an app link. The token is short, so that the link fits into a QR code, and begins as in Nevis's example. */
function dispatchToken(): string {
  return Buffer.from(JSON.stringify({ nonce: randomBytes(12).toString('base64url') })).toString('base64url')
}
