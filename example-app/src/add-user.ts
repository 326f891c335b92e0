/**
 * Adds an account when the app runs with a real Nevis instance: `npm run add-user -w example-app -- anna`. Prints the account's password. At the first sign-in,
 * the user confirms with a phone that Nevis knows for this username, or sets up a phone. PGlite can be used by one process only, so stop the app first.
 */
import { randomBytes } from 'node:crypto'
import { readConfig } from './config.js'
import { openDatabase } from './database.js'
import { hashPassword } from './password.js'
import { assertUsername, Users } from './users.js'

async function addUser(username: string | undefined): Promise<void> {
  const { nevis, database: where } = readConfig()
  if (username === undefined || nevis === undefined) throw new Error('Give a username, and set NEVIS_INSTANCE and NEVIS_ACCESS_KEY.')
  const database = await openDatabase(where)
  try {
    const users = await Users.open(database)
    assertUsername(username)
    const password = randomBytes(12).toString('base64url')
    const isNew = await users.signUp({ username, passwordHash: await hashPassword(password) })
    if (!isNew) throw new Error(`There is an account named ${username} already, in upper or lower case.`)
    console.log(`Account ${username}, password ${password}`)
  } finally {
    await database.close()
  }
}

addUser(process.argv[2]).catch((error: NodeJS.ErrnoException) => {
  console.error(error.message || error.code)
  process.exitCode = 1
})
