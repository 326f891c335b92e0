/** The second factor: which ones there are, whom they ask, and whose account an approval belongs to. */
import { NevisStrategy, RedisLedger, app, atLeast, htmlMessage, push, recovery, sms, widget } from 'passport-nevis'
import { csrfToken } from './security.js'

/**
 * As people call them; the first is the default.
 * @param allowed only these
 */
export function factorNamesOf(config, allowed) {
  const names = {
    push: 'Request on my phone',
    app: 'QR code or link',
    sms: 'Code by SMS',
    recovery: 'Recovery code',
    ...(config.widget && { widget: 'On the page, step by step' }),
  }
  return Object.fromEntries(Object.entries(names).filter(([name]) => allowed?.includes(name) ?? true))
}

/** Given to Passport where somebody who is signed in confirms once more; a recovery code will not do. */
export const stepUp = { message: 'Confirm that it is you, at Alpine Mutual?', factors: atLeast('sms') }

/** For an invoice: what the phone shows, and what is paid once it was approved there. */
export const signing = {
  factors: atLeast('push'), // only they show it
  failureRedirect: '/invoices',
  message: ({ invoice }) => htmlMessage`Pay <b>CHF ${invoice.amount}</b><br>to <b>${invoice.payee}</b>?`,
  data: ({ invoice: { id, payee, amount } }) => ({ kind: 'payment', id, payee, amount }),
}

/**
 * @param cloud `{ instance, accessKey }`, or `{ baseURL, accessKey }` of the simulator
 * @param redis what several processes share; undefined for one
 */
export function nevisStrategy({ cloud, users, config, redis }) {
  return new NevisStrategy(
    {
      ...cloud,
      factors: [push(), app(), sms(), recovery(), ...(config.widget ? [widget()] : [])],
      message: 'Sign in to Alpine Mutual?',
      // Customers who have lost their phone have only recovery codes left, and set up the next phone by themselves. What it costs: a
      // stolen code can do the same. A bank may rather have its branch do it.
      allowEnrollmentOfStrongerFactorAfter: ['recovery', 'sms'],
      waitingURL: '/login/2fa',
      callbackURL: '/login/2fa/callback',
      statusURL: '/login/2fa/status',
      ...(redis && { ledger: new RedisLedger(redis) }),
    },
    async ({ id, username, operation, factor }) => {
      const user = (await users.findByNevisId(id)) ?? (await users.link(username, id))
      if (user && operation === 'enroll') await users.noteAdded(user.id, factor)
      return user
    },
  )
}

/**
 * Right after the password: asks for the second factor. Whoever has none sets one up; recovery codes alone are none.
 * Somebody whose browser went away at the end of an enrolment has one that is not linked yet: they confirm with it.
 */
export function afterPassword({ passport, onFailure }) {
  const confirm = passport.authenticate('nevis', onFailure)
  const first = passport.authenticate('nevis', { ...onFailure, operation: 'approve-or-enroll', factors: ['app', 'sms'] })
  return (req, res, next) => {
    if (req.user.nevisUserId) return confirm(req, res, next)
    delete req.body.factor // chosen before anybody could know
    first(req, res, next)
  }
}

/** The callback: a login for whoever is not signed in yet; for everybody else it leaves the login as it is. */
export function approved({ passport, onFailure }) {
  const login = passport.authenticate('nevis', { ...onFailure, keepSessionInfo: true }) // what waits in other tabs goes on
  const onceMore = passport.authorize('nevis', { ...onFailure }) // writes into what it gets
  return (req, res, next) => {
    if (req.user) return onceMore(req, res, next)
    login(req, res, (error) => {
      // The session is worth more now. Whoever planted the anonymous one knows its token, and must not know this one.
      if (!error) csrfToken(req, true)
      next(error)
    })
  }
}

const ENROLLED = { app: 'Your phone is set up.', sms: 'You can sign in by SMS now.', recovery: 'Your new recovery codes are good from now on.' }

/** Goes on to where somebody was going, after the callback. */
export function goOn(req, res) {
  const { returnTo, nevis } = req.authInfo
  if (nevis.operation === 'enroll') req.session.messages = [ENROLLED[nevis.factor] ?? 'It is set up.']
  res.redirect(303, returnTo ?? nevis.data?.returnTo ?? '/account')
}
