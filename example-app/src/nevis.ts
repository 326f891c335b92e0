/**
 * Creates the strategy: the factors that this app allows, and the function that finds the account for an approval. Out of scope: the routes
 * (`second-factor.ts`).
 */
import type { Request } from 'express'
import { NevisClient, NevisError, NevisStrategy, RedisLedger, app, push, recovery, sms, widget, type Factor, type NevisProfile, type NevisStrategyOptions } from 'passport-nevis'
import type { Cloud, Config } from './config.js'
import { devicesIn } from './devices.js'
import { textsFor } from './language.js'
import type { Redis } from './redis.js'
import { isOldPassword } from './second-factor.js'
import type { Account, Users } from './users.js'

export interface NevisParts {
  /** How to reach the Nevis instance or the simulator. */
  readonly cloud: Cloud
  readonly users: Users
  readonly config: Config
  /** The Redis that several processes share; undefined for a single process. */
  readonly redis: Redis | undefined
}

export function nevisStrategy({ cloud, users, config, redis }: NevisParts): NevisStrategy {
  const client = new NevisClient(cloud)
  const factors = [pushAsChosen(users), app(), sms({ message: smsText }), recovery(), ...(config.widget ? [widget()] : [])]
  const options = {
    client,
    factors,
    availableFactors: async (_req, { userId }) => {
      const has = await factorsOf(client, users, userId)
      return factors.map(({ name }) => name).filter((name) => has?.includes(name) ?? true)
    },
    message: (req: Request) => textsFor(req)('Sign in to Alpine Mutual?'),
    // Users who have lost their phone may have only recovery codes or SMS left. This option lets them sign in with one of these and set up the next phone
    // without help. The risk: an attacker with the password and a stolen recovery code can also set up a phone. A bank may prefer that a branch sets up the
    // new phone.
    allowEnrollmentOfStrongerFactorAfter: ['recovery', 'sms'],
    rememberBrowser: { days: 30 }, // in a remembered browser the password alone signs in; devices and payments still need the second factor
    waitingURL: '/login/2fa',
    callbackURL: '/login/2fa/callback',
    statusURL: '/login/2fa/status',
    ledger: redis && new RedisLedger(redis),
  } satisfies NevisStrategyOptions

  return new NevisStrategy({ ...options, passReqToCallback: true }, (req: Request, profile, done) => {
    accountOf(users, profile).then((user) => {
      const isOld = user !== undefined && isOldPassword(req, user)
      if (isOld) done(null, false, { message: textsFor(req)('Your password has been changed. Please sign in again.') })
      else done(null, user)
    }, done)
  })
}

/** The factor `push`, with a code to type for the users who have turned this on in "Devices and security". */
function pushAsChosen(users: Users): Factor {
  const [plain, withCode] = [push(), push({ typedCode: true })]
  return {
    ...plain,
    async approve(nevis, subject, request) {
      // Before the first approval, the account is not linked to a Nevis user, and cannot have turned anything on.
      const user = subject.userId === undefined ? undefined : await users.findByNevisId(subject.userId)
      const { typesCode } = user === undefined ? { typesCode: false } : await users.addedBy(user.id)
      return (typesCode ? withCode : plain).approve(nevis, subject, request)
    },
  }
}

/** The text of the SMS: the message is in the user's language, English or German, and "Code" is the same word in both. */
const smsText = (message = 'Alpine Mutual:') => `${message} Code: {{CODE}}`

/**
 * The factors that the user has: Nevis lists the devices; the database of this app records SMS and recovery codes.
 * @param userId Nevis's id of the user; undefined if the account is not linked to a Nevis user yet
 * @returns undefined if the app does not know which factors the user has
 */
async function factorsOf(client: NevisClient, users: Users, userId: string | undefined): Promise<string[] | undefined> {
  const user = userId === undefined ? undefined : await users.findByNevisId(userId)
  if (userId === undefined || user === undefined) return undefined
  const [atNevis, { smsSince, codesSince }] = await Promise.all([client.getUser(userId).catch(undefinedIfNotFound), users.addedBy(user.id)])
  if (atNevis === undefined) return []
  return [...(devicesIn(atNevis).length > 0 ? ['push', 'app', 'widget'] : []), ...(smsSince ? ['sms'] : []), ...(codesSince ? ['recovery'] : [])]
}

/** An operator may have deleted the user at Nevis. The user then has no factor any more, and needs support. */
function undefinedIfNotFound(error: unknown): undefined {
  if (!(error instanceof NevisError) || error.code !== 'NEVIS_NOT_FOUND') throw error
}

/** @returns the account of the user who approved; undefined if there is none, so that the strategy refuses the sign-in */
async function accountOf(users: Users, { id, username, operation, factor, maskedPhone }: NevisProfile): Promise<Account | undefined> {
  const user = (await users.findByNevisId(id)) ?? (await users.link(username, id))
  if (user && operation === 'enroll') await users.noteAdded(user.id, factor, maskedPhone)
  return user
}
