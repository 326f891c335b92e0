import passport from 'passport'
import express, { type Request } from 'express'
import { NevisStrategy, push, sms, statusEndpoint, waitingPage, recordSecondFactor, requireSecondFactor, type FailureCode } from '../../src'

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface User { id: number; username: string }
  }
}
const users = new Map<string, Express.User>()
const nevis = new NevisStrategy(
  { instance: process.env['X'], accessKey: process.env['Y'], factors: [push(), sms()], waitingURL: '/a', callbackURL: '/b', statusURL: '/c',
    subject: (req: Request) => ({ username: String(req.body.x) }), operation: (req) => (req.user ? 'approve' : 'enroll'), message: 'x' },
  (profile, done) => done(null, users.get(profile.id)),
)
passport.use(nevis)
passport.use(new NevisStrategy({ instance: 'x', accessKey: 'y', factors: [push()], waitingURL: '/a', callbackURL: '/b', statusURL: '/c' }, async (profile) => users.get(profile.id)))
passport.use(new NevisStrategy({ instance: 'x', accessKey: 'y', factors: [push()], waitingURL: '/a', callbackURL: '/b', statusURL: '/c', passReqToCallback: true }, async (req, profile) => req.user ?? users.get(profile.id)))
const web = express()
web.get('/c', statusEndpoint(nevis))
web.get('/a', waitingPage(nevis, { csrfToken: (req) => String(req.url) }))
web.get('/a', waitingPage(nevis, { csrfToken: (req: Request) => String(req.baseUrl) }))
web.post('/a', passport.authenticate('nevis', { factor: 'sms', message: (req: Request) => req.path, data: { a: 1 } }), recordSecondFactor(), requireSecondFactor({ maxAgeSeconds: 3 }))
web.post('/b', passport.authenticate(nevis))
export const code: FailureCode = 'no_subject'
