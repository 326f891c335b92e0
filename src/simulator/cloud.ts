/**
 * The state of one simulated Nevis instance: users, authenticators, intent tokens, access key and transactions.
 *
 * Out of scope: HTTP (`server.ts`), the API operations (for example `approval.ts`), and what a user does on the phone (`phone.ts`).
 */
import { randomInt, randomUUID } from 'node:crypto'
import type { Clock } from './clock'
import { Limits } from './limits'
import { BoundedMap, CAPACITY } from './memory'
import type { Authenticator, Intent, Subject, User } from './model'
import { Problem } from './problem'
import { Tokens, type Claims } from './tokens'
import { Transactions } from './transactions'

/** An access key is valid for 30 days, as in the example of an introspection in Nevis's documentation. */
const ACCESS_KEY_LIFETIME_SECONDS = 30 * 24 * 3600
const ACCESS_KEY_SUBJECT = '100'
/** An intent token can be used once, within ten minutes: https://docs.nevis.net/authcloud/widget/auth-widget */
const INTENT_LIFETIME_SECONDS = 600
/** Maximum number of authenticators per user: the default value in Nevis's management console. */
const MAX_AUTHENTICATORS = 10
/** The name of a simulated phone to which nobody has given a name. */
const MODELS = { ios: 'iPhone 16 (simulated)', android: 'Pixel 9 (simulated)' } as const

/** The system of a phone whose name says so; undefined for any other name. */
function systemIn(name = ''): Authenticator['type'] | undefined {
  return /iphone|ipad/i.test(name) ? 'ios' : /pixel|galaxy|android/i.test(name) ? 'android' : undefined
}

export interface CloudSettings {
  readonly baseURL: string
  readonly accessKey: string | undefined
  readonly lifetimeSeconds: number
  readonly pushRateLimit: number | undefined
  readonly smsRateLimit: number | undefined
}

export class Cloud {
  readonly baseURL: string
  readonly tokens: Tokens
  readonly transactions: Transactions
  readonly limits: Limits
  readonly users = new BoundedMap<string, User>(CAPACITY.users, (oldest) => this.end(oldest))
  private readonly usersByName = new Map<string, User>()
  private readonly intents = new BoundedMap<string, Intent>(CAPACITY.intents)
  private key: string
  private keyClaims: Claims

  constructor(
    readonly clock: Clock,
    settings: CloudSettings,
  ) {
    this.baseURL = settings.baseURL
    this.tokens = new Tokens(clock, `${settings.baseURL}/`)
    this.transactions = new Transactions(clock, this.tokens, settings.lifetimeSeconds)
    this.limits = new Limits(clock, { push: settings.pushRateLimit, sms: settings.smsRateLimit })
    this.keyClaims = this.tokens.claims('api', ACCESS_KEY_LIFETIME_SECONDS, ACCESS_KEY_SUBJECT)
    this.key = settings.accessKey ?? this.mintAccessKey()
  }

  get accessKey(): string {
    return this.key
  }

  rotateAccessKey(): string {
    this.keyClaims = this.tokens.claims('api', ACCESS_KEY_LIFETIME_SECONDS, ACCESS_KEY_SUBJECT)
    this.key = this.mintAccessKey()
    return this.key
  }

  isAccessKey(token: string): boolean {
    return token === this.key && this.keyClaims.exp > this.clock.now()
  }

  /**
   * Returns the claims of a valid token.
   * @returns undefined for an unknown token, an expired token, or a replaced access key
   */
  introspect(token: string): Claims | undefined {
    if (token === this.key) return this.isAccessKey(token) ? this.keyClaims : undefined
    const claims = this.tokens.read(token)
    return claims?.aud === 'api' ? undefined : claims
  }

  userById(userId: string): User | undefined {
    return this.users.get(userId.toLowerCase())
  }

  /** Finds a user by username. Upper and lower case count as different; Nevis does not document whether they do. */
  userByName(username: string): User | undefined {
    return this.usersByName.get(username)
  }

  find(subject: Subject): User | undefined {
    return 'userId' in subject ? this.userById(subject.userId) : this.userByName(subject.username)
  }

  /**
   * Returns the user of a userId or username.
   * @throws Problem with status 404 if there is no such user
   */
  get(subject: Subject): User {
    const user = this.find(subject)
    if (user === undefined) throw new Problem(404, 'The user does not exist', {}, 'unknown-user')
    return user
  }

  createUser(username: string | undefined): User {
    const now = this.clock.now()
    const user: User = {
      userId: randomUUID(),
      username,
      createdAt: now,
      updatedAt: now,
      authenticators: [],
      phone: undefined,
      recoveryCodes: [],
      inbox: [],
    }
    this.users.set(user.userId, user)
    if (username !== undefined) this.usersByName.set(username, user)
    return user
  }

  deleteUser(user: User): void {
    this.users.delete(user.userId)
    this.end(user)
  }

  /** Cleans up after the deletion of a user: fails the user's pending transactions and deletes the user's rate limits. */
  private end(user: User): void {
    if (user.username !== undefined) this.usersByName.delete(user.username)
    this.limits.forget(user.userId)
    this.transactions.failAllOf(user)
  }

  /** Throws 409 if the user has the maximum number of authenticators. Nevis does not document the HTTP status for this error. */
  checkRoom(user: User): void {
    if (user.authenticators.length >= MAX_AUTHENTICATORS) throw new Problem(409, 'The user has too many authenticators', {}, 'no-room')
  }

  addAuthenticator(user: User, holder: string, givenName?: string): Authenticator {
    const now = this.clock.now()
    const type = systemIn(givenName) ?? (user.authenticators.length % 2 === 0 ? 'ios' : 'android')
    const name = givenName ?? MODELS[type]
    const authenticator: Authenticator = { authenticatorId: randomUUID(), name, type, holder, enrolledAt: now, updatedAt: now }
    user.authenticators.push(authenticator)
    user.updatedAt = now
    return authenticator
  }

  authenticator(authenticatorId: string): { user: User; authenticator: Authenticator } {
    for (const user of this.users.values()) {
      const authenticator = user.authenticators.find((each) => each.authenticatorId === authenticatorId.toLowerCase())
      if (authenticator !== undefined) return { user, authenticator }
    }
    throw new Problem(404, 'The authenticator does not exist')
  }

  createIntent(intent: Omit<Intent, 'token' | 'used'>): Intent {
    // A user who is not enrolled yet has no userId. The intent token then has no `sub`.
    const userId = this.find(intent.subject)?.userId
    const made: Intent = { ...intent, token: this.tokens.mint('intent', INTENT_LIFETIME_SECONDS, userId), used: false }
    this.intents.set(made.token, made)
    return made
  }

  /**
   * Returns what an unused intent token allows: operation, user and channels.
   * @returns undefined if the token was used or has expired
   */
  intent(token: string): Intent | undefined {
    const intent = this.usableOrUsedIntent(token)
    return intent?.used === true ? undefined : intent
  }

  /**
   * Returns what an intent token allows, even if the token was used.
   * @returns undefined if the token has expired
   */
  usableOrUsedIntent(token: string): Intent | undefined {
    return this.tokens.read(token) === undefined ? undefined : this.intents.get(token)
  }

  newSmsCode(): string {
    return randomInt(1_000_000).toString().padStart(6, '0')
  }

  /** Creates recovery codes: 16 case-sensitive characters in groups of four. Nevis does not document how many codes a user gets. */
  newRecoveryCodes(count: number): string[] {
    const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'
    const group = () => Array.from({ length: 4 }, () => alphabet.charAt(randomInt(alphabet.length))).join('')
    return Array.from({ length: count }, () => [group(), group(), group(), group()].join('-'))
  }

  private mintAccessKey(): string {
    return this.tokens.mint('api', ACCESS_KEY_LIFETIME_SECONDS, ACCESS_KEY_SUBJECT)
  }
}
