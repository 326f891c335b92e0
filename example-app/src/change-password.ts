/**
 * Changes the password of the signed-in user. All other sessions of the user end, because they were opened with the old password (`app.ts`).
 *
 * Out of scope: a user who has forgotten the password.
 */
import { Router, type Request, type RequestHandler } from 'express'
import type { Config } from './config.js'
import { refuse, type RefusedForm } from './form.js'
import { textsFor } from './language.js'
import { page, signedIn, userOf } from './pages.js'
import { hashPassword, isPassword, isRightPassword, PASSWORD_LENGTH } from './password.js'
import { passwordLimit, renewCsrfToken } from './security.js'
import type { Users } from './users.js'
import { changePasswordPage } from './views/change-password.js'

declare module 'express-session' {
  interface SessionData {
    /** The page that the user wanted to see before the sign-in. */
    returnTo: string
  }
}

const HERE = '/account/password'

interface Parts {
  readonly config: Config
  readonly users: Users
  /** What an app with a second factor does in addition; undefined in an app without a second factor. */
  readonly secondFactor?: {
    /** Runs before the page is shown, and before the password is changed. */
    readonly guard: RequestHandler
    /** Forgets all remembered browsers of the user, in which the password alone is enough to sign in. */
    forget(user: Express.User): Promise<unknown>
  }
}

export function changePassword({ config, users, secondFactor }: Parts): Router {
  const routes = Router()
  // The waiting page of a sign-in links to this page. A user who is not signed in yet comes back to it after the sign-in.
  routes.get('/', comesBack)
  routes.use(signedIn, ...(secondFactor ? [secondFactor.guard] : []))
  routes.get('/', page(changePasswordPage, () => ({ passwordLength: PASSWORD_LENGTH })))
  routes.post('/', passwordLimit(config), async (req, res, next) => {
    const errors = await errorsIn(req, users)
    if (errors !== undefined) {
      refuse(req, [], errors)
      return res.redirect(303, HERE)
    }
    const { id } = userOf(req)
    // Forget the remembered browsers before the change: if `forget` fails, the user sees an error, and the password is still the old one.
    await secondFactor?.forget(userOf(req))
    const user = await users.changePassword(id, await hashPassword((req.body as { password: string }).password))
    if (user === undefined) throw new Error('The account does not exist any more')
    // The session gets a new id, and its other content stays. The second factor record belongs to the old id, so the next page that needs a second factor
    // asks for it again.
    req.login(user, { session: true, keepSessionInfo: true }, (error) => {
      if (error) return next(error)
      renewCsrfToken(req)
      const t = textsFor(req)
      const forgotten = secondFactor ? ` ${t('No browser is remembered any more.')}` : ''
      req.session.successes = [t('Your password has been changed. You are signed out in all other browsers.') + forgotten]
      res.redirect(303, '/account')
    })
  })
  return routes
}

const comesBack: RequestHandler = (req, _res, next) => {
  if (!req.isAuthenticated()) {
    req.session.returnTo = HERE
    req.session.notices = [textsFor(req)('Sign in. Then you can change your password.')] // replaces the same notice of an earlier request
  }
  next()
}

/** @returns error messages for the user, by field; undefined if the password may be changed */
async function errorsIn(req: Request, users: Users): Promise<RefusedForm['errors'] | undefined> {
  const t = textsFor(req)
  const { oldPassword, password, repeated } = (req.body ?? {}) as Partial<Record<'oldPassword' | 'password' | 'repeated', unknown>>
  const isRight = await isRightPassword(users, userOf(req).username, oldPassword)
  const errors = {
    ...(!isRight && { oldPassword: t('Incorrect password.') }),
    ...(!isPassword(password) && { password: t('A password has {min} to {max} characters.', PASSWORD_LENGTH) }),
    ...(isRight && isPassword(password) && password === oldPassword && { password: t('This is your old password. Choose another one.') }),
    ...(isPassword(password) && password !== repeated && { repeated: t('The two new passwords are not the same.') }),
  }
  return Object.keys(errors).length > 0 ? errors : undefined
}
