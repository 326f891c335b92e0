/** What happens if the second factor refuses a user: the next page gives the reason, with the time to wait. Out of scope: which page that is. */
import type { NextFunction, Request, Response } from 'express'
import type { AuthenticateOptions } from 'passport'
import { failureText, type Failure } from 'passport-nevis'
import type { Text } from './german.js'
import { textsFor } from './language.js'

/** Options of all routes of the second factor. A failure stores its reason for the next page, and calls the error handlers. */
export const onAnyFailure = { failWithError: true, failureMessage: true } satisfies AuthenticateOptions

/** True if Passport has refused the user; false for an outage or any other error. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'AuthenticationError'
}

/** Returns the `next` for a route of the second factor with the options `onAnyFailure`. If the user is refused, this `next` redirects to the page `back`. */
export function orBack(back: string, req: Request, res: Response, next: NextFunction): NextFunction {
  return (error?: unknown) => {
    if (!isRefusal(error)) return next(error)
    sayHowLong(req)
    res.redirect(303, back)
  }
}

/** Passport stores a sentence that does not say how long the user must wait. Replaces this sentence by one that does. */
export function sayHowLong(req: Request): void {
  const { code, retryAfterSeconds } = (req.authInfo ?? {}) as Partial<Failure>
  const { messages = [] } = req.session
  if (code !== 'too_many_starts' || retryAfterSeconds === undefined || messages.at(-1) !== failureText(code)) return
  const [text, seconds] = UNITS.find(([, unit]) => retryAfterSeconds > 1.5 * unit) ?? SECONDS
  req.session.messages = [...messages.slice(0, -1), textsFor(req)(text, { n: Math.max(2, Math.ceil(retryAfterSeconds / seconds)) })]
}

const SECONDS: readonly [Text, number] = ['Too many requests. Try again in {n} seconds. If you did not send them, change your password.', 1]
/** The sentence for each unit of time, and the seconds of the unit; the longest unit first. */
const UNITS: readonly (readonly [Text, number])[] = [
  ['Too many requests. Try again in {n} hours. If you did not send them, change your password.', 3600],
  ['Too many requests. Try again in {n} minutes. If you did not send them, change your password.', 60],
]
