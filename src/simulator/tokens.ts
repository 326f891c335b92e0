/**
 * The cloud's tokens: JSON Web Tokens signed with HS512, minted and read back.
 *
 * Out of scope: to know whether a token was used or whose key it is (see `cloud.ts`).
 *
 * Times inside are milliseconds, as in the documented example of an introspection, though its table says seconds.
 * The `aud` of an access key is documented (`api`); those of the other three are the simulator's own. A transaction's token
 * "contains the verifiable result of the current status": under which name is not documented, and an introspection hides it.
 */
import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { isRecord } from './answer'
import type { Clock } from './clock'

export type TokenKind = 'api' | 'transaction' | 'status' | 'intent'

export interface Claims {
  readonly aud: TokenKind
  readonly iss: string
  readonly iat: number
  readonly exp: number
  readonly sub?: string
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const HEADER = encode({ alg: 'HS512' })

export class Tokens {
  private readonly key = randomBytes(64)

  /** @param issuer the base URL with the slash at its end */
  constructor(
    private readonly clock: Clock,
    readonly issuer: string,
  ) {}

  claims(aud: TokenKind, lifetimeSeconds: number, subject: string | undefined): Claims {
    const iat = this.clock.now()
    const claims = { aud, iss: this.issuer, iat, exp: iat + lifetimeSeconds * 1000 }
    return subject === undefined ? claims : { ...claims, sub: subject }
  }

  /** @param result of a transaction, to be kept in its token */
  mint(kind: TokenKind, lifetimeSeconds: number, subject: string | undefined, result?: string): string {
    const claims = this.claims(kind, lifetimeSeconds, subject)
    const content = `${HEADER}.${encode({ ...claims, jti: randomUUID(), result })}`
    return `${content}.${this.sign(content).toString('base64url')}`
  }

  /** @returns the claims, or `undefined` for anything not minted here and anything expired */
  read(token: string): Claims | undefined {
    const end = token.lastIndexOf('.')
    const content = token.slice(0, Math.max(end, 0))
    const given = Buffer.from(token.slice(end + 1), 'base64url')
    const expected = this.sign(content)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
    const payload: unknown = JSON.parse(Buffer.from(content.slice(HEADER.length + 1), 'base64url').toString())
    if (!isRecord(payload)) return undefined
    const { jti: _jti, result: _result, ...claims } = payload as unknown as Claims & { jti: string; result?: string }
    return claims.exp > this.clock.now() ? claims : undefined
  }

  private sign(content: string): Buffer {
    return createHmac('sha512', this.key).update(content).digest()
  }
}
