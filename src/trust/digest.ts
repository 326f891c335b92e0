/**
 * Protects a transaction from changes in the session: a keyed digest (HMAC) covers every field that must stay the same until the transaction ends.
 *
 * Without the digest, an attacker who can write to the session store could change the amount of a payment after the phone has shown it. The key of the HMAC
 * is not in the session. Out of scope: refusing the request (`strategy-request.ts`).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Transaction } from '../factors/transaction'
import { withSortedNames } from '../host/canonical'

/**
 * The fields that the digest covers, and what an attacker who can write to the session store could do if the digest did not cover the field. Each field of
 * `Transaction` must be in exactly one of the two lists, `PROTECTED` or `MAY_CHANGE`: TypeScript checks this.
 */
const PROTECTED = {
  // Who approves what.
  id: 'accept the approval of another transaction',
  hasOwnId: 'accept an answer of Nevis about another transaction',
  factor: 'have a weaker factor checked, or recorded as a stronger one',
  operation: 'sign in with an enrolment, which proves nothing',
  subject: 'sign in as another user',
  userId: 'sign in as another user',
  isUserIdNamed: 'skip the check that the userId belongs to the username',
  message: 'change what the user has approved, such as the amount of a payment',
  data: 'change what the user has approved, such as the amount of a payment',
  isInPlaceOfApproval: 'have the data of an approval accepted with an enrolment',
  statusTokenDigest: 'exchange the status token for that of another transaction',
  phone: 'enrol another phone number than the route has given',
  enrolments: 'finish an enrolment that a newer one has made invalid',
  // Where, when and by whom the transaction was started.
  login: 'finish a step-up that another user has started',
  browser: 'finish a transaction that another browser has started',
  client: 'finish a sign-in that another client has started',
  origin: 'be taken for the second request of a double click',
  startedAt: 'have an older transaction token accepted',
  expiresAt: 'finish an expired transaction',
  moves: 'finish the transaction with a copy of an old session',
  // What the app allows.
  factors: 'use a factor that the route does not allow',
  available: 'use a factor that the user does not have according to the app',
  purpose: 'use the approval at another route',
  firstFactorAmr: 'claim another first factor in the profile',
  remember: 'have the browser remembered against the choice of the user',
  firstFactorAt: 'switch to another factor long after the password, or have a denial counted for another sign-in',
  textedPhone: 'enrol a phone number although the user has one already',
  forgetMarks: 'have the browser remembered although the app has forgotten the user\'s browsers',
  // What the user has done.
  typedCode: 'choose the code that must be typed',
  isCodeTyped: 'skip the code that must be typed',
  isUnsent: 'hide from the user that a request was sent to the phone',
  // What is counted.
  budget: 'have codes and denials counted for another user',
  slots: 'free the slots of starts that were not approved',
  alsoHeld: 'free the slots of another user, and so send that user more pushes',
} as const satisfies { readonly [Field in keyof Transaction]?: string | undefined }

/** The fields that the digest does not cover, and why. */
export const MAY_CHANGE: { readonly [Field in Exclude<keyof Transaction, keyof typeof PROTECTED>]-?: string } = {
  digest: 'is the digest',
  statusToken: 'is deleted at the end of the transaction; `statusTokenDigest` protects it until then',
  closed: 'is set at the end of the transaction; the ledger decides whether the transaction can still succeed',
  next: 'is set when another transaction replaces this one',
  attempts: 'changes with each code, and is only shown; the limits use the count in the ledger',
  refused: 'changes with each refused switch to another factor, and is only shown',
  refusedFactor: 'changes with `refused`, and is only shown',
  refusedAfterEnd: 'changes with each refused switch to another factor, and is only shown',
  shown: 'is deleted at the end of the transaction; until then, it is stored with authenticated encryption (`shown.ts`)',
  codesKey: 'is deleted at the end of the transaction; a wrong key decrypts nothing',
  returnTo: '`sitePathOf` accepts only paths of this site',
  authenticatorId: 'only says which phone was asked; the approval of another phone of the user would count as well',
  isStepUp: 'only decides for whom a denial counts, and which transactions are dropped last',
}

/** @internal */
export class Digests {
  /**
   * @param keys 32 bytes each. New digests are made with the first key; digests of every key are accepted
   * @param owner names of the strategy and the Nevis instance, and the callback URL. A digest matches only for the same owner
   */
  constructor(
    private readonly keys: readonly Buffer[],
    private readonly owner: string,
  ) {}

  /** Adds a digest of the transaction and one of the status token. The digest of the token stays when the token is deleted at the end of the transaction. */
  withDigest(transaction: Omit<Transaction, 'digest'>): Transaction {
    const [key] = this.keys
    const { statusToken } = transaction
    const whole = { ...transaction, ...(statusToken !== undefined && { statusTokenDigest: sha256(statusToken) }) }
    return { digest: this.digestOf(whole, key as Buffer).toString('base64url'), ...whole }
  }

  /**
   * Compares the digest in the transaction with the computed one.
   * @returns false if the transaction was changed, or has no digest
   */
  matches(transaction: Transaction): boolean {
    const { closed, statusToken, statusTokenDigest } = transaction
    if (statusToken !== undefined && sha256(statusToken) !== statusTokenDigest) return false
    // Only the end of the transaction deletes the status token. If the token is missing before the end, the transaction was changed.
    if (statusToken === undefined && statusTokenDigest !== undefined && closed === undefined) return false
    const digest = Buffer.from(String(transaction.digest), 'base64url')
    const expected = this.keys.map((key) => this.digestOf(transaction, key))
    return expected.some((one) => one.length === digest.length && timingSafeEqual(one, digest))
  }

  /**
   * A keyed digest (HMAC) of a phone number, which the session stores instead of the number. An attacker who can read the session does not have the key, and
   * so cannot try all phone numbers.
   * @returns base64url
   */
  digestOfPhone(phone: string, id: string): string {
    return this.phoneDigest(this.keys[0] as Buffer, phone, id).toString('base64url')
  }

  isPhone(digest: string, phone: string, id: string): boolean {
    return this.keys.some((key) => this.phoneDigest(key, phone, id).toString('base64url') === digest)
  }

  /**
   * A keyed digest of the user and the factor, for the cookie that keeps the factor used last. So the cookie reveals neither the user nor the factor.
   * @param subject the user's key in the ledger
   * @returns base64url
   */
  digestOfFactor(subject: string, factor: string): string {
    return this.factorDigest(this.keys[0] as Buffer, subject, factor).toString('base64url')
  }

  isFactor(digest: string, subject: string, factor: string): boolean {
    return this.keys.some((key) => this.factorDigest(key, subject, factor).toString('base64url') === digest)
  }

  /**
   * A keyed digest of a code and its transaction, for the ledger (`factors/code-check.ts`). So an attacker who can read the ledger cannot find out the code, and
   * the digest of one transaction matches in no other.
   * @returns base64url
   */
  digestOfCode(code: string, { id, moves }: Pick<Transaction, 'id' | 'moves'>): string {
    return createHmac('sha256', this.keys[0] as Buffer).update(JSON.stringify(['code', this.owner, id, moves, code])).digest('base64url')
  }

  private factorDigest(key: Buffer, subject: string, factor: string): Buffer {
    return createHmac('sha256', key).update(JSON.stringify(['factor', this.owner, subject, factor])).digest()
  }

  private phoneDigest(key: Buffer, phone: string, id: string): Buffer {
    return createHmac('sha256', key).update(JSON.stringify(['phone', this.owner, id, phone])).digest()
  }

  private digestOf(transaction: Omit<Transaction, 'digest'>, key: Buffer): Buffer {
    const fields = Object.entries(transaction).filter(([name]) => name in PROTECTED)
    // Sort the names, because a session store may return the properties in another order.
    const text = JSON.stringify([this.owner, withSortedNames(Object.fromEntries(fields))])
    return createHmac('sha256', key).update(text).digest()
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')
