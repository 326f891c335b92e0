/**
 * Finds known fields in places that Nevis does not document: a user inside a list, a token one object deeper.
 *
 * Only the place may differ, never the name or the meaning, and a field that has two different values is not found. Out of scope:
 * whether a value is usable (`fields.ts`).
 */
import { isJsonObject, type RawAnswer } from './answer'

const MAX_DEPTH = 5

/**
 * @returns the own field; else the value that all fields of this name deeper in the JSON have in common; else undefined. `null` counts
 * as absent: Nevis sends it for a user without a username.
 */
export function fieldIn(json: RawAnswer, name: string): unknown {
  const own = ownField(json, name)
  if (own !== undefined) return own
  const values = objectsIn(json).map((one) => ownField(one, name)).filter((value) => value !== undefined)
  const [first] = values
  return first !== undefined && values.every((value) => JSON.stringify(value) === JSON.stringify(first)) ? first : undefined
}

export function ownField(json: RawAnswer, name: string): unknown {
  return Object.hasOwn(json, name) ? (json[name] ?? undefined) : undefined
}

/**
 * The user in an answer: the answer itself, or the one object in it that names a user.
 * @returns undefined if there is none, or more than one
 */
export function userIn(value: unknown): RawAnswer | undefined {
  const isUser = (one: RawAnswer) => ownField(one, 'userId') !== undefined
  if (isJsonObject(value) && isUser(value)) return value
  const users = objectsIn(value).filter(isUser)
  return users.length === 1 ? users[0] : undefined
}

/** All objects in a value, outermost first. */
function objectsIn(value: unknown, depth = 0): RawAnswer[] {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return []
  const inner = Object.values(value).flatMap((one) => objectsIn(one, depth + 1))
  return isJsonObject(value) ? [value, ...inner] : inner
}
