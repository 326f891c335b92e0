/**
 * The attack: a username that differs from the victim's only in upper and lower case.
 *
 * The victim's account is called `Anna`, as an operator has added it. A stranger signs up as `anna` with a password of their own, and starts the second factor
 * again and again. The strategy ignores case when it counts the starts under a username. So the victim, too, has to wait, although the stranger does not know
 * the victim's password.
 *
 * A second attack is on the limit of wrong passwords. When a user has signed in, the app sets a cookie in that browser. With this cookie, the browser may type
 * as many wrong passwords as all other browsers together. The cookie is for a username in lower case. So with the cookie for `anna`, the stranger could try
 * more passwords for `Anna`.
 *
 * Both attacks need two accounts, so the app refuses a username that differs from another one only in case.
 */
import { emptyDatabase } from './empty-database'
import { exampleApp, launch } from './support'

/** Runs these statements in a process of the example app, with a new database. Returns the results of the promises that the statements pass to `say`. */
async function said(statements: string): Promise<unknown[]> {
  const script = `
    import { openDatabase } from './dist/database.js'
    import { Users } from './dist/users.js'
    const database = await openDatabase({ dataDir: process.env.DATA_DIR })
    const all = []
    const say = (result) => result.then((value) => all.push(value ?? null), (error) => all.push(error.message))
    const one = (username, nevisUserId) => ({ username, passwordHash: 'hash', nevisUserId })
    ${statements}
    console.log(JSON.stringify(all))
    await database.close()`
  const { folder, remove } = emptyDatabase()
  const { stdout, stderr } = await launch({ DATA_DIR: folder }, exampleApp, ['--input-type=module', '-e', script]).ended
  remove()
  expect(stderr).toBe('')
  return JSON.parse(stdout) as unknown[]
}

/** The table of the users as it was when usernames could still differ only in case. */
const OLD_TABLE = `
  await database.create(\`create table users (
    id integer generated always as identity primary key, username text not null unique, password_hash text not null, nevis_user_id text unique,
    sms_since timestamptz, codes_since timestamptz, is_demo boolean not null default false)\`)
  for (const name of ['Anna', 'ben']) await database.query('insert into users (username, password_hash) values ($1, $2)', [name, 'hash'])`

it('is taken in any case, for a user who signs up or is added', async () => {
  const results = await said(`
    const users = await Users.open(database)
    await say(users.signUp(one('Anna')))
    await say(users.signUp(one('anna')))
    await say(users.signUp(one('ANNA')))
    await say(users.findForPassword('anna'))
    await say(users.signUp(one('ben')))
    await say(users.findForPassword('Anna').then(({ user }) => user.nevisUserId))`)
  expect(results).toEqual([true, false, false, {}, true, null])
})

it('that an operator adds › gets an account without a second factor, which its first sign-in links, and no second one in another case', async () => {
  const { folder, remove } = emptyDatabase()
  const add = (name: string) => launch({ DATA_DIR: folder, NEVIS_BASE_URL: 'http://127.0.0.1:1', NEVIS_ACCESS_KEY: 'key', SESSION_SECRET: 'x'.repeat(32) }, exampleApp, ['dist/add-user.js', name]).ended
  expect((await add('Anna')).stdout).toMatch(/^Account Anna, password \S+\n$/)
  expect((await add('anna')).stderr).toContain('There is an account named anna already')
  remove()
})

it('is not given to a demo account, if a real account has the name in another case', async () => {
  const results = await said(`
    const users = await Users.open(database)
    const demo = (username, id) => ({ ...one(username, id), factors: [] })
    await say(users.signUp(one('Anna')))
    await say(users.putDemo(demo('anna', 'id-1')))
    for (const id of ['id-2', 'id-3']) await say(users.putDemo(demo('ben', id)))
    await say(users.findByNevisId('id-3').then(({ username }) => username))`)
  expect(results).toEqual([true, 'The database has a real account named anna: it is not one for the demo', null, null, 'ben'])
})

describe('a database of an earlier version', () => {
  it('is opened, and names of another case are taken from then on', async () => {
    const results = await said(`${OLD_TABLE}
      for (let i = 0; i < 2; i++) await say(Users.open(database).then((users) => users.signUp(one('anna'))))`)
    expect(results).toEqual([false, false])
  })

  it('gets the columns that it lacks', async () => {
    const results = await said(`${OLD_TABLE}
      const users = await Users.open(database)
      await say(users.findById(1).then(({ passwordVersion }) => passwordVersion))
      await say(users.changePassword(1, 'other').then(({ passwordVersion }) => passwordVersion))
      await say(users.addedBy(1))`)
    expect(results).toEqual([0, 1, { smsSince: null, smsPhone: null, codesSince: null, hasUnsavedCodes: false, typesCode: false }])
  })

  it('is not opened if two names differ only in case, and the error names them', async () => {
    const results = await said(`${OLD_TABLE}
      await database.query('insert into users (username, password_hash) values ($1, $2)', ['anna', 'hash'])
      await say(Users.open(database))
      await database.query('update users set username = $1 where username = $2', ['anna2', 'anna'])
      await say(Users.open(database).then((users) => users.signUp(one('ANNA'))))`)
    expect(results).toEqual([expect.stringMatching(/upper and lower case: (Anna, anna|anna, Anna)\. Rename all but one/), false])
  })
})
