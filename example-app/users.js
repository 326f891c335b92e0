/** The accounts, in a table. Not its job: to check a password (`password.js`). */
const CREATE = `
  create table if not exists users (
    id integer generated always as identity primary key,
    username text not null unique,
    password_hash text not null,
    nevis_user_id text unique,
    is_demo boolean not null default false
  )`
const COLUMNS = 'id, username, nevis_user_id as "nevisUserId"'
/** Anything else is nobody's name and needs no question to the database. */
const USERNAME = /^[A-Za-z0-9_.@-]{1,64}$/

export class Users {
  /** Makes the table where there is none. */
  static async open(database) {
    await database.query(CREATE)
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

  /** Adds or renews a demo account; a real account of that name is left alone. */
  async putDemo({ username, passwordHash, nevisUserId }) {
    const renewed = await this.one(
      `insert into users (username, password_hash, nevis_user_id, is_demo) values ($1, $2, $3, true)
       on conflict (username) do update set password_hash = excluded.password_hash, nevis_user_id = excluded.nevis_user_id
       where users.is_demo returning id`,
      [username, passwordHash, nevisUserId],
    )
    if (renewed === undefined) throw new Error(`The database has a real account named ${username}: it is not one for the demo`)
  }

  async one(sql, parameters) {
    const { rows } = await this.database.query(sql, parameters)
    return rows[0]
  }
}
