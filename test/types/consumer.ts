/** How an application in TypeScript meets the package: compiled, never run. */
import express, { type Request } from 'express'
import passport from 'passport'
import {
  NevisClient, NevisStrategy, atLeast, htmlMessage, outagePage, ownAuthenticator, push, recordSecondFactor, requireSecondFactor, sms, statusEndpoint, waitingPage,
  type FailureCode, type NevisProfile, type NevisStrategyOptions,
} from '../../src'

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface User {
      id: number
      username: string
    }
  }
}

const users = new Map<string, Express.User>()
const options: NevisStrategyOptions = {
  instance: process.env['NEVIS_INSTANCE'],
  accessKey: process.env['NEVIS_ACCESS_KEY'],
  factors: [push(), sms()],
  waitingURL: '/login/2fa',
  callbackURL: '/login/2fa/callback',
  statusURL: '/login/2fa/status',
}

export const callbackStyle = new NevisStrategy(
  {
    ...options,
    passReqToCallback: false,
    subject: (req: Request) => ({ username: req.path }),
    operation: (req) => (req.user ? 'approve' : 'enroll'),
    message: (req) => `Hello ${req.user?.username}`,
  },
  (profile, done) => done(null, users.get(profile.id)),
)
export const asyncStyle = new NevisStrategy({ ...options, passReqToCallback: false }, async (profile) => users.get(profile.id))
export const withRequest = new NevisStrategy({ ...options, passReqToCallback: true }, async (req, profile) => req.user ?? users.get(profile.id))
passport.use(callbackStyle)
passport.use('other', asyncStyle)

const app = express()
app.get('/login/2fa/status', statusEndpoint(callbackStyle))
app.get('/login/2fa', waitingPage(callbackStyle))
app.get('/login/2fa', waitingPage(callbackStyle, { csrfToken: (req) => String(req.url) }))
app.get('/login/2fa', waitingPage(callbackStyle, { csrfToken: (req: Request) => req.baseUrl }))
app.post('/login', passport.authenticate('nevis', { factor: 'sms', message: (req: Request) => req.path, data: { amount: 1 } }))
app.post('/login', passport.authenticate(callbackStyle))
app.post('/pay', passport.authorize('nevis', { factors: atLeast('push'), message: (req: Request) => htmlMessage`Pay <b>${req.path}</b>?` }))
app.all('/login/2fa/callback', (req, res) => res.redirect(303, req.authInfo?.nevis?.message ?? req.authInfo?.returnTo ?? '/'))
app.post('/login', passport.authenticate('nevis', { authenticatorId: (req: Request) => req.params['phone'] as string | undefined }))
app.post('/remove', async (req, res) => {
  const phone = await ownAuthenticator(new NevisClient({ instance: 'x', accessKey: 'x' }), { username: 'anna' }, (req.body as { id?: unknown }).id)
  res.end(phone?.authenticatorId)
})
app.use(outagePage(callbackStyle))
app.use(outagePage(callbackStyle, { signInURL: '/login', nonce: (req: Request) => req.path }))
app.all('/login/2fa/callback', recordSecondFactor(), requireSecondFactor({ maxAgeSeconds: 300, factors: ['push'] }))

// @ts-expect-error a failure code is one of a closed list
export const code: FailureCode = 'tired'
// @ts-expect-error a profile is read-only
export const change = (profile: NevisProfile) => (profile.id = 'other')
// @ts-expect-error a factor is called: push()
export const uncalled = new NevisStrategy({ ...options, passReqToCallback: false, factors: [push] }, () => undefined)
// @ts-expect-error a factor of another's making has no rank
export const unranked = atLeast('fax')
// @ts-expect-error a value is text or a number
export const absent = htmlMessage`Pay ${undefined}`
// @ts-expect-error an operation is one of two
export const operation = passport.authenticate('nevis', { operation: 'delete' })
