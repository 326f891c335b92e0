/** Helpers for routes that answer with a page: which users may see it, the values that every page gets, and the error page. */
import type { ErrorRequestHandler, Request, RequestHandler } from 'express'
import type { Html } from './html.js'
import { csrfToken } from './security.js'
import { errorPage } from './views/error.js'

declare module 'express-session' {
  interface SessionData {
    /** Passport and the routes store messages for the user here. The next page shows each of them once. */
    messages: string[]
  }
}

/** The values that every view gets. */
export interface EveryPage {
  readonly user?: Express.User | undefined
  readonly messages: readonly string[]
  readonly csrfToken: string
}

/** A function that makes a page from the values that every page gets, and from values of its own. */
export type View<Parts> = (everyPage: EveryPage, parts: Parts) => Html

/**
 * @param view from `views/`
 * @param partsOf returns the view's own values for a request
 */
export function page<Parts>(view: View<Parts>, partsOf: (req: Request) => Parts | Promise<Parts>): RequestHandler {
  return async (req, res) => {
    const everyPage: EveryPage = {
      user: req.user,
      messages: takeMessages(req),
      // A getter, because reading the token creates a session, and only pages with a form need one.
      get csrfToken() {
        return csrfToken(req)
      },
    }
    res.set('Cache-Control', 'no-store').send(view(everyPage, await partsOf(req)).text)
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

/** The user of the request; only for routes behind `signedIn` or behind the password. */
export function userOf(req: Request): Express.User {
  if (req.user === undefined) throw new Error('This route needs signedIn before it')
  return req.user
}

export const notFound: RequestHandler = (_req, res) => {
  res.status(404).send(errorPage(404).text)
}

/** Logs the name and the code of an error, but not its message, which could contain personal data. */
export const logError: ErrorRequestHandler = (error: Fault, _req, _res, next) => {
  if (statusOf(error) >= 500) console.error(`${error.name} ${error.code ?? ''}`.trim())
  next(error)
}

/** Shows the user the HTTP status, and nothing else about the error. */
export const handleError: ErrorRequestHandler = (error: Fault, _req, res, next) => {
  if (res.headersSent) return next(error)
  const status = statusOf(error)
  res.status(status).send(errorPage(status).text)
}

interface Fault {
  readonly name: string
  readonly code?: string
  readonly status?: number
}

function statusOf({ status = 500 }: Fault): number {
  return status >= 400 && status < 600 ? status : 500
}

function takeMessages(req: Request): readonly string[] {
  const { messages = [] } = req.session
  delete req.session.messages
  return messages
}
