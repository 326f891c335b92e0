/**
 * Adds an account when the app runs with a real Nevis instance: `npm run add-user -w example-app -- anna`. Prints the account's password and, if
 * Nevis does not know the username yet, a link that registers the phone. PGlite can be used by one process only, so stop the app first.
 */
import { randomBytes } from 'node:crypto'
import { NevisClient, NevisError } from 'passport-nevis'
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
    // Check the name before Nevis enrols the user.
    assertUsername(username)
    if (await users.isTaken(username)) throw new Error(`There is an account named ${username} already, in upper or lower case.`)
    const { userId, appLinkUri } = await findOrEnroll(new NevisClient(nevis), username)
    const password = randomBytes(12).toString('base64url')
    await users.add({ username, passwordHash: await hashPassword(password), nevisUserId: userId })
    console.log(`Account ${username}, password ${password}`)
    if (appLinkUri) console.log(`To register the phone, open this link on it: ${appLinkUri}`)
  } finally {
    await database.close()
  }
}

/** Finds the Nevis user with this username, or creates one. For a new user it also returns a link that registers the phone. */
async function findOrEnroll(client: NevisClient, username: string): Promise<{ userId: string; appLinkUri?: string }> {
  try {
    const { userId } = await client.findUserByUsername(username)
    return { userId }
  } catch (error) {
    if (!(error instanceof NevisError) || error.code !== 'NEVIS_NOT_FOUND') throw error
    const { userId, appLinkUri } = await client.enroll({ username })
    if (userId === undefined) throw new Error(`Nevis enrolled ${username}, but its answer has no userId.`, { cause: error })
    return { userId, ...(appLinkUri !== undefined && { appLinkUri }) }
  }
}

addUser(process.argv[2]).catch((error: NodeJS.ErrnoException) => {
  console.error(error.message || error.code)
  process.exitCode = 1
})
