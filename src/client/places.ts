/**
 * Finds a field by its documented name, even if Nevis sends it in another place, for example the user inside a list, or the token in a nested object.
 *
 * If two nested objects have the field, with different values, the field counts as absent. Out of scope: whether a value is valid (`fields.ts`).
 */
import { isJsonObject, type RawAnswer } from './answer'

const MAX_DEPTH = 5

/**
 * Finds a field in an object or, if the object does not have it, in its nested objects.
 * @returns undefined if the field is absent, or if nested objects have different values for it. `null` counts as absent, because Nevis sends
 * `null` for a user without a username
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
 * Finds the user in a response: the response itself if it has a `userId`, else the only nested object that has one.
 * @returns undefined if the response has no `userId`, and none or several of its nested objects have one
 */
export function userIn(value: unknown): RawAnswer | undefined {
  return onlyObject(value, (one) => ownField(one, 'userId') !== undefined)
}

/**
 * Finds an object by its fields: the response itself if `isMeant` is true for it, else the only nested object for which it is true.
 * @returns undefined if it is false for the response, and true for none or several of the nested objects
 */
function onlyObject(value: unknown, isMeant: (one: RawAnswer) => boolean): RawAnswer | undefined {
  if (isJsonObject(value) && isMeant(value)) return value
  const found = objectsIn(value).filter(isMeant)
  return found.length === 1 ? found[0] : undefined
}

/** Lists all objects in a value, the value itself included. */
export function objectsIn(value: unknown, depth = 0): RawAnswer[] {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return []
  const inner = Object.values(value).flatMap((one) => objectsIn(one, depth + 1))
  return isJsonObject(value) ? [value, ...inner] : inner
}
