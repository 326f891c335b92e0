/**
 * Finds known fields in places that Nevis does not document, for example a user inside a list, or a token in a nested object.
 *
 * Only the place of a field may differ from the documentation, never its name. If fields of the same name have different values, none of them
 * is used. Out of scope: whether a value is valid (`fields.ts`).
 */
import { isJsonObject, type RawAnswer } from './answer'

const MAX_DEPTH = 5

/**
 * Finds a field in an object.
 * @returns the object's own field. If it has none: the value of the fields of this name in nested objects, if they are all equal. Otherwise
 * undefined. `null` counts as absent, because Nevis sends it for a user without a username.
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
 * Finds the user in an answer: the answer itself, or the only nested object that has a `userId`.
 * @returns undefined if there is no such object, or more than one
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
