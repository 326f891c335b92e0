/**
 * Checks the form of the token that a browser sends as the result of Nevis's widget.
 *
 * Out of scope: whether the token is genuine, which only Nevis can say (`proof.ts`).
 */

/**
 * True for a JSON Web Signature in canonical base64url in which no claim has the value `pending` or `failed`.
 *
 * Why canonical: the last character of base64url has unused bits, so a token can be written in several ways. If an attacker sends a used token in another
 * spelling, the ledger does not recognise the token as used.
 *
 * Why no `pending` or `failed`: Nevis documents that the token of a status answer contains the "result of the current status", but not in which claim. So no
 * claim may have one of these two values.
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
  let isPendingOrFailed = false
  try {
    JSON.parse(Buffer.from(payload, 'base64url').toString(), (_claim, value: unknown) => {
      isPendingOrFailed ||= typeof value === 'string' && /^(pending|failed)$/i.test(value)
      return value
    })
  } catch {
    return true
  }
  return isPendingOrFailed
}
