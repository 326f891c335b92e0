/** The table of the invoices that users have to pay. Out of scope: the approval of a payment (`paying.ts`). */
import type { Database } from './database.js'

const CREATE = `
  create table if not exists invoices (
    id integer generated always as identity primary key,
    user_id integer not null references users (id) on delete cascade,
    number text not null,
    payee text not null,
    amount numeric(12, 2) not null check (amount > 0),
    paid_at timestamptz,
    transaction_id text unique,
    unique (user_id, number)
  )`
const COLUMNS = 'id, number, payee, amount::text as amount, paid_at as "paidAt", transaction_id as "transactionId"'
/** Three invented invoices; every user gets the same. */
const BILLS = `
  insert into invoices (user_id, number, payee, amount)
  select $1::integer, number, payee, amount
  from (values ('2026-101', 'Zahnarztpraxis Müller & Keller', 240.50), ('2026-102', 'Stadtwerke Neuwil', 86.15), ('2026-103', 'Alpine Mutual', 1250.00))
    as bills (number, payee, amount)
  where not exists (select from invoices where user_id = $1)
  on conflict do nothing`
const ID = /^[1-9]\d{0,8}$/

/** The id of an invoice, and the payment that the invoice asks for. */
export interface Bill {
  readonly id: number
  readonly payee: string
  /** In CHF, with two decimals. */
  readonly amount: string
}

export interface Invoice extends Bill {
  readonly number: string
  readonly paidAt: Date | null
  /** Id of the approval with which the invoice was paid; null if it was paid without a second factor. */
  readonly transactionId: string | null
}

export class Invoices {
  /** Creates the table if it is missing. The table of the users must exist already. */
  static async open(database: Database): Promise<Invoices> {
    await database.create(CREATE)
    return new Invoices(database)
  }

  private constructor(private readonly database: Database) {}

  /** All invoices of a user, the open ones first. The first call for a user creates the invoices of `BILLS`. */
  async of(userId: number): Promise<readonly Invoice[]> {
    await this.database.query(BILLS, [userId])
    const { rows } = await this.database.query<Invoice>(`select ${COLUMNS} from invoices where user_id = $1 order by paid_at desc nulls first, number`, [userId])
    return rows
  }

  /**
   * Finds an invoice of a user.
   * @returns undefined if there is no invoice with this id, or if the invoice is another user's
   */
  async find(userId: number, id: string): Promise<Invoice | undefined> {
    if (!ID.test(id)) return undefined
    const { rows } = await this.database.query<Invoice>(`select ${COLUMNS} from invoices where user_id = $1 and id = $2`, [userId, id])
    return rows[0]
  }

  /**
   * Pays an invoice if it is still open and unchanged. Runs a single SQL statement, so that two concurrent requests pay only once.
   * @param payment `transactionId` is undefined for a payment without a second factor
   * @returns true if this call has paid the invoice
   */
  async pay(userId: number, { id, payee, amount, transactionId }: Bill & { readonly transactionId?: string | null }): Promise<boolean> {
    const { rows } = await this.database.query(
      `update invoices set paid_at = now(), transaction_id = $5
       where user_id = $1 and id = $2 and payee = $3 and amount = $4 and paid_at is null returning id`,
      [userId, id, payee, amount, transactionId],
    )
    return rows.length === 1
  }
}
