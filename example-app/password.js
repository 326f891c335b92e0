/** Passwords: hashed with argon2id, and the Passport strategy that asks for one. */
import { hash, verify } from '@node-rs/argon2'
import { randomBytes } from 'node:crypto'
import { Strategy as LocalStrategy } from 'passport-local'

/** OWASP's recommendation for argon2id: 19 MiB, two passes, one thread. The library's default algorithm is argon2id. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export const hashPassword = (password) => hash(password, COST)

/** A name that nobody has takes the same work as a wrong password: the time tells nobody which names exist. */
const nobodysHash = hashPassword(randomBytes(32))

export function passwordStrategy(users) {
  return new LocalStrategy((username, password, done) => {
    check(users, username, password).then(
      (user) => (user ? done(null, user) : done(null, false, { message: 'The username or the password is not right.' })),
      done,
    )
  })
}

async function check(users, username, password) {
  const { user, passwordHash } = await users.findForPassword(username)
  const isRight = await verify(passwordHash ?? (await nobodysHash), String(password))
  return isRight && user
}
