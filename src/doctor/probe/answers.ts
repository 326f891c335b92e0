/**
 * Searches a response of Nevis at any depth for a value, by the name of the field or by the form of the value. Nevis does not document where the value is.
 *
 * Out of scope: describing a response (`shape.ts`).
 */
import { pictureIn } from '../../client/pictures'
import { recoveryCodesIn } from '../../client/recovery-codes'

const MAX_VALUES = 2000
const MAX_DEPTH = 8
/**
 * Two lists of status words: of a request that was approved, and of a request that ended without an approval. Nevis documents only `succeeded` and `failed`.
 */
export const ACCEPTED = ['succeeded', 'success', 'approved', 'accepted']
export const NOT_ACCEPTED = ['failed', 'failure', 'denied', 'rejected', 'declined', 'expired', 'cancelled']

/** Lists all strings of a response with their field names, from the outermost object inwards. */
function textsIn(json: unknown): { readonly name: string; readonly text: string }[] {
  const found: { name: string; text: string }[] = []
  let level: [string, unknown][] = [['', json]]
  for (let seen = 0; level.length > 0 && seen < MAX_VALUES; ) {
    const next: [string, unknown][] = []
    for (const [name, value] of level) {
      seen++
      if (typeof value === 'string') found.push({ name, text: value })
      else if (typeof value === 'object' && value !== null) {
        for (const [inner, one] of Object.entries(value).slice(0, MAX_VALUES)) next.push([Array.isArray(value) ? name : inner, one])
      }
    }
    level = next
  }
  return found
}

/** Returns the first string in a field of this name, at any depth. */
export function textAt(json: unknown, name: string): string | undefined {
  return textsIn(json).find((one) => one.name === name)?.text
}

/** Returns the recovery codes of an enrolment. Uses the client's own search, which does not take other texts of 16 characters for codes, such as a trace id. */
export function codesIn(json: unknown): readonly string[] {
  return recoveryCodesIn(json) ?? []
}

/** Returns the link that opens the Access App, and the QR code as a safe data URI. Each is undefined if the response does not contain it. */
export function linkIn(json: unknown): { readonly link: string | undefined; readonly image: string | undefined } {
  return { link: textAt(json, 'appLinkUri'), image: textsIn(json).map(({ text }) => pictureIn(text)).find((picture) => picture !== undefined) }
}

export function statusIn(json: unknown): string {
  return textAt(json, 'status')?.toLowerCase() ?? 'none'
}

/** Returns the userId from the object that contains this username. Ignores upper and lower case, because Nevis may return the username in another case. */
export function userIdOf(json: unknown, username: string, depth = 0): string | undefined {
  if (typeof json !== 'object' || json === null || depth > MAX_DEPTH) return undefined
  const { username: name, userId } = json as Readonly<Record<string, unknown>>
  if (typeof name === 'string' && name.toLowerCase() === username.toLowerCase() && typeof userId === 'string') return userId
  for (const inner of Object.values(json)) {
    const found = userIdOf(inner, username, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}
