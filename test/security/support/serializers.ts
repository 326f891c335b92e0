/**
 * Makes the app's `serializeUser` fail, as if the app's database were down.
 *
 * Out of scope: a function `serializeUser` that is slow (`test/security/app-functions.test.ts`).
 */
import type { RequestHandler } from 'express'

/** @returns a middleware. From then on, until the request is answered, `serializeUser` fails */
export function breakingSerializeUser(passport: object): RequestHandler {
  // Replace the app's functions: if this function added another one, Passport would still take the result of the first one.
  const { _serializers: serializers } = passport as { _serializers: unknown[] }
  return (_req, res, next) => {
    const own = serializers.splice(0, Infinity, (_user: unknown, done: (error: unknown) => void) => done(new Error('no database')))
    res.once('finish', () => serializers.splice(0, Infinity, ...own))
    next()
  }
}
