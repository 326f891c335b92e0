/**
 * The middleware for the second factor: starts the second factor after the password, accepts the result in the callback, and redirects. Out of scope: the
 * options of the Nevis strategy (`nevis.ts`).
 */
import { Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express'
import type { AuthenticateOptions, Authenticator } from 'passport'
import { NevisClient, atLeast, failureText, forgetBrowsers, htmlMessage, outagePage, secondFactorOf, type NevisStrategy, type SecondFactorRecord, type WaitingPageOptions } from 'passport-nevis'
import type { Cloud, Config } from './config.js'
import { MAX_AGE_SECONDS, confirmFirst, isConfirmed, notDoneFor, pageOf, purposeIn, type Purpose } from './confirm-first.js'
import { UNSAVED_CODES, devicesIn, isNewNumber } from './devices.js'
import { refuse } from './form.js'
import { francs } from './format.js'
import type { Text } from './german.js'
import { languageOf, textsFor, translator, type Language } from './language.js'
import { page, userOf } from './pages.js'
import { invoiceOf, isPayment, sayOutcome, type PaymentApproval, type SignedPayment } from './paying.js'
import { isRefusal, onAnyFailure, orBack, sayHowLong } from './refused.js'
import { csrfToken, renewCsrfToken } from './security.js'
import type { Added, Users } from './users.js'
import type { AccountParts } from './views/account.js'
import { stepUpPage, stepUpURL, type RecoveryCode } from './views/step-up.js'

export { onAnyFailure }

declare module 'express-session' {
  interface SessionData {
    /**
     * For sign-ins whose second factor is still missing: for each account id, the version of the password that the user has entered
     * (`Account.passwordVersion`).
     */
    passwordVersions: Record<number, number>
    /** The page of `confirm-first.ts` for which the user confirms again now; undefined if the user confirms for something else. */
    confirming: Purpose
    /** When the user has set up a phone in this session, in milliseconds since 1970. */
    newPhoneAt: number
  }
}

/** The look of the waiting page and the outage page: the name, logo, links and stylesheet of this app. */
const look = {
  brand: { name: 'Alpine Mutual', logo: '/logo.svg', logoDark: '/logo-dark.svg', icon: '/favicon.svg', href: '/' },
  signInURL: '/login',
  helpURL: '/help',
  changePasswordURL: '/account/password',
  footerLinks: [{ text: { en: 'Imprint', de: translator('de')('Imprint') }, href: '/imprint' }],
  stylesheet: '/brand.css',
  language: languageOf,
  languages: ['de', 'en'],
}

/**
 * The page that users see while Nevis or a store is down. On the app's own pages, a signed-in user sees the app's error page instead, which has the navigation.
 */
export function outage(nevis: NevisStrategy): ErrorRequestHandler {
  const page = outagePage(nevis, look)
  return (error, req, res, next) => {
    const isOwnPage = req.user !== undefined && !/^\/login\b/.test(req.path) && req.accepts(['html', 'json']) === 'html'
    if (isOwnPage) next(error)
    else page(error, req, res, next)
  }
}

/** Options of the waiting page. For a payment, the page also lists the amount and the payee, and after a failure says that nothing was paid. */
export function waitingLook(users: Users, { storeLinks }: Config): WaitingPageOptions<Request, Response> {
  return {
    ...look,
    storeLinks,
    csrfToken,
    widgetScript: '/widget.js',
    maskedPhone: async ({ userId }) => {
      const user = userId === undefined ? undefined : await users.findByNevisId(userId)
      return user && ((await users.addedBy(user.id)).smsPhone ?? undefined)
    },
    details: (data, language, hasFailed) => {
      const t = translator(language as Language)
      if (!isPayment(data)) return undefined
      const outcome = hasFailed ? [{ label: t('Status'), value: t('Nothing was paid with this request') }] : []
      return [{ label: t('Amount'), value: francs(data.amount) }, { label: t('To'), value: data.payee }, ...outcome]
    },
  }
}

/**
 * If the second factor was refused, for example because the user has denied or cancelled it, a signed-in user returns to the page from which they started, and
 * stays signed in. At a sign-in, the user returns to the password form.
 */
export const backWhereUserWas: ErrorRequestHandler = (error: Error, req, res, next) => {
  if (!isRefusal(error)) return next(error)
  sayHowLong(req)
  // The session may have ended while the user waited, and its messages are then lost. So the address of the sign-in page says why the user is there.
  const toSignIn = req.authInfo?.code === 'unknown_transaction' ? '/login?ended' : '/login'
  let back = req.user ? (req.authInfo?.returnTo ?? pageToConfirmFor(req)) : toSignIn
  // The user has not saved the new recovery codes, and Nevis may have ended the old ones when it created them. So tell the user to create new ones.
  if (back === UNSAVED_CODES) {
    back = pageOf('devices')
    const reasons = (req.session.messages ?? []).filter((sentence) => sentence === failureText('cancelled'))
    req.session.messages = [...reasons, textsFor(req)('Your old recovery codes and the ones just shown may not work. Create new ones.')]
  }
  res.redirect(303, back)
}

/** The page to show after the step-up: the one that required it (`confirmFirst` has stored its name), else `/account`. */
function pageToConfirmFor({ session }: Request): string {
  const { confirming } = session
  delete session.confirming
  return confirming === undefined ? '/account' : pageOf(confirming)
}

/** Route options for a signed-in user who must confirm again. Recovery codes are left out, because they are too weak for a step-up. */
export const stepUp = {
  ...onAnyFailure,
  message: (req: Request) => textsFor(req)('Confirm that it is you, at Alpine Mutual?'),
  factors: atLeast('sms'),
} satisfies AuthenticateOptions

/** The routes of the step-up: GET shows the page that asks a signed-in user to confirm again, POST starts the second factor. */
export function stepUpRoutes(passport: Pick<Authenticator, 'authorize'>, users: Users): Router {
  const routes = Router()
  routes.get('/', (req, res, next) => {
    const purpose = purposeIn(req.query['for'])
    if (purpose !== undefined && isConfirmed(req, purpose)) res.redirect(303, pageOf(purpose)) // for example after the button "Back" of the browser
    else next()
  })
  routes.get('/', page(stepUpPage, async (req) => {
    const purpose = purposeIn(req.query['for'])
    return { purpose, notDone: purpose && notDoneFor(req, purpose), recoveryCode: recoveryCodeOf(req, await users.addedBy(userOf(req).id)) }
  }))
  routes.post('/', (req, res, next) => {
    const purpose = purposeIn(req.query['for'])
    const start = passport.authorize('nevis', stepUp) as RequestHandler
    if (purpose === undefined) delete req.session.confirming
    else req.session.confirming = purpose
    // The strategy reads the session again after it has called Nevis, so save the change of `confirming` first.
    req.session.save((error) => (error ? next(error) : start(req, res, orBack(stepUpURL(purpose), req, res, next))))
  })
  return routes
}

/**
 * A user may have lost the phone, and then cannot confirm again. This is likely after a sign-in with a recovery code, and possible after a sign-in with the
 * password alone, in a remembered browser. The result says how such a user can go on.
 * @returns `fresh` or `old` after a sign-in with a recovery code: `fresh` while this sign-in still opens "Devices and security", `old` afterwards. `unused` or
 * `none` after a sign-in with the password alone: `unused` if the user has recovery codes, `none` if the user has neither recovery codes nor SMS. Undefined for
 * all other users: they can confirm with a phone or by SMS
 */
function recoveryCodeOf(req: Request, { smsSince, codesSince }: Added): RecoveryCode | undefined {
  const record = secondFactorOf(req)
  if (record === undefined) return codesSince ? 'unused' : smsSince ? undefined : 'none'
  if (!needsNewPhone(req, record)) return undefined
  return Date.now() - record.at <= MAX_AGE_SECONDS * 1000 ? 'fresh' : 'old'
}

/** True if the user has signed in with a recovery code, probably because the phone is lost, and has not set up a phone since. */
function needsNewPhone({ session: { newPhoneAt = 0 } }: Request, { factor, at }: SecondFactorRecord): boolean {
  return factor === 'recovery' && newPhoneAt < at
}

/** What the account page shows of the second factor. */
export function accountParts(req: Request): Pick<AccountParts, 'secondFactor' | 'needsNewPhone'> {
  const secondFactor = secondFactorOf(req)
  return { secondFactor, needsNewPhone: secondFactor !== undefined && needsNewPhone(req, secondFactor) }
}

/** Route options for the payment of an invoice: the message on the phone, and the data with which the callback pays. */
export const signing = {
  factors: atLeast('push'), // push and QR code: only these show the message on the phone
  ...onAnyFailure,
  message: (req: Request) => {
    const [amount, payee] = [francs(invoiceOf(req).amount), invoiceOf(req).payee]
    return languageOf(req) === 'de' ? htmlMessage`<b>${amount}</b><br>an <b>${payee}</b> zahlen?` : htmlMessage`Pay <b>${amount}</b><br>to <b>${payee}</b>?`
  },
  data: (req: Request): SignedPayment => {
    const { id, payee, amount } = invoiceOf(req)
    return { kind: 'payment', id, payee, amount }
  },
} satisfies AuthenticateOptions

/** The approval of payments. A user who has only SMS or recovery codes cannot approve a payment. */
export function paymentApproval(passport: Pick<Authenticator, 'authorize'>, cloud: Cloud): PaymentApproval {
  const nevis = new NevisClient(cloud)
  return {
    confirm(req, res, next) {
      const back = `/invoices?unpaid=${invoiceOf(req).id}` // where a user who denies or cancels the payment returns
      const start = passport.authorize('nevis', { ...signing, returnTo: back }) as RequestHandler
      const refused = orBack(back, req, res, (error?: unknown) => {
        if (error !== undefined) sayOutcome(res, ['Nothing was paid. The invoice is still open.', 'If your phone still shows the request, deny it there.'])
        next(error)
      })
      start(req, res, refused)
    },
    async canConfirm(req) {
      const factor = secondFactorOf(req)?.factor
      // If the user has signed in or confirmed with a phone, the user has a phone. So do not ask Nevis.
      if (signing.factors.some((name) => name === factor)) return true
      // If Nevis cannot be reached, show the invoices all the same. A user who then presses "Pay" sees the page for an outage.
      const user = await nevis.getUser(userOf(req).nevisUserId as string).catch(() => undefined)
      return user === undefined || devicesIn(user).length > 0
    },
  }
}

/**
 * Runs after the password and starts the second factor. A user without a second factor sets one up; recovery codes alone do not count as a second factor.
 * If the user closed the browser at the end of an enrolment, the new factor is not linked to the account yet. The user then confirms with this factor.
 */
export function afterPassword(passport: Pick<Authenticator, 'authenticate'>): RequestHandler {
  const confirm = passport.authenticate('nevis', onAnyFailure) as RequestHandler
  const first = passport.authenticate('nevis', { ...onAnyFailure, operation: 'approve-or-enroll', factors: ['app', 'sms'] }) as RequestHandler
  return (req, res, next) => {
    const { id, passwordVersion, nevisUserId } = userOf(req)
    req.session.passwordVersions = { ...req.session.passwordVersions, [id]: passwordVersion } // for `isOldPassword`
    refuse(req, ['username'], {}) // if the second factor fails, the sign-in form keeps the username
    // The strategy reads the session again after it has called Nevis, so save the session first.
    req.session.save((error) => {
      if (error) next(error)
      else if (nevisUserId) confirm(req, res, orBack('/login', req, res, next))
      else first(req, res, orBack('/login', req, res, next))
    })
  }
}

/** True if the user has changed the password since this sign-in began, so that the second factor must not finish the sign-in. */
export function isOldPassword(req: Request, { id, passwordVersion }: Express.User): boolean {
  // For a signed-in user who confirms again, `app.ts` has already compared the password version in the session with that of the account.
  return req.user === undefined && req.session.passwordVersions?.[id] !== passwordVersion
}

/** The middleware of the callback: signs the user in. If the user is already signed in, as for a payment, the login is not changed. */
export function approved(passport: Pick<Authenticator, 'authenticate' | 'authorize'>): RequestHandler {
  // `keepSessionInfo` keeps the transactions of other tabs in the session. `repeatedCallbackRedirect` says where to redirect a browser that loads the callback
  // a second time.
  const login = passport.authenticate('nevis', { ...onAnyFailure, keepSessionInfo: true, repeatedCallbackRedirect: '/account' }) as RequestHandler
  // The options are copied, because `authorize` changes them.
  const confirmAgain = passport.authorize('nevis', { ...onAnyFailure, repeatedCallbackRedirect: '/account' }) as RequestHandler
  return (req, res, next) => {
    if (req.user) return confirmAgain(req, res, next)
    return login(req, res, (error: unknown) => {
      // The CSRF token is replaced on login: an attacker who planted the anonymous session (session fixation) knows the old token.
      if (!error) renewCsrfToken(req)
      next(error)
    })
  }
}

/**
 * Protects a change of the password: asks for a recent second factor before it, and forgets the user's remembered browsers after it, because in a remembered
 * browser the password alone is enough to sign in.
 */
export function passwordProtection(nevis: NevisStrategy) {
  return {
    guard: confirmFirst('password'),
    forget: ({ nevisUserId }: Express.User) => forgetBrowsers(nevis, { userId: nevisUserId as string }),
  }
}

/** A transfer needs a recent second factor, and not only a recovery code. */
export const transferProtection = confirmFirst('transfer')

const ENROLLED: Readonly<Record<string, Text>> = {
  app: 'Your phone is set up.',
  sms: 'You can sign in by SMS now.',
  recovery: 'Your new recovery codes are ready to use.',
}

/** Runs after the callback of the second factor: redirects to the page that the user wanted to see. */
export const goOn: RequestHandler = (req, res) => {
  const { returnTo, nevis } = req.authInfo ?? {}
  if (nevis?.operation === 'enroll') {
    req.session.successes = [textsFor(req)(isNewNumber(nevis.data) ? 'Your mobile number has been changed.' : (ENROLLED[nevis.factor] ?? 'It is set up.'))]
    if (nevis.factor === 'app') req.session.newPhoneAt = Date.now()
    // A real bank notifies the user here, for example by e-mail: an attacker may have set up the new factor (docs/guides/enrolment.md).
  }
  res.redirect(303, returnTo === UNSAVED_CODES ? pageOf('devices') : (returnTo ?? pageToConfirmFor(req)))
}
