/** The accounts, in a table. Not its job: to check a password (`password.js`). */
const CREATE = `
  create table if not exists users (
    id integer generated always as identity primary key,
    username text not null unique,
    password_hash text not null,
    nevis_user_id text unique,
    sms_since timestamptz,
    codes_since timestamptz,
    is_demo boolean not null default false
  )`
const COLUMNS = 'id, username, nevis_user_id as "nevisUserId"'
/** Anything else is nobody's name and needs no question to the database. */
const USERNAME = /^[A-Za-z0-9_.@-]{1,64}$/

export class Users {
  /** Makes the table where there is none. */
  static async open(database) {
    await database.create(CREATE)
    return new Users(database)
  }

  constructor(database) {
    this.database = database
  }

  findById(id) {
    return this.one(`select ${COLUMNS} from users where id = $1`, [id])
  }

  /** By the userId that Nevis gave; undefined for a stranger. */
  findByNevisId(nevisUserId) {
    return this.one(`select ${COLUMNS} from users where nevis_user_id = $1`, [nevisUserId])
  }

  /** @returns `{ user, passwordHash }`; the hash never sits on the user itself */
  async findForPassword(username) {
    if (typeof username !== 'string' || !USERNAME.test(username)) return {}
    const row = await this.one(`select ${COLUMNS}, password_hash as "passwordHash" from users where username = $1`, [username])
    if (row === undefined) return {}
    const { passwordHash, ...user } = row
    return { user, passwordHash }
  }

  async add({ username, passwordHash, nevisUserId }) {
    if (!USERNAME.test(username)) throw new Error('A username has 1 to 64 of the characters A-Z a-z 0-9 _ . @ -')
    await this.database.query('insert into users (username, password_hash, nevis_user_id) values ($1, $2, $3)', [
      username,
      passwordHash,
      nevisUserId,
    ])
  }

  /**
   * An account that has no second factor yet.
   * @returns false where the name is taken
   */
  async signUp({ username, passwordHash }) {
    const added = await this.one('insert into users (username, password_hash) values ($1, $2) on conflict do nothing returning id', [
      username,
      passwordHash,
    ])
    return added !== undefined
  }

  /**
   * Remembers who somebody is at Nevis, once.
   * @returns the account; undefined where it is linked already
   */
  link(username, nevisUserId) {
    return this.one(`update users set nevis_user_id = $2 where username = $1 and nevis_user_id is null returning ${COLUMNS}`, [
      username,
      nevisUserId,
    ])
  }

  /** Nevis lists apps, but neither phone numbers nor recovery codes: that there are some is remembered here, and no more. */
  async noteAdded(id, factor) {
    const column = { sms: 'sms_since', recovery: 'codes_since' }[factor]
    if (column) await this.database.query(`update users set ${column} = now() where id = $1`, [id])
  }

  /** @returns `{ smsSince, codesSince }`, each null where there is none */
  addedBy(id) {
    return this.one('select sms_since as "smsSince", codes_since as "codesSince" from users where id = $1', [id])
  }

  /** Adds or renews a demo account; a real account of that name is left alone. */
  async putDemo({ username, passwordHash, nevisUserId, factors }) {
    const renewed = await this.one(
      `insert into users (username, password_hash, nevis_user_id, is_demo) values ($1, $2, $3, true)
       on conflict (username) do update set password_hash = excluded.password_hash, nevis_user_id = excluded.nevis_user_id
       where users.is_demo returning id`,
      [username, passwordHash, nevisUserId],
    )
    if (renewed === undefined) throw new Error(`The database has a real account named ${username}: it is not one for the demo`)
    for (const factor of factors) await this.noteAdded(renewed.id, factor)
  }

  async one(sql, parameters) {
    const { rows } = await this.database.query(sql, parameters)
    return rows[0]
  }
}
