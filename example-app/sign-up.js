/** Sign-up: a username and a password make an account. Not its job: to sign anybody in. */
import { Router } from 'express'
import { page, signedOut } from './pages.js'
import { hashPassword } from './password.js'
import { passwordLimit } from './security.js'
import { signUpPage } from './views/sign-up.js'

/** Lower case only: who is "Anna" where there is an "anna" is nothing to wonder about. */
const USERNAME = /^[a-z0-9][a-z0-9_.-]{2,49}$/
/** OWASP ASVS 5.0, 6.2.1 and 6.2.9. */
const PASSWORD_LENGTH = { min: 8, max: 128 }

export function signUp({ config, users }) {
  const routes = Router()
  routes.get('/', signedOut, page(signUpPage, () => ({ passwordLength: PASSWORD_LENGTH })))
  routes.post('/', signedOut, passwordLimit(config), async (req, res) => {
    const refusal = refusalOf(req.body) ?? (await add(users, req.body))
    req.session.messages = [refusal ?? `Welcome, ${req.body.username}. Your account is ready: sign in.`]
    res.redirect(303, refusal ? '/sign-up' : '/login')
  })
  return routes
}

function refusalOf({ username, password }) {
  if (typeof username !== 'string' || !USERNAME.test(username)) return 'A username has 3 to 50 small letters, digits, or _ . -, and begins with a letter or digit.'
  const { min, max } = PASSWORD_LENGTH
  if (typeof password !== 'string' || password.length < min || password.length > max) return `A password has ${min} to ${max} characters.`
}

async function add(users, { username, password }) {
  const isNew = await users.signUp({ username, passwordHash: await hashPassword(password) })
  if (!isNew) return 'There is an account of that name already. Choose another name.'
}
