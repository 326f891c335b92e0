/**
 * The routes of "Devices and security", where a user adds, renames and removes second factors. Each of these routes requires a recent second factor.
 *
 * The last device cannot be removed. Without a device, the user has only weaker factors or none. Nevis may then treat the user as new, and the
 * password alone would be enough to set up a first factor. A user who has lost the device signs in by SMS or with a recovery code, sets up a new
 * device here, and then removes the lost one.
 */
import { Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import type { Authenticator } from 'passport'
import { NevisClient, forgetBrowsers, ownAuthenticator, type Authenticator as Device, type Failure, type NevisStrategy } from 'passport-nevis'
import type { Cloud } from './config.js'
import { confirmFirst } from './confirm-first.js'
import { refuse } from './form.js'
import { textsFor } from './language.js'
import { notFound, page, signedIn, userOf } from './pages.js'
import { isRefusal, onAnyFailure, sayHowLong } from './refused.js'
import type { Users } from './users.js'
import { devicesPage } from './views/devices.js'

const HERE = '/account/devices'
/** What a user can add with the forms of the page. */
const ADDABLE = ['app', 'sms', 'recovery'] as const
/** The page to which a user returns after cancelling new recovery codes, or after confirming too late that they are saved. */
export const UNSAVED_CODES = `${HERE}?codes=unsaved`
const PHONE = /^\+[0-9\s-]{5,25}$/
const NAME = /^[\p{L}\p{M}\p{N}\p{P} ]{1,40}$/u
/** The characters on a keyboard that `NAME` refuses, because Unicode counts them as symbols and not as punctuation. */
const NOT_IN_NAMES = '< > = + $ ^ ~ | `'

interface Parts {
  /** How to reach Nevis: the same value as for the strategy. */
  readonly cloud: Cloud
  readonly nevis: NevisStrategy
  readonly passport: Pick<Authenticator, 'authorize'>
  readonly users: Users
}

/** The `data` of an enrolment that begins on this page. The callback of the enrolment gets it back. */
interface Addition {
  readonly kind: 'new factor' | 'new number'
}

interface DeviceForm {
  readonly authenticatorId?: unknown
  readonly name?: unknown
}

export function devices({ cloud, nevis: strategy, passport, users }: Parts): Router {
  const nevis = new NevisClient(cloud)
  /** Users from whose account this process is removing a device now. Several processes would need a lock in the database instead. */
  const removing = new Set<string>()
  const routes = Router()
  // Only an enrolment of recovery codes returns to `UNSAVED_CODES`, where a failure causes a warning of unsaved codes. Remove `codes` from the address
  // of this page: a step-up that is cancelled returns to the address where it began.
  routes.get('/', (req, res, next) => ('codes' in req.query ? res.redirect(303, HERE) : next()))
  routes.use(signedIn, confirmFirst('devices'))
  // The forms of this page are sent to these addresses. So an error page can have such an address. A user who opens it again comes to this page.
  routes.get(['/add', '/rename', '/remove', '/typed-code', '/forget-browsers'], (_req, res) => res.redirect(303, HERE))

  routes.get('/', page(devicesPage, async (req) => {
    const [user, added] = await Promise.all([nevis.getUser(nevisUserIdOf(req)), users.addedBy(userOf(req).id)])
    return { devices: devicesIn(user), added }
  }))

  // Redirects to the waiting page. After the enrolment, the callback redirects back to "Devices and security".
  routes.post('/add', hasPhone, async (req, res, next) => {
    const { id } = userOf(req)
    const { smsSince } = await users.addedBy(id)
    const factor = ADDABLE.find((name) => name === (req.body as { factor?: unknown }).factor)
    if (factor === undefined) return void notFound(req, res, next)
    const returnTo = factor === 'recovery' ? UNSAVED_CODES : HERE
    const start = passport.authorize('nevis', {
      operation: 'enroll',
      factors: [factor], // the waiting page offers no other factor: only "Devices and security" says that new recovery codes end the old ones
      message: (request: Request) => textsFor(request)(factor === 'sms' ? 'Alpine Mutual: you are adding this mobile number.' : 'Set up this phone for Alpine Mutual?'),
      data: { kind: factor === 'sms' && smsSince !== null ? 'new number' : 'new factor' } satisfies Addition,
      returnTo,
      ...onAnyFailure,
    }) as (req: Request, res: Response, next: NextFunction) => void
    // Count the new codes before the call to Nevis: the call may end the old codes, even if its answer is lost or the user leaves the page.
    if (factor === 'recovery') await users.countUnsavedCodes(id, 1)
    start(req, res, (error?: Error | string) => {
      if (!isRefusal(error)) return next(error)
      sayHowLong(req)
      // Take the count back only after `too_many_starts`, which comes before the call to Nevis. Before any other failure, Nevis may have made new codes.
      const isBeforeCall = (req.authInfo as Failure).code === 'too_many_starts'
      const takenBack = factor === 'recovery' && isBeforeCall ? users.countUnsavedCodes(id, -1) : Promise.resolve()
      takenBack.then(() => res.redirect(303, HERE), next)
    })
  })

  routes.post('/rename', async (req, res, next) => {
    const form = req.body as DeviceForm
    const device = await ownAuthenticator(nevis, subjectOf(req), form.authenticatorId)
    if (!device) return void notFound(req, res, next)
    const name = typeof form.name === 'string' ? form.name.trim() : ''
    const isName = NAME.test(name)
    const t = textsFor(req)
    if (!isName) {
      refuse(req, ['authenticatorId', 'name'], { name: t('A name has 1 to 40 letters, digits, spaces and punctuation marks. Not allowed: {marks}', { marks: NOT_IN_NAMES }) })
      return res.redirect(303, HERE)
    }
    await nevis.renameAuthenticator(device.authenticatorId, name)
    back(req, res, t('The device is now called “{name}”.', { name }))
  })

  routes.post('/remove', async (req, res, next) => {
    const nevisUserId = nevisUserIdOf(req)
    const t = textsFor(req)
    // Two requests must not remove two devices at once: each request would see the other device as the remaining one, and the user would lose both.
    if (removing.has(nevisUserId)) return notDone(req, res, t('Another device is being removed. Try again.'))
    removing.add(nevisUserId)
    try {
      const device = await ownAuthenticator(nevis, subjectOf(req), (req.body as DeviceForm).authenticatorId)
      if (!device) return void notFound(req, res, next)
      const isLast = devicesIn(await nevis.getUser(nevisUserId)).length === 1
      if (!isLast) {
        // A thief of the device may also have the user's browser, so forget the user's remembered browsers. Do this before the removal: if it fails,
        // the user still sees the device here and can try again.
        await forgetBrowsers(strategy, subjectOf(req))
        await nevis.deleteAuthenticator(device.authenticatorId)
      }
      if (isLast) notDone(req, res, t('You cannot remove your only device. Set up another one first.'))
      else back(req, res, device.name ? t('The device “{name}” has been removed. No browser is remembered any more.', { name: device.name }) : t('The device has been removed. No browser is remembered any more.'))
    } finally {
      removing.delete(nevisUserId)
    }
  })

  routes.post('/typed-code', async (req, res) => {
    const isOn = (req.body as { isOn?: unknown }).isOn === '1'
    await users.setTypesCode(userOf(req).id, isOn)
    back(req, res, textsFor(req)(isOn ? 'From now on, your phone shows a code with each request.' : 'Your phone no longer shows a code.'))
  })

  routes.post('/forget-browsers', async (req, res) => {
    await forgetBrowsers(strategy, subjectOf(req))
    back(req, res, textsFor(req)('No browser is remembered any more. At the next sign-in, each of them needs the second factor again.'))
  })
  return routes
}

/** The devices with the Access App. Leaves out passkeys (`fido2`), because a passkey gets no approval request. */
export function devicesIn({ authenticators }: { readonly authenticators: readonly Device[] }): readonly Device[] {
  return authenticators.filter(({ authenticatorType }) => authenticatorType !== 'fido2')
}

/** True if the enrolment has replaced the number for codes by SMS. */
export function isNewNumber(data: unknown): boolean {
  return (data as Partial<Addition> | null | undefined)?.kind === 'new number'
}

/** The user's Nevis id. Every user of these routes has an id, because the first use of a second factor links the account to a user at Nevis. */
function nevisUserIdOf(req: Request): string {
  return userOf(req).nevisUserId as string
}

function subjectOf(req: Request): { userId: string } {
  return { userId: nevisUserIdOf(req) }
}

/** Finds a mistyped phone number before Nevis is called, and shows the form again with what the user typed. */
const hasPhone: RequestHandler = (req, res, next) => {
  const body = req.body as { factor?: unknown; phone?: unknown }
  if (body.factor !== 'sms') return next()
  const phone = typeof body.phone === 'string' ? withCountryCode(body.phone.trim()) : ''
  if (PHONE.test(phone)) {
    body.phone = phone
    return next()
  }
  refuse(req, ['phone'], { phone: textsFor(req)('Enter the number with its country code, such as +41\u00a079\u00a0123\u00a045\u00a067.') })
  res.redirect(303, HERE)
}

/** Users of a Swiss bank may omit the country code of a Swiss mobile number: `079 123 45 67` becomes `+41791234567`. `00` before a country code becomes `+`. */
function withCountryCode(typed: string): string {
  const digits = typed.replace(/[\s./-]/g, '')
  return /^07[5-9]\d{7}$/.test(digits) ? `+41${digits.slice(1)}` : typed.replace(/^00/, '+')
}

function back(req: Request, res: Response, success: string): void {
  req.session.successes = [success]
  res.redirect(303, HERE)
}

function notDone(req: Request, res: Response, failure: string): void {
  req.session.messages = [failure]
  res.redirect(303, HERE)
}
