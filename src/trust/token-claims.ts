/**
 * The type of the option `transactionTokens`: how the transaction tokens of an instance differ from Nevis's documentation.
 *
 * Out of scope: checking the tokens (`binding.ts`).
 */

/**
 * How the transaction tokens of your instance differ from the defaults below. This package cannot know the differences: Nevis documents the introspection of an
 * access key as its only example. Set a value only if sign-ins fail with `binding_mismatch` for a claim and `npx passport-nevis probe` shows the difference.
 */
export interface TransactionTokenClaims {
  /** If true, `aud` may be or contain "api", as in access keys. The access key itself is still refused. Default false. */
  readonly acceptAudienceApi?: boolean | undefined
  /** If true, `iss` may be missing. This is safe if `active` is true only for tokens of this instance, as Nevis documents. Default false. */
  readonly acceptMissingIssuer?: boolean | undefined
  /**
   * What `sub` contains. With `none`, `sub` may be missing: then only Nevis's status answer says who approved. The factor `widget` has no status answer, so
   * it refuses a token without `sub`. Default `userId`, as documented.
   */
  readonly subject?: 'userId' | 'username' | 'transactionId' | 'none' | undefined
}

export const SUBJECTS: readonly unknown[] = ['userId', 'username', 'transactionId', 'none']
