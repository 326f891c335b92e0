/** What people have to pay, in a table. Not its job: who signed what (`paying.js`). */
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
/** Made up: everybody owes the same. */
const BILLS = `
  insert into invoices (user_id, number, payee, amount)
  select $1::integer, number, payee, amount
  from (values ('2026-101', 'Dental practice Müller & Sons', 240.50), ('2026-102', 'City power works', 86.15), ('2026-103', 'Alpine Mutual', 1250.00))
    as bills (number, payee, amount)
  where not exists (select from invoices where user_id = $1)
  on conflict do nothing`
const ID = /^[1-9]\d{0,8}$/

export class Invoices {
  /** Makes the table where there is none; the one of the users is there already. */
  static async open(database) {
    await database.create(CREATE)
    return new Invoices(database)
  }

  constructor(database) {
    this.database = database
  }

  /** All of one person's, open ones first; whoever comes for the first time is billed. */
  async of(userId) {
    await this.database.query(BILLS, [userId])
    const { rows } = await this.database.query(`select ${COLUMNS} from invoices where user_id = $1 order by paid_at desc nulls first, number`, [userId])
    return rows
  }

  /** @returns undefined for what is nobody's or somebody else's */
  async find(userId, id) {
    if (!ID.test(id)) return undefined
    const { rows } = await this.database.query(`select ${COLUMNS} from invoices where user_id = $1 and id = $2`, [userId, id])
    return rows[0]
  }

  /**
   * Pays an invoice that is still open and still the same; one statement, so that two at once pay once.
   * @param payment `{ id, payee, amount, transactionId }`
   * @returns whether it was paid
   */
  async pay(userId, { id, payee, amount, transactionId }) {
    const { rows } = await this.database.query(
      `update invoices set paid_at = now(), transaction_id = $5
       where user_id = $1 and id = $2 and payee = $3 and amount = $4 and paid_at is null returning id`,
      [userId, id, payee, amount, transactionId],
    )
    return rows.length === 1
  }
}
