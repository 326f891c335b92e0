// second-factor.mts
import { Injectable, Module, RequestMethod, type CanActivate, type MiddlewareConsumer, type NestModule } from '@nestjs/common'
import type { NextFunction, Request, Response } from 'express'
import passport from 'passport'
import { NevisStrategy, app as qrCode, atLeast, push, recordSecondFactor, requireSecondFactor, sms, statusEndpoint, waitingPage } from 'passport-nevis'
import { findByNevis } from './users.mjs'

@Injectable()
export class Nevis extends NevisStrategy {
  readonly status = statusEndpoint(this)

  constructor() {
    super({
      baseURL: process.env['NEVIS_BASE_URL'], accessKey: process.env['NEVIS_ACCESS_KEY'], // or instance, in place of baseURL
      factors: [push(), qrCode(), sms()],
      waitingURL: '/login/2fa', callbackURL: '/login/2fa/callback', statusURL: '/login/2fa/status',
    }, async (profile) => findByNevis(profile))
    passport.use(this)
  }
}

/** Lets a request pass if the second factor is fresh. Otherwise it sends the redirect or the 401 itself. */
const required = requireSecondFactor({ maxAgeSeconds: 300, factors: atLeast('push'), redirectTo: '/step-up' })
export const secondFactorGuard: CanActivate = {
  canActivate: (context) => new Promise((resolve, reject) => required(context.getArgByIndex(0), context.getArgByIndex(1), (error) => (error ? reject(error) : resolve(true)))),
}

const onFailure = { failureRedirect: '/login', failureMessage: true }
const secondFactor = passport.authenticate('nevis', { failWithError: true, failureMessage: true, keepSessionInfo: true, repeatedCallbackRedirect: '/' })

@Module({ providers: [Nevis], exports: [Nevis] })
export class SecondFactorModule implements NestModule {
  constructor(private readonly nevis: Nevis) {}

  configure(consumer: MiddlewareConsumer) {
    const post = (path: string) => ({ path, method: RequestMethod.POST })
    // The password is right, but the user is not signed in yet: redirect to the waiting page.
    consumer.apply(passport.authenticate('local', { ...onFailure, session: false }), passport.authenticate('nevis', onFailure)).forRoutes(post('login'))
    consumer.apply(waitingPage(this.nevis, { signInURL: '/login' })).forRoutes({ path: 'login/2fa', method: RequestMethod.GET })
    // Only a signed-in user can confirm again. Anybody else must sign in first.
    consumer.apply((request: Request, response: Response, next: NextFunction) => (request.isAuthenticated() ? next() : response.set('Cache-Control', 'no-store').redirect('/login'))).forRoutes('step-up')
    // The forms of the waiting page (another factor, send again, cancel), and the start of a step-up.
    consumer.apply(secondFactor).forRoutes(post('login/2fa'), post('step-up'))
    consumer.apply(secondFactor, recordSecondFactor(), (request: Request, response: Response) => response.redirect(303, request.authInfo?.returnTo ?? '/')).forRoutes('login/2fa/callback')
  }
}
