/**
 * Finds the recovery codes in the answer to an enrolment. Nevis documents what a code looks like, and not in which field the codes are.
 *
 * Codes are recognised by their form, wherever they stand: all of a list or none. Strings that only stand in the place of codes are
 * never shown as codes. Out of scope: codes that users type (`typed-input.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/recovery-codes/request-recovery-codes: 16 characters, alphanumeric;
 * the verification reference adds dashes.
 */
import { isJsonObject } from './answer'

/** 16 letters and digits with or without dashes, or 16 characters with the dashes counted. */
const CODE = /^(?=(?:-?[A-Za-z0-9]){16}$|[A-Za-z0-9-]{16}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/
/** Under these names, codes of another length are codes, too. */
const NAMES: readonly string[] = ['recoveryCodes', 'recovery_codes', 'codes']
const NAMED_CODE = /^(?=.{8,64}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/
/** Fields of an object in a list that hold the code, if several have its form. */
const CODE_NAMES: readonly string[] = ['code', 'recoveryCode', 'value']
const MAX_DEPTH = 6

interface Found {
  readonly codes: readonly string[]
  readonly isNamed: boolean
}

/** @returns undefined if there are no codes, or if it is not clear which of several lists has them */
export function recoveryCodesIn(value: unknown): readonly string[] | undefined {
  const found = listsIn(value, false, 0)
  const named = found.filter(({ isNamed }) => isNamed)
  const candidates = named.length > 0 ? named : found
  const [first] = candidates
  const isOne = candidates.every(({ codes }) => JSON.stringify(codes) === JSON.stringify(first?.codes))
  return isOne ? first?.codes : undefined
}

/** @param isNamed true if the value is below a field whose name says that it holds codes */
function listsIn(value: unknown, isNamed: boolean, depth: number): Found[] {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return []
  const codes = codesOf(Object.values(value), isNamed ? NAMED_CODE : CODE, Array.isArray(value) || isNamed ? 1 : 2)
  if (codes !== undefined) return [{ codes, isNamed }]
  return Object.entries(value).flatMap(([name, inner]) => listsIn(inner, isNamed || NAMES.includes(name), depth + 1))
}

/** The codes, if all of the values are codes or objects with one. */
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
