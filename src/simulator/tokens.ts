/**
 * Issues and verifies the tokens of the simulated Nevis: JSON Web Tokens, signed with HS512. Times are milliseconds, as in Nevis's example of an
 * introspection.
 *
 * Nevis does not document all `aud` values, nor the claim with the status of a transaction. The simulator has chosen these names and values.
 * Out of scope: whether an intent token was used, and which access key is current (`cloud.ts`).
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
  /** The token is not valid before this time. An access key has no `nbf`, as in Nevis's example of an introspection. */
  readonly nbf?: number
  readonly sub?: string
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const HEADER = encode({ alg: 'HS512' })

export class Tokens {
  private readonly key = randomBytes(64)

  /**
   * Sets the `iss` of all tokens.
   * @param issuer the base URL with a trailing slash
   */
  constructor(
    private readonly clock: Clock,
    readonly issuer: string,
  ) {}

  claims(aud: TokenKind, lifetimeSeconds: number, subject: string | undefined): Claims {
    const iat = this.clock.now()
    // The order of the fields is that of Nevis's example of an introspection. The example has no `nbf`.
    return {
      exp: iat + lifetimeSeconds * 1000,
      iat,
      ...(aud !== 'api' && { nbf: iat }),
      ...(subject !== undefined && { sub: subject }),
      aud,
      iss: this.issuer,
    }
  }

  /**
   * Issues a token.
   * @param result the status of the transaction; only for transaction tokens
   */
  mint(kind: TokenKind, lifetimeSeconds: number, subject: string | undefined, result?: string): string {
    const claims = this.claims(kind, lifetimeSeconds, subject)
    const content = `${HEADER}.${encode({ ...claims, jti: randomUUID(), result })}`
    return `${content}.${this.sign(content).toString('base64url')}`
  }

  /**
   * Verifies a token.
   * @returns the claims; `undefined` if this simulator did not issue the token, or if it has expired
   */
  read(token: string): Claims | undefined {
    const claims = this.claimsOf(token)
    return claims !== undefined && claims.exp > this.clock.now() ? claims : undefined
  }

  /** The kind of a token that this simulator has issued, even if the token has expired; otherwise undefined. */
  kindOf(token: string): TokenKind | undefined {
    return this.claimsOf(token)?.aud
  }

  private claimsOf(token: string): Claims | undefined {
    const end = token.lastIndexOf('.')
    const content = token.slice(0, Math.max(end, 0))
    const given = Buffer.from(token.slice(end + 1), 'base64url')
    const expected = this.sign(content)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
    const payload: unknown = JSON.parse(Buffer.from(content.slice(HEADER.length + 1), 'base64url').toString())
    if (!isRecord(payload)) return undefined
    const { jti: _jti, result: _result, ...claims } = payload as unknown as Claims & { jti: string; result?: string }
    return claims
  }

  private sign(content: string): Buffer {
    return createHmac('sha512', this.key).update(content).digest()
  }
}
