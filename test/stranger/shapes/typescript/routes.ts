/** The sign-in, in a router that is mounted at `/auth`. */
import { Router } from 'express'
import passport from 'passport'
import { recordSecondFactor, waitingPage } from 'passport-nevis'
import { nevis } from './auth'

export const authRouter = Router()

const secondFactor = passport.authenticate('nevis', { failureRedirect: '/auth/login', keepSessionInfo: true })

authRouter.post('/login', passport.authenticate('local', { session: false, failureRedirect: '/auth/login' }), secondFactor)
authRouter.route('/2fa').get(waitingPage(nevis)).post(secondFactor)
authRouter.all('/2fa/callback', secondFactor, recordSecondFactor(), (req, res) => res.redirect(req.authInfo?.returnTo ?? '/'))
