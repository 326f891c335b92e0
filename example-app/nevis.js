/** The second factor: which ones there are, whom they ask, and whose account an approval belongs to. */
import { NevisStrategy, app, atLeast, htmlMessage, push, recovery, sms, widget } from 'passport-nevis'

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

/** @param cloud `{ instance, accessKey }`, or `{ baseURL, accessKey }` of the simulator */
export function nevisStrategy({ cloud, users, config }) {
  return new NevisStrategy(
    {
      ...cloud,
      factors: [push(), app(), sms(), recovery(), ...(config.widget ? [widget()] : [])],
      message: 'Sign in to Alpine Mutual?',
      waitingURL: '/login/2fa',
      callbackURL: '/login/2fa/callback',
      statusURL: '/login/2fa/status',
    },
    async (profile) => users.findByNevisId(profile.id),
  )
}
