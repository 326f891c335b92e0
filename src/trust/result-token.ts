/**
 * The token that a browser brings as the result of Nevis's widget, as far as it can be read without Nevis's key.
 *
 * Not its job: to prove anything. Only Nevis can say whether a token is genuine (`proof.ts`).
 */

/**
 * Is this a token that may be asked about at all? It must be a JSON Web Signature in its one spelling: base64url has spare
 * bits, and a token that was used could come again with other ones, unknown to the ledger and good to whoever decodes
 * it. And it must not say itself that nothing is decided.
 *
 * Nevis's documents show tokens in this form, and say that the token of a status answer "contains the verifiable result of
 * the current status", a `pending` or `failed` one included. How it says so is not documented: any claim counts.
 * Source: https://docs.nevis.net/apidoc/authcloud/, status polling
 * @internal
 */
export function looksLikeResultToken(token: string): boolean {
  const parts = token.split('.')
  return parts.length === 3 && parts.every(isCanonicalBase64url) && !claimsPendingOrFailed(parts[1] as string)
}

function isCanonicalBase64url(part: string): boolean {
  return part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part
}

function claimsPendingOrFailed(payload: string): boolean {
  let isUndecided = false
  try {
    JSON.parse(Buffer.from(payload, 'base64url').toString(), (_claim, value: unknown) => {
      isUndecided ||= typeof value === 'string' && /^(pending|failed)$/i.test(value)
      return value
    })
  } catch {
    return true
  }
  return isUndecided
}
