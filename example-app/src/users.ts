/** The table of the accounts. Out of scope: checking a password (`password.ts`). */
import type { Database } from './database.js'

export interface Account {
  readonly id: number
  readonly username: string
  /** Nevis's id of this user; null until the user has completed a second factor for the first time. */
  readonly nevisUserId: string | null
  /** Counts the changes of the password. A session that was opened with an earlier password is no longer signed in (`app.ts`). */
  readonly passwordVersion: number
}

declare global {
  // Gives `req.user` this type in Passport, in passport-nevis and in the routes of this app.
  namespace Express {
    interface User extends Account {}
  }
}

const CREATE = `
  create table if not exists users (
    id integer generated always as identity primary key,
    username text not null unique,
    password_hash text not null,
    password_version integer not null default 0,
    nevis_user_id text unique,
    sms_since timestamptz,
    sms_phone text,
    codes_since timestamptz,
    codes_unsaved integer not null default 0,
    types_code boolean not null default false,
    is_demo boolean not null default false
  )`
/** Adds the columns that a table of an older version lacks. */
const ADD_COLUMNS = `
  alter table users add column if not exists password_version integer not null default 0;
  alter table users add column if not exists sms_phone text;
  alter table users add column if not exists codes_unsaved integer not null default 0;
  alter table users add column if not exists types_code boolean not null default false`
/**
 * Makes usernames unique without regard to case, because passport-nevis counts `anna` and `Anna` as one user for its limits. If both names could have an
 * account, a stranger could sign up as `anna`, start too often, and so make the user `Anna` wait.
 */
const CREATE_INDEX = 'create unique index if not exists users_username_lower on users (lower(username))'
const ALIKE = `
  select string_agg(username, ', ' order by username) as usernames from users
  group by lower(username) having count(*) > 1 order by 1 limit 1`
const COLUMNS = 'id, username, nevis_user_id as "nevisUserId", password_version as "passwordVersion"'
/** The form of every username. For a name of another form, this file does not query the database: no account has such a name. */
const USERNAME = /^[A-Za-z0-9_.@-]{1,64}$/

/** What Nevis does not know of a user: when the user set up SMS and recovery codes (null: not set up), and what the user has chosen. */
export interface Added {
  readonly smsSince: Date | null
  /** The end of the phone number, such as `•••• 0001`; null if this app does not know it. */
  readonly smsPhone: string | null
  readonly codesSince: Date | null
  /** True if new codes were made since `codesSince`, and the user has not confirmed that these are saved. The codes of `codesSince` may have ended. */
  readonly hasUnsavedCodes: boolean
  /** True if the user's phone shows a code with each push, and the user types it into the page. */
  readonly typesCode: boolean
}

interface NewAccount {
  readonly username: string
  readonly passwordHash: string
}

interface LinkedAccount extends NewAccount {
  readonly nevisUserId: string
}

/** @throws Error if no account can have this username */
export function assertUsername(username: string): void {
  if (!USERNAME.test(username)) throw new Error('A username has 1 to 64 of the characters A-Z a-z 0-9 _ . @ -')
}

interface DemoAccount extends LinkedAccount {
  readonly factors: readonly string[]
  readonly maskedPhone?: string | undefined
}

export class Users {
  /**
   * Creates the table and its index if they are missing.
   * @throws Error if the table of an older version has usernames that differ only in case. An operator must then rename accounts
   */
  static async open(database: Database): Promise<Users> {
    await database.create(`${CREATE}; ${ADD_COLUMNS}`)
    const [alike] = (await database.query<{ usernames: string }>(ALIKE, [])).rows
    if (alike !== undefined) throw new Error(`The table users has usernames that differ only in upper and lower case: ${alike.usernames}. Rename all but one, then start again`)
    await database.create(CREATE_INDEX)
    return new Users(database)
  }

  private constructor(private readonly database: Database) {}

  findById(id: number): Promise<Account | undefined> {
    return this.one(`select ${COLUMNS} from users where id = $1`, [id])
  }

  /** Finds the account that is linked to a Nevis user. */
  findByNevisId(nevisUserId: string): Promise<Account | undefined> {
    return this.one(`select ${COLUMNS} from users where nevis_user_id = $1`, [nevisUserId])
  }

  /** Finds an account and the hash of its password. Returns the hash apart from the account, so that `req.user` never contains the hash. */
  async findForPassword(username: unknown): Promise<{ user?: Account; passwordHash?: string }> {
    if (typeof username !== 'string' || !USERNAME.test(username)) return {}
    const row = await this.one<Account & { passwordHash: string }>(`select ${COLUMNS}, password_hash as "passwordHash" from users where username = $1`, [username])
    if (row === undefined) return {}
    const { passwordHash, ...user } = row
    return { user, passwordHash }
  }

  /**
   * Adds an account that has no second factor yet.
   * @returns false if the name is taken
   */
  async signUp({ username, passwordHash }: NewAccount): Promise<boolean> {
    const added = await this.one('insert into users (username, password_hash) values ($1, $2) on conflict do nothing returning id', [
      username,
      passwordHash,
    ])
    return added !== undefined
  }

  /**
   * Links an account to its Nevis user. An account can be linked only once.
   * @returns the account; undefined if the account is already linked
   */
  link(username: string | undefined, nevisUserId: string): Promise<Account | undefined> {
    return this.one(`update users set nevis_user_id = $2 where username = $1 and nevis_user_id is null returning ${COLUMNS}`, [
      username,
      nevisUserId,
    ])
  }

  /** Sets a new password. This ends all sessions of the user, because they contain the old `passwordVersion`. */
  changePassword(id: number, passwordHash: string): Promise<Account | undefined> {
    return this.one(`update users set password_hash = $2, password_version = password_version + 1 where id = $1 returning ${COLUMNS}`, [id, passwordHash])
  }

  /**
   * Notes that a user has set up SMS or recovery codes, because Nevis lists only the user's phones with the Access App. Stores neither the whole number nor the
   * codes.
   * @param maskedPhone the end of the phone number, for SMS
   */
  async noteAdded(id: number, factor: string, maskedPhone?: string): Promise<void> {
    if (factor === 'sms') await this.database.query('update users set sms_since = now(), sms_phone = $2 where id = $1', [id, maskedPhone ?? null])
    if (factor === 'recovery') await this.database.query('update users set codes_since = now(), codes_unsaved = 0 where id = $1', [id])
  }

  /**
   * Counts the sets of new recovery codes that the user has not confirmed yet. This is a counter, and not a flag: if two requests arrive at once and one is
   * refused, the refused one takes back only its own change.
   * @param change 1 before new codes are made, -1 if none were made
   */
  async countUnsavedCodes(id: number, change: 1 | -1): Promise<void> {
    await this.database.query('update users set codes_unsaved = greatest(0, codes_unsaved + $2) where id = $1', [id, change])
  }

  /** Notes whether the user wants to type a code with each push. */
  async setTypesCode(id: number, typesCode: boolean): Promise<void> {
    await this.database.query('update users set types_code = $2 where id = $1', [id, typesCode])
  }

  async addedBy(id: number): Promise<Added> {
    const added = await this.one<Added>(
      'select sms_since as "smsSince", sms_phone as "smsPhone", codes_since as "codesSince", codes_unsaved > 0 as "hasUnsavedCodes", types_code as "typesCode" from users where id = $1',
      [id],
    )
    return added ?? { smsSince: null, smsPhone: null, codesSince: null, hasUnsavedCodes: false, typesCode: false }
  }

  /** Adds or renews a demo account. Throws if an account that is not for the demo has this username, in upper or lower case; that account stays unchanged. */
  async putDemo({ username, passwordHash, nevisUserId, factors, maskedPhone }: DemoAccount): Promise<void> {
    const renewed = await this.one<{ id: number }>(
      `insert into users (username, password_hash, nevis_user_id, is_demo) values ($1, $2, $3, true)
       on conflict (lower(username)) do update set password_hash = excluded.password_hash, nevis_user_id = excluded.nevis_user_id
       where users.is_demo returning id`,
      [username, passwordHash, nevisUserId],
    )
    if (renewed === undefined) throw new Error(`The database has a real account named ${username}: it is not one for the demo`)
    for (const factor of factors) await this.noteAdded(renewed.id, factor, maskedPhone)
  }

  private async one<Row extends object>(sql: string, parameters: unknown[]): Promise<Row | undefined> {
    const { rows } = await this.database.query<Row>(sql, parameters)
    return rows[0]
  }
}
