/**
 * Adds an account for the real cloud: `npm run add-user -w example-app -- anna`. Prints its password, and a link for the
 * phone where Nevis does not know the name yet. PGlite is for one process: stop the app first.
 */
import { randomBytes } from 'node:crypto'
import { NevisClient } from 'passport-nevis'
import { readConfig } from './config.js'
import { openDatabase } from './database.js'
import { hashPassword } from './password.js'
import { Users } from './users.js'

async function addUser(username) {
  const { nevis, database: where } = readConfig()
  if (username === undefined || nevis === undefined) throw new Error('Give a username, and set NEVIS_INSTANCE and NEVIS_ACCESS_KEY.')
  const database = await openDatabase(where)
  try {
    const users = await Users.open(database)
    if ((await users.findForPassword(username)).user) throw new Error(`There is an account named ${username} already.`)
    const { userId, appLinkUri } = await known(new NevisClient(nevis), username)
    const password = randomBytes(12).toString('base64url')
    await users.add({ username, passwordHash: await hashPassword(password), nevisUserId: userId })
    console.log(`Account ${username}, password ${password}`)
    if (appLinkUri) console.log(`To register the phone, open this link on it: ${appLinkUri}`)
  } finally {
    await database.close()
  }
}

/** Nevis's user of that name; a new one has a phone to register. */
async function known(client, username) {
  try {
    return await client.findUserByUsername(username)
  } catch (error) {
    if (error.code !== 'NEVIS_NOT_FOUND') throw error
    return client.enroll({ username })
  }
}

addUser(process.argv[2]).catch((error) => {
  console.error(error.message || error.code)
  process.exitCode = 1
})
