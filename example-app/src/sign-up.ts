/** Sign-up: creates an account from a username and a password. Out of scope: signing in. */
import { Router } from 'express'
import type { Config } from './config.js'
import { refuse, type RefusedForm } from './form.js'
import { textsFor, type Translate } from './language.js'
import { page, signedOut } from './pages.js'
import { hashPassword, isPassword, PASSWORD_LENGTH } from './password.js'
import { passwordLimit } from './security.js'
import type { Users } from './users.js'
import { signUpPage } from './views/sign-up.js'

/** Lower case only, which is easier to type on a phone. The database also refuses a username that differs from another one only in case (`users.ts`). */
const USERNAME = /^[a-z0-9][a-z0-9_.-]{2,49}$/

interface Credentials {
  readonly username: string
  readonly password: string
}

export function signUp({ config, users }: { readonly config: Config; readonly users: Users }): Router {
  const routes = Router()
  routes.get('/', signedOut, page(signUpPage, () => ({ passwordLength: PASSWORD_LENGTH })))
  routes.post('/', signedOut, passwordLimit(config), async (req, res) => {
    const t = textsFor(req)
    const { username, password } = (req.body ?? {}) as Partial<Record<keyof Credentials, unknown>>
    const errors = errorsIn(t, { username, password }) ?? (await add(users, { username, password } as Credentials, t))
    if (errors === undefined) req.session.successes = [t('Welcome, {name}. Your account is ready: sign in.', { name: username as string })]
    refuse(req, ['username'], errors ?? {}) // keeps the typed username for the next page: this form if there are errors, otherwise the sign-in form
    res.redirect(303, errors === undefined ? '/login' : '/sign-up')
  })
  return routes
}

/** @returns error messages for the user, by field; undefined if both fields are valid */
function errorsIn(t: Translate, { username, password }: Partial<Record<keyof Credentials, unknown>>): RefusedForm['errors'] | undefined {
  const isUsername = typeof username === 'string' && USERNAME.test(username)
  if (isUsername && isPassword(password)) return undefined
  return {
    ...(!isUsername && { username: t('A username has 3–50 characters: lower-case letters, digits, full stop, underscore, hyphen. It begins with a letter or digit.') }),
    ...(!isPassword(password) && { password: t('A password has {min} to {max} characters.', PASSWORD_LENGTH) }),
  }
}

/**
 * Adds an account. The sentence for a taken username tells anyone that the name exists. An app that must not reveal this asks for an e-mail address instead of
 * a username, always gives the same answer, and sends the next step to that address. Here, `passwordLimit` limits how many usernames an attacker can try.
 * @returns a sentence for the user if the username is taken; otherwise undefined
 */
async function add(users: Users, { username, password }: Credentials, t: Translate): Promise<RefusedForm['errors'] | undefined> {
  const isNew = await users.signUp({ username, passwordHash: await hashPassword(password) })
  return isNew ? undefined : { username: t('That username is taken. Choose another one.') }
}
