/** Helpers for routes that answer with a page: which users may see it, the values that every page gets, and the error page. */
import type { ErrorRequestHandler, Request, RequestHandler } from 'express'
import { failureText } from 'passport-nevis'
import { takeForm, type RefusedForm } from './form.js'
import type { Html } from './html.js'
import { languageOf, textsFor, translator } from './language.js'
import { appPolicy, csrfToken } from './security.js'
import { errorPage, type Outcome } from './views/error.js'
import type { Frame } from './views/layout.js'

declare module 'express-session' {
  interface SessionData {
    /** Failure messages, stored by Passport and by the routes. The next page shows each message once. */
    messages: string[]
    /** Sentences about something that neither failed nor worked, stored by the routes. The next page shows each sentence once. */
    notices: string[]
    /** Success messages, stored by the routes. The next page shows each message once. */
    successes: string[]
  }
}

/** What the next page shows once, and then removes from the session. */
const SHOWN_ONCE = ['messages', 'notices', 'successes', 'form'] as const

/** The values that every view gets. */
export interface EveryPage extends Frame {
  readonly csrfToken: string
  /** The fields of the form that the app has just refused, so that the page can show the form again; empty if no form was refused. */
  readonly form: RefusedForm
}

/** Adds a hint to the sentence about a request that the user has cancelled: the phone may still show this request, and the user could accept it by mistake. */
export function withDenyHint(everyPage: EveryPage): EveryPage {
  const { t, language, notices = [] } = everyPage
  const cancelled = failureText('cancelled', language)
  const hint = t('If your phone still shows the request, deny it there.')
  return { ...everyPage, notices: notices.map((notice) => (notice === cancelled ? `${notice} ${hint}` : notice)) }
}

/** A function that makes a page from the values that every page gets, and from values of its own. */
export type View<Parts> = (everyPage: EveryPage, parts: Parts) => Html

/**
 * @param view from `views/`
 * @param partsOf returns the view's own values for a request
 */
export function page<Parts>(view: View<Parts>, partsOf: (req: Request) => Parts | Promise<Parts>): RequestHandler {
  return async (req, res) => {
    const isChanged = SHOWN_ONCE.some((name) => req.session[name] !== undefined)
    const messages = take(req, 'messages').slice(-2) // only the last two: Passport adds one for each failure, even of a request that the user did not make
    const [notices, successes, form] = [take(req, 'notices'), take(req, 'successes'), takeForm(req)]
    // Save the session now, before the page waits for Nevis. If the session were saved at the end of a slow page, it would be written back even if the user has
    // logged out meanwhile.
    if (isChanged) await new Promise<void>((resolve, reject) => req.session.save((error) => (error ? reject(error as Error) : resolve())))
    const parts = await partsOf(req)
    const language = languageOf(req)
    const isCancelled = (sentence: string) => sentence === failureText('cancelled')
    const everyPage: EveryPage = {
      language,
      t: translator(language),
      user: req.user,
      path: req.originalUrl.split('?')[0],
      address: req.originalUrl,
      devicesURL: devicesURLOf(req),
      helpURL: helpURLOf(req),
      failures: messages.filter((sentence) => !isCancelled(sentence)).map((sentence) => failureText(sentence, language)),
      // A message that says that the user has cancelled is shown as a notice, because the user has cancelled on purpose.
      notices: [...messages.filter(isCancelled).map((sentence) => failureText(sentence, language)), ...notices],
      successes,
      form,
      // A getter, because reading the CSRF token creates a session, and only pages with a form need the token.
      get csrfToken() {
        return csrfToken(req)
      },
    }
    res.send(view(everyPage, parts).text)
  }
}

export const signedIn: RequestHandler = (req, res, next) => {
  if (req.isAuthenticated()) next()
  else res.redirect(303, '/login')
}

export const signedOut: RequestHandler = (req, res, next) => {
  if (req.isAuthenticated()) res.redirect(303, '/account')
  else next()
}

/** Signs the user out. The sign-in page then says so. */
export const signOut: RequestHandler = (req, res, next) =>
  req.logout((error) => {
    if (error) return next(error)
    req.session.successes = [textsFor(req)('You are signed out.')]
    res.redirect(303, '/login')
  })

/** The user of the request; only for routes after the middleware `signedIn`, or after the check of the password. */
export function userOf(req: Request): Express.User {
  if (req.user === undefined) throw new Error('This route needs signedIn before it')
  return req.user
}

export const notFound: RequestHandler = (req, res) => {
  res.status(404).send(errorPage(404, languageOf(req), frameOf(req)).text)
}

/** Logs the name and the code of an error, but not its message, which could contain personal data. */
export const logError: ErrorRequestHandler = (error: Fault, _req, _res, next) => {
  if (statusOf(error) >= 500) console.error(`${error.name} ${error.code ?? ''}`.trim())
  next(error)
}

/** Shows the user the HTTP status, and nothing else about the error. */
export const handleError: ErrorRequestHandler = (error: Fault, req, res, next) => {
  if (res.headersSent) return next(error)
  const status = statusOf(error)
  const isPassing = status > 500
  if (isPassing) res.set('Retry-After', '10')
  const options = { ...frameOf(req), isSignedOut: req.user === undefined, again: isPassing && req.method === 'GET' ? req.originalUrl : undefined, outcome: res.locals['outcome'] as Outcome | undefined }
  // Set the Content-Security-Policy again: the page that has failed may have removed it (`ownPolicy`).
  appPolicy(req, res, () => res.status(status).send(errorPage(status, languageOf(req), options).text))
}

/** What an error page shows around its sentences. At `/login`, it shows no user, because the second factor may still be missing although `req.user` is set. */
function frameOf(req: Request): Pick<Frame, 'address' | 'helpURL' | 'user' | 'devicesURL' | 'csrfToken'> {
  const { user, originalUrl: address } = req
  const links = { address, helpURL: helpURLOf(req) }
  return user === undefined || req.path === '/login' ? links : { ...links, user, devicesURL: devicesURLOf(req), csrfToken: csrfToken(req) }
}

interface Fault {
  readonly name: string
  readonly code?: string
  readonly status?: number
}

function statusOf({ status = 500 }: Fault): number {
  return status >= 400 && status < 600 ? status : 500
}

function devicesURLOf(req: Request): string | undefined {
  return req.app.locals['devicesURL'] as string | undefined
}

function helpURLOf(req: Request): string | undefined {
  return req.app.locals['helpURL'] as string | undefined
}

function take(req: Request, name: 'messages' | 'notices' | 'successes'): readonly string[] {
  const { [name]: sentences = [] } = req.session
  delete req.session[name]
  return sentences
}
