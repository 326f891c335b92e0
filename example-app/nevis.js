/** The second factor: which ones there are, whom they ask, and whose account an approval belongs to. */
import { NevisStrategy, app, push, recovery, sms, widget } from 'passport-nevis'

/** As people call them; the first is the default. */
export function factorNamesOf(config) {
  return {
    push: 'Request on my phone',
    app: 'QR code or link',
    sms: 'Code by SMS',
    recovery: 'Recovery code',
    ...(config.widget && { widget: 'On the page, step by step' }),
  }
}

/** Given to `passport.authenticate` where somebody who is signed in confirms once more; comes back in `req.authInfo`. */
export const stepUp = { message: 'Confirm your transfers at Alpine Mutual?', data: { returnTo: '/transfer' } }

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
