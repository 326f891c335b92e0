/**
 * Finds the recovery codes in the answer to an enrolment. Nevis documents the form of a code, but not the field that contains the codes.
 *
 * So this file looks for lists in any field. A list counts only if every value in it has the form of a code: a user must never save a string
 * that is not a code. Out of scope: codes that users type (`typed-input.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/recovery-codes/request-recovery-codes: 16 characters, alphanumeric;
 * the verification reference adds dashes.
 */
import { isJsonObject } from './answer'

/** 16 letters and digits with or without dashes, or 16 characters with the dashes counted. */
const CODE = /^(?=(?:-?[A-Za-z0-9]){16}$|[A-Za-z0-9-]{16}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/
/** In fields with these names, codes may have other lengths as well (`NAMED_CODE`). */
const NAMES: readonly string[] = ['recoveryCodes', 'recovery_codes', 'codes']
const NAMED_CODE = /^(?=.{8,64}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/
/** If a list contains objects, and several fields of an object have the form of a code, the field with one of these names is the code. */
const CODE_NAMES: readonly string[] = ['code', 'recoveryCode', 'value']
const MAX_DEPTH = 6

interface Found {
  readonly codes: readonly string[]
  readonly isNamed: boolean
}

/**
 * Finds the recovery codes.
 * @returns undefined if there are no codes, or if there are several different lists and it is not clear which one contains the codes
 */
export function recoveryCodesIn(value: unknown): readonly string[] | undefined {
  const found = listsIn(value, false, 0)
  const named = found.filter(({ isNamed }) => isNamed)
  const candidates = named.length > 0 ? named : found
  const [first] = candidates
  const isOne = candidates.every(({ codes }) => JSON.stringify(codes) === JSON.stringify(first?.codes))
  return isOne ? first?.codes : undefined
}

/**
 * Finds the lists that have the form of recovery codes.
 * @param isNamed true if the value is inside a field with one of the names in `NAMES`
 */
function listsIn(value: unknown, isNamed: boolean, depth: number): Found[] {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return []
  const codes = codesOf(Object.values(value), isNamed ? NAMED_CODE : CODE, Array.isArray(value) || isNamed ? 1 : 2)
  if (codes !== undefined) return [{ codes, isNamed }]
  return Object.entries(value).flatMap(([name, inner]) => listsIn(inner, isNamed || NAMES.includes(name), depth + 1))
}

/** Returns the codes of a list, if every value is a code or an object that contains one; otherwise undefined. */
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
