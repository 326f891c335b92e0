/** What the routes do with the second factor: ask for it after the password, accept it, and go on. Out of scope: its options (`nevis.ts`). */
import type { Request, RequestHandler } from 'express'
import type { AuthenticateOptions, Authenticator } from 'passport'
import { atLeast, htmlMessage } from 'passport-nevis'
import type { Config } from './config.js'
import { userOf } from './pages.js'
import { invoiceOf, type SignedPayment } from './paying.js'
import { renewCsrfToken } from './security.js'

/** Names for users, by the name of the factor. The first is the default. */
export type FactorNames = Readonly<Record<string, string>>

/** @param allowed leaves out all other factors */
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

/** Where a signed-in user confirms again. A recovery code is too weak for that. */
export const stepUp = { message: 'Confirm that it is you, at Alpine Mutual?', factors: atLeast('sms') } satisfies AuthenticateOptions

/** For an invoice: what the phone shows, and what the callback pays after the approval. */
export const signing = {
  factors: atLeast('push'), // only these factors show the message on the phone
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
 * Right after the password: asks for the second factor. A user who has none sets one up; recovery codes alone do not count as one.
 * If a browser was closed at the end of an enrolment, the user has a factor that is not linked to the account yet: then the user
 * confirms with that factor.
 */
export function afterPassword({ passport, onFailure }: Parts): RequestHandler {
  const confirm = passport.authenticate('nevis', onFailure) as RequestHandler
  const first = passport.authenticate('nevis', { ...onFailure, operation: 'approve-or-enroll', factors: ['app', 'sms'] }) as RequestHandler
  return (req, res, next) => {
    if (userOf(req).nevisUserId) return confirm(req, res, next)
    delete (req.body as { factor?: unknown }).factor // the form offered it before the app knew who signs in
    return first(req, res, next)
  }
}

/** The callback: signs the user in, or leaves the login as it is if the user is signed in already. */
export function approved({ passport, onFailure }: Parts): RequestHandler {
  // The session keeps the transactions that wait in other tabs.
  const login = passport.authenticate('nevis', { ...onFailure, keepSessionInfo: true }) as RequestHandler
  // A copy, because `authorize` writes into its options.
  const confirmAgain = passport.authorize('nevis', { ...onFailure }) as RequestHandler
  return (req, res, next) => {
    if (req.user) return confirmAgain(req, res, next)
    return login(req, res, (error: unknown) => {
      // An attacker who planted the anonymous session knows its CSRF token, and must not know the token of the login.
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

/** After the callback: redirects to the page that the user wanted. */
export const goOn: RequestHandler = (req, res) => {
  const { returnTo, nevis } = req.authInfo ?? {}
  if (nevis?.operation === 'enroll') req.session.messages = [ENROLLED[nevis.factor] ?? 'It is set up.']
  res.redirect(303, returnTo ?? (nevis?.data as { returnTo?: string } | undefined)?.returnTo ?? '/account')
}
