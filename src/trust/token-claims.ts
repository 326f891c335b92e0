/**
 * Which claims of a transaction token an instance may leave out or fill otherwise than Nevis's documents say of `sub`, or show for access
 * keys. By default each is checked.
 *
 * Out of scope: checking them (`binding.ts`).
 */

/**
 * What your instance puts into transaction tokens, if it differs from the defaults. Nevis documents the introspection by one example, which is
 * that of an access key. Set a value only if sign-ins fail with `binding_mismatch` for that claim, and `npx passport-nevis probe` shows it.
 */
export interface TransactionTokenClaims {
  /** If true, `aud` may be or contain "api", as in access keys. The access key itself is still refused. Default false. */
  readonly acceptAudienceApi?: boolean
  /** If true, `iss` may be missing. Nevis says of `active` that it is true only for tokens that this instance issued. Default false. */
  readonly acceptMissingIssuer?: boolean
  /**
   * What `sub` holds. `none`: `sub` may be missing; then only Nevis's status answer says whose approval it is, and the factor `widget` refuses
   * such a token. Default `userId`, as documented.
   */
  readonly subject?: 'userId' | 'username' | 'transactionId' | 'none'
}

export const SUBJECTS: readonly unknown[] = ['userId', 'username', 'transactionId', 'none']
