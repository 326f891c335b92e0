/** Passport in its own file, as is common in TypeScript apps. */
import passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { NevisStrategy, push, sms } from 'passport-nevis'
import { users, type Account } from './users'

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
     
    interface User extends Account {}
  }
}

passport.use(
  new LocalStrategy({ usernameField: 'email' }, (email, password, done) => {
    const user = users.findByEmail(email)
    done(null, user?.password === password ? user : false)
  }),
)

export const nevis = new NevisStrategy(
  {
    baseURL: process.env['NEVIS_BASE_URL'],
    accessKey: process.env['NEVIS_ACCESS_KEY'],
    factors: [push(), sms()],
    waitingURL: '/auth/2fa',
    subject: ({ user }) => user && { username: `user-${user.id}` }, // e-mail addresses change, and contain characters that Nevis refuses
  },
  async ({ username = '' }) => users.findById(Number(username.replace('user-', ''))),
)
passport.use(nevis)

passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((id: number, done) => done(null, users.findById(id) ?? false))
