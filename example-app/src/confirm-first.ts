/**
 * The pages that need a recent second factor. A user whose second factor is too old confirms first, and then goes on to the page. If the user has sent a form
 * of the page before the confirmation, the form is not carried out. After the confirmation, the page shows the form again, with what the user typed. Out of
 * scope: the confirmation itself (`second-factor.ts`).
 */
import type { Request, RequestHandler } from 'express'
import type { SessionData } from 'express-session'
import { atLeast, requireSecondFactor, secondFactorOf } from 'passport-nevis'
import { typedIn } from './form.js'
import type { Text } from './german.js'
import { textsFor } from './language.js'

/** How long the typed form is kept until the user has confirmed. */
const UNSENT_MS = 600_000

/** How long a page that needs a recent second factor accepts one. */
export const MAX_AGE_SECONDS = 300

/** What a user does on a page that needs a recent second factor; the value of `for` in `/step-up?for=transfer`. */
export type Purpose = 'devices' | 'password' | 'transfer'

interface ProtectedPage {
  readonly path: string
  /** Default: all factors. */
  readonly factors?: readonly string[]
  /** The fields of the page's forms whose values the page shows again after the confirmation. Never a password. */
  readonly fields: readonly string[]
  /** For a user who has sent a form before the confirmation: what has not happened (`notDone`), and what to do (`next`). */
  readonly notDone: Text
  readonly next: Text
}

const PAGES: Readonly<Record<Purpose, ProtectedPage>> = {
  devices: { path: '/account/devices', fields: ['authenticatorId', 'name', 'phone'], notDone: 'Nothing has been changed yet.', next: 'Please do it once more.' },
  password: { path: '/account/password', fields: [], notDone: 'Your password has not been changed yet.', next: 'Fill in the form once more.' },
  transfer: {
    path: '/transfer',
    factors: atLeast('sms'),
    fields: ['recipient', 'amount'],
    notDone: 'Nothing has been transferred yet.',
    next: 'Check your entries and send the form once more.',
  },
}

declare module 'express-session' {
  interface SessionData {
    /** A form that was not carried out, because the user has sent it without a recent second factor. */
    unsent: { readonly ownerId: number; readonly at: number; readonly purpose: Purpose; readonly typed: Readonly<Record<string, string>> }
  }
}

/** @returns undefined if the text is not a purpose, for example in a URL that a user has typed */
export function purposeIn(text: unknown): Purpose | undefined {
  return (['devices', 'password', 'transfer'] as const).find((purpose) => purpose === text)
}

/** The page of a purpose. */
export function pageOf(purpose: Purpose): string {
  return PAGES[purpose].path
}

/** True if the user need not confirm for this purpose now. */
export function isConfirmed(req: Request, purpose: Purpose): boolean {
  const record = secondFactorOf(req)
  if (record === undefined) return false
  const age = Date.now() - record.at
  return age >= 0 && age <= MAX_AGE_SECONDS * 1000 && (PAGES[purpose].factors?.includes(record.factor) ?? true)
}

/** The message that the action was not done, if the user has sent the form for it without a recent second factor. Otherwise undefined. */
export function notDoneFor(req: Request, purpose: Purpose): Text | undefined {
  return unsentIn(req, purpose) && PAGES[purpose].notDone
}

/** Lets a request pass if the second factor is recent. Redirects all other requests to the page that asks for a second factor. */
export function confirmFirst(purpose: Purpose): RequestHandler {
  const { factors, fields } = PAGES[purpose]
  const guard = requireSecondFactor({ maxAgeSeconds: MAX_AGE_SECONDS, factors, redirectTo: `/step-up?for=${purpose}` })
  return (req, res, next) => {
    if (isConfirmed(req, purpose)) {
      if (req.method === 'POST' || req.path === '/') showAgain(req, purpose)
      return guard(req, res, next)
    }
    if (req.method !== 'POST' || req.user === undefined) return guard(req, res, next)
    req.session.unsent = { ownerId: req.user.id, at: Date.now(), purpose, typed: typedIn(req, fields) }
    // `requireSecondFactor` reads the session from the store again, so save `unsent` there first.
    req.session.save((error) => (error ? next(error) : guard(req, res, next)))
  }
}

/** When the user is back at the page: fills in the form, and says that the form was not carried out. */
function showAgain(req: Request, purpose: Purpose): void {
  const unsent = unsentIn(req, purpose)
  if (unsent === undefined) return
  delete req.session.unsent
  if (req.method !== 'GET') return
  const t = textsFor(req)
  const { notDone, next } = PAGES[purpose]
  req.session.form = { typed: unsent.typed, errors: {} }
  req.session.notices = [`${t(notDone)} ${t(next)}`]
}

/**
 * The form of this page that was not carried out. Undefined if the form is old, or if another user has sent it who was signed in to the same session before.
 */
function unsentIn({ session: { unsent }, user }: Request, purpose: Purpose): SessionData['unsent'] | undefined {
  const isShown = unsent?.purpose === purpose && unsent.ownerId === user?.id && Date.now() - unsent.at <= UNSENT_MS
  return isShown ? unsent : undefined
}
