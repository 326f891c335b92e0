/** Code that must not compile. */
import passport from 'passport'
import {
  NevisClient, NevisError, NevisStrategy, atLeast, htmlMessage, push, recovery, requireSecondFactor, waitingPage,
  type FailureCode, type NevisErrorCode, type NevisEventName, type NevisProfile, type NevisStrategyOptions, type Operation, type StorageErrorCode,
} from 'passport-nevis'
import { NevisSimulator } from 'passport-nevis/simulator'

declare const options: NevisStrategyOptions & { readonly passReqToCallback: false }
declare const nevis: NevisStrategy

// @ts-expect-error a failure code is one of a closed list
export const code: FailureCode = 'tired'
// @ts-expect-error an error code is one of a closed list
export const errorCode: NevisErrorCode = 'NEVIS_TIRED'
// @ts-expect-error the code of a StorageError is one of a closed list
export const storageCode: StorageErrorCode = 'SESSION_TIRED'
// @ts-expect-error an operation is approve or enroll
export const operation: Operation = 'delete'
// @ts-expect-error an event is one of a closed list
export const event: NevisEventName = 'tired'
// @ts-expect-error the second argument is the name of a method of the client
export const error = new NevisError('NEVIS_TIMEOUT', 'sleep')
// @ts-expect-error a profile is read-only
export const change = (profile: NevisProfile) => (profile.id = 'other')

// @ts-expect-error a factor is the result of push(), not the function push
export const uncalled = new NevisStrategy({ ...options, factors: [push] }, () => undefined)
// @ts-expect-error the factor recovery has no options
export const recoveryWithOption = recovery({ typedCode: true })
// @ts-expect-error an option is misspelt
export const misspelt = new NevisStrategy({ ...options, lifetimeSecond: 120 }, () => undefined)
// @ts-expect-error the function verify is missing
export const withoutVerify = new NevisStrategy(options)
// @ts-expect-error the user that verify returns must be an Express.User
export const textUser = new NevisStrategy(options, async () => 'anna')
// @ts-expect-error the user that verify gives to its callback must be an Express.User
export const textUserByCallback = new NevisStrategy(options, (_profile, done) => done(null, 'anna'))
// @ts-expect-error verify returns a promise of the user, not the user itself
export const withoutPromise = new NevisStrategy(options, () => ({ id: 1, username: 'anna', nevisUserId: 'x' }))
// @ts-expect-error verify gets the request only with passReqToCallback
export const threeArguments = new NevisStrategy(options, (_req, _profile, done) => done(null, false))

// @ts-expect-error the operation must be approve or enroll
export const wrongOperation = passport.authenticate('nevis', { operation: 'delete' })
// @ts-expect-error factors must be a list
export const wrongFactors = passport.authorize('nevis', { factors: 'push' })
// @ts-expect-error a message must be a string
export const wrongMessage = passport.authorize('nevis', { message: 5 })
// @ts-expect-error maxAgeSeconds is missing
export const withoutAge = requireSecondFactor({})
// @ts-expect-error atLeast takes the name of a factor of this package
export const unranked = atLeast('fax')
// @ts-expect-error a value in a message must be a string or a number
export const absent = htmlMessage`Pay ${undefined}`
// @ts-expect-error an option is misspelt
export const wrongPage = waitingPage(nevis, { csrf: () => '' })
// @ts-expect-error the option accessKey is missing
export const withoutKey = new NevisClient({ instance: 'x' })
// @ts-expect-error the status token is missing, which an SMS code needs
export const withoutToken = new NevisClient({ instance: 'x', accessKey: 'x' }).verifyCode({ userId: 'x', code: '1' })
// @ts-expect-error a fault can name only a method of the client
export const wrongFault = async () => (await NevisSimulator.start()).faults.add({ on: 'sleep', status: 500 })
