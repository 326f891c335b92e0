/**
 * The middleware for the second factor: asks for it after the password, accepts it in the callback, and redirects. Out of scope: its options
 * (`nevis.ts`).
 */
import type { Request, RequestHandler } from 'express'
import type { AuthenticateOptions, Authenticator } from 'passport'
import { atLeast, htmlMessage } from 'passport-nevis'
import type { Config } from './config.js'
import { userOf } from './pages.js'
import { invoiceOf, type SignedPayment } from './paying.js'
import { renewCsrfToken } from './security.js'

/** The factors by name, each with the words that users see. The first is the default. */
export type FactorNames = Readonly<Record<string, string>>

/** @param allowed the names of the factors to include; default: all */
export function factorNamesOf(config: Config, allowed?: readonly string[]): FactorNames {
  const names = {
    push: 'Request on my phone',
    app: 'QR code or link',
    sms: 'Code by SMS',
    recovery: 'Recovery code',
    ...(config.widget && { widget: 'On the page, step by step' }),
  }
  return Object.fromEntries(Object.entries(names).filter(([name]) => allowed?.includes(name) ?? true))
}

/** Route options for a signed-in user who must confirm again. Recovery codes are left out, because they are too weak for this. */
export const stepUp = { message: 'Confirm that it is you, at Alpine Mutual?', factors: atLeast('sms') } satisfies AuthenticateOptions

/** Route options for the payment of an invoice: the message on the phone, and the data with which the callback pays. */
export const signing = {
  factors: atLeast('push'), // push and QR code: only these show the message on the phone
  failureRedirect: '/invoices',
  message: (req: Request) => htmlMessage`Pay <b>CHF ${invoiceOf(req).amount}</b><br>to <b>${invoiceOf(req).payee}</b>?`,
  data: (req: Request): SignedPayment => {
    const { id, payee, amount } = invoiceOf(req)
    return { kind: 'payment', id, payee, amount }
  },
} satisfies AuthenticateOptions

interface Parts {
  readonly passport: Pick<Authenticator, 'authenticate' | 'authorize'>
  readonly onFailure: AuthenticateOptions
}

/**
 * Runs after the password and starts the second factor. A user who has none sets one up; recovery codes alone do not count as a second factor.
 * If the user closed the browser at the end of an enrolment, the new factor is not linked to the account yet; the user then confirms with that
 * factor.
 */
export function afterPassword({ passport, onFailure }: Parts): RequestHandler {
  const confirm = passport.authenticate('nevis', onFailure) as RequestHandler
  const first = passport.authenticate('nevis', { ...onFailure, operation: 'approve-or-enroll', factors: ['app', 'sms'] }) as RequestHandler
  return (req, res, next) => {
    if (userOf(req).nevisUserId) return confirm(req, res, next)
    delete (req.body as { factor?: unknown }).factor // ignores the factor chosen in the form, which was shown before the app knew the user
    return first(req, res, next)
  }
}

/** The callback: signs the user in. If the user is already signed in, the login stays as it is. */
export function approved({ passport, onFailure }: Parts): RequestHandler {
  // `keepSessionInfo` keeps the transactions of other tabs in the session.
  const login = passport.authenticate('nevis', { ...onFailure, keepSessionInfo: true }) as RequestHandler
  // The options are copied, because `authorize` changes them.
  const confirmAgain = passport.authorize('nevis', { ...onFailure }) as RequestHandler
  return (req, res, next) => {
    if (req.user) return confirmAgain(req, res, next)
    return login(req, res, (error: unknown) => {
      // The CSRF token is replaced on login: an attacker who planted the anonymous session (session fixation) knows the old token.
      if (!error) renewCsrfToken(req)
      next(error)
    })
  }
}

const ENROLLED: Readonly<Record<string, string>> = {
  app: 'Your phone is set up.',
  sms: 'You can sign in by SMS now.',
  recovery: 'Your new recovery codes are ready to use.',
}

/** Runs after the callback: redirects to the page that the user wanted to see. */
export const goOn: RequestHandler = (req, res) => {
  const { returnTo, nevis } = req.authInfo ?? {}
  if (nevis?.operation === 'enroll') req.session.messages = [ENROLLED[nevis.factor] ?? 'It is set up.']
  res.redirect(303, returnTo ?? (nevis?.data as { returnTo?: string } | undefined)?.returnTo ?? '/account')
}
