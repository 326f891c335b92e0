/**
 * Finds the new recovery codes in the response to an enrolment of recovery codes. Nevis documents the form of a code, but not which field contains the codes.
 *
 * So this file searches all fields for a list of codes, and for a text with several codes. It ignores a list that contains anything else: otherwise the user
 * would save strings that are not codes. Out of scope: codes that users type (`typed-input.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/recovery-codes/request-recovery-codes: 16 characters, alphanumeric. Nevis's reference of
 * the code check (`verification-ref`) adds dashes.
 */
import { isJsonObject } from './answer'

/** The form of a code: 16 letters and digits with or without dashes, or 16 characters including the dashes. */
const CODE = /^(?=(?:-?[A-Za-z0-9]){16}$|[A-Za-z0-9-]{16}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/
/** In a field with one of these names, a code may have 8 to 64 characters (`NAMED_CODE`). */
const NAMES: readonly string[] = ['recoveryCodes', 'recovery_codes', 'codes']
const NAMED_CODE = /^(?=.{8,64}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/
/** If several fields of one object look like a code, the field with one of these names is the code. */
const CODE_NAMES: readonly string[] = ['code', 'recoveryCode', 'value']
const MAX_DEPTH = 6

interface Found {
  readonly codes: readonly string[]
  readonly isNamed: boolean
}

/** @returns undefined if there are no codes, or if several lists contain different codes */
export function recoveryCodesIn(value: unknown): readonly string[] | undefined {
  const found = listsIn(value, false, 0)
  const named = found.filter(({ isNamed }) => isNamed)
  const candidates = named.length > 0 ? named : found
  const [first] = candidates
  const isOne = candidates.every(({ codes }) => JSON.stringify(codes) === JSON.stringify(first?.codes))
  return isOne ? first?.codes : undefined
}

/**
 * Finds all lists whose values have the form of recovery codes.
 * @param isNamed true if the value is inside a field with one of the names in `NAMES`
 */
function listsIn(value: unknown, isNamed: boolean, depth: number): Found[] {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return []
  const codes = codesOf(Object.values(value), isNamed ? NAMED_CODE : CODE, Array.isArray(value) || isNamed ? 1 : 2)
  if (codes !== undefined) return [{ codes, isNamed }]
  return Object.entries(value).flatMap(([name, inner]) => {
    const isInnerNamed = isNamed || NAMES.includes(name)
    return typeof inner === 'string' && !Array.isArray(value) ? listInText(inner, isInnerNamed) : listsIn(inner, isInnerNamed, depth + 1)
  })
}

/** Returns the codes in a text that contains nothing but codes: at least two, separated by white space, commas or semicolons. */
export function codesInText(text: string): readonly string[] | undefined {
  return codesOf(text.trim().split(/[\s,;]+/), CODE, 2)
}

function listInText(text: string, isNamed: boolean): Found[] {
  const codes = codesInText(text)
  return codes === undefined ? [] : [{ codes, isNamed }]
}

/**
 * Returns the codes of a list. Returns undefined if an item is neither a code nor an object with a code, if a code occurs twice, or if the list is too short.
 * @param least the smallest number of codes that counts as a list
 */
function codesOf(values: readonly unknown[], form: RegExp, least: number): readonly string[] | undefined {
  const isCode = (value: unknown): value is string => typeof value === 'string' && form.test(value)
  const codes = values.map((value) => (isJsonObject(value) ? codeIn(value, isCode) : value)).filter(isCode)
  const isAll = codes.length === values.length && codes.length >= least && new Set(codes).size === codes.length
  return isAll ? codes : undefined
}

function codeIn(json: object, isCode: (value: unknown) => value is string): unknown {
  const fields = Object.entries(json).filter(([, value]) => isCode(value))
  return (fields.length === 1 ? fields[0] : fields.find(([name]) => CODE_NAMES.includes(name)))?.[1]
}
