/** Hashes passwords with argon2id, and creates the Passport strategy that checks them. */
import { hash, verify } from '@node-rs/argon2'
import type { ErrorRequestHandler } from 'express'
import { randomBytes } from 'node:crypto'
import { Strategy as LocalStrategy } from 'passport-local'
import { refuse } from './form.js'
import { textsFor } from './language.js'
import type { Account, Users } from './users.js'

/** OWASP's recommendation for argon2id: 19 MiB, two passes, one thread. The library's default algorithm is argon2id. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Allowed lengths of a password, as OWASP ASVS 5.0 requires (6.2.1 and 6.2.9). */
export const PASSWORD_LENGTH = { min: 8, max: 128 }

/** True if this may be the password of an account. */
export function isPassword(password: unknown): password is string {
  return typeof password === 'string' && password.length >= PASSWORD_LENGTH.min && password.length <= PASSWORD_LENGTH.max
}

export const hashPassword = (password: string | Buffer): Promise<string> => hash(password, COST)

/**
 * For an unknown username, the password is checked against this hash. So the answer takes as long as for a wrong password, and an attacker
 * cannot find out which names exist.
 */
const nobodysHash = hashPassword(randomBytes(32))

export function passwordStrategy(users: Users): LocalStrategy {
  return new LocalStrategy((username, password, done) => {
    check(users, username, password).then(
      (user) => done(null, user ?? false),
      done,
    )
  })
}

/** Runs after a wrong password, as error middleware. Redirects to the password form, which keeps the username and shows what is wrong. */
export const passwordRefused: ErrorRequestHandler = (error: Error, req, res, next) => {
  if (error.name !== 'AuthenticationError') return next(error)
  refuse(req, ['username'], { credentials: textsFor(req)('Incorrect username or password.') })
  res.redirect('/login')
}

/** True if the account has this password. */
export async function isRightPassword(users: Users, username: string, password: unknown): Promise<boolean> {
  return (await check(users, username, password)) !== undefined
}

async function check(users: Users, username: unknown, password: unknown): Promise<Account | undefined> {
  const { user, passwordHash } = await users.findForPassword(username)
  const isRight = await verify(passwordHash ?? (await nobodysHash), String(password))
  return isRight ? user : undefined
}
