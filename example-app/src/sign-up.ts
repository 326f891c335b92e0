/** Sign-up: creates an account from a username and a password. Out of scope: signing in. */
import { Router } from 'express'
import type { Config } from './config.js'
import { page, signedOut } from './pages.js'
import { hashPassword } from './password.js'
import { passwordLimit } from './security.js'
import type { Users } from './users.js'
import { signUpPage } from './views/sign-up.js'

/** Lower case only, so that no two usernames differ only in case. */
const USERNAME = /^[a-z0-9][a-z0-9_.-]{2,49}$/
/** OWASP ASVS 5.0, 6.2.1 and 6.2.9. */
const PASSWORD_LENGTH = { min: 8, max: 128 }

interface Credentials {
  readonly username: string
  readonly password: string
}

export function signUp({ config, users }: { readonly config: Config; readonly users: Users }): Router {
  const routes = Router()
  routes.get('/', signedOut, page(signUpPage, () => ({ passwordLength: PASSWORD_LENGTH })))
  routes.post('/', signedOut, passwordLimit(config), async (req, res) => {
    const credentials = credentialsOf(req.body as Partial<Record<keyof Credentials, unknown>>)
    const refusal = typeof credentials === 'string' ? credentials : await add(users, credentials)
    req.session.messages = [refusal ?? `Welcome, ${(credentials as Credentials).username}. Your account is ready: sign in.`]
    res.redirect(303, refusal === undefined ? '/login' : '/sign-up')
  })
  return routes
}

/** @returns the credentials, or a sentence for the user if a field is wrong */
function credentialsOf({ username, password }: Partial<Record<keyof Credentials, unknown>>): Credentials | string {
  if (typeof username !== 'string' || !USERNAME.test(username)) {
    return 'A username has 3–50 characters: lower-case letters, digits, . _ -. It begins with a letter or digit.'
  }
  const { min, max } = PASSWORD_LENGTH
  if (typeof password !== 'string' || password.length < min || password.length > max) return `A password has ${min} to ${max} characters.`
  return { username, password }
}

/** @returns a sentence for the user if the username is taken; otherwise undefined */
async function add(users: Users, { username, password }: Credentials): Promise<string | undefined> {
  const isNew = await users.signUp({ username, passwordHash: await hashPassword(password) })
  return isNew ? undefined : 'That username is taken. Choose another one.'
}
