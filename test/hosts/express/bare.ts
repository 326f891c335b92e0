/**
 * An app with passwords, a session and a second factor, on one of the supported versions of Express and Passport. Each test adds its own routes.
 *
 * A user has the same username in the app and at Nevis. Out of scope: the routes.
 */
import type { Express, RequestHandler } from 'express'
import session from 'express-session'
import type { Authenticator } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { NevisStrategy, type NevisStrategyOptions, type Verify } from '../../../src'
import type { NevisSimulator } from '../../../src/simulator'
import { PASSWORD, strategyOptions } from '../../support/app'
import { listening, type Host, type Stack } from './host'

export interface BareOptions {
  readonly simulator: NevisSimulator
  readonly stack: Stack
  /** Replaces express-session. */
  readonly session?: RequestHandler
  /** Middleware between the session and Passport. */
  readonly before?: readonly RequestHandler[]
  readonly routes: (app: Express, parts: { passport: Authenticator; express: typeof import('express') }) => void
}

export const memorySession = (options: Partial<session.SessionOptions> = {}): RequestHandler =>
  session({ secret: 'a secret for tests', resave: false, saveUninitialized: false, ...options })

/** Signs in the user who has approved, by the username at Nevis. */
export const byName: Verify = ({ username }, done) => done(null, { username })

export function strategyFor(simulator: NevisSimulator, options: Partial<NevisStrategyOptions> = {}, verify: Verify = byName): NevisStrategy {
  return new NevisStrategy({ ...strategyOptions(simulator), ...options, passReqToCallback: false }, verify)
}

export async function bare({ simulator, stack, session: sessions = memorySession(), before = [], routes }: BareOptions): Promise<Host> {
  const express = jest.requireActual<typeof import('express')>(stack.express)
  const { Passport } = jest.requireActual<{ Passport: new () => Authenticator }>(stack.passport)
  const passport = new Passport()
  passport.use(new LocalStrategy((username, password, done) => done(null, password === PASSWORD ? { username } : false, { message: 'Wrong password.' })))
  passport.use(strategyFor(simulator))
  passport.serializeUser((user, done) => done(null, (user as { username: string }).username))
  passport.deserializeUser((username, done) => done(null, { username }))
  const app = express()
  app.use(express.urlencoded({ extended: false }), sessions, ...before, passport.session())
  routes(app, { passport, express })
  const onError: import('express').ErrorRequestHandler = (error: { status?: number }, _req, res, _next) => {
    const { name, code, message, status = 500 } = error as { name: string; code?: string; message: string; status?: number }
    res.status(status).json({ error: { name, code, message } })
  }
  app.use(onError)
  return listening(app)
}
